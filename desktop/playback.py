"""Playing the document: its score is made to sound when it is first heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.document.model import Document
from desktop.jobs import Job, JobState
from desktop.session import Session

if TYPE_CHECKING:
    from desktop.player import Player


REFRESH_MS = 120
"""Changes that come one upon the other, as a slider's do, are played to sound once."""


class Playback(QObject):
    """One button for music and scenes; the player is found at the first play.

    Loading sound support takes a while and many a session never needs it.
    A score that changes while it plays is played to sound again at once; the
    clock goes on meanwhile.
    """

    playing_changed = Signal(bool)
    time_changed = Signal(float)  # seconds; also of a poster's music

    def __init__(self, session: Session, find_player: Callable[[], Player]) -> None:
        super().__init__(session)
        self._session = session
        self._find_player = find_player
        self._player: Player | None = None
        self._wanted = False
        self._resume_s = 0.0
        self._sounding: Job | None = None
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._refresh.timeout.connect(self._sound_anew)
        session.document_changed.connect(self._on_document)
        session.jobs.ended.connect(self._on_job_ended)

    @property
    def playing(self) -> bool:
        return self._player is not None and self._player.playing

    @property
    def wanted(self) -> bool:
        """Whether the sound will be played as soon as it is there."""
        return self._wanted

    def toggle(self) -> None:
        """Play or pause; a score without a sound is first played into one by the engine."""
        player = self._the_player()
        if player.playing:
            player.pause()
            return
        music = self._session.document.music
        if music is not None and not music.sound_asset:
            if not self._wanted:
                self._wanted = True
                self._sounding = self._session.sound_music()
            return
        player.play()
        # A sound that is still being decoded has no length yet: it is played when it comes.
        self._wanted = music is not None and not player.playing

    def seek(self, time_s: float) -> None:
        """Go to a time of the music or the scene."""
        if self._player is not None:
            self._player.seek(time_s)
        self._session.seek(time_s)

    def close(self) -> bool:
        """Stop; True if no thread is left."""
        return self._player is None or self._player.close()

    def _the_player(self) -> Player:
        if self._player is None:
            self._player = self._find_player()
            self._player.time_changed.connect(self.time_changed)
            self._player.state_changed.connect(self._on_state)
            self._player.sound_changed.connect(self._on_sound)
            self._player.failed.connect(self._session.noticed)
        return self._player

    def _on_state(self, state: str) -> None:
        self.playing_changed.emit(self.playing)

    def _on_sound(self, sound: object) -> None:
        if self._wanted and sound is not None:
            self._wanted = False
            player = self._the_player()
            if player.time_s < self._resume_s:  # a poster's clock ends with its sound
                player.seek(self._resume_s)
            player.play()
            self._resume_s = 0.0

    def _on_document(self, before: Document, after: Document) -> None:
        if after.music is None:
            self._wanted = False
        elif not after.music.sound_asset and before.music != after.music:
            if self._player is not None and self._player.playing and not self._wanted:
                self._wanted, self._resume_s = True, self._player.time_s
            if self._wanted:
                self._refresh.start()

    def _sound_anew(self) -> None:
        """Have the score as it is now played to sound, and leave the one before alone."""
        before, self._sounding = self._sounding, None
        if before is not None:
            self._session.jobs.cancel(before.id)
        self._sounding = self._session.sound_music()

    def _on_job_ended(self, job: Job) -> None:
        """Wait no more for a sound that will not come."""
        if self._sounding is not None and job.id == self._sounding.id:
            self._sounding = None
            self._wanted = self._wanted and job.state is JobState.DONE
