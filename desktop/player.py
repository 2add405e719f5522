"""Sound and the clock that the timeline follows.

With a sound device the sound goes out by a `QAudioSink` that pulls it from
memory. Without one, or without a sound, only the clock runs: a scene can be
watched on any machine.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QElapsedTimer, QIODevice, QObject, Qt, QTimer, Signal

from desktop.document.ducking import Curve
from desktop.gain import factors

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QAudioDevice

SOUND_AS_IT_IS: Curve = ((0.0, 0.0),)
TICK_MS = 33
"""The clock tells the time 30 times a second."""

LONGEST_SOUND_S = 3600.0
LATENCY_S = 0.2
"""What lies ready for the device, so that a busy window does not make it stutter."""

DRIFT_S = 0.08
"""The clock is set by the sound again when they are further apart."""

PEAKS_PER_S = 100


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Decoded sound.

    `samples` is (frames, channels) int16; `peaks` the largest absolute value,
    0 to 1, of each of `PEAKS_PER_S` parts of a second.
    """

    samples: npt.NDArray[np.int16]
    rate_hz: int
    peaks: npt.NDArray[np.float32]

    @property
    def length_s(self) -> float:
        return len(self.samples) / self.rate_hz


class SoundError(Exception):
    """The bytes are no sound that can be played; the first argument says why."""


def decode(data: bytes) -> Sound:
    """Read a WAV, FLAC or Ogg file; one or two channels are kept.

    Raises:
        SoundError: it is none of these, damaged, or too long.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.frames <= 0 or file.frames / file.samplerate > LONGEST_SOUND_S:
                raise SoundError("the sound is empty or longer than an hour")
            samples = file.read(dtype="int16", always_2d=True)
            rate_hz = int(file.samplerate)
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError) as problem:
        raise SoundError(f"the sound is damaged or of an unknown kind ({problem})") from problem
    samples = np.ascontiguousarray(samples[:, :2])
    return Sound(samples=samples, rate_hz=rate_hz, peaks=_peaks(samples, rate_hz))


def _peaks(samples: npt.NDArray[np.int16], rate_hz: int) -> npt.NDArray[np.float32]:
    loudest = np.abs(samples.astype(np.int32)).max(axis=1)  # (frames,)
    step = max(1, rate_hz // PEAKS_PER_S)
    loudest = np.pad(loudest, (0, -len(loudest) % step))
    peaks: npt.NDArray[np.float32] = (
        loudest.reshape(-1, step).max(axis=1).astype(np.float32) / 32768.0
    )
    return peaks


class State(StrEnum):
    """What the player does."""

    STOPPED = "stopped"
    PLAYING = "playing"
    PAUSED = "paused"


class _Pull(QIODevice):
    """Gives a sound's bytes to the sink, from a place in it, and silence after its end."""

    def __init__(self, sound: Sound, start_s: float, curve: Curve) -> None:
        super().__init__()
        self._frame_bytes: int = sound.samples.shape[1] * 2
        first = min(int(start_s * sound.rate_hz), len(sound.samples))
        part = sound.samples[first:]
        if curve != SOUND_AS_IT_IS:
            louder = part * factors(curve, first, len(part), sound.rate_hz)
            part = np.clip(louder, -32768, 32767).astype(np.int16)
        self._data = np.ascontiguousarray(part).tobytes()
        self._place = 0
        self.open(QIODevice.OpenModeFlag.ReadOnly)

    def bytesAvailable(self) -> int:
        # In pull mode Qt 6.4 and later asks this first, and stays silent at 0.
        return max(len(self._data) - self._place, 0) + 65536

    def isSequential(self) -> bool:
        return True

    def readData(self, most: int) -> bytes:
        found = self._data[self._place : self._place + most]
        self._place += len(found)
        silence = min(most, 65536) - len(found)
        return found + b"\0" * max(silence - silence % self._frame_bytes, 0)

    def writeData(self, data: Any, length: int) -> int:
        return -1


class Output:
    """A sound on its way to a device, from `start_s` on."""

    def __init__(self, device: QAudioDevice, sound: Sound, start_s: float, curve: Curve) -> None:
        from PySide6.QtMultimedia import QAudioFormat, QAudioSink

        wanted = QAudioFormat()
        wanted.setSampleRate(sound.rate_hz)
        wanted.setChannelCount(int(sound.samples.shape[1]))
        wanted.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self._bytes_per_s = sound.rate_hz * wanted.bytesPerFrame()
        self._pull = _Pull(sound, start_s, curve)
        self._sink = QAudioSink(device, wanted)
        self._sink.setBufferSize(round(LATENCY_S * self._bytes_per_s))
        self._sink.start(self._pull)

    def heard_s(self) -> float:
        """Return how much of it the device has played."""
        waiting = max(self._sink.bufferSize() - self._sink.bytesFree(), 0)
        return max(self._sink.processedUSecs() / 1e6 - waiting / self._bytes_per_s, 0.0)

    def close(self) -> None:
        self._sink.stop()
        self._pull.close()


def default_output() -> QAudioDevice | None:
    """Return the sound device that the system prefers, or None if there is none."""
    from PySide6.QtMultimedia import QMediaDevices

    device = QMediaDevices.defaultAudioOutput()
    return None if device.isNull() else device


