"""Stable Diffusion 3 and Flux: transformers that follow a flow, and what sets them apart.

Rectified flow, Liu and others 2022, arXiv:2209.03003; the first of the two
transformers: Esser and others 2024, arXiv:2403.03206.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

SD3, FLUX = "sd3", "flux"

FLOWS = {
    "stable-diffusion-3": SD3,
    "stable-diffusion-3.5": SD3,
    "flux": FLUX,
    "flux-schnell": FLUX,
}
"""Architecture of the library -> which of the two it is."""

CHANNELS = {SD3: 16, FLUX: 64}
"""What a transformer that draws takes; Flux sees squares of 2 x 2 latents as one."""

STEP_PX = 16
"""Sides are multiples of this: eight pixels to a latent, two latents to a patch."""

_CLASSES = {SD3: "StableDiffusion3", FLUX: "Flux"}


def class_name(flow: str, *, from_picture: bool = False, masked: bool = False) -> str:
    """Return the name of diffusers' pipeline for a task."""
    task = "Inpaint" if masked else "Img2Img" if from_picture else ""
    return f"{_CLASSES[flow]}{task}Pipeline"


def is_guided(flow: str, guidance: float) -> bool:
    """Say whether a model is asked twice at each step: with the prompt and without.

    Flux never is: it is told the guidance as a number, or does without.
    """
    return guidance > 1 and flow != FLUX


def steps_run(steps: int, strength: float) -> int:
    """Return how many of the steps are taken from a start picture, as these pipelines count."""
    return steps - int(max(steps - min(steps * strength, steps), 0))


def spreading(flow: str, height_px: int, factor: int) -> Callable[[Tensor], Tensor]:
    """Return what brings latents under way into the form (1, channels, height, width).

    Args:
        factor: How many pixels wide a latent is.
    """
    if flow != FLUX:
        return _as_they_are
    return partial(unpacked, height=2 * (height_px // (factor * 2)))


def unpacked(latents: Tensor, height: int) -> Tensor:
    """Lay out the squares of 2 x 2 latents that Flux works with.

    Args:
        latents: (batch, squares, 4 x channels), row by row.
        height: Of the result, in latents.
    """
    batch, squares, channels = latents.shape
    rows = height // 2
    columns = squares // rows
    square = latents.view(batch, rows, columns, channels // 4, 2, 2)
    return square.permute(0, 3, 1, 4, 2, 5).reshape(batch, channels // 4, height, 2 * columns)


def _as_they_are(latents: Tensor) -> Tensor:
    return latents


def is_flow(config: dict[str, Any]) -> bool:
    """Say whether a sampler's settings are those of such a model."""
    return str(config.get("_class_name", "")).startswith("FlowMatch")
