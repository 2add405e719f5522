"""How a brief should sound: mood, tempo, key, metre and instruments, by rule and by meaning."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

Similarity = Callable[[str, Sequence[str]], list[float]]
"""The cosine of a text with each of several others."""

MOOD_WORDS: Final[dict[str, str]] = {
    "calm": "calm quiet gentle peaceful yoga meditation relaxing slow spa tea garden sleep lullaby"
    " wellness serene watercolour bees honey nature",
    "playful": "playful fun funny children kids puzzle circus party game carnival comedy picnic"
    " jazz swing brunch quiz cat dog puppy bakery lemonade street food swap",
    "tense": "thriller tense chase escape hunt detective crime heist danger race suspense storm"
    " wolf alarm pursuit bomb",
    "triumphant": "triumphant victory champion championship award opening celebration gala jubilee"
    " marathon cup winner parade graduation launch",
    "melancholy": "melancholy sad lonely farewell goodbye loss autumn rain memory forgotten last"
    " old widow empty lost grief blues",
    "mysterious": "mysterious mystery secret hidden magic planetarium space stars nebula fog"
    " unknown dream moon midnight robot alien map",
    "romantic": "romantic love wedding valentine rose candle waltz kiss dinner couple honeymoon",
    "dark": "horror dark ghost haunted vampire monster skull witch halloween nightmare death grim"
    " noir zombie",
    "epic": "epic battle war knight dragon hero quest legend kingdom opera adventure empire saga"
    " volcano regatta",
    "hopeful": "hopeful hope charity help new spring future community together green planet plant"
    " school children's hospital run benefit sunrise learn",
}
"""The moods of `engines.music.moods` and words that speak for each."""

_MOOD_ANCHORS: Final[dict[str, str]] = {
    "calm": "a calm, quiet and peaceful afternoon",
    "playful": "cheerful, playful fun with friends and music",
    "tense": "a tense, dangerous chase with no way out",
    "triumphant": "a triumphant celebration of a great victory",
    "melancholy": "a sad, lonely farewell and old memories",
    "mysterious": "a mysterious secret under the stars",
    "romantic": "a romantic evening of love by candlelight",
    "dark": "a dark horror story with ghosts and fear",
    "epic": "an epic adventure of heroes and battles",
    "hopeful": "a hopeful new beginning, people helping each other",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A kind of music: `words` call it, `mood` it has of itself.

    A `named_only` style is never guessed from meaning alone.
    """

    name: str
    words: str
    instruments: tuple[str, ...]
    tempo_bpm: tuple[int, int]
    meters: tuple[str, ...] = ("4/4",)
    mood: str = ""
    named_only: bool = False


STYLES: Final = (
    Style(name="jazz", words="jazz swing blues sax saxophone bebop big-band soul funk brunch bar",
          instruments=("tenor saxophone", "piano", "acoustic bass", "drums"), tempo_bpm=(104, 132),
          mood="playful"),
    Style(name="classical", words="classical symphony orchestra sonata quartet recital violin cello"
          " opera philharmonic mozart bach beethoven chamber museum",
          instruments=("violin", "viola", "cello", "piano"), tempo_bpm=(72, 108),
          meters=("4/4", "3/4")),
    Style(name="choir", words="choir choral carol carols christmas hymn gospel advent"
          " weihnachtskonzert chor",
          instruments=("choir", "strings", "harp"), tempo_bpm=(66, 88), meters=("4/4", "3/4"),
          mood="hopeful", named_only=True),
    Style(name="rock", words="rock punk metal guitar band gig concert indie grunge vinyl",
          instruments=("electric guitar", "electric bass", "piano", "drums"), tempo_bpm=(112, 140)),
    Style(name="electronic", words="electronic techno club dj rave neon cyber synth robot robots"
          " tech technology space nebula hackathon ai science electric startup",
          instruments=("synth lead", "synth pad", "electric bass", "drums"), tempo_bpm=(100, 126)),
    Style(name="folk", words="folk country farm market village harvest craft handmade barn soap"
          " bread bakery street fair picnic flea ceramics",
          instruments=("acoustic guitar", "flute", "accordion", "acoustic bass"),
          tempo_bpm=(92, 120)),
    Style(name="waltz", words="waltz wedding ball vienna ballroom romance love valentine",
          instruments=("violin", "cello", "piano", "harp"), tempo_bpm=(84, 104), meters=("3/4",),
          mood="romantic", named_only=True),
    Style(name="latin", words="latin salsa tango samba flamenco cuba summer beach",
          instruments=("acoustic guitar", "trumpet", "acoustic bass", "drums"),
          tempo_bpm=(100, 126), mood="playful", named_only=True),
    Style(name="toys", words="children kids circus puzzle toy toys puppet carnival clown game"
          " cartoon bees zoo",
          instruments=("marimba", "clarinet", "pizzicato strings", "glockenspiel"),
          tempo_bpm=(104, 132), mood="playful"),
    Style(name="ambient", words="yoga meditation sleep lullaby spa watercolour photography poetry"
          " calm garden wellness aurora",
          instruments=("piano", "strings", "harp", "flute"), tempo_bpm=(58, 76), mood="calm"),
    Style(name="suspense", words="horror thriller ghost haunted crime detective heist chase storm"
          " mystery escape noir murder",
          instruments=("strings", "cello", "piano", "timpani"), tempo_bpm=(84, 116), mood="tense"),
    Style(name="film", words="lighthouse sea ship captain journey film cinema story sisters map"
          " adventure dragon knight moon mountain sail regatta run charity",
          instruments=("strings", "french horn", "piano", "flute"), tempo_bpm=(76, 104)),
)  # fmt: skip

