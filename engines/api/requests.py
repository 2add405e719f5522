"""What can be asked of the engines.

Requests are frozen, checked once where they are made, and the same request
with the same seed gives the same answer on one device. An empty `model`
means the library's default for the kind. Pictures travel as PNG bytes,
scores as MIDI bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from engines.api.checks import check_seed, check_within, check_words
from engines.api.errors import BadRequest
from engines.api.models import Kind
from engines.api.pictures import (
    BackgroundRequest,
    CutoutRequest,
    GridRequest,
    ImageRequest,
    TraceRequest,
    UpscaleRequest,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRequest:
    """Words to write after `prompt`.

    `prefix` is the beginning of the answer, which the model continues.
    `json_schema` is a JSON Schema as text; the answer then obeys it.
    """

    kind: ClassVar[Kind] = Kind.TEXT
    prompt: str
    seed: int
    model: str = ""
    system: str = ""
    prefix: str = ""
    max_tokens: int = 256
    temperature: float = 0.8
    top_p: float = 0.95
    min_p: float = 0.05
    repetition_penalty: float = 1.1
    stop: tuple[str, ...] = ()
    json_schema: str = ""

    def __post_init__(self) -> None:
        check_words("the prompt", self.prompt)
        check_seed(self.seed)
        check_within("max tokens", self.max_tokens, 1, 32768)
        check_within("the temperature", self.temperature, 0, 5)
        check_within("top p", self.top_p, 0, 1)
        check_within("min p", self.min_p, 0, 1)
        check_within("the repetition penalty", self.repetition_penalty, 1, 2)


VERBS = ("compose", "continue", "fill", "accompany", "vary", "fit")
"""What can be done with a score; all but the first need one that is given."""

LEVELS = 6
"""Steps of energy and of density, counted from 0."""

MOST_HITS = 64
SHORTEST_GAP_S = 0.25
"""Hit points stand at least so far apart, and so far before the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicRequest:
    """A score to write, or to work on; every control is optional.

    `prompt` is read for controls that are not set ("tense strings, slow, D
    minor"). `seconds` makes a cue of that exact length and goes before
    `hits` (seconds at which all parts strike), these before `bars`; 0 leaves
    both lengths to the engine. `key` is like "D minor" and locks the notes to
    it unless `key_lock` is off, `meter` like "3/4", `mood` one of
    `engines.music.controls.MOODS`, `instruments` General MIDI names ("violin",
    "piano", "drums"). `form` names sections by letters ("AABA"); equal letters
    begin alike. `energy` and `density` are levels from 0 to 5, `densities` one
    level for each of `instruments`, -1 the engine's own; `polyphony` is the
    most notes a part may strike at once, 0 the instrument's own; `source` is
    one of `engines.music.model.tokens.SOURCES`. A `loop` leads back to its first bar. Of
    `candidates` pieces drawn together the best is returned.

    `verb` is one of `VERBS` and says what happens to `score` (MIDI, MusicXML
    or MXL bytes): "continue" writes `bars` or `seconds` more; "fill" writes
    the bars of `region` anew; "accompany" adds the `instruments`; "vary"
    writes the part `amount` of its bars anew; "fit" gives it new `seconds`
    and `hits` without the model, or leaves it as it is. A region is like "5-8", "5-8:1,violin" or
    ":drums", several joined by ";", bars and tracks counted from 1. Nothing
    in the region `lock` is changed. With `notation` ("musicxml" or "mxl") the
    score comes as such a file too.
    """

    kind: ClassVar[Kind] = Kind.MUSIC
    seed: int
    prompt: str = ""
    model: str = ""
    seconds: float = 0.0
    bars: int = 0
    key: str = ""
    tempo_bpm: float = 0.0
    meter: str = ""
    mood: str = ""
    instruments: tuple[str, ...] = ()
    candidates: int = 4
    temperature: float = 0.95
    verb: str = "compose"
    score: bytes = b""
    region: str = ""
    lock: str = ""
    amount: float = 0.5
    hits: tuple[float, ...] = ()
    loop: bool = False
    form: str = ""
    energy: int = -1
    density: int = -1
    densities: tuple[int, ...] = ()
    polyphony: int = 0
    source: str = ""
    key_lock: bool = True
    notation: str = ""

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.seconds:
            check_within("the length in seconds", self.seconds, 1, 600)
        check_within("the number of bars", self.bars, 0, 512)
        if self.tempo_bpm:
            check_within("the tempo", self.tempo_bpm, 30, 240)
        check_within("the number of candidates", self.candidates, 1, 16)
        check_within("the temperature", self.temperature, 0.1, 2)
        check_within("the part to vary", self.amount, 0, 1)
        check_within("the polyphony", self.polyphony, 0, 8)
        for level in (self.energy, self.density, *self.densities):
            check_within("a level of energy or density", level, -1, LEVELS - 1)
        if self.densities and len(self.densities) != len(self.instruments):
            raise BadRequest("the densities are not as many as the instruments")
        self._check_hits()
        self._check_verb()

    def _check_hits(self) -> None:
        if len(self.hits) > MOST_HITS:
            raise BadRequest(f"{len(self.hits)} hits are more than {MOST_HITS}")
        if self.bars and len(self.hits) > self.bars:
            raise BadRequest(f"{len(self.hits)} hits do not fit {self.bars} bars")
        for hit in self.hits:
            check_within("a hit in seconds", hit, 0, 600)
            if self.seconds and hit > self.seconds - SHORTEST_GAP_S:
                raise BadRequest(f"the hit at {hit:g} seconds is not within {self.seconds:g}")
        for one, other in pairwise(self.hits):
            if other - one < SHORTEST_GAP_S:
                raise BadRequest(
                    f"the hits at {one:g} and {other:g} seconds are not "
                    f"{SHORTEST_GAP_S:g} seconds apart, in order"
                )

    def _check_verb(self) -> None:
        if self.verb not in VERBS:
            raise BadRequest(f"a score is for {', '.join(VERBS)}, not {self.verb!r}")
        if (self.verb == "compose") == bool(self.score):
            needs = "takes no score" if self.score else "needs a score to work on"
            raise BadRequest(f"to {self.verb} {needs}")
        if self.verb == "fill" and not self.region:
            raise BadRequest("to fill, it must be said which bars")
        if self.verb == "accompany" and not (self.instruments or self.prompt.strip()):
            raise BadRequest("to accompany, it must be said which instruments")
        if self.notation not in ("", "musicxml", "mxl"):
            raise BadRequest(f"notation is written as musicxml or mxl, not {self.notation!r}")
        if self.hits and self.verb not in ("compose", "continue", "fit"):
            raise BadRequest(f"to {self.verb} moves no hits; fit does")
        if self.loop and self.verb != "compose":
            raise BadRequest("only a new piece is made a loop")


