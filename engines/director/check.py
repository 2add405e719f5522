"""Check a plan before anything is drawn: every rule that the rest of the house relies on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engines.api import Plan
from engines.director.look import LEAST_CONTRAST, contrast
from engines.director.shots import LONGEST_CAPTION, READING_SPEED
from engines.director.titles import is_wide
from engines.director.tone import words_of
from engines.music.instruments import programs_of
from engines.music.moods import MOODS

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_KEY = re.compile(r"[A-G][b#]? (major|minor)")
_METER = re.compile(r"[2-9]/(2|4|8)")
_ADDRESS = re.compile(r"https?:|www\.|\w@\w|\.(?:com|org|net|de)\b")
_CAMERAS = frozenset({"in", "out", "left", "right", "still"})


def problems(plan: Plan, brief: str, *, seconds: float = 0.0) -> tuple[str, ...]:
    """Say in plain words what is wrong with a plan; empty if nothing is.

    Args:
        plan: The plan.
        brief: The brief it was made of.
        seconds: The length of a scene; 0 for a poster, which has no shots.
    """
    return (*_facts(plan, brief), *_words(plan, brief), *_look(plan), *_tone(plan),
            *_shots(plan, seconds))  # fmt: skip


def _facts(plan: Plan, brief: str) -> Iterator[str]:
    plain = re.sub(r"[ \t]+", " ", brief)
    facts = plan.facts
    for fact in (facts.day, facts.hour, facts.place, *facts.names):
        if fact not in plain:
            yield f"{fact!r} is not in the brief"
    said = plan.title.lower()
    known = brief.lower()
    kept = any(word in known for word in words_of(said)) or (is_wide(said) and said[:2] in known)
    if not (kept or said.strip() in known):
        yield "the title has none of the brief's words"


def _words(plan: Plan, brief: str) -> Iterator[str]:
    limits = {
        "title": (plan.title, 80), "tagline": (plan.tagline, 80), "body": (plan.body, 400),
        "call to action": (plan.call_to_action, 60),
    }  # fmt: skip
    for name, (text, longest) in limits.items():
        if not text.strip() or len(text) > longest:
            yield f"the {name} is empty or longer than {longest} characters"
    texts = [text for text, _ in limits.values()] + [shot.caption for shot in plan.shots]
    for text in texts:
        if _ADDRESS.search(text) and not _ADDRESS.search(brief):
            yield f"{text!r} has an address that the brief lacks"
        for figure in re.findall(r"\d+", text):
            if figure not in brief:
                yield f"{figure} is not in the brief"


def _look(plan: Plan) -> Iterator[str]:
    if not 3 <= len(plan.palette) <= 8 or not all(map(_COLOUR.fullmatch, plan.palette)):
        yield "the palette is not of three to eight colours"
    elif contrast(plan.palette[0], plan.palette[-1]) < LEAST_CONTRAST:
        yield "the palette's ends are too close"
    if not plan.picture_prompt.strip() or not plan.background_prompt.strip():
        yield "a picture has no prompt"


def _tone(plan: Plan) -> Iterator[str]:
    if plan.mood not in MOODS:
        yield f"{plan.mood!r} is not a mood"
    if not 40 <= plan.tempo_bpm <= 200:
        yield f"a tempo of {plan.tempo_bpm} is outside 40 to 200"
    if not _KEY.fullmatch(plan.key) or not _METER.fullmatch(plan.meter):
        yield f"{plan.key!r} in {plan.meter!r} is not music"
    for name in plan.instruments:
        if programs_of(name) is None:
            yield f"there is no instrument {name!r}"


def _shots(plan: Plan, seconds: float) -> Iterator[str]:
    total = sum(shot.duration_s for shot in plan.shots)
    if abs(total - seconds) > 1e-6:
        yield f"the shots last {total:g} s, not {seconds:g} s"
    for number, shot in enumerate(plan.shots, start=1):
        longest = min(LONGEST_CAPTION, READING_SPEED * shot.duration_s)
        if len(shot.caption) > longest:
            yield f"the caption of shot {number} cannot be read in {shot.duration_s:g} s"
        if shot.camera not in _CAMERAS:
            yield f"the camera of shot {number} goes {shot.camera!r}"
        if not shot.picture_prompt.strip() or not shot.background_prompt.strip():
            yield f"shot {number} has no picture"
