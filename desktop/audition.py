"""Notes heard one by one, while a score is worked on."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.document.midi_file import one_note
from desktop.jobs import Lane
from desktop.session import Session
from engines.api import EngineError, Kind, Run, SoundRequest

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QAudioDevice

    from desktop.player import Output, Sound

NOTE_S = 1.4
"""How much of a note is heard, its end faded."""

LATEST_S = 0.5
"""A note that took longer to come is not played any more: the user is elsewhere."""

MOST_KEPT = 64
MOST_AT_ONCE = 6
VELOCITY_STEP = 8

_Key = tuple[str, int, int, int]
"""Soundfont, program, pitch, velocity."""


class Audition(QObject):
    """Lets single notes be heard through the user's soundfont, if there is a sound device.

    One note is asked for at a time, and of those that come meanwhile only the
    last; none is worth waiting for.
    """

    def __init__(
        self, session: Session, *, find_output: Callable[[], QAudioDevice | None] | None = None
    ) -> None:
        super().__init__(session)
        self._session = session
        self._find_output = find_output
        self._sounds: OrderedDict[_Key, Sound] = OrderedDict()
        self._outputs: list[Output] = []
        self._asked: _Key | None = None
        self._next: tuple[_Key, float] | None = None
        self.on = True

    def switch(self, on: bool) -> None:
        """Let notes be heard, or not."""
        self.on = on

    def hear(self, program: int, pitch: int, velocity: int) -> None:
        """Play a note of an instrument, 128 the drum kit, as soon as it is there."""
        if not self.on or self._device() is None:
            return
        velocity = min(127, max(1, round(velocity / VELOCITY_STEP) * VELOCITY_STEP))
        key = (self._session.soundfont, program, pitch, velocity)
        sound = self._sounds.get(key)
        if sound is not None:
            self._sounds.move_to_end(key)
            self._play(sound)
        elif self._asked is None:
            self._ask(key, time.monotonic())
        else:
            self._next = (key, time.monotonic())

    def close(self) -> None:
        """Fall silent."""
        self.on = False
        for output in self._outputs:
            output.close()
        self._outputs.clear()

    def _ask(self, key: _Key, asked_s: float) -> None:
        soundfont, program, pitch, velocity = key
        midi = one_note(program, pitch, velocity)
        request = SoundRequest(midi=midi, seconds=NOTE_S, mastered=False, soundfont=soundfont)
        ask = self._session.ask
        self._asked = key

        def work(run: Run) -> Sound | None:
            from desktop.player import SoundError, decode

            try:
                return decode(ask(request, run).data)
            except (EngineError, SoundError):
                return None  # the score's own sound will tell what is wrong

        def then(sound: Sound | None) -> None:
            self._on_sound(key, asked_s, sound)

        self._session.jobs.submit(
            "Hearing a note", work, then, Lane.QUESTION, kind=str(Kind.SOUND), quiet=True
        )

    def _on_sound(self, key: _Key, asked_s: float, sound: Sound | None) -> None:
        self._asked = None
        following, self._next = self._next, None
        if sound is not None:
            self._sounds[key] = sound
            while len(self._sounds) > MOST_KEPT:
                self._sounds.popitem(last=False)
            if self.on and following is None and time.monotonic() - asked_s <= LATEST_S:
                self._play(sound)
        if following is not None and self.on:
            key, asked_s = following
            if key in self._sounds:
                self._play(self._sounds[key])
            else:
                self._ask(key, asked_s)

    def _play(self, sound: Sound) -> None:
        from desktop.player import SOUND_AS_IT_IS, Output

        device = self._device()
        if device is None:
            return
        while len(self._outputs) >= MOST_AT_ONCE:
            self._outputs.pop(0).close()
        self._outputs.append(Output(device, sound, 0.0, SOUND_AS_IT_IS))

    def _device(self) -> QAudioDevice | None:
        if self._find_output is None:
            from desktop.player import default_output

            self._find_output = default_output
        return self._find_output()
