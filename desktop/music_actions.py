"""What the user can do with the document's music."""

from __future__ import annotations

from desktop.action import Action
from desktop.document.model import DocumentKind
from desktop.session import Session


def _has_music(session: Session) -> bool:
    return session.document.music is not None


def _remakable(session: Session) -> bool:
    music = session.document.music
    return music is not None and music.recipe is not None


def _marked(session: Session) -> bool:
    return _has_music(session) and session.passage is not None


def _has_scene(session: Session) -> bool:
    document = session.document
    return _has_music(session) and document.kind is DocumentKind.SCENE and bool(document.shots)


def _has_other_take(session: Session) -> bool:
    document = session.document
    music = document.music.midi_asset if document.music is not None else ""
    return any(take.track.midi_asset != music for take in document.takes)


def _again_words(session: Session) -> str:
    passage = session.passage
    return f"Write {passage} again" if passage is not None else "Write the marked bars again"


def _lock_words(session: Session) -> str:
    music, passage = session.document.music, session.passage
    if music is None or passage is None:
        return "Lock the marked bars"
    bars = set(range(passage.first, passage.last + 1))
    return f"Unlock {passage}" if bars <= set(music.locked_bars) else f"Lock {passage}"


def _toggle_lock(session: Session) -> None:
    if session.passage is not None:
        session.toggle_bar_lock(session.passage)


MUSIC_ACTIONS: tuple[Action, ...] = (
    Action(
        id="score",
        text="Edit the score",
        menu="Music",
        shortcut="Ctrl+4",
        icon="piano",
        does=lambda desk: desk.toggle_score(),
        can=_has_music,
    ),
    Action(
        id="write_again",
        text="Write the marked bars again",
        menu="Music",
        shortcut="Ctrl+Shift+W",
        icon="dices",
        does=lambda desk: desk.session.write_again(),
        can=_marked,
        words=_again_words,
    ),
    Action(
        id="lock_bars",
        text="Lock the marked bars",
        menu="Music",
        icon="lock",
        does=lambda desk: _toggle_lock(desk.session),
        can=_marked,
        words=_lock_words,
    ),
    Action(
        id="continue_music",
        text="Go on after its end…",
        menu="Music",
        icon="plus",
        does=lambda desk: desk.work_on_music("continue"),
        can=_has_music,
    ),
    Action(
        id="continue_to_end",
        text="Go on to the scene's end",
        menu="Music",
        icon="plus",
        does=lambda desk: desk.session.continue_to_end(),
        can=_has_scene,
    ),
    Action(
        id="accompany_music",
        text="Add parts…",
        menu="Music",
        icon="list-plus",
        does=lambda desk: desk.work_on_music("accompany"),
        can=_has_music,
    ),
    Action(
        id="vary_music",
        text="Vary the music",
        menu="Music",
        shortcut="Ctrl+Shift+V",
        icon="shuffle",
        does=lambda desk: desk.session.vary_music(),
        can=_has_music,
    ),
    Action(
        id="reroll_music",
        text="Write the music again",
        menu="Music",
        icon="refresh-cw",
        does=lambda desk: desk.session.reroll_music(),
        can=_remakable,
    ),
    Action(
        id="fit_music",
        text="Fit the music to the scene",
        menu="Music",
        shortcut="Ctrl+Shift+F",
        icon="clapperboard",
        does=lambda desk: desk.session.fit_music(),
        can=_has_scene,
    ),
    Action(
        id="flip_take",
        text="Compare with the take before",
        menu="Music",
        shortcut="Ctrl+B",
        icon="repeat",
        does=lambda desk: desk.session.flip_take(),
        can=_has_other_take,
    ),
    Action(
        id="save_score",
        text="Save the score as MIDI or MusicXML…",
        menu="Music",
        icon="save",
        does=lambda desk: desk.ask_music_file(stems=False),
        can=_has_music,
    ),
    Action(
        id="export_stems",
        text="Export each part as sound…",
        menu="Music",
        icon="layers",
        does=lambda desk: desk.ask_music_file(stems=True),
        can=_has_music,
    ),
    Action(
        id="remove_music",
        text="Remove the music",
        menu="Music",
        icon="x",
        does=lambda desk: desk.session.remove_music(),
        can=_has_music,
    ),
)
"""In the order of the menu."""

MUSIC_DIVIDED_BEFORE = ("continue_music", "flip_take", "save_score", "remove_music")
"""Actions with a line above them."""
