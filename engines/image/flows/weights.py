"""Loading one part of Stable Diffusion 3 or Flux out of a file of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accelerate
import diffusers
import torch
import transformers
from diffusers.models.model_loading_utils import load_gguf_checkpoint
from diffusers.quantizers.gguf.utils import GGUFParameter, dequantize_gguf_tensor
from safetensors import safe_open
from torch import Tensor

from engines import devices
from engines.api import ModelRefused
from engines.image.flows import flux_names
from engines.image.flows.flow import FLUX, SD3
from engines.image.single_file import MISFITS
from engines.image.sizes import UNET_PREFIX

TRANSFORMERS = {SD3: "SD3Transformer2DModel", FLUX: "FluxTransformer2DModel"}
"""The only class that each family's transformer may be."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the weights of one part lie: those of a file whose names begin with `prefix`."""

    path: Path
    prefix: str = ""

    @property
    def is_gguf(self) -> bool:
        """The file holds packed weights."""
        with self.path.open("rb") as file:
            return file.read(4) == b"GGUF"

    def weights(self) -> dict[str, Any]:
        """Read the weights, by names without the prefix."""
        if self.is_gguf:
            read = load_gguf_checkpoint(str(self.path), return_tensors=True)
            return {n.removeprefix(self.prefix): t for n, t in read.items()}
        with safe_open(self.path, framework="pt") as opened:
            names = [n for n in opened.keys() if n.startswith(self.prefix)]  # noqa: SIM118
            return {n.removeprefix(self.prefix): opened.get_tensor(n) for n in names}


def loader(place: Place, make: Callable[[dict[str, Any]], Any], what: str) -> Callable[[str], Any]:
    """Return what loads a part and brings it to a device.

    Args:
        make: Makes the module of the file's weights, in main memory.
        what: Names the part in a refusal.
    """

    def load(device: str) -> Any:
        try:
            with devices.own_default_precision():
                made = make(place.weights())
            # What was not in the file stays without values, and cannot be moved.
            return made.eval().requires_grad_(False).to("cpu").to(device)
        except MISFITS as error:
            raise ModelRefused(str(place.path), f"its {what} does not fit its family") from error

    return load


def transformer(
    flow: str, config: Path, settings: Mapping[str, Any], precision: torch.dtype
) -> Callable[[dict[str, Any]], Any]:
    """Return what makes the transformer.

    Args:
        config: The family's folder.
        settings: What of its configuration is otherwise here.
        precision: Of the weights, or of the work with packed ones.
    """

    def make(weights: dict[str, Any]) -> Any:
        named = {name.removeprefix(UNET_PREFIX): tensor for name, tensor in weights.items()}
        if flow == FLUX and "img_in.weight" in named:
            named = flux_names.renamed(named)
        if "pos_embed" in named and named["pos_embed"].dim() == 2:
            named["pos_embed"] = named["pos_embed"][None]
        more: dict[str, Any] = {}
        if any(isinstance(tensor, GGUFParameter) for tensor in named.values()):
            named = dict(_workable(named, precision))
            more["quantization_config"] = diffusers.GGUFQuantizationConfig(compute_dtype=precision)
        return getattr(diffusers, TRANSFORMERS[flow]).from_single_file(
            named,
            config=str(config),
            subfolder="transformer",
            local_files_only=True,
            torch_dtype=precision,
            **settings,
            **more,
        )

    return make


def _workable(weights: Mapping[str, Any], precision: torch.dtype) -> Iterator[tuple[str, Any]]:
    """Unpack the weights that cannot work packed: all but the matrix of a layer."""
    for name, tensor in weights.items():
        packed = isinstance(tensor, GGUFParameter)
        if packed and not (len(tensor.quant_shape) == 2 and name.endswith(".weight")):
            yield name, dequantize_gguf_tensor(tensor).to(precision)
        else:
            yield name, tensor


def vae(config: Path, precision: torch.dtype) -> Callable[[dict[str, Any]], Any]:
    """Return what makes the autoencoder."""

    def make(weights: dict[str, Any]) -> Any:
        return diffusers.AutoencoderKL.from_single_file(
            weights,
            config=str(config),
            subfolder="vae",
            local_files_only=True,
            torch_dtype=precision,
        )

    return make


def encoder(
    config: Path, class_name: str, precision: torch.dtype
) -> Callable[[dict[str, Any]], Any]:
    """Return what makes a text encoder of the weights that its library names.

    Args:
        config: The folder with its configuration.
        class_name: "CLIPTextModel", "CLIPTextModelWithProjection" or "T5EncoderModel".
    """

    def make(weights: dict[str, Any]) -> Any:
        kind = getattr(transformers, class_name)
        with accelerate.init_empty_weights(include_buffers=False):
            made = kind(kind.config_class.from_pretrained(config, local_files_only=True))
        given = {_bare(name): tensor for name, tensor in weights.items()}
        if class_name == "T5EncoderModel":
            given["encoder.embed_tokens.weight"] = given["shared.weight"]
        if "text_projection.weight" in made.state_dict() and _reads_as_it_is(made, given):
            given["text_projection.weight"] = torch.eye(made.config.projection_dim)
        state = {name: _in(given[_bare(name)], name, precision) for name in made.state_dict()}
        made.load_state_dict(state, assign=True)
        return made

    return make


def _reads_as_it_is(made: Any, given: Mapping[str, Tensor]) -> bool:
    """Say whether CLIP's answer is not projected: the smaller one's never is in these files."""
    return made.config.hidden_act == "quick_gelu" or "text_projection.weight" not in given


def _in(tensor: Tensor, name: str, precision: torch.dtype) -> Tensor:
    """Return a weight in its precision; one layer of T5 overflows in float16."""
    precise = precision is torch.float16 and name.endswith(".wo.weight")
    return tensor.to(torch.float32 if precise else precision)


def _bare(name: str) -> str:
    return name.removeprefix("transformer.").removeprefix("text_model.")
