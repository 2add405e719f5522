"""What a piece should be: the request's controls, its words, and what its mood brings along."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Final

from engines.api import BadRequest, MusicRequest
from engines.music import tokens
from engines.music.instruments import NAMES, programs_in, programs_of
from engines.music.manners import MANNERS, Manner
from engines.music.moods import MOODS
from engines.music.score import Meter
from engines.music.theory import Key, parse_key
from engines.music.timing import Length, choose_length
from engines.music.words import Heard, hear

__all__ = ["MOODS", "Cue", "plan_cue"]

MAX_PARTS: Final = 10
DEFAULT_BARS: Final = 16
_BEAT_QUARTERS: Final = {"2/2": 1.25, "3/2": 1.25}
"""Meters whose beat is longer than a quarter go faster, counted in quarters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """The settled plan of a piece; `seconds` is 0 when no exact length was asked."""

    mood: str
    key: Key
    meter: Meter
    bars: int
    bpm: float
    seconds: float
    programs: tuple[int, ...]
    manner: Manner
    notices: tuple[str, ...] = ()


def plan_cue(request: MusicRequest) -> Cue:
    """Settle every control: what was asked, else what the words say, else what the mood brings.

    Raises:
        BadRequest: a control says something that is not music.
    """
    heard = hear(request.prompt)
    random = Random(request.seed)
    mood = _mood(request, heard)
    manner = MANNERS[mood]
    drawn_meter = random.choice(manner.meters)
    drawn_ensemble = random.choice(manner.ensembles)
    drawn_tonic = random.choice((0, 2, 4, 5, 7, 9, 10, 3))
    key = _key(request, heard, manner, drawn_tonic)
    meter_name = request.meter.replace(" ", "") or heard.meter
    if meter_name and meter_name not in tokens.METERS:
        raise BadRequest(f"{request.meter!r} is not a meter that can be written")
    asked_bpm = request.tempo_bpm or heard.bpm
    usual_bpm = manner.bpm * heard.pace * random.uniform(0.96, 1.04)
    usual_bpm *= _BEAT_QUARTERS.get(meter_name or drawn_meter, 1.0)
    length = choose_length(
        Length(
            seconds=request.seconds or heard.seconds,
            bars=request.bars or heard.bars,
            meter=meter_name or drawn_meter,
            bpm=asked_bpm or usual_bpm,
        ),
        meter_asked=bool(meter_name),
        tempo_asked=bool(asked_bpm),
        default_bars=DEFAULT_BARS,
    )
    programs, notices = _programs(request, drawn_ensemble)
    beats, unit = (int(part) for part in length.meter.split("/"))
    return Cue(
        mood=mood,
        key=key,
        meter=Meter(beats=beats, unit=unit),
        bars=length.bars,
        bpm=length.bpm,
        seconds=length.seconds,
        programs=programs,
        manner=manner,
        notices=(*length.notices, *notices),
    )


def _mood(request: MusicRequest, heard: Heard) -> str:
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


def _programs(
    request: MusicRequest, ensemble: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    found: list[int] = []
    for name in request.instruments:
        programs = programs_of(name)
        if programs is None:
            known = ", ".join(NAMES[:1] + NAMES[40:44] + NAMES[128:])
            raise BadRequest(f"there is no instrument {name!r}; names are like {known}")
        found += programs
    if not found:
        found = list(programs_in(request.prompt))
        if found == [48]:  # "strings" alone is the section, with its own bass and melody
            found = [40, 41, 42, 43]
        if found == [tokens.DRUM_PROGRAM] or re.search(
            r"\b(with|and|plus) drums\b", request.prompt
        ):
            found = [*ensemble, *found] if found == [tokens.DRUM_PROGRAM] else found
    if re.search(r"\bsolo\b", request.prompt) and found:
        found = found[:1]
    notices: tuple[str, ...] = ()
    if len(found) > MAX_PARTS:
        notices = (f"only the first {MAX_PARTS} of {len(found)} instruments play",)
    drums = [p for p in found if p == tokens.DRUM_PROGRAM][:1]
    melodic = [p for p in found if p != tokens.DRUM_PROGRAM][: MAX_PARTS - len(drums)]
    return tuple(melodic + drums) or ensemble, notices
