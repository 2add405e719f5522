"""The General MIDI instruments: names people use, ranges, voices, and place on the stage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engines.music.model.tokens import DRUM_PROGRAM

_GM: Final = (
    "piano|bright piano|electric grand piano|honky-tonk piano|electric piano|chorused piano|"
    "harpsichord|clavinet|celesta|glockenspiel|music box|vibraphone|marimba|xylophone|"
    "tubular bells|dulcimer|drawbar organ|percussive organ|rock organ|church organ|reed organ|"
    "accordion|harmonica|bandoneon|guitar|steel guitar|jazz guitar|electric guitar|"
    "muted guitar|overdriven guitar|distortion guitar|guitar harmonics|double bass|"
    "bass|picked bass|fretless bass|slap bass|slap bass 2|synth bass|synth bass 2|"
    "violin|viola|cello|contrabass|tremolo strings|pizzicato strings|harp|timpani|"
    "strings|slow strings|synth strings|synth strings 2|choir|voice|synth voice|orchestra hit|"
    "trumpet|trombone|tuba|muted trumpet|horn|brass|synth brass|synth brass 2|"
    "soprano saxophone|alto saxophone|tenor saxophone|baritone saxophone|oboe|english horn|"
    "bassoon|clarinet|piccolo|flute|recorder|pan flute|blown bottle|shakuhachi|whistle|ocarina|"
    "square lead|synth lead|calliope|chiff lead|charang|voice lead|fifths lead|bass lead|"
    "pad|warm pad|polysynth|choir pad|bowed pad|metallic pad|halo pad|sweep pad|"
    "rain|soundtrack|crystal|atmosphere|brightness|goblins|echoes|sci-fi|"
    "sitar|banjo|shamisen|koto|kalimba|bagpipe|fiddle|shanai|"
    "tinkle bell|agogo|steel drums|woodblock|taiko|melodic tom|synth drum|reverse cymbal|"
    "fret noise|breath noise|seashore|bird|telephone|helicopter|applause|gunshot"
)
NAMES: Final = (*_GM.split("|"), "drums")
"""By program; 128 is the drum kit."""

_ALIASES: Final = {
    "acoustic grand piano": 0, "grand piano": 0, "keyboard": 0, "keys": 0, "rhodes": 4,
    "harpsicord": 6, "bells": 14, "organ": 19, "pipe organ": 19, "acoustic guitar": 24,
    "nylon guitar": 24, "classical guitar": 24, "acoustic bass": 32, "upright bass": 32,
    "bass guitar": 33, "electric bass": 33, "violins": 40, "violas": 41, "violoncello": 42,
    "celli": 42, "contrabasses": 43, "pizzicato": 45, "tremolo": 44, "string ensemble": 48,
    "string section": 48, "string orchestra": 48, "choir aahs": 52, "chorus": 52, "voices": 52,
    "vocals": 52, "singer": 53, "french horn": 60, "french horns": 60, "brass section": 61,
    "saxophone": 65, "sax": 65, "cor anglais": 69, "whistles": 78, "lead": 81, "synth": 81,
    "synthesizer": 81, "synth pad": 89, "new age pad": 88, "timpanis": 47, "kettledrums": 47,
    "drum": 128, "drum kit": 128, "drumkit": 128, "percussion": 128, "orchestral harp": 46,
    "taiko drums": 116, "taiko drum": 116, "lute": 24, "mandolin": 25,
}  # fmt: skip

GROUPS: Final[dict[str, tuple[int, ...]]] = {
    "string quartet": (40, 40, 41, 42),
    "quartet": (40, 40, 41, 42),
    "string trio": (40, 41, 42),
    "piano trio": (40, 42, 0),
    "orchestra": (40, 48, 60, 71, 43),
    "chamber orchestra": (40, 41, 73, 42, 43),
    "woodwinds": (73, 68, 71, 70),
    "woodwind": (73, 68, 71, 70),
    "wind quintet": (73, 68, 71, 60, 70),
    "brass band": (56, 60, 57, 58),
    "rock band": (29, 0, 33, 128),
    "band": (27, 0, 33, 128),
    "jazz trio": (0, 32, 128),
}
"""Words for several instruments at once."""

_FAMILIES: Final = (
    (33, 96, 6), (60, 96, 2), (36, 91, 5), (40, 79, 4), (28, 55, 1), (40, 88, 1), (40, 84, 5),
    (48, 79, 1), (48, 79, 1), (60, 91, 1), (48, 88, 1), (40, 84, 5), (48, 84, 3), (48, 84, 2),
    (48, 72, 1), (48, 72, 1),
)  # fmt: skip
"""Lowest and highest pitch and most voices at once, for each eight programs."""

_RANGES: Final = {
    6: (36, 89, 5), 8: (60, 103, 3), 9: (72, 103, 2), 10: (60, 96, 3), 11: (53, 89, 4),
    12: (45, 91, 3), 13: (65, 103, 2), 14: (60, 77, 1), 32: (28, 55, 1), 40: (55, 98, 1),
    41: (48, 84, 1), 42: (36, 74, 1), 43: (28, 55, 1), 44: (40, 84, 4), 45: (36, 86, 3),
    46: (33, 96, 4), 47: (38, 57, 1), 48: (36, 88, 5), 49: (36, 88, 5), 52: (43, 79, 4),
    53: (48, 76, 1), 54: (48, 79, 3), 55: (48, 79, 3), 56: (55, 82, 1), 57: (40, 70, 1),
    58: (29, 55, 1), 59: (55, 82, 1), 60: (41, 77, 1), 61: (41, 79, 4), 62: (41, 79, 3),
    63: (41, 79, 3), 64: (56, 87, 1), 65: (49, 80, 1), 66: (44, 75, 1), 67: (37, 68, 1),
    68: (58, 89, 1), 69: (52, 81, 1), 70: (34, 70, 1), 71: (50, 89, 1), 72: (74, 102, 1),
    73: (60, 94, 1), 116: (40, 60, 1), 128: (27, 87, 4),
}  # fmt: skip

_PANS: Final = {
    40: -0.45, 41: 0.2, 42: 0.35, 43: 0.5, 46: -0.55, 47: 0.1, 56: 0.3, 57: 0.45, 58: 0.4,
    60: -0.3, 68: -0.1, 69: 0.0, 70: 0.2, 71: 0.15, 72: -0.2, 73: -0.2, 24: -0.3, 25: 0.3,
    9: -0.4, 8: -0.35, 11: 0.3, 12: 0.35, 128: 0.0, 48: 0.0, 52: 0.0, 0: 0.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument; `pan` runs from -1 (left) to 1 (right)."""

    program: int
    name: str
    low: int
    high: int
    voices: int
    pan: float

    @property
    def is_drum(self) -> bool:
        return self.program == DRUM_PROGRAM


