"""Enlarging networks that the user brings, as safetensors, built by `spandrel` (MIT).

Only networks made to enlarge or to restore are built; the catalog told the
family by its tensors. spandrel's own front door imports all its families, two
of which want torchvision, which must fit torch's build; so its families are
imported one by one, past that door.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from engines import devices
from engines.api import ModelMissing, ModelRefused, ModelSpec
from engines.image.upscaling.enlarging import Enlarger, Floats
from engines.image.upscaling.needs import OVERLAP_PX

FAMILIES: Final = {
    "atd": "ATD", "compact": "Compact", "dat": "DAT", "drct": "DRCT", "esrgan": "ESRGAN",
    "hat": "HAT", "mosr": "MoSR", "omnisr": "OmniSR", "plksr": "PLKSR", "rcan": "RCAN",
    "realcugan": "RealCUGAN", "rgt": "RGT", "safmn": "SAFMN", "span": "SPAN",
    "swin2sr": "Swin2SR", "swinir": "SwinIR",
}  # fmt: skip
"""The catalog's name -> spandrel's."""

MOST_BYTES: Final = 1_500_000_000
"""Of a file; the largest that are published have 700 MB in full precision."""

FACTORS: Final = range(1, 9)

_MISFITS = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError,
    RecursionError, RuntimeError, SafetensorError, TypeError, ValueError,
)  # fmt: skip
"""What building a network out of a file that is not what it seems can raise."""

_PREFIXES = ("module.", "netG.", "params_ema.", "params.")
_importing = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A loaded network: spandrel's description of it, and what that says of its pictures."""

    described: Any
    factor: int
    channels: int


def _family(name: str) -> Any:
    """Import one family of spandrel and return its architecture.

    Raises:
        ModelMissing: spandrel is not there.
    """
    with _importing:
        if "spandrel" not in sys.modules:
            spec = importlib.util.find_spec("spandrel")
            if spec is None:
                raise ModelMissing("spandrel")
            sys.modules["spandrel"] = importlib.util.module_from_spec(spec)
        module = importlib.import_module(f"spandrel.architectures.{name}")
    return getattr(module, f"{name}Arch")()


def check(spec: ModelSpec) -> None:
    """Say no to what cannot be built, before anything is loaded.

    Raises:
        ModelRefused: it is of another family, or too large.
    """
    if spec.architecture not in FAMILIES:
        raise ModelRefused(spec.path, f"{spec.architecture} is no network that enlarges pictures")
    if spec.size_bytes > MOST_BYTES:
        raise ModelRefused(spec.path, f"it is larger than {MOST_BYTES // 10**6} MB")


def load(spec: ModelSpec, device: str) -> Network:
    """Build the network of a file.

    Raises:
        ModelRefused: the file is not what its tensors' names promise.
    """
    architecture = _family(FAMILIES[spec.architecture])
    try:
        weights = {name: value.float() for name, value in load_file(spec.path).items()}
        weights = _without_prefix(weights)
        if not architecture.detect(weights):
            raise ModelRefused(spec.path, f"it lacks layers that a {spec.architecture} has")
        described = architecture.load(weights)
        described.model.eval().requires_grad_(False)
        half = devices.dtype(device) if described.supports_bfloat16 else torch.float32
        described.to(torch.device(device), half)
    except torch.OutOfMemoryError:
        raise
    except _MISFITS as error:
        raise ModelRefused(
            spec.path, f"its tensors do not make a whole {spec.architecture}"
        ) from error
    return _checked(spec, described)


def _checked(spec: ModelSpec, described: Any) -> Network:
    factor, inside, outside = described.scale, described.input_channels, described.output_channels
    if described.purpose not in ("SR", "Restoration"):
        raise ModelRefused(spec.path, "it was not made to enlarge pictures")
    if factor not in FACTORS or inside not in (1, 3) or outside != inside:
        raise ModelRefused(
            spec.path, f"it makes {outside} channels out of {inside}, {factor} times larger"
        )
    return Network(described=described, factor=int(factor), channels=int(inside))


def _without_prefix(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Take away what some training programs put before all names."""
    for prefix in _PREFIXES:
        if weights and all(name.startswith(prefix) for name in weights):
            weights = {name.removeprefix(prefix): value for name, value in weights.items()}
    return weights


def enlarger(network: Network, spec: ModelSpec) -> Enlarger:
    """Return a loaded network as what enlarges tiles."""
    described = network.described

    @torch.inference_mode()
    def enlarge(tile: Floats) -> Floats:
        given = torch.from_numpy(np.ascontiguousarray(tile.transpose(2, 0, 1), np.float32))[None]
        if network.channels == 1:
            return _each_channel(given)
        return _answer(given)

    def _answer(given: torch.Tensor) -> Floats:
        try:
            large = described(given.to(described.device, described.dtype))
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelRefused(spec.path, "it fails on a picture") from error
        answer: Floats = large[0].float().cpu().permute(1, 2, 0).numpy()
        if not np.isfinite(answer).all():
            raise ModelRefused(spec.path, "what it makes of a picture are no colours")
        return answer

    def _each_channel(given: torch.Tensor) -> Floats:
        """A network for grey pictures enlarges red, green and blue one by one."""
        return np.concatenate([_answer(given[:, n : n + 1]) for n in range(3)], axis=2)

    return Enlarger(factor=network.factor, enlarge=enlarge, overlap_px=OVERLAP_PX)