HALLS = ("dry", "room", "chamber", "hall", "church")
"""Where music can be heard, from none to the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRequest:
    """A score to play through a soundfont.

    `format` is "wav", "flac" or "ogg". With `seconds` the sound is exactly
    that long (faded at the end); with 0 it ends with its own tail. A `loop`
    is as long as its bars, and its tail sounds into its beginning. `stems`
    asks for one sound a part besides the mix. `soundfont` is the path of an
    SF2 or SF3 file, ours by default. `hall` is one of `HALLS`, by default as
    suits the ensemble. Not `mastered`, the sound is as loud as it is played.
    `quality` is that of OGG, from 0 (small) to 1.
    """

    kind: ClassVar[Kind] = Kind.SOUND
    midi: bytes
    format: str = "wav"
    seconds: float = 0.0
    sample_rate_hz: int = 48000
    soundfont: str = ""
    stems: bool = False
    loop: bool = False
    hall: str = ""
    mastered: bool = True
    quality: float = 0.4

    def __post_init__(self) -> None:
        check_within("the quality", self.quality, 0, 1)
        if self.format not in ("wav", "flac", "ogg"):
            raise BadRequest(f"sound is written as wav, flac or ogg, not {self.format!r}")
        check_within("the length in seconds", self.seconds, 0, 3600)
        if self.sample_rate_hz not in (44100, 48000):
            raise BadRequest(f"the sample rate is 44100 or 48000 Hz, not {self.sample_rate_hz}")
        if self.hall and self.hall not in HALLS:
            raise BadRequest(f"a hall is one of {', '.join(HALLS)}, not {self.hall!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """A brief to make a plan of; `use` is "poster" or "scene".

    `seconds` is the length of a scene. Of `candidates` plans the best is
    returned.
    """

    kind: ClassVar[Kind] = Kind.PLAN
    brief: str
    seed: int
    use: str = "poster"
    model: str = ""
    seconds: float = 12.0
    candidates: int = 3

    def __post_init__(self) -> None:
        check_words("the brief", self.brief)
        check_seed(self.seed)
        if self.use not in ("poster", "scene"):
            raise BadRequest(f"a plan is for a poster or a scene, not {self.use!r}")
        check_within("the length in seconds", self.seconds, 1, 600)
        check_within("the number of candidates", self.candidates, 1, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """A model to train: `what` is "image", "music" or "cutout", `data` its folders.

    Runs until `minutes` are over or the recipe is done, and resumes from
    `out` if a checkpoint lies there. `preset` is "cpu" or "gpu".
    """

    kind: ClassVar[Kind] = Kind.TRAIN
    what: str
    out: str
    seed: int
    data: tuple[str, ...] = ()
    preset: str = "cpu"
    minutes: float = 60.0

    def __post_init__(self) -> None:
        if self.what not in ("image", "music", "cutout"):
            raise BadRequest(f"there is no training of {self.what!r}")
        if self.preset not in ("cpu", "gpu"):
            raise BadRequest(f"the preset is cpu or gpu, not {self.preset!r}")
        check_within("the minutes", self.minutes, 0.1, 100000)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRequest:
    """Whether a model of the library fits the device, without loading it; the result is a `Fit`.

    With `picture` all that one asks for is weighed, instead of one picture of
    the model's own size.
    """

    kind: ClassVar[Kind] = Kind.FIT
    model: str
    picture: ImageRequest | None = None


Request = (
    TextRequest
    | ImageRequest
    | BackgroundRequest
    | GridRequest
    | UpscaleRequest
    | CutoutRequest
    | TraceRequest
    | MusicRequest
    | SoundRequest
    | PlanRequest
    | TrainRequest
    | FitRequest
)
