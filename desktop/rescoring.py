"""What the engine does to the document's score: each result is a take, and one undo step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from desktop.document.midi_file import ScoreError, read_notes
from desktop.document.model import CutFit, Document, MusicTrack, PartState, Take
from desktop.document.notes import NoteScore
from desktop.document.passages import Passage, carried_bars, carried_parts, lock_of, region_of
from desktop.document.takes import take_in_use, with_take
from desktop.hosted import Host
from desktop.jobs import Job, Lane
from desktop.messages import explain
from desktop.recipes import recipe_of, request_of
from desktop.seeds import new_seed
from desktop.sounding import Sounding
from engines.api import BadRequest, EngineError, Kind, MusicRequest, MusicResult, Run
from engines.host import label_of

TITLES = {
    "compose": "Scoring",
    "continue": "Continuing the score",
    "fill": "Writing bars again",
    "accompany": "Adding parts",
    "vary": "Varying the score",
    "fit": "Fitting the score",
}

LATE = "The score was changed meanwhile; what was written is among the takes."
ELSEWHERE = "Another project is open now; what was written for the one before is not used."


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A result with what was worked out of it beside the window.

    `score` is None where the window cannot show it; `parts` and `locked_bars`
    are how the parts and bars that stayed were treated.
    """

    result: MusicResult
    score: NoteScore | None
    parts: tuple[PartState, ...] = ()
    locked_bars: tuple[int, ...] = ()
    take: Take | None = None


