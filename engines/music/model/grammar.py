"""The grammar of a window: harmony first, then one part after the other.

A line of music is a generator: it yields a token that must come, or a
`Choice` of tokens that may, and is sent the token that was taken.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engines.music.model import tokens
from engines.music.model.encode import halves
from engines.music.model.masks import Masks, only
from engines.music.model.tokens import BLOCKS
from engines.music.score import TICKS_PER_QUARTER
from engines.music.writing.part_writer import BarPlan, Choice, PartWriter, give
from engines.music.writing.parts import Part, Role

RESERVE: Final = 12
"""Tokens kept free for each bar still to come."""

TOKENS_PER_NOTE: Final = 4
MOST_A_QUARTER: Final = {
    Role.MELODY: 3.0, Role.COUNTER: 3.0, Role.HARMONY: 6.0, Role.BASS: 2.5, Role.DRUMS: 6.0,
}  # fmt: skip

ECHOES: Final = {
    Role.MELODY: {2: 0, 4: 0, 5: 1},
    Role.COUNTER: {2: 0, 3: 1, 4: 0, 5: 1},
    Role.HARMONY: {1: 0, 2: 0, 4: 0, 5: 0, 6: 0},
    Role.BASS: {1: 0, 2: 0, 4: 0, 5: 0, 6: 0},
    Role.DRUMS: {1: 0, 2: 0, 4: 0, 5: 0, 6: 0},
}
"""Bars of a section, counted from 0, that repeat the rhythm of an earlier one."""

HEARD_LAST: Final = 2.5
HEARD_BEFORE: Final = 0.4
"""Taken from the logits of the last chord, and of each chord for each time it came."""

Line = Generator[int | Choice, int, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """What is to be written at once.

    `free_chords` has, for each bar, the chords that may come, or None where
    the bar's own are kept; `kept` has, for each part and bar, the tokens that
    are given, or None. The section begins at the bar `section_start`.
    `context` is the most tokens there may be. `holes`, as (part, bar), are
    what `fill_window` writes.
    """

    bars: tuple[BarPlan, ...]
    parts: tuple[Part, ...]
    free_chords: tuple[np.ndarray | None, ...]
    kept: tuple[tuple[tuple[int, ...] | None, ...], ...]
    section_start: int
    context: int
    holes: tuple[tuple[int, int], ...] = ()


def write_window(window: WindowPlan, masks: Masks, written: Sequence[int]) -> Line:
    """Write the harmony and then every part; `written` grows by what was taken.

    The longest a bar may get is what the room left allows when every bar
    after it still has its reserve.
    """
    chords = yield from _write_harmony(window, masks)
    slots = len(window.bars) * len(window.parts)
    for part, kept in zip(window.parts, window.kept, strict=True):
        writer = PartWriter(part, masks)
        yield from give(part_head(part))
        begun = False
        for i, plan in enumerate(window.bars):
            slots -= 1
            room = (window.context - len(written) - slots * RESERVE) // TOKENS_PER_NOTE
            bar = replace(
                plan,
                chords=chords[i],
                kept=kept[i],
                echoes=_echoed(part.role, i, window.section_start),
                most_notes=max(1, min(_most_notes(part, masks), room)),
            )
            if not begun:
                yield BLOCKS["BAR"][i]
            yield from give(() if part.role is Role.DRUMS else bar.chords)
            last = i + 1 == len(window.bars)
            following = tokens.TRACK_END if last else BLOCKS["BAR"][i + 1]
            begun = yield from writer.write(bar, following)
        if not begun:
            yield tokens.TRACK_END


def fill_window(window: WindowPlan, masks: Masks, written: list[int]) -> Line:
    """Give every part with holes in it, then write the bars that belong there.

    Each is written with all other bars in view, those behind it too.
    """
    chords = yield from _write_harmony(window, masks)
    bar_tokens = BLOCKS["BAR"]
    for part, kept in zip(window.parts, window.kept, strict=True):
        yield from give(part_head(part))
        for i, content in enumerate(kept):
            yield bar_tokens[i]
            yield from give(() if part.role is Role.DRUMS else chords[i])
            yield from give((tokens.HOLE,) if content is None else content)
        yield tokens.TRACK_END
    filled: dict[tuple[int, int], list[int]] = {}
    for number, (p, i) in enumerate(window.holes):
        part = window.parts[p]
        writer = PartWriter(part, masks)
        if i:
            before = window.kept[p][i - 1]
            writer.hear(filled.get((p, i - 1), ()) if before is None else before)
        yield from give((tokens.FILL, BLOCKS["PROGRAM"][part.program], bar_tokens[i]))
        yield from give(() if part.role is Role.DRUMS else chords[i])
        first = len(written)
        left = len(window.holes) - number - 1
        room = (window.context - first - left * RESERVE) // TOKENS_PER_NOTE
        most = max(1, min(_most_notes(part, masks), room))
        bar = replace(window.bars[i], chords=chords[i], most_notes=most)
        ended = yield from writer.write(bar, tokens.FILL_END)
        if not ended:
            yield tokens.FILL_END
        filled[p, i] = written[first:-1]


def part_head(part: Part) -> tuple[int, ...]:
    """Spell a part's program and controls."""
    return (
        BLOCKS["PROGRAM"][part.program],
        BLOCKS["TRACK_DENSITY"][part.density],
        BLOCKS["VOICES"][min(part.voices, 3) - 1],
        BLOCKS["REGISTER"][(part.low + part.high) // 32],
    )


def _echoed(role: Role, bar: int, section_start: int) -> int:
    echoed = ECHOES[role].get((bar - section_start) % 8, -1)
    return section_start + (bar - section_start) // 8 * 8 + echoed if echoed >= 0 else -1


def _most_notes(part: Part, masks: Masks) -> int:
    """Bound how full a bar may get, by role and by its length."""
    return max(2, round(MOST_A_QUARTER[part.role] * masks.meter.bar_ticks / TICKS_PER_QUARTER))


def _write_harmony(
    window: WindowPlan, masks: Masks
) -> Generator[int | Choice, int, tuple[tuple[int, ...], ...]]:
    """Write the chords of a window: one or two for each bar."""
    yield tokens.HARMONY
    found: list[tuple[int, ...]] = []
    begun = False
    for i, (bar, allowed) in enumerate(zip(window.bars, window.free_chords, strict=True)):
        if not begun:
            yield BLOCKS["BAR"][i]
        begun = False
        if allowed is None:
            yield from give(bar.chords)
            found.append(bar.chords)
            continue
        bias = _fresh(masks.chord_bias, found)
        first = yield Choice(allowed, bias)
        if not halves(masks.meter) or allowed.sum() <= 2 or i + 1 == len(window.bars):
            found.append((first,))
            continue
        following = BLOCKS["BAR"][i + 1]
        second = yield Choice(allowed & ~only(first) | only(following), bias)
        begun = second == following
        found.append((first,) if begun else (first, second))
    return tuple(found)


def _fresh(bias: np.ndarray, found: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Make chords less likely that were heard just now or often: a small model stands still."""
    bias = bias.copy()
    for chords in found:
        bias[list(chords)] -= HEARD_BEFORE
    if found:
        bias[list(found[-1][-1:])] -= HEARD_LAST
    return bias
