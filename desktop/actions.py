"""One table of what the user can do: the menus, the shortcuts and the command palette read it."""

from __future__ import annotations

from desktop.action import Action, Desk
from desktop.document.model import DocumentKind, PictureLayer
from desktop.music_actions import MUSIC_ACTIONS, MUSIC_DIVIDED_BEFORE
from desktop.session import Session
from engines.api import Kind


def _undo_words(session: Session) -> str:
    return f"Undo {session.undo_text}" if session.can_undo else "Undo"


def _redo_words(session: Session) -> str:
    return f"Redo {session.redo_text}" if session.can_redo else "Redo"


def _selected(session: Session) -> bool:
    return bool(session.selection)


def _is_scene(session: Session) -> bool:
    return session.document.kind is DocumentKind.SCENE


def _can_play(session: Session) -> bool:
    return _is_scene(session) or session.document.music is not None


def _remakable(session: Session) -> bool:
    layers = session.selected_layers()
    return bool(layers) and all(isinstance(x, PictureLayer) and x.recipe for x in layers)


def _variable(session: Session) -> bool:
    return len(session.selected_layers()) == 1 and _remakable(session)


def _one_picture(session: Session) -> bool:
    layers = session.selected_layers()
    return len(layers) == 1 and isinstance(layers[0], PictureLayer)


def _reroll_words(session: Session) -> str:
    return "Reroll the pictures" if len(session.selection) > 1 else "Reroll the picture"


def _free_words(session: Session) -> str:
    on_card = session.host.memory().device.startswith("cuda")
    return "Free the card now" if on_card else "Free memory now"


def _busy(session: Session) -> bool:
    return not session.jobs.idle


def _the_selected(desk: Desk) -> str:
    return next(iter(desk.session.selection))


def _cancel_all(desk: Desk) -> None:
    for job in desk.session.jobs.jobs:
        desk.session.jobs.cancel(job.id)


__all__ = ["ACTIONS", "DIVIDED_BEFORE", "HANDLED_BY_KEYS", "MENUS", "Action", "Desk", "action"]