class Player(QObject):
    """Plays one sound against a clock in seconds; all of it belongs to the GUI thread.

    With `loop` it begins again at the end. `find_output` gives the device; it
    is asked at the first `play`, since that loads Qt's multimedia.
    """

    time_changed = Signal(float)
    state_changed = Signal(str)
    duration_changed = Signal(float)
    sound_changed = Signal(object)  # Sound or None
    failed = Signal(str)
    _decoded = Signal(int, object)  # number of the request, Sound or SoundError

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        find_output: Callable[[], QAudioDevice | None] = default_output,
    ) -> None:
        super().__init__(parent)
        self._find_output = find_output
        self._sound: Sound | None = None
        self._length_s = 0.0
        self._time_s = 0.0
        self._curve = SOUND_AS_IT_IS
        self._state = State.STOPPED
        self.loop = False
        self._request = 0
        self._thread: threading.Thread | None = None
        self._output: Output | None = None
        self._clock = QElapsedTimer()
        self._clock_start_s = 0.0
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self._decoded.connect(self._on_decoded, Qt.ConnectionType.QueuedConnection)

    @property
    def state(self) -> State:
        return self._state

    @property
    def playing(self) -> bool:
        return self._state is State.PLAYING

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def sound(self) -> Sound | None:
        return self._sound

    @property
    def duration_s(self) -> float:
        """How long there is to play: the length that was set, else the sound's."""
        if self._length_s:
            return self._length_s
        return self._sound.length_s if self._sound is not None else 0.0

    def set_duration(self, length_s: float) -> None:
        """Play so long whatever the sound's length; 0 takes the sound's own."""
        before = self.duration_s
        self._length_s = max(length_s, 0.0)
        self._tell_duration(before)

    def set_gain(self, curve: Curve) -> None:
        """Play louder or softer than the sound is; heard from the next `play` or `seek`."""
        self._curve = curve

    def load(self, data: bytes) -> None:
        """Decode a sound file on a thread; `sound_changed` or `failed` tells the end.

        Empty bytes take the sound away at once.
        """
        self._request += 1
        if not data:
            self._take(None)
            return
        request = self._request

        def work() -> None:
            result: Sound | SoundError
            try:
                result = decode(data)
            except SoundError as problem:
                result = problem
            self._decoded.emit(request, result)

        self._thread = threading.Thread(target=work, name="decoding", daemon=True)
        self._thread.start()

    def play(self) -> None:
        """Go on from the present time, or from the start if it is at the end."""
        if self.playing or self.duration_s <= 0.0:
            return
        if self._time_s >= self.duration_s - 1e-3:
            self._set_time(0.0)
        self._start()
        self._set_state(State.PLAYING)

    def pause(self) -> None:
        if self.playing:
            self._on_tick()
            self._halt()
            self._set_state(State.PAUSED)

    def toggle(self) -> None:
        """Play or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def stop(self) -> None:
        """Stop and go back to the start."""
        self._halt()
        self._set_state(State.STOPPED)
        self._set_time(0.0)

    def seek(self, time_s: float) -> None:
        """Go to a time, playing on if it played."""
        time_s = min(max(time_s, 0.0), self.duration_s)
        if abs(time_s - self._time_s) < 1e-6:
            return
        self._set_time(time_s)
        if self.playing:
            self._start()

    def close(self) -> bool:
        """Stop; True if no thread is left."""
        self._request += 1
        self._halt()
        if self._thread is not None:
            self._thread.join(10.0)
            return not self._thread.is_alive()
        return True

    def _start(self) -> None:
        """Let clock and sound run from the present time."""
        self._halt()
        self._clock_start_s = self._time_s
        self._clock.start()
        self._timer.start()
        if self._sound is not None and self._time_s < self._sound.length_s:
            device = self._find_output()
            if device is not None:
                self._output = Output(device, self._sound, self._time_s, self._curve)

    def _halt(self) -> None:
        self._timer.stop()
        if self._output is not None:
            self._output.close()
            self._output = None

    def _on_tick(self) -> None:
        if not self._timer.isActive():
            return
        time_s = self._clock_start_s + self._clock.nsecsElapsed() / 1e9
        if self._output is not None:
            time_s = self._follow(self._clock_start_s + self._output.heard_s(), time_s)
        if time_s < self.duration_s:
            self._set_time(time_s)
        elif self.loop:
            self._set_time(0.0)
            self._start()
        else:
            self._halt()
            self._set_time(self.duration_s)
            self._set_state(State.PAUSED)

    def _follow(self, sound_s: float, time_s: float) -> float:
        """Set the clock by the sound if they drifted apart: a device may start late."""
        if abs(sound_s - time_s) <= DRIFT_S:
            return time_s
        # Half of the way at a time: the device counts in steps and must not make it jump.
        corrected = max(time_s + (sound_s - time_s) / 2, self._time_s)
        self._clock_start_s += corrected - time_s
        return corrected

    def _on_decoded(self, request: int, result: Sound | SoundError) -> None:
        if request != self._request:
            return
        if isinstance(result, SoundError):
            self._take(None)
            self.failed.emit(str(result))
        else:
            self._take(result)

    def _take(self, sound: Sound | None) -> None:
        before = self.duration_s
        self._sound = sound
        self._tell_duration(before)
        self.sound_changed.emit(sound)
        if self.playing:
            self._start()

    def _tell_duration(self, before_s: float) -> None:
        if self.duration_s != before_s:
            self.duration_changed.emit(self.duration_s)
            if self._time_s > self.duration_s:
                self.seek(self.duration_s)

    def _set_time(self, time_s: float) -> None:
        if time_s != self._time_s:
            self._time_s = time_s
            self.time_changed.emit(time_s)

    def _set_state(self, state: State) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state.value)
