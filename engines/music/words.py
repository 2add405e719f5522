"""Hear controls in plain words, without a language model: "tense strings, slow, D minor"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")

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

_TEMPI: Final = {
    (40, 56): "largo grave largissimo",
    (60, 76): "slow slowly adagio lento larghetto unhurried",
    (76, 96): "andante walking andantino",
    (92, 112): "moderate moderato medium steady",
    (108, 124): "allegretto lively quick brisk",
    (124, 152): "allegro fast vivace energetic rapid driving upbeat",
    (160, 192): "presto furious frantic prestissimo racing",
}  # fmt: skip
"""Words of tempo, and the quarters a minute that players mean by them."""

_DENSITIES: Final = {
    0: "sparse minimal bare", 1: "thin simple spacious", 3: "full flowing", 4: "dense rich busy",
    5: "crowded",
}  # fmt: skip
_ENERGIES: Final = {
    0: "restful drowsy", 1: "restrained subdued", 3: "animated spirited", 4: "forceful intense",
    5: "explosive",
}  # fmt: skip
"""Words, and the level of density or energy that they stand for."""

_SOURCES: Final = {
    "orchestra": "orchestral symphonic symphony", "quartet": "chamber", "song": "lied lieder",
    "game": "game arcade videogame", "film": "film soundtrack",
}  # fmt: skip
"""Words for the style of a collection."""

_METER_WORDS: Final = {
    "waltz": "3/4", "minuet": "3/4", "march": "4/4", "polka": "2/4", "jig": "6/8",
    "barcarole": "6/8", "tarantella": "6/8", "siciliana": "6/8",
}  # fmt: skip

_MOODS: Final = {word: mood for mood, words in _MOOD_WORDS.items() for word in words.split()}
_TEMPO: Final = {word: bounds for bounds, words in _TEMPI.items() for word in words.split()}
_DENSITY: Final = {word: level for level, words in _DENSITIES.items() for word in words.split()}
_ENERGY: Final = {word: level for level, words in _ENERGIES.items() for word in words.split()}
_SOURCE: Final = {word: name for name, words in _SOURCES.items() for word in words.split()}
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
_HITS: Final = re.compile(
    r"\b(?:hits?|accents?|stings?)\s+(?:at\s+)?(?:second\s+)?"
    r"((?:\d{1,3}(?:\.\d+)?\s?s?(?:\s*(?:,|and|&)\s*)?)+)",
    re.IGNORECASE,
)
_FORM: Final = re.compile(r"\b(?:form\s+([A-Ha-h]{2,16})|(A[A-D]{2,15}))\b")
_LOOP: Final = re.compile(r"\b(?:seamless(?:ly)?|loop(?:s|ed|ing|able)?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a prompt says; empty, 0 or None where it says nothing.

    `tempo` bounds the quarters a minute (0, 0 if no word does); `energy` and
    `density` are levels, -1 if unsaid.
    """

    mood: str = ""
    key: str = ""
    mode: int | None = None
    meter: str = ""
    bpm: float = 0.0
    tempo: tuple[int, int] = (0, 0)
    bars: int = 0
    seconds: float = 0.0
    hits: tuple[float, ...] = ()
    form: str = ""
    loop: bool = False
    energy: int = -1
    density: int = -1
    source: str = ""


def hear(prompt: str) -> Heard:
    """Read the controls that a prompt names; a word it does not know is no error."""
    hits = _HITS.search(prompt)
    timed = prompt.replace(hits[0], " ") if hits else prompt
    words = re.findall(r"[a-z]+", prompt.lower())
    moods = [_MOODS[word] for word in words if word in _MOODS]
    exact = [word for word in words if word in _MOOD_WORDS]
    bpm = _number(_BPM, timed)
    seconds = _number(_SECONDS, timed) or 60 * _number(_MINUTES, timed)
    meter = _METER.search(timed)
    modes = [word for word in words if word in ("major", "minor")]
    form = _FORM.search(prompt)
    return Heard(
        mood=(exact or moods or [""])[0],
        key=_key(prompt),
        mode=("major", "minor").index(modes[0]) if modes else None,
        meter=f"{meter[1]}/{meter[2]}" if meter else _first(_METER_WORDS, words, ""),
        bpm=bpm if 30 <= bpm <= 240 else 0.0,
        tempo=_first(_TEMPO, words, (0, 0)),
        bars=int(min(512, _number(_BARS, timed))),
        seconds=seconds if 1 <= seconds <= 600 else 0.0,
        hits=_seconds_in(hits[1]) if hits else (),
        form=(form[1] or form[2]).upper() if form else "",
        loop=_LOOP.search(prompt) is not None,
        energy=_first(_ENERGY, words, -1),
        density=_first(_DENSITY, words, -1),
        source=_first(_SOURCE, words, ""),
    )


def _first(meanings: Mapping[str, T], words: Sequence[str], unsaid: T) -> T:
    return next((meanings[word] for word in words if word in meanings), unsaid)


def _seconds_in(text: str) -> tuple[float, ...]:
    """Read the times of hits, in order."""
    return tuple(sorted({float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}))


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