_STYLE_ANCHORS: Final = tuple(f"{style.name} music: {style.words}" for style in STYLES)

MINOR_MOODS: Final = frozenset({"tense", "melancholy", "mysterious", "dark", "epic"})
_MAJOR_KEYS: Final = ("C major", "G major", "D major", "F major", "Bb major", "A major", "Eb major")
_MINOR_KEYS: Final = ("A minor", "D minor", "E minor", "G minor", "C minor", "B minor", "F minor")
_TEMPO_LEAN: Final = {
    "calm": -14, "melancholy": -12, "romantic": -8, "mysterious": -8, "dark": -4, "hopeful": 0,
    "playful": 6, "epic": 6, "triumphant": 8, "tense": 12,
}  # fmt: skip

_KEYWORD_WEIGHT: Final = 0.22  # one word that fits counts as much as 0.22 of cosine


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """What the score is asked for."""

    mood: str
    style: str
    tempo_bpm: int
    key: str
    meter: str
    instruments: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, hyphens kept."""
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.lower())


def pick(key: str, seed: int, choices: Sequence[str]) -> str:
    """Choose one by a fixed hash: the same key and seed choose the same everywhere."""
    return choices[zlib.crc32(f"{key}:{seed}".encode()) % len(choices)]


def tone_of(text: str, seed: int, similarity: Similarity) -> Tone:
    """Decide how a brief sounds; the seed varies key, metre and tempo within the style.

    Args:
        text: The brief.
        seed: The plan's seed.
        similarity: Of the sentence encoder.
    """
    words = set(words_of(text))
    style = _best_style(text, words, similarity)
    mood = _best_mood(text, words, style, similarity)
    low, high = style.tempo_bpm
    spread = zlib.crc32(f"tempo:{text}:{seed}".encode()) % (high - low + 1)
    tempo_bpm = min(max(low + spread + _TEMPO_LEAN[mood], 56), 168)
    keys = _MINOR_KEYS if mood in MINOR_MOODS else _MAJOR_KEYS
    return Tone(
        mood=mood,
        style=style.name,
        tempo_bpm=round(tempo_bpm / 2) * 2,
        key=pick(f"key:{text}", seed, keys),
        meter=pick(f"meter:{text}", seed, style.meters),
        instruments=style.instruments,
    )


def _hits(words: set[str], listed: str) -> int:
    singular = {word[:-1] for word in words if word.endswith("s")}
    return len((words | singular) & set(listed.split()))


def _best_style(text: str, words: set[str], similarity: Similarity) -> Style:
    cosines = similarity(text, _STYLE_ANCHORS)
    scores = [
        -1.0
        if style.named_only and not _hits(words, style.words)
        else cosine + _KEYWORD_WEIGHT * min(_hits(words, style.words), 3)
        for style, cosine in zip(STYLES, cosines, strict=True)
    ]
    return STYLES[scores.index(max(scores))]


def _best_mood(text: str, words: set[str], style: Style, similarity: Similarity) -> str:
    cosines = similarity(text, tuple(_MOOD_ANCHORS.values()))
    scores = {
        mood: cosine
        + _KEYWORD_WEIGHT * min(_hits(words, MOOD_WORDS[mood]), 3)
        + (_KEYWORD_WEIGHT / 2 if mood == style.mood else 0.0)
        for mood, cosine in zip(_MOOD_ANCHORS, cosines, strict=True)
    }
    return max(scores, key=lambda mood: scores[mood])