class Rescoring(Sounding):
    """The verbs of writing music."""

    noticed = Signal(str)  # one sentence for the user
    passage_changed = Signal(object)  # Passage or None
    music_written = Signal(object)  # Take

    def __init__(self, host: Host, parent: QObject | None = None) -> None:
        super().__init__(host, parent)
        self._passage: Passage | None = None
        self._learning = ""
        self.replaced.connect(lambda: self.mark_passage(None))
        self.document_changed.connect(self._learn_locked)

    def tell(self, error: Exception) -> None:
        """Tell the user in one sentence what went wrong."""
        self.noticed.emit(str(explain(error)))

    def attempt(self, verb: Callable[[], object]) -> None:
        """Do something that the user asked for; if it cannot be done, tell why."""
        try:
            verb()
        except (EngineError, OSError) as error:
            self.tell(error)

    @property
    def passage(self) -> Passage | None:
        """The bars and parts that are marked in the score."""
        return self._passage

    def mark_passage(self, passage: Passage | None) -> None:
        if passage != self._passage:
            self._passage = passage
            self.passage_changed.emit(passage)

    def music_request(
        self, verb: str, *, passage: Passage | None = None, **controls: Any
    ) -> MusicRequest:
        """Ask for work on the document's score; what is locked in it stays.

        Args:
            passage: the bars to write, all if it is None.
            controls: other fields of the request.

        Raises:
            BadRequest: there is no score, or it cannot be asked for like this.
        """
        music = self.document.music
        if music is None:
            raise BadRequest("there is no score to work on yet")
        region, lock = "", ""
        if passage is not None:
            region = region_of(self._notes(music), passage)
            if not region:
                raise BadRequest("the chosen part has no notes yet; add a part instead")
        if music.locked_bars or any(state.locked for state in music.parts):
            lock = lock_of(self._notes(music), music)
        controls.setdefault("seed", new_seed())
        score = self.assets.read(music.midi_asset)
        return MusicRequest(verb=verb, score=score, region=region, lock=lock, **controls)

    def write_music(
        self,
        request: MusicRequest,
        then: Callable[[Written], None] = lambda written: None,
        *,
        follows: CutFit | None = None,
        stands_for: str = "",
        wanted: Callable[[], bool] = lambda: True,
        amends: object = None,
    ) -> Job:
        """Ask for a score and put it under the document as a take; `then` gets it after that.

        Args:
            follows: what of the scene it is written for.
            stands_for: the score that it replaces, by its asset; by default the
                one that it is made of. If another is the music by then, it is
                only a take.
            wanted: asked when it has come; if not, nothing is changed.
            amends: the undo step that it becomes a part of, if that is the last.
        """
        music, assets, ask = self.document.music, self.assets, self.ask

        def work(run: Run) -> Written:
            return _carried(request, ask(request, run), music)

        def on_written(written: Written) -> None:
            if assets is not self.assets and request.score:
                self.noticed.emit(ELSEWHERE)
            elif wanted():
                is_part = amends is not None and amends is self.history.last
                written = self._take_up(request, written, follows, stands_for, is_part)
                then(written)
                assert written.take is not None
                self.music_written.emit(written.take)

        # A fit needs no model, so that it does not wait for those that do.
        is_fit = request.verb == "fit"
        return self.jobs.submit(
            _title(request),
            work,
            on_written,
            Lane.QUESTION if is_fit else Lane.ENGINE,
            kind=str(Kind.MUSIC),
            labels=() if is_fit else (self._named(label_of(request)),),
            request=request,
        )

    def _take_up(
        self,
        request: MusicRequest,
        written: Written,
        follows: CutFit | None,
        stands_for: str,
        amends: bool,
    ) -> Written:
        """Make a take of what was written, and the music if the score is still the one it was."""
        result, before = written.result, self.document.music
        asset = self.assets.add(result.midi, ".mid")
        if written.score is not None:
            self.know_score(asset, written.score)
        made_of = self.assets.add(request.score, ".mid") if request.score else ""
        track = MusicTrack(
            midi_asset=asset,
            gain_db=before.gain_db if before is not None else 0.0,
            duck_db=before.duck_db if before is not None else 0.0,
            recipe=recipe_of(request, result.model),
            parts=written.parts,
            locked_bars=written.locked_bars,
            follows=follows,
        )
        take = _take(self.document, request, result, track)
        document = with_take(self.document, take)
        now = before.midi_asset if before is not None else ""
        if made_of and now != (stands_for or made_of):
            self.edit(f"Add the take {take.name}", document)
            self.noticed.emit(LATE)
            return replace(written, take=take)
        document = replace(document, music=track)
        if amends:
            self.amend(document)
        else:
            self.edit(_STEPS[request.verb], document)
        self.sound_music()
        return replace(written, take=take)

    def write_again(self, passage: Passage | None = None) -> Job:
        """Write the given bars, or the marked ones, again, but for what is locked.

        Raises:
            BadRequest: nothing is marked, or there is no score.
        """
        passage = passage or self._passage
        if passage is None:
            raise BadRequest("no bars are marked; choose notes or drag over the bars' numbers")
        return self.write_music(self.music_request("fill", passage=passage), follows=self._follows)

    def continue_to_end(self) -> Job:
        """Go on after the score's last bar until the scene ends.

        Raises:
            BadRequest: there is no score, or it is as long as the scene already.
        """
        music = self.document.music
        length_s = self._notes(music).length_s if music is not None else 0.0
        more_s = self.document.duration_s - length_s
        if more_s < LEAST_MORE_S:
            raise BadRequest("the music reaches the end of the scene already")
        return self.write_music(self.music_request("continue", seconds=more_s))

    def vary_music(self, amount: float = 0.5) -> Job:
        """Write a part of the bars again, in their harmony, but for what is locked.

        Raises:
            BadRequest: there is no score.
        """
        request = self.music_request("vary", passage=self._passage, amount=amount)
        return self.write_music(request, follows=self._follows)

    def reroll_music(self) -> Job:
        """Write the music again from its recipe, with another seed.

        Raises:
            BadRequest: there is no music, or it was not made here.
        """
        music = self.document.music
        if music is None or music.recipe is None:
            raise BadRequest("the music was not made here, so it cannot be made again")
        try:
            request = request_of(music.recipe, self.assets.read, seed=new_seed())
        except KeyError:
            raise BadRequest("the score that the music was made of is gone") from None
        if not isinstance(request, MusicRequest):
            raise BadRequest("the music's recipe is not one of music")

        return self.write_music(request, follows=music.follows, stands_for=music.midi_asset)

    def toggle_bar_lock(self, passage: Passage) -> None:
        """Lock bars so that they are not written anew, or let go of them if all are locked."""
        music = self.document.music
        if music is None:
            return
        bars = set(range(passage.first, passage.last + 1))
        locked = set(music.locked_bars)
        text = "Unlock bars" if bars <= locked else "Lock bars"
        now = locked - bars if bars <= locked else locked | bars
        self.set_track(text, replace(music, locked_bars=tuple(sorted(now))))

    @property
    def _follows(self) -> CutFit | None:
        music = self.document.music
        return music.follows if music is not None else None

    def _learn_locked(self, before: Document, after: Document) -> None:
        """Read a score that has locks beside the window, before it is asked what they cover."""
        music = after.music
        if music is None or self.score is not None or music.midi_asset == self._learning:
            return
        if not music.locked_bars and not any(state.locked for state in music.parts):
            return
        asset, assets = music.midi_asset, self.assets
        self._learning = asset

        def work(run: Run) -> NoteScore | None:
            try:
                return read_notes(assets.read(asset))
            except ScoreError:
                return None  # told when it is worked on

        def then(score: NoteScore | None) -> None:
            if score is not None:
                self.know_score(asset, score)

        self.jobs.submit("Reading the score", work, then, Lane.FILE, kind="open", quiet=True)

    def _notes(self, music: MusicTrack) -> NoteScore:
        """Return the notes of the music, read now if nobody did before."""
        score = self.score
        if score is None:
            try:
                score = read_notes(self.assets.read(music.midi_asset))
            except ScoreError as problem:
                raise BadRequest(f"the score cannot be worked on: {problem}") from problem
            self.know_score(music.midi_asset, score)
        return score


