"""The engine that plays: a score becomes sound, part by part."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from engines.api import BadRequest, Kind, Run, SoundRequest, SoundResult
from engines.music.instruments import instrument
from engines.music.model.tokens import DRUM_PROGRAM
from engines.music.rendering.dry_parts import DryParts
from engines.music.rendering.halls import hall_for, in_hall
from engines.music.rendering.mastering import fade, level, plain
from engines.music.rendering.mixing import add_placed, wrapped
from engines.music.rendering.performance import Clock, Performance, PlayedPart, read_performance
from engines.music.rendering.playing import Plan, place_of, plan_of
from engines.music.rendering.sound_files import sound_bytes
from engines.music.rendering.synthesis import DEFAULT_SOUNDFONT, Soundfont, fingerprint

if TYPE_CHECKING:
    from engines.services import Services

MAX_SECONDS: Final = 1200.0
MAX_PARTS: Final = 64
LEAST_TAIL_S, TAIL_S = 2.0, 3.0
"""How long after its last note a piece rings at least, and at most."""

_QUIET: Final = 10 ** (-72 / 20)
_STEPS_A_SECOND: Final = 2


class SoundEngine:
    """Plays scores through a soundfont, which it keeps until another is asked for.

    Parts that were played before are kept, so that after a change only what
    changed is played anew. All of it lies in main memory whatever the device,
    so no lease is taken.
    """

    kind: ClassVar[Kind] = Kind.SOUND

    def __init__(self, services: Services | None = None) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[str, Soundfont] | None = None
        self._dry = DryParts()

    def run(self, request: SoundRequest, run: Run) -> SoundResult:
        """Render the score.

        Raises:
            BadRequest: the MIDI file is broken, empty or too long.
            ModelMissing, ModelRefused: the soundfont is not there, or is none.
        """
        piece = read_performance(request.midi)
        frames = _frames(piece, request)
        with self._lock:
            key, soundfont = self._soundfont(request)
            parts = self._play(piece, frames, key, soundfont, run)
        run.step(1, 1, stage="mixing")
        return _Mix(request, piece, frames, run).result(parts)

    def _soundfont(self, request: SoundRequest) -> tuple[str, Soundfont]:
        path = Path(request.soundfont) if request.soundfont else DEFAULT_SOUNDFONT
        state = fingerprint(path) if path.is_file() else ""
        key = f"{state}:{request.sample_rate_hz}"
        if self._kept is None or self._kept[0] != key:
            self._kept = None  # two at once would be large
            self._kept = (key, Soundfont(path, request.sample_rate_hz))
        return self._kept

    def _play(
        self, piece: Performance, frames: int, font: str, soundfont: Soundfont, run: Run
    ) -> list[np.ndarray]:
        """Return each part's dry sound, played now or before."""
        rate_hz = soundfont.rate_hz
        clock = piece.clock()
        plans = [plan_of(part, clock, rate_hz, frames) for part in piece.parts]
        steps = [_STEPS_A_SECOND * _last_frame(plan) // rate_hz + 1 for plan in plans]
        before, total = 0, sum(steps)
        sounds = []
        for plan, count in zip(plans, steps, strict=True):
            done = before

            def on_block() -> None:
                nonlocal done
                done = min(done + 1, before + count)  # noqa: B023
                run.step(done, total, stage="playing")

            run.step(before, total, stage="playing")
            key = f"{font}:{plan.key}"
            dry = self._dry.get(key)
            if dry is None:
                dry = soundfont.play(plan, on_block)
                self._dry.put(key, dry)
            sounds.append(dry)
            before += count
        return sounds


class _Mix:
    """Parts on their way to a file."""

    def __init__(self, request: SoundRequest, piece: Performance, frames: int, run: Run) -> None:
        self._request = request
        self._piece = piece
        self._frames = frames
        self._run = run
        self._rate_hz = request.sample_rate_hz
        self._clock: Clock = piece.clock()
        self._hall = request.hall or hall_for(
            [part.program for part in piece.parts if not part.is_drum],
            drums=any(part.is_drum for part in piece.parts),
        )

    def result(self, parts: list[np.ndarray]) -> SoundResult:
        request, rate_hz = self._request, self._rate_hz
        mix = self._sounding(self._piece.parts, parts)
        ending: np.ndarray | np.float32 = np.float32(1)
        if request.loop:
            kept = self._loop_frames
            mix = wrapped(mix, kept)
        else:
            kept = self._frames if request.seconds else self._ring_out(mix)
            mix, ending = mix[:, :kept], fade(kept, rate_hz)
        self._run.step(1, 1, stage="mixing")
        loud = level if request.mastered else plain
        gain, loudness_lufs = loud(mix * ending, rate_hz, circular=request.loop)
        gain = gain * ending
        self._run.step(1, 1, stage="writing the sound")
        return SoundResult(
            data=sound_bytes(mix * gain, rate_hz, request.format, request.quality),
            format=request.format,
            length_s=kept / rate_hz,
            sample_rate_hz=rate_hz,
            loudness_lufs=round(loudness_lufs, 2),
            stems=self._stems(parts, kept, gain) if request.stems else (),
        )

    def _sounding(
        self, parts: tuple[PlayedPart, ...] | list[PlayedPart], sounds: list[np.ndarray]
    ) -> np.ndarray:
        """Put parts on the stage of the hall, (2, frames)."""
        mix = np.zeros((2, self._frames), np.float32)
        for part, dry in zip(parts, sounds, strict=True):
            self._run.step(1, 1, stage="mixing")
            add_placed(mix, dry, place_of(part, self._clock, self._rate_hz))
        return in_hall(mix, self._hall, self._rate_hz)

    def _stems(
        self, sounds: list[np.ndarray], kept: int, gain: np.ndarray | np.float32
    ) -> tuple[tuple[str, bytes], ...]:
        """Return every part as it is in the mix: under the same gain they sum to it."""
        stems = []
        for number, (part, dry) in enumerate(zip(self._piece.parts, sounds, strict=True)):
            stem = self._sounding([part], [dry])
            stem = wrapped(stem, kept) if self._request.loop else stem[:, :kept]
            data = sound_bytes(
                stem * gain, self._rate_hz, self._request.format, self._request.quality
            )
            stems.append((_stem_name(number, part), data))
        return tuple(stems)

    @property
    def _loop_frames(self) -> int:
        return max(1, round(_loop_s(self._piece, self._request) * self._rate_hz))

    def _ring_out(self, mix: np.ndarray) -> int:
        """Find where the tail has died away, in frames, within the bounds of a tail."""
        last_note = round(self._clock.seconds(self._piece.end_tick) * self._rate_hz)
        least = last_note + round(LEAST_TAIL_S * self._rate_hz)
        heard = np.flatnonzero(np.abs(mix[:, least:]).max(axis=0) > _QUIET)
        return min(mix.shape[1], least + (int(heard[-1]) + 1 if heard.size else 0))


def _frames(piece: Performance, request: SoundRequest) -> int:
    """Settle the length of the sound: as asked, or to the last note and its tail."""
    if not piece.parts:
        raise BadRequest("the score has no notes")
    if len(piece.parts) > MAX_PARTS:
        raise BadRequest(f"the score has more than {MAX_PARTS} parts")
    seconds = request.seconds or piece.clock().seconds(piece.end_tick) + TAIL_S
    if request.loop:
        seconds = _loop_s(piece, request) + TAIL_S
    if seconds > MAX_SECONDS:
        raise BadRequest(f"the sound would last over {MAX_SECONDS / 60:.0f} minutes")
    return max(1, round(seconds * request.sample_rate_hz))


def _loop_s(piece: Performance, request: SoundRequest) -> float:
    """How long one round of a loop is: as asked, or to the end of its last bar."""
    return request.seconds or piece.clock().seconds(piece.last_bar_tick)


def _last_frame(plan: Plan) -> int:
    return plan.events[-1][0] if plan.events else 0


def _stem_name(number: int, part: PlayedPart) -> str:
    name = part.name or instrument(DRUM_PROGRAM if part.is_drum else part.program).name
    return f"{number + 1:02d} {name}"
