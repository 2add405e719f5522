"""What a composer does to notes: pure functions from a score and a choice to both anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from desktop.document.notes import (
    HIGHEST_PITCH,
    LOUDEST,
    LOWEST_PITCH,
    SOFTEST,
    NoteScore,
    ScoreNote,
)

Choice = frozenset[tuple[int, ScoreNote]]
"""Chosen notes, each with the index of its part."""

Edited = tuple[NoteScore, Choice]

SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
"""Semitones over the tonic."""


def chosen_between(
    score: NoteScore,
    *,
    first_tick: float,
    last_tick: float,
    lowest: int,
    highest: int,
    parts: Iterable[int],
) -> Choice:
    """Return the notes of `parts` that touch a rectangle of time and pitch."""
    return frozenset(
        (part, note)
        for part in parts
        for note in score.parts[part].notes
        if note.start_tick < last_tick
        and note.end_tick > first_tick
        and lowest <= note.pitch <= highest
    )


def moved(score: NoteScore, choice: Choice, *, ticks: int, semitones: int) -> Edited:
    """Move notes in time and pitch, all by as much as the first and outermost of them allow."""
    if not choice:
        return score, choice
    notes = [note for _, note in choice]
    ticks = max(ticks, -min(note.start_tick for note in notes))
    semitones = max(semitones, LOWEST_PITCH - min(note.pitch for note in notes))
    semitones = min(semitones, HIGHEST_PITCH - max(note.pitch for note in notes))
    return score.map_notes(
        choice,
        lambda x: replace(x, start_tick=x.start_tick + ticks, pitch=x.pitch + semitones),
    )


def stretched(score: NoteScore, choice: Choice, *, ticks: int, least_ticks: int = 1) -> Edited:
    """Move the ends of notes; none becomes shorter than `least_ticks`."""
    return score.map_notes(
        choice,
        lambda x: replace(
            x, length_ticks=max(min(least_ticks, x.length_ticks), x.length_ticks + ticks)
        ),
    )


def begun_later(score: NoteScore, choice: Choice, *, ticks: int, least_ticks: int = 1) -> Edited:
    """Move the starts of notes and leave their ends."""

    def change(note: ScoreNote) -> ScoreNote:
        least = min(least_ticks, note.length_ticks)
        start = min(max(0, note.start_tick + ticks), note.end_tick - least)
        return replace(note, start_tick=start, length_ticks=note.end_tick - start)

    return score.map_notes(choice, change)


def louder(score: NoteScore, choice: Choice, *, by: int) -> Edited:
    """Change velocities by as much."""
    return score.map_notes(
        choice, lambda x: replace(x, velocity=min(LOUDEST, max(SOFTEST, x.velocity + by)))
    )


def quantised(
    score: NoteScore, choice: Choice, *, grid_ticks: int, strength: float = 1.0
) -> Edited:
    """Pull starts towards a grid; `strength` 1 puts them on it. Lengths stay."""

    def change(note: ScoreNote) -> ScoreNote:
        goal = round(note.start_tick / grid_ticks) * grid_ticks
        start = round(note.start_tick + (goal - note.start_tick) * strength)
        return replace(note, start_tick=start)

    return score.map_notes(choice, change)


def deleted(score: NoteScore, choice: Choice) -> Edited:
    """Take notes away."""
    for part in {index for index, _ in choice}:
        kept = tuple(x for x in score.parts[part].notes if (part, x) not in choice)
        score = score.with_notes(part, kept)
    return score, frozenset()


def added(score: NoteScore, notes: Iterable[tuple[int, ScoreNote]]) -> Edited:
    """Put notes in; one that is there already stays once."""
    new = frozenset(notes)
    for part in {index for index, _ in new}:
        more = {note for index, note in new if index == part}
        score = score.with_notes(part, tuple(more | set(score.parts[part].notes)))
    return score, new


def pasted(score: NoteScore, copied: Choice, *, at_tick: int) -> Edited:
    """Put copies in, the first at `at_tick`, each into its own part if the score has it."""
    held = {(part, x) for part, x in copied if part < len(score.parts)}
    if not held:
        return score, frozenset()
    shift = at_tick - min(note.start_tick for _, note in held)
    return added(score, [(part, replace(x, start_tick=x.start_tick + shift)) for part, x in held])


def in_scale(pitch: int, tonic: int, mode: str) -> bool:
    """Say whether a pitch belongs to a key; minor's raised sixth and seventh belong too."""
    step = (pitch - tonic) % 12
    return step in SCALES[mode] or (mode == "minor" and step in (9, 11))


def transposed_in_scale(
    score: NoteScore, choice: Choice, *, steps: int, tonic: int, mode: str
) -> Edited:
    """Move notes by steps of a scale; a note outside it keeps its distance to the one below."""
    scale = SCALES[mode]

    def change(note: ScoreNote) -> ScoreNote:
        octave, above = divmod(note.pitch - tonic, 12)
        below = max(i for i, x in enumerate(scale) if x <= above)
        extra = above - scale[below]
        up, index = divmod(below + steps, len(scale))
        pitch = tonic + 12 * (octave + up) + scale[index] + extra
        return replace(note, pitch=min(HIGHEST_PITCH, max(LOWEST_PITCH, pitch)))

    return score.map_notes(choice, change)


def bar_cleared(score: NoteScore, *, bars: range, parts: Iterable[int]) -> Edited:
    """Take away what starts in a run of bars of some parts."""
    lines = (*score.bar_ticks, score.end_tick)
    first, last = lines[bars.start], lines[min(bars.stop, len(lines) - 1)]
    gone = frozenset(
        (part, note)
        for part in parts
        for note in score.parts[part].notes
        if first <= note.start_tick < last
    )
    return deleted(score, gone)


def grid_ticks(score: NoteScore, division: int) -> int:
    """Return the ticks of a note value: 4 for a quarter, 16 for a sixteenth, 12 for a triplet."""
    return max(1, score.ticks_per_quarter * 4 // division)
