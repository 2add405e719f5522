"""What the engines answer."""

from __future__ import annotations

from dataclasses import dataclass

from engines.api.memory import Fit
from engines.api.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class TextResult:
    """The words written; `stopped` is "end", "stop" or "length"."""

    text: str
    tokens: int
    stopped: str
    seed: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture as a PNG file without a clock in it.

    `prompt` is what was drawn where the asked one left choices open, else empty.
    """

    png: bytes
    width_px: int
    height_px: int
    seed: int
    prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """Pictures from the picture model, the backgrounds generator or the upscaler.

    `steps` and `guidance` are what a picture model took where the request
    left them open; 0 and below 0 where they mean nothing. `notices` says in
    plain words what of the request could not be heeded.
    """

    pictures: tuple[Picture, ...]
    model: str
    steps: int = 0
    guidance: float = -1.0
    sheets: tuple[bytes, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicResult:
    """A score as a MIDI file; `length_s` is without the sound's tail.

    `notices` says in plain words which control had to give way. `notation`
    is the MusicXML or MXL file, if one was asked for.
    """

    midi: bytes
    seed: int
    model: str
    bars: int
    tempo_bpm: float
    key: str
    meter: str
    mood: str
    length_s: float
    notes: int
    notices: tuple[str, ...] = ()
    is_loop: bool = False
    notation: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundResult:
    """Sound as a file of the asked format; `stems` are (track name, file)."""

    data: bytes
    format: str
    length_s: float
    sample_rate_hz: int
    loudness_lufs: float
    stems: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """The best plan, and the model that wrote its words."""

    plan: Plan
    model: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainResult:
    """Where the weights lie and what they measure; figures by name."""

    path: str
    steps: int
    figures: tuple[tuple[str, float], ...] = ()


Result = TextResult | ImageResult | MusicResult | SoundResult | PlanResult | TrainResult | Fit
