"""Music that follows its scene, and the takes to choose from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.document.cuts import fit_to_scene, follows_still
from desktop.document.midi_file import ScoreError, read_notes
from desktop.document.model import CutFit, Document, DocumentKind
from desktop.document.notes import NoteScore
from desktop.document.takes import (
    find_take,
    take_in_use,
    with_changed_take,
    with_music,
    without_take,
)
from desktop.hosted import Host
from desktop.jobs import Job, Lane
from desktop.rescoring import Rescoring, Written
from desktop.seeds import new_seed
from engines.api import BadRequest, Kind, MusicRequest, MusicResult, Run
from engines.api.requests import MOST_HITS, SHORTEST_GAP_S

REFIT_MS = 250
"""Cuts that move one upon the other are followed once."""

MOVED = "The cuts moved, and the music does not hit them any more."
FITTED = "The cuts moved, and the music was fitted to them again."
LONGER = "The scene is not as long as its music any more."
FITTED_LENGTH = "The scene's length changed, and the music was fitted to it again."
FLIPS = "takes"
"""Takes that are compared one after the other are one undo step."""


class Following(Rescoring):
    """The verbs of fitting, and of takes."""

    cuts_moved = Signal(str)  # what is to be said; the music can be fitted again

    def __init__(self, host: Host, parent: QObject | None = None) -> None:
        super().__init__(host, parent)
        self._other = ""
        self._fitting: Job | None = None
        self._step: object = None
        self._look = QTimer(self, singleShot=True, interval=REFIT_MS)
        self._look.timeout.connect(self._look_at_cuts)
        self.document_changed.connect(self._on_change)

    def scene_fit(self, wish: CutFit) -> tuple[CutFit, int]:
        """Return the times of the scene that music made as `wish` says has to follow now.

        The second value says how many cuts are too near to another to be hit.
        """
        return fit_to_scene(self.document, wish, gap_s=SHORTEST_GAP_S, most=MOST_HITS)

    def fit_music(
        self,
        wish: CutFit | None = None,
        then: Callable[[Written], None] = lambda written: None,
        *,
        amends: object = None,
    ) -> Job:
        """Give the music the scene's length and cuts; what is locked in it stays.

        Args:
            wish: which cuts count; by default those that it followed before, else all.
            amends: the undo step that this belongs to, if it is still the last then.

        Raises:
            BadRequest: there is no score, or no scene to fit it to.
        """
        document, music = self.document, self.document.music
        if document.kind is not DocumentKind.SCENE or not document.shots:
            raise BadRequest("there is no scene with shots to fit the music to")
        known = music.follows if music is not None else None
        follows, _ = self.scene_fit(wish or known or CutFit(seconds=0.0, hits_cuts=True))
        request = self.music_request("fit", seed=0, seconds=follows.seconds, hits=follows.hits_s)

        def wanted() -> bool:
            return follows_still(self.document, follows, self.scene_fit(follows)[0])

        return self.write_music(request, then, follows=follows, wanted=wanted, amends=amends)

    def follow_cuts(self, follows: CutFit | None) -> None:
        """Say which cuts the music follows from now on, without touching its notes."""
        music = self.document.music
        if music is not None and music.follows != follows:
            self.set_track("Follow the cuts", replace(music, follows=follows))

    def use_take(self, take_id: str) -> None:
        """Let a take be the music; one that was changed by hand since stays as a take."""
        document = self.document
        take, now = find_take(document, take_id), take_in_use(document)
        if take is None or (now is not None and now.id == take.id):
            return
        changed = with_music(document, take.track)
        before = now if now is not None else next(reversed(changed.takes), None)
        self._other = before.id if before is not None else ""
        self.edit(f"Use the take {take.name}", changed, merge=FLIPS)

    def flip_take(self) -> None:
        """Go to the take that was in use before this one, or the one listed before it."""
        takes, now = self.document.takes, take_in_use(self.document)
        others = [take.id for take in takes if now is None or take.id != now.id]
        if others:
            self.use_take(self._other if self._other in others else others[-1])

    def keep_take(self, take_id: str, kept: bool) -> None:
        """Keep a take whatever others come, or no longer."""
        take = find_take(self.document, take_id)
        if take is not None and take.kept != kept:
            text = "Keep take" if kept else "Let go of take"
            self.edit(text, with_changed_take(self.document, replace(take, kept=kept)))

    def delete_take(self, take_id: str) -> None:
        """Take a take away; the music stays what it is."""
        if find_take(self.document, take_id) is not None:
            self.edit("Delete take", without_take(self.document, take_id))

    def delete_takes_but(self, take_id: str) -> None:
        """Take all takes away but one, the one in use, and those that are kept."""
        now = take_in_use(self.document)
        stay = tuple(x for x in self.document.takes if x.kept or x is now or x.id == take_id)
        self.edit("Delete the other takes", replace(self.document, takes=stay))

    def read_score_file(self, data: bytes, name: str) -> Job:
        """Put a MusicXML or MXL file under the document, read by the engine beside the window."""
        request = MusicRequest(seed=new_seed(), verb="fit", score=data)
        ask = self.ask

        def work(run: Run) -> MusicResult:
            result: MusicResult = ask(request, run)
            return result

        def then(result: MusicResult) -> None:
            self.set_music(result.midi, name=name)

        return self.jobs.submit(f"Reading {name}", work, then, Lane.QUESTION, kind=str(Kind.MUSIC))

    def read_midi_file(self, data: bytes, name: str) -> Job:
        """Put a MIDI file under the document as it is, once it was read without a fault."""

        def work(run: Run) -> NoteScore:
            try:
                return read_notes(data)
            except ScoreError as problem:
                raise BadRequest(f"{name} cannot be shown: {problem}") from problem

        def then(score: NoteScore) -> None:
            self.know_score(self.assets.add(data, ".mid"), score)
            self.set_music(data, name=name)

        return self.jobs.submit(f"Reading {name}", work, then, Lane.FILE, kind="open")

    def export_stems(self, path: Path) -> Job:
        """Write a sound file for each part of the score beside `path`, whose suffix says which."""
        document, assets, ask = self.document, self.assets, self.ask

        def work(run: Run) -> tuple[Path, ...]:
            from desktop.export import export_stems

            return export_stems(document, assets, path, run=run, ask=ask)

        return self.jobs.submit(
            "Exporting the parts", work, self.exported.emit, Lane.EXPORT, kind="export"
        )

    def _on_change(self, before: Document, after: Document) -> None:
        follows = after.music.follows if after.music is not None else None
        if follows is not None and before.shots is not after.shots and before.music is not None:
            self._step = self.history.last
            self._look.start()

    def _look_at_cuts(self) -> None:
        """Fit the music again, or offer to, if the cuts are not where it hits them."""
        music = self.document.music
        if music is None or music.follows is None:
            return
        if self._fitting is not None:
            self.jobs.cancel(self._fitting.id)
            self._fitting = None
        now, _ = self.scene_fit(music.follows)
        if follows_still(self.document, music.follows, now):
            return
        # Where there is something to redo the user looks about in the past: it stays as it was.
        if not music.follows.automatic or self.can_redo:
            self.cuts_moved.emit(MOVED if music.follows.hits_cuts else LONGER)
            return

        told = FITTED if music.follows.hits_cuts else FITTED_LENGTH

        def then(written: Written) -> None:
            self._fitting = None
            gave = (f"{notice[:1].upper()}{notice[1:]}." for notice in written.result.notices)
            self.noticed.emit(" ".join((told, *gave)))

        self.attempt(lambda: self._set_fitting(self.fit_music(then=then, amends=self._step)))

    def _set_fitting(self, job: Job) -> None:
        self._fitting = job
