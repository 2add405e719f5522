"""Put dry parts together on the stage."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.music.rendering.playing import Place

_BLOCK_FRAMES: Final = 32768
"""So much at a time stays in a processor's cache."""


def add_placed(mix: np.ndarray, dry: np.ndarray, place: Place) -> None:
    """Add a dry part, (1 or 2, frames), to (2, frames) from its place; what is beyond is cut."""
    end = min(mix.shape[1], dry.shape[1])
    for start in range(0, end, _BLOCK_FRAMES):
        stop = min(end, start + _BLOCK_FRAMES)
        mix[0, start:stop] += dry[0, start:stop] * place.left.between(start, stop)
        mix[1, start:stop] += dry[-1, start:stop] * place.right.between(start, stop)


def wrapped(sound: np.ndarray, frames: int) -> np.ndarray:
    """Let what sounds after the end sound into the beginning, (2, frames)."""
    folded = sound[:, :frames].copy()
    for start in range(frames, sound.shape[1], frames):
        rest = sound[:, start : start + frames]
        folded[:, : rest.shape[1]] += rest
    return folded
