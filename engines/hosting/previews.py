"""Previews made small enough to cross to the window many times a second."""

from __future__ import annotations

from dataclasses import replace

from engines.api import Pixels, Progress

MOST_SIDE_PX = 384


def small(progress: Progress) -> Progress:
    """Return the progress with a picture of at most `MOST_SIDE_PX` a side."""
    preview = progress.preview
    if not isinstance(preview, Pixels):
        return progress
    every = -(-max(preview.width_px, preview.height_px) // MOST_SIDE_PX)
    return progress if every <= 1 else replace(progress, preview=_thinned(preview, every))


def _thinned(pixels: Pixels, every: int) -> Pixels:
    """Keep one pixel of each `every` x `every`: a preview needs no better."""
    row_bytes = pixels.width_px * 3
    rows = []
    for y in range(0, pixels.height_px, every):
        row = pixels.rgb[y * row_bytes : (y + 1) * row_bytes]
        kept = bytearray(3 * -(-pixels.width_px // every))
        for channel in range(3):
            kept[channel::3] = row[channel :: 3 * every]
        rows.append(bytes(kept))
    return Pixels(width_px=-(-pixels.width_px // every), height_px=len(rows), rgb=b"".join(rows))
