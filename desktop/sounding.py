"""How the document's score becomes sound, and through which soundfont."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal

from desktop.arranging import SET_MUSIC
from desktop.document.midi_file import ScoreError, heard_midi, one_note
from desktop.jobs import Job, Lane
from desktop.remembering import Remembering
from engines.api import BadRequest, Kind, Run, SoundRequest, SoundResult

TRIED_PROGRAM, TRIED_PITCH, TRIED_VELOCITY = 0, 60, 80
"""What a soundfont is asked to play before it is used."""

TRIED_S = 0.2


class Sounding(Remembering):
    """The verbs of sound."""

    soundfont_changed = Signal(str)  # its path, empty for ours

    def use_soundfont(self, path: str) -> None:
        """Let all music sound through this soundfont from now on; empty for ours.

        The document's score is played anew when it is next heard.
        """
        if path == self.soundfont:
            return
        super().use_soundfont(path)
        music = self.document.music
        if music is not None and music.sound_asset:
            self.set_track("Change soundfont", replace(music, sound_asset=""))
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

        None if there is no score or it has its sound. The sound of a scene is
        exactly as long as the scene.
        """
        music = self.document.music
        if music is None or music.sound_asset:
            return None
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
                sound = self.assets.add(result.data, ".flac")
                # The sound is part of setting the music: one undo takes both away.
                self.set_track(SET_MUSIC, replace(now, sound_asset=sound))

        return self.jobs.submit(
            "Playing the score to sound",
            work,
            then,
            kind=str(Kind.SOUND),
            labels=(f"{Kind.SOUND}:",),
        )
