"""A score that is given, as the model sees it: parts with roles, bars as tokens, chords."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engines.api import BadRequest
from engines.music import labels
from engines.music.analysis import find_key, pitch_weights
from engines.music.instruments import instrument
from engines.music.model import tokens
from engines.music.model.encode import bar_chords, encode_bar
from engines.music.model.masks import GRIDS
from engines.music.region import program_of
from engines.music.score import TICKS_PER_QUARTER, Bar, Note, Score, Track
from engines.music.theory import Key, parse_key
from engines.music.writing.parts import Part, Role
from engines.music.writing.timing import TimedBar

MOST_A_BAR: Final = 96
"""Tokens of one bar that the model is shown; a fuller one is cut for its eyes only."""

MOST_VOICES: Final = 6
_NOTE_ENDS: Final = (tokens.BLOCKS["DURATION"], tokens.BLOCKS["DRUM"])
NARROWEST: Final = 12
"""Semitones that a part may use at least."""

CLEAR_THIRD: Final = 3.0
"""How much more of one third there must be than of the other to tell the mode."""

CHORDAL: Final = 1.5
"""Notes struck together, on average, from which a part counts as harmony."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A score with, for each track, its part and the tokens of its bars; and a chord or two a bar.

    Bars that cannot be spelled have no tokens. `runs` are bars in a row that
    have one meter and can be written.
    """

    score: Score
    bars: tuple[Bar, ...]
    runs: tuple[range, ...]
    key: Key
    parts: tuple[Part, ...]
    contents: tuple[tuple[tuple[int, ...], ...], ...]
    chords: tuple[tuple[int, ...], ...]

    def timed(self, bars: range) -> tuple[TimedBar, ...]:
        """Lay out some bars from tick 0."""
        origin = self.bars[bars.start].start_tick
        return tuple(TimedBar(self.bars[b].start_tick - origin, self.bars[b].ticks) for b in bars)

    def tokens_in(self, part: int, bars: Sequence[int]) -> int:
        return sum(len(self.contents[part][b]) for b in bars)


def take(score: Score, key_name: str = "") -> Given:
    """Prepare a score; its key is found if none is named.

    Raises:
        BadRequest: it has no notes, or no bar that can be written.
    """
    if not score.note_count:
        raise BadRequest("the score has no notes")
    bars = score.bars()
    runs = _runs(bars)
    if not runs:
        raise BadRequest("the score has no whole bar in a meter that can be written")
    pitched = sorted(n for t in score.tracks if not t.is_drum for n in t.notes)
    writable = {b for run in runs for b in run}
    by_bar = [_by_bar(track, bars) for track in score.tracks]
    roles = _roles(score.tracks)
    chords: list[tuple[int, ...]] = [()] * len(bars)
    starts = [note.start_tick for note in pitched]
    longest = max((note.duration_ticks for note in pitched), default=0)
    for run in runs:
        begin, end = bars[run.start].start_tick, bars[run[-1]].start_tick + bars[run[-1]].ticks
        low, high = bisect_left(starts, begin - longest), bisect_left(starts, end)
        sounding = [note for note in pitched[low:high] if note.end_tick > begin]
        found = bar_chords(sounding, bars[run.start : run.stop]) if sounding else [()] * len(run)
        chords[run.start : run.stop] = [tuple(c) or (tokens.NO_CHORD,) for c in found]
    return Given(
        score=score,
        bars=bars,
        runs=runs,
        key=parse_key(key_name) if key_name else _key_of(pitched),
        parts=tuple(_part(t, role) for t, role in zip(score.tracks, roles, strict=True)),
        contents=tuple(
            tuple(
                _spelled(notes, bars[b].start_tick, is_drum=track.is_drum) if b in writable else ()
                for b, notes in enumerate(in_bars)
            )
            for track, in_bars in zip(score.tracks, by_bar, strict=True)
        ),
        chords=tuple(chords),
    )


def _key_of(pitched: Sequence[Note]) -> Key:
    """Find the key; where sixth and seventh are rare, the third says major or minor."""
    if not pitched:
        return Key(tonic=0, mode=0)
    weights = pitch_weights(pitched)
    tonic, mode = find_key(weights)
    minor, major = weights[(tonic + 3) % 12], weights[(tonic + 4) % 12]
    if max(minor, major) > CLEAR_THIRD * min(minor, major):
        mode = int(minor > major)
    return Key(tonic=tonic, mode=mode)


def _runs(bars: Sequence[Bar]) -> tuple[range, ...]:
    """Find bars in a row that are whole and in one meter that can be written."""
    runs: list[range] = []
    for i, bar in enumerate(bars):
        if bar.meter.name not in tokens.METERS or bar.ticks != bar.meter.bar_ticks:
            continue
        last = runs[-1] if runs else range(0)
        if runs and last.stop == i and bars[last[-1]].meter.name == bar.meter.name:
            runs[-1] = range(last.start, i + 1)
        else:
            runs.append(range(i, i + 1))
    return tuple(runs)


def _by_bar(track: Track, bars: Sequence[Bar]) -> list[tuple[Note, ...]]:
    starts = [note.start_tick for note in track.notes]
    cuts = [bisect_left(starts, bar.start_tick) for bar in bars] + [len(starts)]
    return [track.notes[a:b] for a, b in pairwise(cuts)]


def _spelled(notes: Sequence[Note], start_tick: int, *, is_drum: bool) -> tuple[int, ...]:
    """Spell a bar, and cut it after a whole note if it is too full."""
    ids = encode_bar(notes, start_tick, is_drum=is_drum)
    if len(ids) > MOST_A_BAR:
        ending = _NOTE_ENDS[is_drum]
        ids = ids[: max(i for i, token in enumerate(ids[:MOST_A_BAR]) if token in ending) + 1]
    return tuple(ids)


def _roles(tracks: Sequence[Track]) -> list[Role]:
    """Guess what each track is for: the highest leads, the lowest is the bass."""
    heights = {
        i: sum(n.pitch for n in t.notes) / len(t.notes)
        for i, t in enumerate(tracks)
        if not t.is_drum and t.notes
    }
    highest = max(heights, key=lambda i: heights[i], default=-1)
    lowest = min(heights, key=lambda i: heights[i], default=-1)
    roles = []
    for i, track in enumerate(tracks):
        together = len(track.notes) / max(1, len({n.start_tick for n in track.notes}))
        if track.is_drum:
            roles.append(Role.DRUMS)
        elif i == highest:
            roles.append(Role.MELODY)
        elif i == lowest:
            roles.append(Role.BASS)
        else:
            roles.append(Role.HARMONY if together > CHORDAL else Role.COUNTER)
    return roles


def _part(track: Track, role: Role) -> Part:
    """Describe a track as a part that may be written on: its compass, voices, density, grid."""
    player = instrument(program_of(track))
    pitches = [n.pitch for n in track.notes] or [player.low, player.high]
    low, high = min(pitches), max(pitches)
    spare = max(2, -(-(NARROWEST - (high - low)) // 2))
    together = Counter(n.start_tick for n in track.notes)
    bars = {n.start_tick // (4 * TICKS_PER_QUARTER) for n in track.notes}
    density = labels.level_of(len(track.notes) / max(1, 4 * len(bars)), labels.TRACK_EDGES)
    fits = {grid: sum(n.start_tick % grid == 0 for n in track.notes) for grid in GRIDS}
    voices = max(together.values(), default=1)
    return Part(
        instrument=player,
        role=role,
        low=max(0, low - spare),
        high=min(127, high + spare),
        voices=min(MOST_VOICES, voices),
        density=density,
        grid_ticks=max(GRIDS, key=lambda grid: (fits[grid] >= 0.95 * len(track.notes), grid)),
    )
