"""A plan: what the director makes of a brief, before anything is drawn or played."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the brief states and no model may alter; each is a copy of the brief's own words.

    `subject` is the brief without its facts of time and place, or all of it.
    """

    title: str
    subject: str
    day: str = ""
    hour: str = ""
    place: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotPlan:
    """One shot of a scene.

    `picture_prompt` is for the picture model, `background_prompt` for the
    backgrounds generator, `camera` one of "in", "out", "left", "right", "still".
    """

    caption: str
    picture_prompt: str
    background_prompt: str
    duration_s: float
    camera: str = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole plan, checked; `palette` is dark to light, "#rrggbb".

    `key` is like "D minor", `meter` like "4/4", `instruments` are General MIDI
    names as in `engines.api.requests.MusicRequest`.
    """

    facts: Facts
    title: str
    tagline: str
    body: str
    call_to_action: str
    picture_prompt: str
    background_prompt: str
    palette: tuple[str, ...]
    mood: str
    tempo_bpm: int
    key: str
    meter: str
    instruments: tuple[str, ...]
    shots: tuple[ShotPlan, ...] = ()
