"""How fast scores become sound."""

from __future__ import annotations

import random
import time
from typing import Final

from engines.api import Run, SoundRequest
from engines.music.files.midi_writer import write_midi
from engines.music.rendering.sound import SoundEngine
from engines.music.score import Note, Score, Track

PROGRAMS: Final = (40, 41, 42, 0)
"""A usual cue: violin, viola, cello and piano."""

SECONDS: Final = 60
_LENGTHS: Final = (6, 12, 12, 24, 24, 48)
_TICKS_A_SECOND: Final = 48


def render_realtime_factor(seconds: int = SECONDS) -> float:
    """Return how many seconds of a mastered four-part cue are rendered in one second.

    The soundfont is loaded before; no part was played before.
    """
    engine = SoundEngine()
    engine.run(SoundRequest(midi=write_midi(_cue(1, seed=0))), Run())
    request = SoundRequest(midi=write_midi(_cue(seconds, seed=1)))
    start_s = time.perf_counter()
    result = engine.run(request, Run())
    return result.length_s / (time.perf_counter() - start_s)


def _cue(seconds: int, *, seed: int) -> Score:
    """Write parts of notes and rests; the piano plays chords."""
    chance = random.Random(seed)
    tracks = []
    for program in PROGRAMS:
        notes, tick = [], 0
        while tick < seconds * _TICKS_A_SECOND:
            length = chance.choice(_LENGTHS)
            pitch, velocity = chance.randint(48, 72), chance.randint(50, 100)
            for step in (0, 4, 7) if program == 0 else (0,):
                notes.append(Note(tick, pitch + step, length, velocity))
            tick += length
        tracks.append(Track(program=program, notes=tuple(notes)))
    return Score(tracks=tuple(tracks))
