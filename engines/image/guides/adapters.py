"""T2I adapters: they look at a picture once, and the UNet is told at each step.

Mou and others 2023, arXiv:2302.08453.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import torch
from torch import Tensor

from engines import devices
from engines.api import ModelRefused, ModelSpec
from engines.formats.content import BASE_OF_WIDTH, SD1, SD2, SDXL
from engines.image import needs
from engines.image.guides import weights
from engines.image.guides.picturing import Picturing, unit_tensor
from engines.image.guides.weights import Shapes
from engines.image.guiding import Ask, Call, Guide
from engines.image.parts import Parts
from engines.image.sitting import Sitting
from engines.memory.ladder import Ladder
from engines.memory.lease import Component

_FOLDS = {SD1: 8, SDXL: 16}
"""Family -> so many pixels of a side are folded into channels before the first layer."""


class Adapters:
    """All T2I adapters of a request. They need no place beside the UNet."""

    components: Sequence[Component[Any]] = ()

    def __init__(self, uses: Sequence[Picturing], parts: Parts, device: str) -> None:
        """Read what they are.

        Raises:
            ModelRefused: one does not fit the model.
        """
        self._uses = uses
        self._configs = [_config(use.spec, parts) for use in uses]
        self._adapters = [
            weights.component(
                use.spec, "t2i-adapter", device, partial(_load, use.spec, config, device)
            )
            for use, config in zip(uses, self._configs, strict=True)
        ]
        self._states: list[list[Tensor]] = []

    def prepare(self, sitting: Sitting) -> None:
        """Let each look at its picture, one after the other."""
        self._states = [
            _look(use, component, config, sitting)
            for use, component, config in zip(
                self._uses, self._adapters, self._configs, strict=True
            )
        ]

    @contextmanager
    def dressed(self, unet: Any, loaded: Sequence[Any]) -> Iterator[Guide]:
        """Stand beside the UNet, which is not touched."""
        place = {"device": unet.device, "dtype": unet.dtype}
        known = [[state.to(**place) for state in states] for states in self._states]

        def guide(call: Call, ask: Ask) -> Tensor:
            steering = [number for number, use in enumerate(self._uses) if use.counts(call)]
            if not steering:
                return ask(call)
            shares = [self._uses[number].use.weight for number in steering]
            levels = zip(*(known[number] for number in steering), strict=True)
            # The UNet takes them from the list one by one, so each call has a list of its own.
            both = [torch.cat([_sum(level, shares)] * len(call.latents)) for level in levels]
            return ask(
                replace(call, more={**call.more, "down_intrablock_additional_residuals": both})
            )

        yield guide


def _sum(states: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Return the weighted sum of what several adapters tell of one level."""
    first, *more = (share * state for share, state in zip(shares, states, strict=True))
    for one in more:
        first = first + one
    return first


