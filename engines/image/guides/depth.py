"""How far away what is in a picture is, told by a depth model of the user's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor

from engines import devices
from engines.api import ModelMissing, ModelRefused, ModelSpec, Role, Run
from engines.catalog import Catalog
from engines.formats.json_reader import read_object
from engines.image import needs
from engines.image.guides import weights
from engines.memory.ladder import Ladder
from engines.memory.lease import Component
from engines.memory.manager import MemoryManager

MOST_SIDE_PX = 2048
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's colours, which all of these were trained with if they do not say otherwise."""

MARGIN_PERCENT = 1.0
"""So many of the nearest and of the farthest pixels are not told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """One kind of network: its class, its usual side and what sides are multiples of.

    `near_is_large` says whether it predicts nearness rather than distance.
    """

    made_by: str
    side_px: int
    step_px: int
    near_is_large: bool


_SORTS = {
    "depth_anything": _Sort(
        made_by="DepthAnythingForDepthEstimation", side_px=518, step_px=14, near_is_large=True
    ),
    "dpt": _Sort(made_by="DPTForDepthEstimation", side_px=384, step_px=32, near_is_large=True),
    "glpn": _Sort(made_by="GLPNForDepthEstimation", side_px=480, step_px=32, near_is_large=False),
}
"""transformers' model_type -> the only class it may be of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthModel:
    """A depth model of the library, not loaded."""

    component: Component[Any]
    model: str
    side_px: int
    step_px: int
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    near_is_large: bool


def find(path: str, catalog: Catalog, device: str) -> DepthModel:
    """Return the depth model of a path, or the first of the library if that is empty.

    Raises:
        ModelMissing: there is none.
        ModelRefused: it is none that is known here.
    """
    if path:
        spec = catalog.check(path)
    else:
        known = [one for one in catalog.list() if one.role is Role.DEPTH]
        if not known:
            raise ModelMissing(
                "The depth of a picture",
                ("a depth model (a folder of Depth Anything, DPT or GLPN)",),
            )
        spec = known[0]
    if spec.role is not Role.DEPTH or not Path(spec.path).is_dir():
        raise ModelRefused(spec.path, "it is no folder of a depth model")
    return _described(spec, device)


def measure(model: DepthModel, image: Image.Image, memory: MemoryManager, run: Run) -> Image.Image:
    """Return the depth of a picture as grey RGB of the same size, near is white."""
    given = _inputs(model, image)
    working = needs.measuring_depth(model.model, given.shape[-1] * given.shape[-2])
    with memory.lease(model.component, working=working, run=run) as (network,):
        ladder = Ladder(memory, run, working)
        run.token.check()
        depth = ladder(partial(_ask, network, given))
    return _picture(depth if model.near_is_large else -depth, image.size)


@torch.inference_mode()
def _ask(network: Any, given: Tensor) -> Tensor:
    place = {"device": network.device, "dtype": network.dtype}
    answer: Tensor = network(pixel_values=given.to(**place)).predicted_depth
    return answer.float().cpu()


def _described(spec: ModelSpec, device: str) -> DepthModel:
    config = weights.settings_of(spec)
    sort = _SORTS.get(config.get("model_type", ""))
    if sort is None:
        raise ModelRefused(spec.path, "depth is told by Depth Anything, DPT or GLPN only")
    if config.get("backbone"):
        # Such a folder names a part of it that lies elsewhere, and would be looked for there.
        raise ModelRefused(spec.path, "a part of it lies outside its folder")
    seen = _preparation(spec)
    size = seen.get("size")
    side_px = size.get("height") if isinstance(size, dict) else None
    made_by = getattr(transformers, sort.made_by)
    return DepthModel(
        component=weights.component(
            spec,
            "depth",
            device,
            lambda: weights.from_folder(made_by, spec.path, devices.dtype(device)),
        ),
        model=spec.id,
        side_px=side_px
        if isinstance(side_px, int) and 0 < side_px < MOST_SIDE_PX
        else sort.side_px,
        step_px=sort.step_px,
        mean=_three(seen.get("image_mean"), MEAN),
        spread=_three(seen.get("image_std"), SPREAD),
        near_is_large=sort.near_is_large and config.get("depth_estimation_type") != "metric",
    )


def _preparation(spec: ModelSpec) -> dict[str, Any]:
    place = Path(spec.path) / "preprocessor_config.json"
    return read_object(place) if place.is_file() else {}


def _three(stated: Any, usual: tuple[float, ...]) -> tuple[float, ...]:
    """Return three positive numbers of a foreign file, or the usual ones."""
    honest = isinstance(stated, list) and len(stated) == 3
    if not honest or not all(isinstance(one, int | float) and 0 < one <= 1 for one in stated):
        return usual
    return tuple(float(one) for one in stated)


def _inputs(model: DepthModel, image: Image.Image) -> Tensor:
    """Bring a picture to the network's size, its shape kept; (1, 3, height, width)."""
    scale = model.side_px / min(image.size)
    width_px, height_px = (
        max(1, min(round(side * scale), MOST_SIDE_PX) // model.step_px) * model.step_px
        for side in image.size
    )
    small = image.convert("RGB").resize((width_px, height_px), Image.Resampling.BICUBIC)
    colours = np.asarray(small, np.float32) / 255
    mean, spread = (np.asarray(values, np.float32) for values in (model.mean, model.spread))
    return torch.from_numpy((colours - mean) / spread).permute(2, 0, 1)[None].contiguous()


def _picture(near: Tensor, size_px: tuple[int, int]) -> Image.Image:
    """Stretch nearness, (1, height, width), from black to white, and enlarge it."""
    values = near[0].numpy()
    low, high = np.percentile(values, (MARGIN_PERCENT, 100 - MARGIN_PERCENT))
    if not math.isfinite(low) or high <= low:
        return Image.new("RGB", size_px)
    grey = np.clip((values - low) / (high - low), 0, 1).astype(np.float32)
    large = Image.fromarray(grey).resize(size_px, Image.Resampling.BICUBIC)
    return Image.fromarray(np.rint(np.clip(large, 0, 1) * 255).astype(np.uint8)).convert("RGB")
