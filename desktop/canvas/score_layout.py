"""Where the notes of a score lie in time: found quickly by time, and only once for each part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from desktop.document.notes import NoteScore, Part, ScoreNote

BIN_S = 2.0
"""Notes are found by the spans of this length that they touch."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One note at its time."""

    part: int
    note: ScoreNote
    start_s: float
    end_s: float


class ScoreLayout:
    """The notes of one score, by time."""

    def __init__(self, score: NoteScore, before: ScoreLayout | None = None) -> None:
        """Place all notes; parts that `before` has unchanged are taken from it.

        Taking time for a large score, it may be made on any thread.
        """
        self.score = score
        known = before._bins if before is not None and _same_time(before.score, score) else {}
        self._bins: dict[tuple[int, int], tuple[Part, dict[int, list[Placed]]]] = {}
        for index, part in enumerate(score.parts):
            key = (index, id(part))
            held = known.get(key)
            self._bins[key] = held if held is not None else (part, _bins(score, index, part))

    def between(self, start_s: float, end_s: float) -> Iterator[Placed]:
        """Yield the notes that sound within a span, each once, part by part."""
        first, last = int(max(0.0, start_s) / BIN_S), int(max(0.0, end_s) / BIN_S)
        for _, bins in self._bins.values():
            for number in range(first, last + 1):
                for placed in bins.get(number, ()):
                    begun = int(placed.start_s / BIN_S)
                    # A long note lies in many spans and counts in its first one in view.
                    if number != max(begun, first):
                        continue
                    if placed.start_s <= end_s and placed.end_s >= start_s:
                        yield placed


def _same_time(one: NoteScore, other: NoteScore) -> bool:
    return one.tempos == other.tempos and one.ticks_per_quarter == other.ticks_per_quarter


def _bins(score: NoteScore, index: int, part: Part) -> dict[int, list[Placed]]:
    bins: dict[int, list[Placed]] = {}
    for note in part.notes:
        start_s, end_s = score.seconds(note.start_tick), score.seconds(note.end_tick)
        placed = Placed(index, note, start_s, end_s)
        for number in range(int(start_s / BIN_S), int(end_s / BIN_S) + 1):
            bins.setdefault(number, []).append(placed)
    return bins
