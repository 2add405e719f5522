"""Playing the document: its music, made to sound when it is first needed, and a scene's clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.document.model import Document
from desktop.session import Session
from engines.api import SoundRequest, SoundResult

if TYPE_CHECKING:
    from desktop.player import Player


class Playback(QObject):
    """Keeps player and session together; the player is made at the first play.

    Loading sound support takes a while and many a session never needs it.
    """

    playing_changed = Signal(bool)

    def __init__(self, session: Session, make_player: Callable[[], Player]) -> None:
        super().__init__(session)
        self._session = session
        self._make_player = make_player
        self._player: Player | None = None
        self._loaded = ""
        self._asked = ""
        self._following = False
        session.document_changed.connect(self._on_document)
        session.replaced.connect(self._on_replaced)
        session.time_changed.connect(self._on_time)

    @property
    def playing(self) -> bool:
        return self._player is not None and self._player.playing

    def toggle(self) -> None:
        """Play or pause; a score without a sound is first played into one by the engine."""
        player = self._the_player()
        if player.playing:
            player.pause()
            return
        document = self._session.document
        player.set_duration(document.duration_s)
        music = document.music
        if music is None:
            self._load("", b"")
            player.play()
            return
        player.set_gain(music.gain_db)
        if music.midi_asset == self._loaded:
            player.play()
        elif music.sound_asset:
            self._load(music.midi_asset, self._session.assets.read(music.sound_asset))
            self._play_when_loaded(player)
        else:
            self._make_sound(music.midi_asset)

    def close(self) -> bool:
        """Stop; True if no thread is left."""
        return self._player is None or self._player.close()

    def _the_player(self) -> Player:
        if self._player is None:
            self._player = self._make_player()
            self._player.time_changed.connect(self._on_player_time)
            self._player.state_changed.connect(self._on_state)
            self._player.failed.connect(self._session.noticed)
        return self._player

    def _make_sound(self, midi_asset: str) -> None:
        """Ask the engine for the sound, once."""
        if self._asked == midi_asset:
            return
        self._asked = midi_asset
        session = self._session
        request = SoundRequest(
            midi=session.assets.read(midi_asset),
            format="flac",
            seconds=session.document.duration_s,
        )

        def then(result: SoundResult) -> None:
            music = session.document.music
            if music is not None and music.midi_asset == midi_asset:
                player = self._the_player()
                self._load(midi_asset, result.data)
                self._play_when_loaded(player)

        job = session.generate(request, then)
        session.jobs.ended.connect(lambda ended: self._forget(ended.id == job.id, midi_asset))

    def _forget(self, is_ours: bool, midi_asset: str) -> None:
        if is_ours and self._asked == midi_asset:
            self._asked = ""

    def _load(self, midi_asset: str, sound: bytes) -> None:
        self._loaded = midi_asset
        self._the_player().load(sound)

    def _play_when_loaded(self, player: Player) -> None:
        player.sound_changed.connect(self._on_sound)

    def _on_sound(self, sound: object) -> None:
        player = self._the_player()
        player.sound_changed.disconnect(self._on_sound)
        if sound is not None:
            player.play()

    def _on_player_time(self, time_s: float) -> None:
        self._following = True
        self._session.seek(time_s)
        self._following = False

    def _on_time(self, time_s: float) -> None:
        if self._player is not None and not self._following:
            self._player.seek(time_s)

    def _on_state(self, state: str) -> None:
        self.playing_changed.emit(self.playing)

    def _on_document(self, before: Document, after: Document) -> None:
        if self._player is None or before.music == after.music:
            return
        if before.music is None or after.music is None or (
            before.music.midi_asset != after.music.midi_asset
        ):
            self._player.stop()
            self._loaded = ""

    def _on_replaced(self) -> None:
        if self._player is not None:
            self._player.stop()
        self._loaded = ""
