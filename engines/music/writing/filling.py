"""Write chosen bars of chosen tracks anew, a few bars at a time, with what stays in view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.api import Run
from engines.devices import generator
from engines.music.controls import Cue
from engines.music.model import tokens
from engines.music.model.encode import take_apart, take_fills
from engines.music.model.grammar import WindowPlan, fill_window
from engines.music.model.masks import Masks
from engines.music.model.shape import MOST_TOKENS
from engines.music.region import Cell
from engines.music.writing.composer import (
    MIN_P,
    SEED_STRIDE,
    STEPS_A_BAR,
    TOKENS_A_BAR,
    TOP_P,
    TRAINED_TOKENS,
    Draft,
    head_of,
    masks_of,
)
from engines.music.writing.drafting import draw_lines
from engines.music.writing.part_writer import BarPlan
from engines.music.writing.ranking import rate
from engines.sampling import Sampling

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder

CHUNK_BARS: Final = 4
"""Bars that are filled at once at most."""

AROUND_BARS: Final = 3
"""Bars before and behind them that stay in view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Bars to fill in a draft: `cells` are (part, bar); the harmony of `free` bars is open too.

    `order` is the bars of the piece as the ear meets them; a loop comes round.
    """

    draft: Draft
    cells: frozenset[Cell]
    free: frozenset[int] = frozenset()
    is_round: bool = False


def fill(
    decoder: Decoder,
    cue: Cue,
    filling: Filling,
    *,
    seed: int,
    candidates: int,
    temperature: float,
    run: Run,
    preview: Callable[[Draft], bytes] | None = None,
) -> Draft:
    """Fill the cells of a draft, and return it with them."""
    draft = filling.draft
    masks = masks_of(cue)
    chunks = list(_chunks(filling.cells))
    context = min(decoder.shape.context, MOST_TOKENS)
    total = max(1, len(chunks)) * STEPS_A_BAR
    shown: bytes | None = None
    for number, chunk in enumerate(chunks):
        bars, parts = _window(draft, filling, chunk)
        window = _plan(cue, draft, filling, masks, chunk, bars, parts, context)
        size = max(1, len(window.holes)) * TOKENS_A_BAR + sum(
            len(content or ()) for kept in window.kept for content in kept
        )

        def on_step(
            count: int, number: int = number, size: int = size, shown: bytes | None = shown
        ) -> None:
            done = int((number + min(0.99, count / size)) * STEPS_A_BAR)
            run.step(done, total, shown if count == 0 else None, stage="composing")

        written = draw_lines(
            decoder,
            head_of(cue, len(bars)),
            lambda row, window=window: fill_window(window, masks, row),  # type: ignore[misc]
            candidates,
            room=context,
            sampling=Sampling(temperature=temperature, top_p=TOP_P, min_p=MIN_P),
            generator=generator((seed + SEED_STRIDE * number) % 2**63),
            on_step=on_step,
        )
        rows = [_Filled(window, bars, parts, ids) for ids in written]
        first = min(i for _, i in window.holes)
        ratings = [rate(window.parts, row.chords, row.contents, cue, first) for row in rows]
        draft = rows[int(np.argmax(ratings))].put_into(draft)
        shown = preview(draft) if preview else None
    return draft


def _chunks(cells: frozenset[Cell]) -> Iterator[list[int]]:
    """Cut the bars with something to fill into rows of at most `CHUNK_BARS`."""
    bars = sorted({bar for _, bar in cells})
    for _, row in groupby(enumerate(bars), key=lambda pair: pair[1] - pair[0]):
        run = [bar for _, bar in row]
        for at in range(0, len(run), CHUNK_BARS):
            yield run[at : at + CHUNK_BARS]


def _window(draft: Draft, filling: Filling, chunk: Sequence[int]) -> tuple[list[int], list[int]]:
    """Choose the bars and the parts in view; the fullest parts go where there is no room."""
    first = chunk[0] - AROUND_BARS
    stop = chunk[-1] + 1 + AROUND_BARS
    if filling.is_round:
        bars = [b % draft.bars for b in range(first, stop)][: draft.bars]
    else:
        bars = list(range(max(0, first), min(draft.bars, stop)))
    holed = {p for p, b in filling.cells if b in chunk}
    holes = sum(b in chunk for _, b in filling.cells) * TOKENS_A_BAR * 2

    def size(part: int) -> int:
        return sum(len(draft.contents[part][b]) + 4 for b in bars)

    parts = set(range(len(draft.parts)))
    while sum(map(size, parts)) + holes > TRAINED_TOKENS and parts - holed:
        parts.remove(max(parts - holed, key=size))
    while sum(map(size, parts)) + holes > TRAINED_TOKENS and len(bars) > len(chunk):
        bars.pop(0 if bars[0] != chunk[0] else -1)
    return bars, sorted(parts)


def _plan(
    cue: Cue,
    draft: Draft,
    filling: Filling,
    masks: Masks,
    chunk: Sequence[int],
    bars: Sequence[int],
    parts: Sequence[int],
    context: int,
) -> WindowPlan:
    inside = set(chunk)
    holes = [
        (p, i)
        for p, part in enumerate(parts)
        for i, bar in enumerate(bars)
        if bar in inside and (part, bar) in filling.cells
    ]
    later = {(parts[p], bars[i]) for p, i in holes}
    return WindowPlan(
        bars=tuple(BarPlan(chords=draft.chords[bar]) for bar in bars),
        parts=tuple(draft.parts[part] for part in parts),
        free_chords=tuple(
            _free_chords(cue, masks, draft, bar) if bar in filling.free & inside else None
            for bar in bars
        ),
        kept=tuple(
            tuple(None if (part, bar) in later else draft.contents[part][bar] for bar in bars)
            for part in parts
        ),
        section_start=0,
        context=context,
        holes=tuple(holes),
    )


def _free_chords(cue: Cue, masks: Masks, draft: Draft, bar: int) -> np.ndarray:
    """Chords that may stand in an open bar; the last bar of a loop leads back."""
    if cue.loop and bar == draft.bars - 1:
        mask = np.zeros(tokens.SIZE, bool)
        mask[list(cue.key.dominant_chords)] = True
        return mask
    return masks.chords


class _Filled:
    """One candidate for a window."""

    def __init__(
        self, window: WindowPlan, bars: Sequence[int], parts: Sequence[int], ids: Sequence[int]
    ) -> None:
        self._bars, self._parts = bars, parts
        first = ids.index(tokens.FILL)
        self.chords = take_apart(ids[:first]).chords
        contents = [[content or () for content in kept] for kept in window.kept]
        for (p, i), content in zip(window.holes, take_fills(ids), strict=True):
            contents[p][i] = content
        self.contents = tuple(map(tuple, contents))
        self._holes = window.holes

    def put_into(self, draft: Draft) -> Draft:
        """Return the draft with this candidate's bars."""
        contents = [list(bars) for bars in draft.contents]
        chords = list(draft.chords)
        for p, i in self._holes:
            contents[self._parts[p]][self._bars[i]] = self.contents[p][i]
            chords[self._bars[i]] = self.chords[i]
        return Draft(parts=draft.parts, chords=tuple(chords), contents=tuple(map(tuple, contents)))
