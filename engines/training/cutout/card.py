"""The model card of the cut-out network, with what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MANIFEST: Final = {
    "version": 1,
    "id": "triptych-cutout-1",
    "kind": "cutout",
    "name": "Triptych Cut-out 1",
    "architecture": "triptych-cutout",
    "licence": "CC-BY-4.0",
    "source": "trained by engines/training/cutout of this project",
    "restrictions": "",
}

_CARD: Final = """\
# Triptych Cut-out 1

A small network that tells a subject from what is behind it, so that the background can be
left out on a machine that never sees the internet. Larger networks of the U2-Net, IS-Net and
BiRefNet families take its place as ONNX files.

## Parts

`model.safetensors`: a U-Net of 1.44 M parameters in half precision, written in
`engines/image/cutouts/matting.py`. It looks at 256 x 256 pixels, at the picture and at its mirror
image; its matte is laid along the picture's own edges at full size by a guided filter
(`engines/image/cutouts/refining.py`).

## Data

Composites made while it trained (`engines/training/cutout/composites.py`): cut-outs before
photographs (45%), scenes of Triptych's own backgrounds generator (35%) and plain colours
(20%). The cut-outs are emoji and clip-art with transparency, a quarter of them filled with a
piece of a photograph or a scene:

- Fluent Emoji 3D and flat (MIT), Noto Emoji (Apache-2.0), Firefox OS Emoji (Apache-2.0),
  Twemoji and Streamline Emojis (CC BY 4.0), Flat Color Icons (MIT)
- Open Clip Art of Debian's `openclipart-svg`, what is tagged as public domain
- landscape photographs of Debian's `endless-sky-data`, what is public domain

The credits are in `../NOTICE`. No picture of a person who exists is among them.

## Recipe

`python main.py train cutout FOLDERS --out OUT`, preset `cpu`: {early} steps of 32 pictures of
128 px, then {late} steps of 8 pictures of 256 px; these weights are the running mean after
{steps} steps, {minutes:.0f} minutes of one processor core. AdamW, rate 2e-3 falling as a cosine,
bfloat16 autocast; cross-entropy, the distance of the mattes and their overlap as the loss.

## Figures

On {measured} composites of things and photographs that it never saw (one concept in eleven,
with all its pictures, and one photograph in ten are held out), without refinement:

| figure | value |
|---|---|
| overlap with the true matte (IoU at one half) | {iou:.3f} |
| distance of the mattes (MAE) | {mae:.4f} |

## Limits

- It learnt from drawings and shapes put before grounds, not from photographs of people and
  animals; on those it is a draft. Hair and fur come out soft, glass and smoke not at all.
- What fills most of the picture, or is cut by its edges, may lose its inside; what stands out
  behind the subject (a moon, lamps) may be taken for one.
- Thin parts of less than 1/100 of the picture's side are lost.
"""


def card(figures: Mapping[str, float]) -> str:
    """Return the card; `figures` are named in its text."""
    return _CARD.format(
        **{name: int(value) if name not in ("iou", "mae", "minutes") else value
           for name, value in figures.items()}
    )  # fmt: skip