LEAST_MORE_S = 1.0
"""Less than this is no music."""

_KEEPING = ("accompany", "fit")
"""Work after which every note of before is still there; the engine only guesses its mood."""

_STEPS = {
    "compose": "Compose",
    "continue": "Continue the music",
    "fill": "Write bars again",
    "accompany": "Add parts",
    "vary": "Vary the music",
    "fit": "Fit the music",
}


def _carried(request: MusicRequest, result: MusicResult, music: MusicTrack | None) -> Written:
    """Read what was written, and find again in it how parts and bars were treated."""
    try:
        after = read_notes(result.midi)
    except ScoreError:
        return Written(result=result, score=None)
    treated = music is not None and (music.parts or music.locked_bars)
    if music is None or not request.score or not treated:
        return Written(result=result, score=after)
    try:
        before = read_notes(request.score)
    except ScoreError:
        return Written(result=result, score=after)
    return Written(
        result=result,
        score=after,
        parts=carried_parts(before, after, music),
        locked_bars=carried_bars(before, after, music.locked_bars),
    )


def _name(request: MusicRequest, result: MusicResult) -> str:
    """Say in a few words what a take is."""
    match request.verb:
        case "continue":
            return f"Continued to {result.bars} bars"
        case "fill":
            bars = request.region.partition(":")[0].replace("-", "\N{EN DASH}")
            return f"Bars {bars} again" if not bars.isdecimal() else f"Bar {bars} again"
        case "accompany":
            return f"With {', '.join(request.instruments) or request.prompt}"
        case "vary":
            return f"Varied by {request.amount:.0%}"
        case "fit":
            return f"Fitted to {result.length_s:.1f} s"
    loop = ", a loop" if result.is_loop else ""
    return f"{result.mood.capitalize()} in {result.key}{loop}"


def _take(
    document: Document, request: MusicRequest, result: MusicResult, track: MusicTrack
) -> Take:
    """Make a take; work that keeps all notes keeps the mood and key that were asked for."""
    bars = f"{result.bars} bar{'s' * (result.bars != 1)}"
    character = f"{result.mood.capitalize()} in {result.key}"
    before = take_in_use(document) if request.verb in _KEEPING else None
    return Take(
        name=_name(request, result),
        track=track,
        character=before.character or character if before is not None else character,
        figures=f"{result.tempo_bpm:.0f} bpm, {bars}, {result.length_s:.1f} s",
        notices=result.notices,
    )


def _title(request: MusicRequest) -> str:
    words = request.prompt or ", ".join(x for x in (request.mood, request.key) if x)
    words = " ".join(words.split())
    title = TITLES[request.verb]
    return f"{title}: {words[:41]}{'…' if len(words) > 41 else ''}" if words else title
