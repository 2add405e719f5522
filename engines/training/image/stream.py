"""Batches without end: pictures as latents, captions as token states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from engines.training.image import transform
from engines.training.image.bank import Bytes
from engines.training.image.pictures import Pictures
from engines.training.image.transform import Transform

MOST_KEPT: Final = 40_000
"""Captions whose states are kept: 18 kB each."""

_SOURCES: Final = {False: 0, True: 1}


class Reader(Protocol):
    """What turns captions into token states (count, 24, 384)."""

    def read(self, prompts: list[str]) -> Tensor:
        """Return the states of the prompts."""
        ...


class CaptionStates:
    """Reads captions with MiniLM and remembers them; in bfloat16 where the processor can."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._kept: dict[str, Tensor] = {}

    def of(self, wanted: list[str]) -> Tensor:
        """Return the states of captions, (len(wanted), 24, 384)."""
        new = sorted({caption for caption in wanted if caption not in self._kept})
        if len(self._kept) + len(new) > MOST_KEPT:
            self._kept.clear()
            new = sorted(set(wanted))
        if new:
            with torch.autocast("cpu", torch.bfloat16):
                states = self._reader.read(new).half()
            self._kept.update(zip(new, states.unbind(), strict=True))
        return torch.stack([self._kept[caption] for caption in wanted]).float()


@dataclass(frozen=True)
class Captioned:
    """Latents (count, 16, side, side), token states of their captions, and the captions."""

    latents: Tensor
    states: Tensor
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Stream:
    """Draws numbered batches; the same number gives the same batch."""

    pictures: Pictures
    code: Transform
    captions: CaptionStates

    def pixels(self, number: int, count: int, kind: str = "") -> tuple[Bytes, list[str]]:
        """Draw the pictures (count, side, side, 3) of batch `number`, and their captions."""
        rng = np.random.default_rng([_SOURCES[self.pictures.held], number])
        drawn = [self.pictures.draw(rng, kind) for _ in range(count)]
        return np.stack([pixels for pixels, _ in drawn]), [caption for _, caption in drawn]

    def batch(self, number: int, count: int, *, dropped: float = 0.0, kind: str = "") -> Captioned:
        """Draw batch `number`; a share of `dropped` of its captions is empty."""
        pixels, words = self.pixels(number, count, kind)
        drop = np.random.default_rng([2, number]).random(count) < dropped
        words = ["" if gone else caption for caption, gone in zip(words, drop, strict=True)]
        latents = transform.apply(self.code, pixels).float()
        return Captioned(latents, self.captions.of(words), tuple(words))
