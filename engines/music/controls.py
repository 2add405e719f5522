"""What a piece should be: the request's controls, its words, and what its mood brings along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from engines.api import BadRequest, MusicRequest
from engines.music.instruments import NAMES, programs_in, programs_of
from engines.music.manners import MANNERS, Manner
from engines.music.model import tokens
from engines.music.moods import MOODS
from engines.music.score import Meter
from engines.music.theory import Key, parse_key
from engines.music.words import Heard, hear
from engines.music.writing.timing import Timetable, Wish, solve

__all__ = ["MOODS", "Cue", "plan_cue"]

MAX_PARTS: Final = 10
DEFAULT_BARS: Final = 16
TEMPO_CHANCE: Final = 0.04
_BEAT_QUARTERS: Final = {"2/2": 1.25, "3/2": 1.25}
"""Meters whose beat is longer than a quarter go faster, counted in quarters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """The settled plan of a piece; `seconds` is 0 when no exact length was asked.

    `form` is letters, or empty for the usual form. `densities` has a level for
    each of `programs`, -1 where the mood decides; `polyphony` 0 leaves the
    instruments their own; without `leads` the melody is in another's hands;
    without `ending` somebody else's bars follow.
    """

    mood: str
    key: Key
    table: Timetable
    seconds: float
    programs: tuple[int, ...]
    manner: Manner
    form: str = ""
    loop: bool = False
    ending: bool = True
    densities: tuple[int, ...] = ()
    polyphony: int = 0
    leads: bool = True
    key_lock: bool = True
    notices: tuple[str, ...] = ()

    @property
    def meter(self) -> Meter:
        return self.table.meter

    @property
    def bars(self) -> int:
        return len(self.table.bars)

    @property
    def closes(self) -> bool:
        """Whether the last bar ends the piece with a cadence."""
        return self.ending and not self.loop

    @property
    def bpm(self) -> float:
        """The mean tempo, in quarters a minute."""
        return self.table.bpm


def plan_cue(request: MusicRequest) -> Cue:
    """Settle every control: what was asked, else what the words say, else what the mood brings.

    Raises:
        BadRequest: a control says something that is not music.
    """
    heard = hear(request.prompt)
    random = Random(request.seed)
    mood = find_mood(request, heard)
    manner = settle_manner(request, heard, MANNERS[mood])
    drawn_meter = random.choice(manner.meters)
    drawn_ensemble = random.choice(manner.ensembles)
    drawn_tonic = random.choice((0, 2, 4, 5, 7, 9, 10, 3))
    key = _key(request, heard, manner, drawn_tonic)
    form = read_form(request.form or heard.form)
    table = _time(request, heard, manner, drawn_meter, random, len(form))
    if len(form) > len(table.bars):
        raise BadRequest(f"a form of {len(form)} sections does not fit {len(table.bars)} bars")
    programs, densities, notices = find_programs(request, drawn_ensemble)
    return Cue(
        mood=mood,
        key=key,
        table=table,
        seconds=request.seconds or heard.seconds,
        programs=programs,
        manner=manner,
        form=form,
        loop=request.loop or heard.loop,
        densities=densities,
        polyphony=request.polyphony,
        key_lock=request.key_lock,
        notices=(*table.notices, *notices),
    )


def settle_manner(request: MusicRequest, heard: Heard, manner: Manner) -> Manner:
    """Put what was asked or said in the place of what the mood brings.

    Raises:
        BadRequest: the source is none.
    """
    source = request.source or heard.source or manner.source
    if source not in tokens.SOURCES:
        known = ", ".join(tokens.SOURCES)
        raise BadRequest(f"there is no style of {source!r}; there are {known}")
    energy = _level(request.energy, heard.energy, manner.energy)
    louder = max(0, min(len(tokens.VELOCITIES) - 1, manner.loudness + energy - manner.energy))
    density = _level(request.density, heard.density, manner.density)
    return replace(manner, source=source, energy=energy, density=density, loudness=louder)


def _level(asked: int, heard: int, usual: int) -> int:
    return next((level for level in (asked, heard) if level >= 0), usual)


def read_form(text: str) -> str:
    """Read "AABA", "A-B-A" or "A B bridge A"; empty stays empty.

    Raises:
        BadRequest: it is no row of letters.
    """
    letters = re.sub(r"\bbridge\b", "C", text, flags=re.IGNORECASE)
    letters = re.sub(r"[\s,|-]", "", letters).upper()
    if not re.fullmatch(r"[A-H]{0,32}", letters):
        raise BadRequest(f"{text!r} is not a form such as AABA")
    return letters


