"""What a picture model's folder says of itself beside its weights: `picture.json`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.api import ModelRefused, ModelSpec
from engines.formats.json_reader import read_object

NAME = "picture.json"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Defaults of a model.

    `reader` is the id of the model that reads its prompts, or "" if it brings
    its own. `preview` has one row of (red, green, blue) for each latent
    channel and a last row to add; it is empty if it has to be fitted.
    """

    steps: int = 28
    guidance: float = 7.0
    side_px: int = 0
    reader: str = ""
    preview: tuple[tuple[float, float, float], ...] = ()


USUAL = {
    "stable-diffusion-xl": Card(guidance=6.0),
    "stable-diffusion-xl-inpaint": Card(guidance=6.0),
    "stable-diffusion-3.5": Card(guidance=4.5),
    "flux": Card(guidance=3.5),
    "flux-schnell": Card(steps=4, guidance=0.0),
}
"""Architecture -> the values that its makers advise, where they are not those of most."""


def read(spec: ModelSpec) -> Card:
    """Read the card of a folder; other models get the usual values.

    Raises:
        ModelRefused: there is one, but it is broken.
    """
    path = Path(spec.path) / NAME
    if not path.is_file():
        return USUAL.get(spec.architecture, Card())
    data = read_object(path)
    if data.get("version") != VERSION:
        raise ModelRefused(str(path), f"its version is {data.get('version')!r}, not {VERSION}")
    try:
        return _card(data)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelRefused(str(path), "its values are not what they should be") from error


def _card(data: dict[str, Any]) -> Card:
    rows = tuple((float(r), float(g), float(b)) for r, g, b in data.get("preview", ()))
    card = Card(
        steps=int(data["steps"]),
        guidance=float(data["guidance"]),
        side_px=int(data["side_px"]),
        reader=str(data.get("reader", "")),
        preview=rows,
    )
    if not (1 <= card.steps <= 500 and 0 <= card.guidance <= 50 and 16 <= card.side_px <= 4096):
        raise ValueError("out of range")
    if not all(math.isfinite(value) for row in rows for value in row):
        raise ValueError("not finite")
    return card
