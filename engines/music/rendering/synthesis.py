"""Play parts through a soundfont, one at a time, into dry sound."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.api import BadRequest, ModelMissing, ModelRefused
from engines.music.rendering.playing import Event, Order, Plan

if TYPE_CHECKING:
    import tinysoundfont

DEFAULT_SOUNDFONT: Final = (
    Path(__file__).resolve().parents[3] / "resources" / "soundfonts" / "FluidR3Mono_GM.sf3"
)
MAX_SOUNDFONT_BYTES: Final = 1536 * 2**20
RING_S: Final = 12.0
"""How long after its last note a part may ring; bells and pads take their time."""

BLOCK_S: Final = 0.5
MAX_VOICES: Final = 128
GAIN_DB: Final = -12.0
BEND_SEMITONES: Final = 24.0
"""How far the synthesiser's own bend reaches; ours are told in its steps."""

_DRUM_BANK: Final = 128
_FRAME_BYTES: Final = 8
_TRIM_FRAMES: Final = 4096


class Soundfont:
    """A loaded soundfont that plays at one sample rate; what it lacks is borrowed from ours."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        """Load a soundfont.

        Raises:
            ModelMissing: there is no file.
            ModelRefused: it is not an SF2 or SF3 soundfont.
        """
        import tinysoundfont

        self.rate_hz = rate_hz
        self.path = path
        self._synth: tinysoundfont.Synth = tinysoundfont.Synth(gain=GAIN_DB, samplerate=rate_hz)
        self._channel = 0
        self._bend = 0.0
        self._ids = [self._load(path)]

    def _load(self, path: Path) -> int:
        from tinysoundfont.synth import SoundFontException

        check_soundfont(path)
        try:
            return int(self._synth.sfload(str(path), max_voices=MAX_VOICES))
        except (RuntimeError, SoundFontException) as problem:
            raise ModelRefused(str(path), "it is damaged") from problem

    def play(self, plan: Plan, on_block: Callable[[], None]) -> np.ndarray:
        """Render a part dry until it is silent, (1 or 2, frames) float32.

        One channel if left and right are the same. `on_block` is called at
        least twice a second of sound.
        """
        self._quiet()
        block = int(BLOCK_S * self.rate_hz)
        last = plan.events[-1][0] if plan.events else 0
        most = last + int(RING_S * self.rate_hz)
        sound = bytearray(most * _FRAME_BYTES)
        room = memoryview(sound)
        at = following = 0
        events = plan.events
        while at < most:
            while following < len(events) and events[following][0] <= at:
                self._tell(events[following], plan.is_drum)
                following += 1
            stop = min(most, (at // block + 1) * block)
            if following < len(events):
                stop = min(stop, events[following][0])
            part = room[at * _FRAME_BYTES : stop * _FRAME_BYTES]
            self._synth.generate(stop - at, part)
            if stop % block == 0:
                on_block()
                if following == len(events) and stop - at == block and not _any_sound(part):
                    at = stop
                    break
            at = stop
        return _trimmed(np.frombuffer(sound, np.float32).reshape(-1, 2)[:at])

    def _quiet(self) -> None:
        """Bring all channels to where they began: the same part, the same sound."""
        self._bend = 0.0
        for channel in range(len(self._ids)):
            self._synth.sounds_off(channel)
        self._synth.generate(self.rate_hz // 4)  # what was cut off needs a moment to die away

    def _tell(self, event: Event, is_drum: bool) -> None:
        _, order, first, second = event
        if order is Order.START:
            self._synth.noteon(self._channel, int(first), int(second))
        elif order is Order.END:
            for channel in range(len(self._ids)):
                self._synth.noteoff(channel, int(first))
        elif order is Order.BEND:
            self._bend = first
            self._set_bend()
        else:
            self._select(int(first), int(second), is_drum)

    def _set_bend(self) -> None:
        steps = 8192 + round(8191 * max(-1.0, min(1.0, self._bend / BEND_SEMITONES)))
        self._synth.pitchbend(self._channel, steps)

    def _select(self, program: int, bank: int, is_drum: bool) -> None:
        """Take the instrument from the soundfont, its plain variation, or our own soundfont."""
        banks = (_DRUM_BANK,) if is_drum else tuple(dict.fromkeys((bank, 0)))
        wanted = [(number, program) for number in banks]
        if is_drum and program:
            wanted.append((_DRUM_BANK, 0))
        while True:
            if any(self._selected(*place, is_drum) for place in product(self._ids, wanted)):
                return
            if len(self._ids) > 1 or self.path == DEFAULT_SOUNDFONT:
                raise BadRequest(f"no soundfont has the instrument {program + 1}")
            self._ids.append(self._load(DEFAULT_SOUNDFONT))

    def _selected(self, font: int, place: tuple[int, int], is_drum: bool) -> bool:
        """Try to set the channel that belongs to a soundfont to a bank and program."""
        # Asked itself, the synthesiser would take a melodic instrument where there is no kit.
        if self._synth.sfpreset_name(font, *place) is None:
            return False
        channel = self._ids.index(font)
        self._synth.program_select(channel, font, *place, is_drum)
        self._channel = channel
        for control in (7, 11):
            self._synth.control_change(channel, control, 127)
        self._synth.pitchbend_range(channel, BEND_SEMITONES)
        self._set_bend()
        return True


def _trimmed(stereo: np.ndarray) -> np.ndarray:
    """Turn (frames, 2) into (2, frames) without the silence at its end, (1, frames) if mono."""
    end = len(stereo)
    while end and not stereo[max(0, end - _TRIM_FRAMES) : end].any():
        end = max(0, end - _TRIM_FRAMES)
    heard = stereo[:end].T
    return np.ascontiguousarray(heard[:1] if np.array_equal(heard[0], heard[1]) else heard)


def _any_sound(part: memoryview) -> bool:
    return bool(np.frombuffer(part, np.float32).any())


def check_soundfont(path: Path) -> bytes:
    """Read a soundfont file whose frame is whole.

    Raises:
        ModelMissing: there is no file.
        ModelRefused: it is no soundfont, or says it is longer than it is.
    """
    if not path.is_file():
        raise ModelMissing(str(path))
    if path.stat().st_size > MAX_SOUNDFONT_BYTES:
        raise ModelRefused(str(path), "it is larger than a soundfont may be")
    data = path.read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
        raise ModelRefused(str(path), "it is not an SF2 or SF3 soundfont")
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            raise ModelRefused(str(path), "it ends too early")
        at += 8 + size + size % 2
    return data


def fingerprint(path: Path) -> str:
    """Name the state of a file: its path, size and time of change."""
    told = path.stat()
    return hashlib.sha256(f"{path}:{told.st_size}:{told.st_mtime_ns}".encode()).hexdigest()