def _look(
    use: Picturing, component: Component[Any], config: Mapping[str, Any], sitting: Sitting
) -> list[Tensor]:
    """Return what an adapter sees in its picture, one map for each level, in main memory."""
    fold = config["downscale_factor"]
    # Larger than the drawing by less than a fold; the maps come out of the same size.
    size_px = tuple(
        -(-side // fold) * fold for side in (sitting.settled.width_px, sitting.settled.height_px)
    )
    image = use.drawn(sitting, (size_px[0], size_px[1]))
    given = unit_tensor(image.convert("L") if config["in_channels"] == 1 else image)
    working = needs.adapting(use.spec.id, (size_px[0], size_px[1]), fold, config["channels"][0])
    with sitting.memory.lease(component, working=working, run=sitting.run) as (adapter,):
        sitting.run.token.check()
        return Ladder(sitting.memory, sitting.run, working)(partial(_ask, adapter, given))


@torch.inference_mode()
def _ask(adapter: Any, given: Tensor) -> list[Tensor]:
    first = next(adapter.parameters())
    return [state.cpu() for state in adapter(given.to(first.device, first.dtype))]


def _config(spec: ModelSpec, parts: Parts) -> dict[str, Any]:
    """Return an adapter's configuration, its own or told by the shapes of its weights."""
    config = weights.settings_of(spec) or _by_shapes(spec)
    unet = parts.settings("unet")
    drawn_with = BASE_OF_WIDTH.get(unet.get("cross_attention_dim", 0), "another one")
    # The second family has the first one's maps; only the third's are others.
    if spec.base and spec.base != (SD1 if drawn_with == SD2 else drawn_with):
        raise ModelRefused(
            spec.path, f"it was made for {spec.base}, and the model that draws is {drawn_with}"
        )
    channels = config.get("channels")
    own = list(unet.get("block_out_channels", ()))
    if not isinstance(channels, list) or _levels(channels, config)[: len(own)] != own:
        raise ModelRefused(spec.path, "it was made for another UNet than this model's")
    if config.get("in_channels") not in (1, 3) or config.get("downscale_factor") not in (8, 16):
        raise ModelRefused(spec.path, "it is not steered by a picture of one or three colours")
    known = ("in_channels", "channels", "num_res_blocks", "downscale_factor", "adapter_type")
    return {name: config[name] for name in known if name in config}


def _levels(channels: list[int], config: Mapping[str, Any]) -> list[int]:
    """Return the width of each level's map; a light adapter has one more than it lists."""
    light = config.get("adapter_type") == "light_adapter"
    return [*channels, *channels[-1:]] if light else channels


def _by_shapes(spec: ModelSpec) -> dict[str, Any]:
    """Tell the configuration of a single file by its weights."""
    if not spec.base:
        raise ModelRefused(spec.path, "it does not tell which family it was made for")
    fold = _FOLDS[spec.base]
    shapes = _renamed_shapes(weights.shapes_of(spec))
    light = "adapter.conv_in.weight" not in shapes
    levels: dict[int, int] = {}
    deepest = 0
    for name, shape in shapes.items():
        at = re.fullmatch(r"adapter\.body\.(\d+)\.resnets\.(\d+)\.block2\.weight", name)
        if at:
            levels[int(at[1])] = shape[0]
            deepest = max(deepest, int(at[2]))
    channels = [levels[level] for level in sorted(levels)]
    first = shapes.get("adapter.body.0.in_conv.weight" if light else "adapter.conv_in.weight", ())
    if light:
        out = (
            shapes.get(f"adapter.body.{level}.out_conv.weight", (0,)) for level in sorted(levels)
        )
        channels = [shape[0] for shape in out][:-1]  # the last level keeps its width
    return {
        "in_channels": first[1] // fold**2 if len(first) == 4 else 0,
        "channels": channels,
        "num_res_blocks": deepest + 1,
        "downscale_factor": fold,
        "adapter_type": "light_adapter" if light else _FULL[spec.base],
    }


_FULL = {SD1: "full_adapter", SDXL: "full_adapter_xl"}


def _load(spec: ModelSpec, config: dict[str, Any], device: str) -> Any:
    precision = devices.dtype(device)
    if Path(spec.path).is_dir():
        return weights.from_folder(diffusers.T2IAdapter, spec.path, precision)
    with weights.refusing(spec.path):
        given = weights.read(Path(spec.path))
        named = dict(zip(_renamed(tuple(given)), given.values(), strict=True))
    return weights.filled(lambda: diffusers.T2IAdapter(**config), named, spec.path, precision)


def _renamed_shapes(shapes: Shapes) -> dict[str, tuple[int, ...]]:
    return dict(zip(_renamed(tuple(shapes)), shapes.values(), strict=True))


def _renamed(names: Sequence[str]) -> list[str]:
    """Give weights the names of diffusers; the original counts two blocks to a level."""
    bare = [name.removeprefix("adapter.") for name in names]
    if any(".resnets." in name for name in bare):
        return [f"adapter.{name}" for name in bare]
    light = not any(name.startswith("conv_in.") for name in bare)
    return ["adapter." + (_light_name(name) if light else _full_name(name)) for name in bare]


def _light_name(name: str) -> str:
    return re.sub(r"^body\.(\d+)\.body\.", r"body.\1.resnets.", name)


def _full_name(name: str) -> str:
    def at(found: re.Match[str]) -> str:
        number, rest = int(found[1]), found[2]
        level = f"body.{number // _PER_LEVEL}."
        return level + (rest if rest == "in_conv" else f"resnets.{number % _PER_LEVEL}.{rest}")

    return re.sub(r"^body\.(\d+)\.(in_conv|block1|block2)", at, name)


_PER_LEVEL = 2
"""Blocks of each level of the original adapters."""
