"""How the document's score becomes sound, and through which soundfont."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.document.midi_file import ScoreError, heard_midi, one_note
from desktop.document.model import MusicTrack
from desktop.document.takes import with_track, without_sounds
from desktop.hosted import Host
from desktop.jobs import Job, Lane
from desktop.remembering import Remembering
from engines.api import BadRequest, Kind, Run, SoundRequest, SoundResult

TRIED_PROGRAM, TRIED_PITCH, TRIED_VELOCITY = 0, 60, 80
"""What a soundfont is asked to play before it is used."""

TRIED_S = 0.2


class Sounding(Remembering):
    """The verbs of sound."""

    soundfont_changed = Signal(str)  # its path, empty for ours

    def __init__(self, host: Host, parent: QObject | None = None) -> None:
        super().__init__(host, parent)
        self._sounds: tuple[int, MusicTrack | None, str] = (0, None, "")

    def use_soundfont(self, path: str) -> None:
        """Let all music sound through this soundfont from now on; empty for ours.

        The document's score is played anew when it is next heard.
        """
        if path == self.soundfont:
            return
        super().use_soundfont(path)
        document = without_sounds(self.document)
        if document != self.document:
            self.edit("Change soundfont", document)
        self.soundfont_changed.emit(path)

    def try_soundfont(self, path: Path) -> Job:
        """Use a soundfont if the engine can play through it; if not, the job says why."""
        midi = one_note(TRIED_PROGRAM, TRIED_PITCH, TRIED_VELOCITY)
        request = SoundRequest(midi=midi, seconds=TRIED_S, mastered=False, soundfont=str(path))

        def work(run: Run) -> None:
            self.ask(request, run)

        def then(result: None) -> None:
            self.use_soundfont(str(path))

        return self.jobs.submit(
            f"Trying the soundfont {path.name}", work, then, Lane.QUESTION, kind=str(Kind.SOUND)
        )

    def sound_music(self) -> Job | None:
        """Have the score played into a sound, which then belongs to the document.

        None if there is no score or it has its sound; the job that is at it if
        there is one. The sound of a scene is exactly as long as the scene.
        """
        music = self.document.music
        if music is None or music.sound_asset:
            return None
        pending = self._pending_sound(music)
        if pending is not None:
            return pending
        midi, seconds = self.assets.read(music.midi_asset), self.document.duration_s
        soundfont = self.soundfont

        def work(run: Run) -> SoundResult:
            try:
                sounding = heard_midi(midi, music)
            except ScoreError as problem:
                raise BadRequest(f"the score cannot be played: {problem}") from problem
            request = SoundRequest(
                midi=sounding, format="flac", seconds=seconds, soundfont=soundfont
            )
            result: SoundResult = self.ask(request, run)
            return result

        def then(result: SoundResult) -> None:
            now = self.document.music
            stays = soundfont == self.soundfont
            if now is not None and stays and replace(now, sound_asset="") == music:
                track = replace(now, sound_asset=self.assets.add(result.data, ".flac"))
                # No step of its own: it follows from the score, and redo stays possible.
                self.touch(with_track(self.document, track))

        job = self.jobs.submit(
            "Playing the score to sound",
            work,
            then,
            kind=str(Kind.SOUND),
            labels=(f"{Kind.SOUND}:",),
        )
        self._sounds = (job.id, music, soundfont)
        return job

    def _pending_sound(self, music: MusicTrack) -> Job | None:
        """Return the job that plays this very score already."""
        job_id, known, soundfont = self._sounds
        if known != music or soundfont != self.soundfont:
            return None
        job = next((x for x in self.jobs.jobs if x.id == job_id), None)
        return job if job is not None and not (job.ended or job.cancelling) else None
