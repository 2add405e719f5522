"""Play tracks through a soundfont, one at a time, into dry mono sound."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.api import BadRequest, ModelMissing, ModelRefused
from engines.music.score import Score, Track

if TYPE_CHECKING:
    import tinysoundfont

DEFAULT_SOUNDFONT: Final = (
    Path(__file__).resolve().parents[2] / "resources" / "soundfonts" / "FluidR3Mono_GM.sf3"
)
MAX_SOUNDFONT_BYTES: Final = 1536 * 2**20
TAIL_S: Final = 3.0
"""How long after its last note a track may still ring."""

BLOCK_S: Final = 0.5
MAX_VOICES: Final = 128
_DRUM_BANK: Final = 128


class Soundfont:
    """A loaded soundfont that plays at one sample rate."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        """Load a soundfont.

        Raises:
            ModelMissing: there is no file.
            ModelRefused: it is not an SF2 or SF3 soundfont.
        """
        import tinysoundfont

        self.rate_hz = rate_hz
        self.path = path
        self._synth: tinysoundfont.Synth = tinysoundfont.Synth(gain=-6, samplerate=rate_hz)
        self._id: int = self._synth.sfload(check_soundfont(path), max_voices=MAX_VOICES)

    def play(
        self, track: Track, score: Score, frames: int, on_block: Callable[[], None]
    ) -> np.ndarray:
        """Render one track dry, (frames,) float32; `on_block` is called twice a second of sound."""
        synth = self._synth
        synth.sounds_off(0)
        synth.generate(self.rate_hz // 4)  # what was cut off needs a moment to die away
        self._select(track)
        events = self._events(track, score)
        out = np.zeros(frames, np.float32)
        block = int(BLOCK_S * self.rate_hz)
        at = following = 0
        while at < frames:
            while following < len(events) and events[following][0] <= at:
                _, _, pitch, velocity = events[following]
                if velocity:
                    synth.noteon(0, pitch, velocity)
                else:
                    synth.noteoff(0, pitch)
                following += 1
            stop = min(frames, (at // block + 1) * block)
            if following < len(events):
                stop = min(stop, events[following][0])
            stereo = np.frombuffer(synth.generate(stop - at), np.float32)
            out[at:stop] = stereo.reshape(-1, 2).mean(axis=1)
            if stop % block == 0:
                on_block()
            at = stop
        return out

    def _select(self, track: Track) -> None:
        bank = _DRUM_BANK if track.is_drum else 0
        for program in (track.program, 0):
            try:
                self._synth.program_select(0, self._id, bank, program, track.is_drum)
            except RuntimeError:
                continue
            self._synth.control_change(0, 7, 100)
            self._synth.control_change(0, 11, 127)
            return
        raise BadRequest(f"the soundfont {self.path.name} has no instrument for {track.name!r}")

    def _events(self, track: Track, score: Score) -> list[tuple[int, int, int, int]]:
        """Frame, rank (ends before starts), pitch, velocity (0 ends the note)."""
        events = []
        for note in track.notes:
            start = round(score.seconds_at(note.start_tick) * self.rate_hz)
            end = round(score.seconds_at(note.end_tick) * self.rate_hz)
            events.append((start, 1, note.pitch, note.velocity))
            events.append((max(end, start + 1), 0, note.pitch, 0))
        return sorted(events)


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