def _time(
    request: MusicRequest,
    heard: Heard,
    manner: Manner,
    drawn_meter: str,
    random: Random,
    sections: int,
) -> Timetable:
    """Settle bars, meter and tempo."""
    meter = request.meter.replace(" ", "") or heard.meter
    if meter and meter not in tokens.METERS:
        raise BadRequest(f"{request.meter!r} is not a meter that can be written")
    seconds = request.seconds or heard.seconds
    asked_bpm = request.tempo_bpm or heard.bpm
    usual_bpm = float(manner.bpm)
    if heard.tempo != (0, 0):
        usual_bpm = min(heard.tempo[1], max(heard.tempo[0], usual_bpm))
    usual_bpm *= _BEAT_QUARTERS.get(meter or drawn_meter, 1.0)
    if not seconds:  # a length bends it anyway
        usual_bpm = _varied(usual_bpm, heard.tempo, random)
    hits = request.hits or heard.hits
    if seconds and hits and hits[-1] >= seconds:
        raise BadRequest(f"the hit at {hits[-1]:g} seconds is not within {seconds:g}")
    return solve(
        Wish(
            seconds=seconds,
            bars=request.bars or heard.bars,
            meter=meter or drawn_meter,
            bpm=asked_bpm or usual_bpm,
            hits_s=hits,
            meter_asked=bool(meter),
            tempo_asked=bool(asked_bpm),
            default_bars=max(DEFAULT_BARS, 4 * sections),
        )
    )


def _varied(bpm: float, bounds: tuple[int, int], random: Random) -> float:
    """Vary a tempo a little by chance, within what a word of tempo means."""
    drawn = bpm * random.uniform(1 - TEMPO_CHANCE, 1 + TEMPO_CHANCE)
    return min(bounds[1], max(bounds[0], drawn)) if bounds != (0, 0) else drawn


def find_mood(request: MusicRequest, heard: Heard) -> str:
    mood = request.mood.strip().lower() or heard.mood or "hopeful"
    if mood not in MOODS:
        near = hear(mood).mood
        if not near:
            raise BadRequest(f"{request.mood!r} is not a mood; moods are {', '.join(MOODS)}")
        return near
    return mood


def _key(request: MusicRequest, heard: Heard, manner: Manner, drawn_tonic: int) -> Key:
    if request.key:
        return parse_key(request.key)
    if heard.key:
        return parse_key(heard.key)
    mode = manner.mode if heard.mode is None else heard.mode
    return Key(tonic=drawn_tonic, mode=mode)


def find_programs(
    request: MusicRequest, ensemble: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
    """Find who plays: programs, a density for each (-1 for none), and what had to give.

    Raises:
        BadRequest: nobody knows an instrument.
    """
    found: list[tuple[int, int]] = []
    levels = request.densities or (-1,) * len(request.instruments)
    for name, level in zip(request.instruments, levels, strict=True):
        programs = programs_of(name)
        if programs is None:
            known = ", ".join(NAMES[:1] + NAMES[40:44] + NAMES[128:])
            raise BadRequest(f"there is no instrument {name!r}; names are like {known}")
        found += [(program, level) for program in programs]
    if not found:
        found = [(program, -1) for program in _programs_said(request.prompt, ensemble)]
    if re.search(r"\bsolo\b", request.prompt) and found:
        found = found[:1]
    notices: tuple[str, ...] = ()
    if len(found) > MAX_PARTS:
        notices = (f"only the first {MAX_PARTS} of {len(found)} instruments play",)
    drums = [pair for pair in found if pair[0] == tokens.DRUM_PROGRAM][:1]
    melodic = [pair for pair in found if pair[0] != tokens.DRUM_PROGRAM][: MAX_PARTS - len(drums)]
    chosen = (melodic + drums) or [(program, -1) for program in ensemble]
    return tuple(p for p, _ in chosen), tuple(level for _, level in chosen), notices


def _programs_said(prompt: str, ensemble: Sequence[int]) -> list[int]:
    found = list(programs_in(prompt))
    if found == [48]:  # "strings" alone is the section, with its own bass and melody
        return [40, 41, 42, 43]
    if found == [tokens.DRUM_PROGRAM]:
        return [*ensemble, *found]
    return found
