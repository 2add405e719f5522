"""How our own pieces sound in each mood: harmony, pace, touch, patterns and who plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Chord = tuple[int, int]
"""Semitones of the root over the tonic, and the index of its quality in `tokens.QUALITIES`."""

_NUMERALS: Final[dict[str, Chord]] = {
    "I": (0, 0), "ii": (2, 1), "iii": (4, 1), "IV": (5, 0), "V": (7, 0), "V7": (7, 3),
    "vi": (9, 1), "viio": (11, 2), "i": (0, 1), "iio": (2, 2), "bIII": (3, 0), "iv": (5, 1),
    "v": (7, 1), "bVI": (8, 0), "bVII": (10, 0), "bII": (1, 0), "II": (2, 0), "II7": (2, 3),
    "I7": (0, 3), "io": (0, 2), "vio": (9, 2), "#ivo": (6, 2), "bvi": (8, 1), "biii": (3, 1),
    "III7": (4, 3), "VI7": (9, 3), "bV": (6, 0), "viiob": (11, 2), "ivo": (5, 2), "bii": (1, 1),
}  # fmt: skip


def chords(text: str) -> tuple[Chord, ...]:
    """Read a progression such as "I V vi IV"."""
    return tuple(_NUMERALS[word] for word in text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """Programs by role; `harmony` and `counter` may be empty, 128 plays the kit."""

    melody: tuple[int, ...]
    harmony: tuple[int, ...]
    bass: tuple[int, ...]
    counter: tuple[int, ...] = ()
    drums: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one mood is written; ranges are (lowest, highest).

    `minor` is the part of pieces in minor, `held` the part of the way to the
    next note that a note is held, `notes` how many melody notes start in a
    quarter, `melody_pitch` the middle of the tune, `colour` how often a note
    outside the chord is set on a beat.
    """

    tempo_bpm: tuple[int, int]
    minor: float
    meters: tuple[str, ...]
    major_progressions: tuple[str, ...]
    minor_progressions: tuple[str, ...]
    notes: tuple[float, float]
    velocity: tuple[int, int]
    held: tuple[float, float]
    melody_pitch: tuple[int, int]
    patterns: tuple[str, ...]
    basses: tuple[str, ...]
    ensembles: tuple[Ensemble, ...]
    kits: tuple[str, ...] = ()
    colour: float = 0.1
    leaps: float = 0.2


def _band(
    melody: str, harmony: str, bass: str, counter: str = "", *, drums: bool = False
) -> Ensemble:
    def read(text: str) -> tuple[int, ...]:
        return tuple(int(word) for word in text.split())

    return Ensemble(
        melody=read(melody), harmony=read(harmony), bass=read(bass), counter=read(counter),
        drums=drums,
    )  # fmt: skip


