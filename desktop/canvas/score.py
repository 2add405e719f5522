"""A score as notes in seconds, for drawing."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.document.midi_file import ScoreError, read_notes
from desktop.document.notes import NoteScore

__all__ = ["Note", "Score", "ScoreError", "Track", "in_seconds", "read_score"]

LEAST_PITCHES = 18
"""A roll is never closer than this, so that a drum part does not fill it with two bars."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note; `track` is the index of its part in `Score.tracks`."""

    track: int
    pitch: int
    start_s: float
    end_s: float
    velocity: int


@dataclass(frozen=True, slots=True)
class Track:
    """One part: its name, General MIDI program, and whether it is drums."""

    name: str
    program: int
    drums: bool


@dataclass(frozen=True, slots=True)
class Score:
    """Notes by start, the parts that have any, and the times of all bar lines and beats."""

    notes: tuple[Note, ...] = ()
    tracks: tuple[Track, ...] = ()
    bars_s: tuple[float, ...] = ()
    beats_s: tuple[float, ...] = ()
    length_s: float = 0.0

    def shown_pitches(self) -> tuple[int, int]:
        """Return the lowest and highest pitch to draw: those that sound, and a semitone beyond."""
        low = min((x.pitch for x in self.notes), default=60) - 1
        high = max((x.pitch for x in self.notes), default=60) + 1
        return low, max(high, low + LEAST_PITCHES)


def read_score(data: bytes) -> Score:
    """Parse a MIDI file.

    Raises:
        ScoreError: it is not one, damaged, or too large to show.
    """
    return in_seconds(read_notes(data))


def in_seconds(score: NoteScore) -> Score:
    """Return a score as it is drawn."""
    notes = [
        Note(index, x.pitch, score.seconds(x.start_tick), score.seconds(x.end_tick), x.velocity)
        for index, part in enumerate(score.parts)
        for x in part.notes
    ]
    notes.sort(key=lambda x: (x.start_s, x.track, x.pitch))
    return Score(
        notes=tuple(notes),
        tracks=tuple(Track(x.name, x.program, x.is_drums) for x in score.parts),
        bars_s=tuple(map(score.seconds, score.bar_ticks)),
        beats_s=tuple(map(score.seconds, score.beat_ticks)),
        length_s=score.seconds(score.end_tick),
    )
