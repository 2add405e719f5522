"""The engine that plays: a score becomes sound, track by track."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engines.api import BadRequest, Kind, Run, SoundRequest, SoundResult
from engines.music.instruments import instrument
from engines.music.midi_reader import read_midi
from engines.music.mixing import fade, level, panned, with_room
from engines.music.score import Score, Track
from engines.music.sound_files import sound_bytes
from engines.music.synthesis import DEFAULT_SOUNDFONT, TAIL_S, Soundfont, fingerprint
from engines.music.tokens import DRUM_PROGRAM

if TYPE_CHECKING:
    from engines.services import Services

MAX_SECONDS = 1200.0
MAX_TRACKS = 64
_QUIET = 10 ** (-72 / 20)


class SoundEngine:
    """Plays scores through a soundfont, which it keeps until another is asked for.

    A soundfont lies in main memory whatever the device, so no lease is taken.
    """

    kind: ClassVar[Kind] = Kind.SOUND

    def __init__(self, services: Services | None = None) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[tuple[str, int], Soundfont] | None = None

    def run(self, request: SoundRequest, run: Run) -> SoundResult:
        """Render the score.

        Raises:
            BadRequest: the MIDI file is broken, empty or too long.
            ModelMissing, ModelRefused: the soundfont is not there, or is none.
        """
        score = read_midi(request.midi)
        frames = _frames(score, request)
        with self._lock:
            soundfont = self._soundfont(request)
            return _render(score, request, frames, soundfont, run)

    def _soundfont(self, request: SoundRequest) -> Soundfont:
        path = Path(request.soundfont) if request.soundfont else DEFAULT_SOUNDFONT
        key = (fingerprint(path) if path.is_file() else "", request.sample_rate_hz)
        if self._kept is None or self._kept[0] != key:
            self._kept = None  # two at once would be large
            self._kept = (key, Soundfont(path, request.sample_rate_hz))
        return self._kept[1]


def _frames(score: Score, request: SoundRequest) -> int:
    """Settle the length of the sound: as asked, or to the last note and its tail."""
    if not score.note_count:
        raise BadRequest("the score has no notes")
    if len(score.tracks) > MAX_TRACKS:
        raise BadRequest(f"the score has more than {MAX_TRACKS} tracks")
    seconds = request.seconds or score.seconds_at(score.end_tick) + TAIL_S
    if request.loop:
        seconds = _loop_s(score, request) + TAIL_S
    if seconds > MAX_SECONDS:
        raise BadRequest(f"the sound would last over {MAX_SECONDS / 60:.0f} minutes")
    return max(1, round(seconds * request.sample_rate_hz))


def _render(
    score: Score, request: SoundRequest, frames: int, soundfont: Soundfont, run: Run
) -> SoundResult:
    rate_hz = request.sample_rate_hz
    blocks = max(1, frames * len(score.tracks) * 2 // rate_hz)
    done = 0

    def on_block() -> None:
        nonlocal done
        done += 1
        run.step(min(done, blocks), blocks, stage="playing")

    mix = np.zeros((2, frames), np.float32)
    stems: list[tuple[str, np.ndarray]] = []
    for number, track in enumerate(score.tracks):
        run.step(min(done, blocks), blocks, stage="playing")
        placed = panned(soundfont.play(track, score, frames, on_block), _pan(track))
        if request.stems:
            stems.append((_stem_name(number, track), with_room(placed, rate_hz)))
            mix += stems[-1][1]
        else:
            mix += placed
    run.step(blocks, blocks, stage="mixing")
    if not request.stems:
        mix = with_room(mix, rate_hz)
    kept = frames if request.seconds else _ring_out(mix, score, rate_hz)
    ending: np.ndarray | float = fade(kept, rate_hz)
    if request.loop:
        kept, ending = round(_loop_s(score, request) * rate_hz), 1.0
        mix = _wrapped(mix, kept)
        stems = [(name, _wrapped(stem, kept)) for name, stem in stems]
    gain, loudness_lufs = level(mix[:, :kept] * ending, rate_hz)
    gain *= ending
    return SoundResult(
        data=sound_bytes(mix[:, :kept] * gain, rate_hz, request.format),
        format=request.format,
        length_s=kept / rate_hz,
        sample_rate_hz=rate_hz,
        loudness_lufs=round(loudness_lufs, 2),
        stems=tuple(
            (name, sound_bytes(stem[:, :kept] * gain, rate_hz, request.format))
            for name, stem in stems
        ),
    )


def _loop_s(score: Score, request: SoundRequest) -> float:
    """How long one round of a loop is: as asked, or to the end of its last bar."""
    last = score.bars()[-1]
    return request.seconds or score.seconds_at(last.start_tick + last.ticks)


def _wrapped(sound: np.ndarray, frames: int) -> np.ndarray:
    """Let what sounds after the end sound into the beginning, (2, frames)."""
    wrapped = sound[:, :frames].copy()
    for start in range(frames, sound.shape[1], frames):
        rest = sound[:, start : start + frames]
        wrapped[:, : rest.shape[1]] += rest
    return wrapped


def _ring_out(mix: np.ndarray, score: Score, rate_hz: int) -> int:
    """Find where the tail has died away, in frames; never before the last note ends."""
    peak = np.abs(mix).max(axis=0)
    heard = np.flatnonzero(peak > _QUIET)
    last_note = round(score.seconds_at(score.end_tick) * rate_hz)
    return min(mix.shape[1], max(last_note, int(heard[-1]) + 1 if heard.size else 0, 1))


def _pan(track: Track) -> float:
    return instrument(DRUM_PROGRAM if track.is_drum else track.program).pan


def _stem_name(number: int, track: Track) -> str:
    name = track.name or instrument(DRUM_PROGRAM if track.is_drum else track.program).name
    return f"{number + 1:02d} {name}"
