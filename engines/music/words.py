"""Hear controls in plain words, without a language model: "tense strings, slow, D minor"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MOOD_WORDS: Final = {
    "calm": "calm peaceful quiet gentle serene soft relaxing relaxed tranquil lullaby sleepy "
    "ambient meditative still lake meadow snow rest",
    "playful": "playful funny happy cheerful comic silly light bouncy joyful joy fun dance "
    "children circus cartoon quirky party polka festive summer",
    "tense": "tense suspense suspenseful nervous chase urgent anxious danger action battle "
    "fight thriller storm pursuit race",
    "triumphant": "triumphant victory victorious heroic hero proud fanfare glorious majestic "
    "celebration winning triumph royal ceremony",
    "melancholy": "melancholy melancholic sad sorrow lonely loss grief nostalgic nostalgia "
    "wistful tears autumn rain rainy farewell elegy mournful",
    "mysterious": "mysterious mystery eerie strange magical magic enchanted secret ghost "
    "haunted spooky fog foggy dream dreamy moon night space wonder",
    "romantic": "romantic love tender passionate lovers wedding intimate waltz warm kiss",
    "dark": "dark ominous sinister evil grim horror scary menacing threatening gloomy doom "
    "brooding death creepy dungeon",
    "epic": "epic grand huge massive cinematic war adventure quest trailer legend mighty "
    "powerful dragon",
    "hopeful": "hopeful hope uplifting sunrise dawn bright inspiring optimistic spring morning "
    "new beginning journey sunny",
}  # fmt: skip

_PACES: Final = {
    0.62: "largo grave", 0.72: "adagio lento slowly slow", 0.85: "andante walking moderate",
    1.0: "moderato", 1.2: "allegretto lively quick", 1.3: "allegro fast vivace energetic",
    1.5: "presto furious frantic",
}  # fmt: skip

_METER_WORDS: Final = {
    "waltz": "3/4", "minuet": "3/4", "march": "4/4", "polka": "2/4", "jig": "6/8",
    "barcarole": "6/8", "tarantella": "6/8", "siciliana": "6/8",
}  # fmt: skip

_MOODS: Final = {word: mood for mood, words in _MOOD_WORDS.items() for word in words.split()}
_PACE: Final = {word: pace for pace, words in _PACES.items() for word in words.split()}
_KEY: Final = re.compile(
    r"\b([a-h])(?:\s?(#|♯|b|♭)|[\s-]?(sharp|flat))?\s+(major|minor|maj|min)\b", re.IGNORECASE
)
_TONIC_ALONE: Final = re.compile(r"\bin ([A-H])(#|♯|b|♭|[\s-]sharp|[\s-]flat)?(?=$|[\s,.;])")
_BPM: Final = re.compile(r"\b(\d{2,3}(?:\.\d+)?)\s?(?:bpm|beats)\b", re.IGNORECASE)
_BARS: Final = re.compile(r"\b(\d{1,3})[\s-]?(?:bars?|measures?)\b", re.IGNORECASE)
_SECONDS: Final = re.compile(r"\b(\d{1,3}(?:\.\d+)?)[\s-]?(?:s|sec|secs|seconds?)\b", re.IGNORECASE)
_MINUTES: Final = re.compile(
    r"\b(\d{1,2}(?:\.\d+)?)[\s-]?(?:min|minutes?)\b(?!\s*or\b)", re.IGNORECASE
)
_METER: Final = re.compile(r"\b(\d{1,2})\s?/\s?(2|4|8)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a prompt says; empty, 0 or None where it says nothing.

    `pace` is a factor for the mood's own tempo.
    """

    mood: str = ""
    key: str = ""
    mode: int | None = None
    meter: str = ""
    bpm: float = 0.0
    pace: float = 1.0
    bars: int = 0
    seconds: float = 0.0


def hear(prompt: str) -> Heard:
    """Read the controls that a prompt names; a word it does not know is no error."""
    words = re.findall(r"[a-z]+", prompt.lower())
    moods = [_MOODS[word] for word in words if word in _MOODS]
    paces = [_PACE[word] for word in words if word in _PACE]
    exact = [word for word in words if word in _MOOD_WORDS]
    bpm = _number(_BPM, prompt)
    seconds = _number(_SECONDS, prompt) or 60 * _number(_MINUTES, prompt)
    meter = _METER.search(prompt)
    named = next((_METER_WORDS[word] for word in words if word in _METER_WORDS), "")
    modes = [word for word in words if word in ("major", "minor")]
    return Heard(
        mood=(exact or moods or [""])[0],
        key=_key(prompt),
        mode=("major", "minor").index(modes[0]) if modes else None,
        meter=f"{meter[1]}/{meter[2]}" if meter else named,
        bpm=bpm if 30 <= bpm <= 240 else 0.0,
        pace=paces[0] if paces else 1.0,
        bars=int(min(512, _number(_BARS, prompt))),
        seconds=seconds if 1 <= seconds <= 600 else 0.0,
    )


def _number(pattern: re.Pattern[str], prompt: str) -> float:
    match = pattern.search(prompt)
    return float(match[1]) if match else 0.0


def _key(prompt: str) -> str:
    """Find a key; a lone letter counts only as in "in D", in capitals."""
    if match := _KEY.search(prompt):
        return f"{match[1]}{match[2] or ''}{' ' + match[3] if match[3] else ''} {match[4]}"
    if match := _TONIC_ALONE.search(prompt):
        return f"{match[1]}{(match[2] or '').strip()}"
    return ""