ACTIONS: tuple[Action, ...] = (
    Action(
        id="new_poster",
        text="New poster",
        menu="File",
        shortcut="Ctrl+N",
        icon="file-plus",
        does=lambda desk: desk.ask_new("poster"),
    ),
    Action(
        id="new_scene",
        text="New scene",
        menu="File",
        shortcut="Ctrl+Shift+N",
        icon="clapperboard",
        does=lambda desk: desk.ask_new("scene"),
    ),
    Action(
        id="open",
        text="Open…",
        menu="File",
        shortcut="Ctrl+O",
        icon="folder-open",
        does=lambda desk: desk.ask_open(),
    ),
    Action(
        id="save",
        text="Save",
        menu="File",
        shortcut="Ctrl+S",
        icon="save",
        does=lambda desk: desk.ask_save(anew=False),
    ),
    Action(
        id="save_as",
        text="Save as…",
        menu="File",
        shortcut="Ctrl+Shift+S",
        does=lambda desk: desk.ask_save(anew=True),
    ),
    Action(
        id="place_picture",
        text="Place a picture…",
        menu="File",
        icon="file-image",
        does=lambda desk: desk.ask_picture(),
    ),
    Action(
        id="place_score",
        text="Use a score as music…",
        menu="File",
        icon="music",
        does=lambda desk: desk.ask_score(),
    ),
    Action(
        id="export",
        text="Export…",
        menu="File",
        shortcut="Ctrl+E",
        icon="download",
        does=lambda desk: desk.ask_export(),
    ),
    Action(id="quit", text="Quit", menu="File", shortcut="Ctrl+Q", does=lambda desk: desk.close()),
    Action(
        id="undo",
        text="Undo",
        menu="Edit",
        shortcut="Ctrl+Z",
        icon="undo-2",
        does=lambda desk: desk.session.undo(),
        can=lambda s: s.can_undo,
        words=_undo_words,
    ),
    Action(
        id="redo",
        text="Redo",
        menu="Edit",
        shortcut="Ctrl+Shift+Z,Ctrl+Y",
        icon="redo-2",
        does=lambda desk: desk.session.redo(),
        can=lambda s: s.can_redo,
        words=_redo_words,
    ),
    Action(
        id="duplicate",
        text="Duplicate",
        menu="Edit",
        shortcut="Ctrl+D",
        icon="copy",
        does=lambda desk: desk.session.duplicate_selected(),
        can=_selected,
    ),
    Action(
        id="delete",
        text="Delete",
        menu="Edit",
        shortcut="Del,Backspace",
        icon="trash-2",
        does=lambda desk: desk.session.delete_selected(),
        can=_selected,
    ),
    Action(
        id="select_all",
        text="Select all",
        menu="Edit",
        shortcut="Ctrl+A",
        does=lambda desk: desk.session.select_all(),
    ),
    Action(
        id="deselect",
        text="Select nothing",
        menu="Edit",
        shortcut="Ctrl+Shift+A",
        does=lambda desk: desk.session.deselect(),
        can=_selected,
    ),
    Action(
        id="raise",
        text="Bring forward",
        menu="Layer",
        shortcut="Ctrl+]",
        icon="arrow-up",
        does=lambda desk: desk.session.raise_selected(),
        can=_selected,
    ),
    Action(
        id="lower",
        text="Send backward",
        menu="Layer",
        shortcut="Ctrl+[",
        icon="arrow-down",
        does=lambda desk: desk.session.lower_selected(),
        can=_selected,
    ),
    Action(
        id="add_text",
        text="Add words",
        menu="Layer",
        shortcut="Ctrl+T",
        icon="type",
        does=lambda desk: desk.session.place_text("Your words"),
    ),
    Action(
        id="add_caption",
        text="Add a caption here",
        menu="Layer",
        icon="captions",
        does=lambda desk: desk.session.add_caption("A caption"),
        can=lambda s: _is_scene(s) and bool(s.document.shots),
    ),
    Action(
        id="reroll",
        text="Reroll the picture",
        menu="Layer",
        shortcut="Ctrl+R",
        icon="dices",
        does=lambda desk: desk.session.reroll_selected(),
        can=_remakable,
        words=_reroll_words,
    ),
    Action(
        id="vary",
        text="Vary the picture",
        menu="Layer",
        shortcut="Ctrl+Shift+R",
        icon="shuffle",
        does=lambda desk: desk.session.vary(_the_selected(desk)),
        can=_variable,
    ),
    Action(
        id="enlarge",
        text="Enlarge the picture 4 times",
        menu="Layer",
        icon="image-upscale",
        does=lambda desk: desk.session.enlarge(_the_selected(desk), 4),
        can=_one_picture,
    ),
    Action(
        id="cut_out",
        text="Cut the picture out",
        menu="Layer",
        icon="scissors",
        does=lambda desk: desk.session.cut_out(_the_selected(desk)),
        can=lambda s: _one_picture(s) and bool(s.default_model(Kind.CUTOUT)),
    ),
    Action(
        id="make",
        text="Make it from the brief",
        menu="Make",
        shortcut="Ctrl+Return",
        icon="wand-sparkles",
        does=lambda desk: desk.make(),
    ),
    Action(
        id="brief",
        text="Write a brief",
        menu="Make",
        shortcut="Ctrl+L",
        icon="pen-line",
        does=lambda desk: desk.focus_brief(),
    ),
    Action(
        id="words_panel",
        text="Words",
        menu="Make",
        shortcut="Ctrl+1",
        icon="type",
        does=lambda desk: desk.show_panel("text"),
    ),
    Action(
        id="picture_panel",
        text="Picture",
        menu="Make",
        shortcut="Ctrl+2",
        icon="image",
        does=lambda desk: desk.show_panel("image"),
    ),
    Action(
        id="music_panel",
        text="Music",
        menu="Make",
        shortcut="Ctrl+3",
        icon="music",
        does=lambda desk: desk.show_panel("music"),
    ),
    Action(
        id="models",
        text="Models: what you have, and adding more…",
        menu="Make",
        shortcut="Ctrl+Shift+M",
        icon="shapes",
        does=lambda desk: desk.show_models(),
    ),
    Action(
        id="drop_queue",
        text="Finish this job, drop the rest",
        menu="Make",
        icon="list-x",
        does=lambda desk: desk.session.jobs.cancel_all_queued(),
        can=_busy,
    ),
    Action(
        id="cancel_all",
        text="Cancel all jobs",
        menu="Make",
        shortcut="Ctrl+.",
        icon="ban",
        does=_cancel_all,
        can=_busy,
    ),
    Action(
        id="free_memory",
        text="Free memory now",
        menu="Make",
        icon="memory-stick",
        does=lambda desk: desk.session.free_memory(),
        words=_free_words,
    ),
    Action(
        id="end_engines",
        text="End the engines…",
        menu="Make",
        icon="power",
        does=lambda desk: desk.ask_end_engines(),
    ),
    *MUSIC_ACTIONS,
    Action(
        id="play",
        text="Play or pause",
        menu="View",
        shortcut="Space",
        icon="play",
        does=lambda desk: desk.play_or_pause(),
        can=_can_play,
    ),
    Action(
        id="fit",
        text="Show the whole page",
        menu="View",
        shortcut="Ctrl+0",
        icon="frame",
        does=lambda desk: desk.fit_page(),
    ),
    Action(
        id="memory",
        text="Memory: what holds it, and its settings",
        menu="View",
        shortcut="Ctrl+M",
        icon="memory-stick",
        does=lambda desk: desk.show_memory(),
    ),
    Action(
        id="commands",
        text="All commands…",
        menu="View",
        shortcut="Ctrl+K,Ctrl+Shift+P",
        icon="command",
        does=lambda desk: desk.show_commands(),
    ),
    Action(
        id="about",
        text="About Triptych",
        menu="View",
        icon="info",
        does=lambda desk: desk.show_about(),
    ),
)
"""Every action, in the order of the menus."""

MENUS = ("File", "Edit", "Layer", "Make", "Music", "View")

HANDLED_BY_KEYS = frozenset({"play"})
"""Shortcuts that must not be taken from a focused button; the window hears them as keys."""

DIVIDED_BEFORE = frozenset(
    {
        "save",
        "place_picture",
        "export",
        "quit",
        "duplicate",
        "select_all",
        "add_text",
        "reroll",
        *MUSIC_DIVIDED_BEFORE,
        "words_panel",
        "models",
        "drop_queue",
        "free_memory",
        "memory",
    }
)
"""Actions with a line above them in their menu."""


def action(action_id: str) -> Action:
    """Return one action of the table.

    Raises:
        KeyError: there is none of that id.
    """
    for found in ACTIONS:
        if found.id == action_id:
            return found
    raise KeyError(action_id)