def instrument(program: int) -> Instrument:
    """Describe a program, 0 to 127, or 128 for the drum kit."""
    if program in _RANGES:
        low, high, voices = _RANGES[program]
    else:
        low, high, voices = _FAMILIES[program // 8]
    pan = _PANS.get(program, ((program * 37) % 13 - 6) / 13)
    return Instrument(
        program=program, name=NAMES[program], low=low, high=high, voices=voices, pan=pan
    )


def programs_of(name: str) -> tuple[int, ...] | None:
    """Find the program, or several for words like "orchestra"; None if nobody knows the name."""
    words = re.sub(r"[\s_]+", " ", name.strip().lower())
    for wanted in (words, words.removesuffix("s"), words.removesuffix("es")):
        if wanted in GROUPS:
            return GROUPS[wanted]
        if wanted in _ALIASES:
            return (_ALIASES[wanted],)
        if wanted in NAMES:
            return (NAMES.index(wanted),)
    return None


def programs_in(text: str) -> tuple[int, ...]:
    """Find the instruments named in a text, in the order in which they come, each once."""
    found: list[int] = []
    for match in _MENTION.finditer(text.lower()):
        if match["without"]:
            continue
        for program in programs_of(match["name"]) or ():
            if program not in found or match["name"] in GROUPS:
                found.append(program)
    return tuple(found)


def _mention() -> re.Pattern[str]:
    plain = {"lead", "pad", "rain", "atmosphere", "bird", "goblins", "echoes", "brightness",
             "crystal", "soundtrack", "applause", "telephone", "helicopter", "gunshot",
             "seashore", "voice", "keys", "bells", "tremolo", "whistle"}  # fmt: skip
    words = sorted({*NAMES, *_ALIASES, *GROUPS} - plain, key=len, reverse=True)
    names = "|".join(re.escape(word) for word in words)
    return re.compile(rf"(?P<without>\b(?:no|without|not)\s+)?\b(?P<name>{names})(?:e?s)?\b")


_MENTION: Final = _mention()
"""Words that mean something else in most prompts are only known as names of instruments."""