STYLES: Final[dict[str, Style]] = {
    "calm": Style(
        tempo_bpm=(48, 84), minor=0.1, meters=("4/4", "4/4", "3/4", "6/8"),
        major_progressions=("I IV I V", "I vi IV V", "I iii IV I", "IV I IV I", "I ii V I",
                            "I IV vi IV", "vi IV I I"),
        minor_progressions=("i bVII bVI bVII", "i iv i v"),
        notes=(0.3, 0.9), velocity=(34, 62), held=(0.9, 1.05), melody_pitch=(64, 79),
        patterns=("pad", "pad", "arpeggio", "slow arpeggio", "half chords"),
        basses=("whole", "whole", "pedal", "fifths"),
        ensembles=(_band("0", "0", "42"), _band("73", "46", "43", "48"),
                   _band("40", "48", "42", "41"),
                   _band("24", "24", "32"), _band("71", "0", "42"), _band("68", "49", "43"),
                   _band("0", "89", "42"), _band("11", "88", "32"), _band("79", "46", "32", "52")),
        colour=0.02,
    ),
    "playful": Style(
        tempo_bpm=(104, 168), minor=0.1, meters=("2/4", "4/4", "6/8", "2/4", "4/4"),
        major_progressions=("I V I V", "I IV V I", "I vi ii V", "I II7 V7 I", "I I V7 V7",
                            "I VI7 II7 V7", "IV I V I"),
        minor_progressions=("i V i V", "i iv V i"),
        notes=(1.4, 2.6), velocity=(58, 86), held=(0.25, 0.55), melody_pitch=(70, 84),
        patterns=("offbeats", "oompah", "stabs", "offbeats", "broken"),
        basses=("fifths", "quarters", "walking", "fifths"),
        ensembles=(_band("71", "45", "70", "73"), _band("73", "0", "45"),
                   _band("40", "45", "32", "71"),
                   _band("72", "21", "58"), _band("13", "12", "45", "75"), _band("0", "0", "32",
                   drums=True),
                   _band("78", "25", "32", drums=True), _band("68", "6", "70"), _band("9", "45",
                   "43")),
        kits=("light", "march"), leaps=0.4,
    ),
    "tense": Style(
        tempo_bpm=(112, 176), minor=1.0, meters=("4/4", "4/4", "3/4", "5/4", "7/8", "12/8"),
        major_progressions=("i bII i viio",),
        minor_progressions=("i i bII i", "i iio i viio", "i #ivo i V7", "i bII viio i",
                            "i io bII V7", "iv iio viio i", "i biii i bii", "i bVI iio V7"),
        notes=(1.2, 2.8), velocity=(62, 98), held=(0.3, 0.7), melody_pitch=(57, 72),
        patterns=("repeated", "tremolo", "ostinato", "ostinato", "stabs", "repeated"),
        basses=("eighths", "pedal eighths", "riff", "pedal"),
        ensembles=(_band("40", "44", "42", "41"), _band("41", "48", "43", "60"),
                   _band("60", "44", "43", "40", drums=True), _band("81", "38", "38", "90",
                   drums=True),
                   _band("71", "45", "43", "57"), _band("0", "48", "43", drums=True),
                   _band("29", "30", "33", drums=True), _band("40", "48", "47", "42")),
        kits=("ticks", "drive", "toms"), colour=0.45, leaps=0.3,
    ),
    "triumphant": Style(
        tempo_bpm=(92, 144), minor=0.0, meters=("4/4", "4/4", "3/4", "2/2", "12/8"),
        major_progressions=("I IV V I", "I V vi IV", "I bVII IV I", "IV V I I", "I I IV V",
                            "vi IV I V", "I bVI bVII I"),
        minor_progressions=("i bVI bVII i",),
        notes=(0.9, 1.9), velocity=(88, 122), held=(0.7, 0.95), melody_pitch=(65, 78),
        patterns=("quarters", "march chords", "repeated", "half chords", "march chords"),
        basses=("fifths", "quarters", "whole", "eighths"),
        ensembles=(_band("56", "61", "58", "60"), _band("56", "48", "43", "57", drums=True),
                   _band("60", "61", "43", "40"), _band("40", "48", "58", "56", drums=True),
                   _band("19", "19", "19", "56"), _band("61", "48", "47", "60", drums=True)),
        kits=("march", "toms"), leaps=0.45, colour=0.04,
    ),
    "melancholy": Style(
        tempo_bpm=(46, 84), minor=1.0, meters=("4/4", "3/4", "4/4", "6/8"),
        major_progressions=("vi IV I V",),
        minor_progressions=("i bVI bIII bVII", "i iv bVII bIII", "i iv V i", "i v bVI iv",
                            "i bVII bVI V", "bVI bVII i i", "i iv i V7"),
        notes=(0.5, 1.2), velocity=(40, 68), held=(0.9, 1.05), melody_pitch=(60, 76),
        patterns=("arpeggio", "half chords", "slow arpeggio", "pad", "quarters"),
        basses=("whole", "fifths", "whole"),
        ensembles=(_band("42", "0", "42"), _band("40", "0", "42"), _band("68", "48", "43", "42"),
                   _band("0", "0", "48"), _band("69", "46", "42", "41"), _band("24", "24", "42"),
                   _band("40", "48", "42", "41"), _band("53", "0", "43")),
        colour=0.12,
    ),
    "mysterious": Style(
        tempo_bpm=(54, 100), minor=0.85, meters=("4/4", "3/4", "6/8", "5/4", "4/4"),
        major_progressions=("I bV I bV", "I bIII bV I", "I II I bII"),
        minor_progressions=("i bvi i bvi", "i #ivo i iio", "i bV i bV", "i biii bV i", "i io i iio",
                            "i viio i #ivo", "i bii i #ivo"),
        notes=(0.3, 1.0), velocity=(30, 58), held=(0.8, 1.05), melody_pitch=(67, 86),
        patterns=("slow arpeggio", "pad", "arpeggio", "pad", "ostinato"),
        basses=("pedal", "whole", "pedal"),
        ensembles=(_band("8", "46", "42"), _band("71", "48", "43"), _band("73", "52", "43", "8"),
                   _band("11", "89", "32"), _band("10", "49", "42"), _band("98", "94", "38", "8"),
                   _band("75", "46", "43"), _band("0", "54", "32", "11"), _band("14", "52", "43")),
        colour=0.45, leaps=0.4,
    ),
    "romantic": Style(
        tempo_bpm=(60, 100), minor=0.3, meters=("3/4", "4/4", "4/4", "6/8", "12/8"),
        major_progressions=("I III7 vi II7", "I vi ii V7", "IV iv I VI7", "I V vi iii",
                            "ii V7 I vi",
                            "I io ii V7", "vi II7 ii V7"),
        minor_progressions=("i iv bVII bIII", "i VI7 iv V7", "bVI iv i V7"),
        notes=(0.7, 1.5), velocity=(56, 84), held=(1.0, 1.15), melody_pitch=(66, 81),
        patterns=("wide arpeggio", "arpeggio", "wide arpeggio", "waltz", "pad"),
        basses=("whole", "fifths", "whole"),
        ensembles=(_band("40", "0", "42"), _band("42", "0", "42"), _band("0", "0", "48", "60"),
                   _band("40", "46", "42", "48"), _band("60", "48", "43", "40"),
                   _band("53", "0", "42"),
                   _band("71", "0", "48"), _band("66", "0", "32"), _band("24", "48", "42")),
        colour=0.3, leaps=0.4,
    ),
    "dark": Style(
        tempo_bpm=(56, 104), minor=1.0, meters=("4/4", "4/4", "3/4", "5/4"),
        major_progressions=("i bII i bII",),
        minor_progressions=("i bVI i bII", "i iv bII i", "i i bvi i", "i bVI iv V", "i v bVI iio",
                            "i biii iv bII", "i bII bVII i"),
        notes=(0.4, 1.2), velocity=(58, 92), held=(0.85, 1.05), melody_pitch=(45, 59),
        patterns=("low pad", "low pad", "low repeated", "low ostinato", "low half"),
        basses=("pedal", "whole", "riff", "pedal eighths"),
        ensembles=(_band("42", "48", "43"), _band("57", "61", "58", "42"),
                   _band("70", "52", "43", "57"),
                   _band("60", "48", "47", "58"), _band("42", "19", "43"), _band("38", "95", "38",
                   drums=True),
                   _band("30", "30", "33", drums=True), _band("67", "89", "32")),
        kits=("toms", "slow"), colour=0.25,
    ),
    "epic": Style(
        tempo_bpm=(80, 132), minor=0.85, meters=("4/4", "4/4", "6/8", "3/4", "12/8"),
        major_progressions=("I bVII IV I", "vi IV I V"),
        minor_progressions=("i bVI bIII bVII", "i bVII bVI bVII", "i bVI iv bVII", "i bIII bVII iv",
                            "bVI bVII i i", "i i bVI bVII"),
        notes=(0.5, 1.3), velocity=(92, 124), held=(0.75, 1.0), melody_pitch=(58, 74),
        patterns=("ostinato", "repeated", "ostinato", "quarters", "broken"),
        basses=("eighths", "whole", "riff", "quarters"),
        ensembles=(_band("60", "48", "43", "56", drums=True),
                   _band("40", "52", "58", "60", drums=True),
                   _band("56", "48", "43", "52", drums=True), _band("61", "48", "57", "40",
                   drums=True),
                   _band("48", "29", "33", "52", drums=True), _band("60", "48", "47", "57")),
        kits=("epic", "toms", "drive"), leaps=0.35,
    ),
    "hopeful": Style(
        tempo_bpm=(80, 120), minor=0.0, meters=("4/4", "4/4", "3/4", "6/8"),
        major_progressions=("I V vi IV", "IV I V vi", "I IV vi V", "IV V I I", "vi IV I V",
                            "I iii IV V", "I V IV IV"),
        minor_progressions=("i bVI bIII bVII",),
        notes=(0.7, 1.5), velocity=(58, 90), held=(0.8, 1.0), melody_pitch=(65, 79),
        patterns=("arpeggio", "pulse", "quarters", "broken", "pulse"),
        basses=("whole", "fifths", "quarters"),
        ensembles=(_band("40", "0", "42", "48"), _band("0", "0", "32", "48"),
                   _band("60", "48", "43", "73"),
                   _band("73", "0", "42", "40"), _band("25", "25", "33", drums=True),
                   _band("0", "48", "33", "40", drums=True), _band("71", "46", "43", "48")),
        kits=("light", "pop"), colour=0.05, leaps=0.3,
    ),
}  # fmt: skip
"""Mood to its style."""
