"""What the keys do in the score editor, and the verbs its buttons and menu share with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence

from desktop.document import score_edits as edits
from desktop.document.notes import NoteScore, ScoreNote
from desktop.document.problems import DocumentError
from desktop.document.score_edits import Choice
from desktop.document.strict_json import parse

if TYPE_CHECKING:
    from desktop.canvas.score_editor import ScoreEditor

Verb = Callable[["ScoreEditor"], None]

NOTES_MIME = "application/x-triptych-notes"
MOST_PASTED = 20_000
LOUDER_BY = 8


def verb_of_key(event: QKeyEvent) -> Verb | None:
    """Return what a key asks for, None if it is not for the editor."""
    for standard, verb in _STANDARD:
        if event.matches(standard):
            return verb
    return _KEYS.get((event.key(), _held(event)))


def _held(event: QKeyEvent) -> str:
    """Name the keys held with one, of those that count here."""
    keys = event.modifiers()
    names = (
        ("ctrl", Qt.KeyboardModifier.ControlModifier),
        ("shift", Qt.KeyboardModifier.ShiftModifier),
        ("alt", Qt.KeyboardModifier.AltModifier),
    )
    return "+".join(name for name, key in names if keys & key)


def choose_all(editor: ScoreEditor) -> None:
    """Choose all notes of the part."""
    score = editor.score
    if score is not None and editor.part >= 0:
        editor.choose(frozenset((editor.part, x) for x in score.parts[editor.part].notes))


def choose_none(editor: ScoreEditor) -> None:
    editor.choose(frozenset())


def delete(editor: ScoreEditor) -> None:
    _edit(editor, "Delete notes", edits.deleted)


def copy(editor: ScoreEditor) -> None:
    """Put the chosen notes on the clipboard."""
    if editor.choice:
        data = QMimeData()
        data.setData(NOTES_MIME, _packed(editor.choice))
        QGuiApplication.clipboard().setMimeData(data)


def cut(editor: ScoreEditor) -> None:
    copy(editor)
    delete(editor)


def paste(editor: ScoreEditor) -> None:
    """Put the clipboard's notes in at the playhead's bar line or beat."""
    score = editor.score
    data = QGuiApplication.clipboard().mimeData()
    if score is None or data is None or not data.hasFormat(NOTES_MIME):
        return
    held = _unpacked(bytes(data.data(NOTES_MIME).data()))
    if held:
        step = editor.step_ticks
        at_tick = round(score.tick(editor.time_s) / step) * step
        editor.commit("Paste notes", edits.pasted(score, held, at_tick=at_tick))


def duplicate(editor: ScoreEditor) -> None:
    """Put copies right after the chosen notes, whole bars on where they fill some."""
    score, choice = editor.score, editor.choice
    if score is None or not choice:
        return
    first = min(x.start_tick for _, x in choice)
    last = max(x.end_tick for _, x in choice)
    step = editor.step_ticks
    length = -(-(last - first) // step) * step
    editor.commit("Duplicate notes", edits.pasted(score, choice, at_tick=first + length))


def quantise(editor: ScoreEditor) -> None:
    """Set the chosen notes, or all of the part, to the grid."""
    score = editor.score
    if score is None or editor.part < 0:
        return
    choice = editor.choice or frozenset((editor.part, x) for x in score.parts[editor.part].notes)
    edited = edits.quantised(score, choice, grid_ticks=editor.step_ticks)
    editor.commit("Quantise notes", edited if editor.choice else (edited[0], frozenset()))


def moved_by(*, semitones: int = 0, steps: int = 0, text: str = "Move notes") -> Verb:
    """Return the verb that moves the chosen notes in pitch, or by lines of the grid."""

    def verb(editor: ScoreEditor) -> None:
        ticks = steps * editor.step_ticks
        _edit(editor, text, lambda s, c: edits.moved(s, c, ticks=ticks, semitones=semitones))

    return verb


def scale_step(by: int) -> Verb:
    """Return the verb that moves the chosen notes within the key; by semitones without one."""

    def verb(editor: ScoreEditor) -> None:
        if editor.key is None:
            moved_by(semitones=by, text="Transpose notes")(editor)
            return
        tonic, mode = editor.key
        _edit(
            editor,
            "Transpose within the key",
            lambda s, c: edits.transposed_in_scale(s, c, steps=by, tonic=tonic, mode=mode),
        )

    return verb


def louder(by: int) -> Verb:
    """Return the verb that changes the velocities of the chosen notes."""

    def verb(editor: ScoreEditor) -> None:
        _edit(editor, "Change velocity", lambda s, c: edits.louder(s, c, by=by))

    return verb


def zoomed(by: float) -> Verb:
    def verb(editor: ScoreEditor) -> None:
        editor.zoom(time=by)

    return verb


def _edit(
    editor: ScoreEditor,
    text: str,
    change: Callable[[NoteScore, Choice], edits.Edited],
) -> None:
    if editor.score is not None and editor.choice:
        editor.commit(text, change(editor.score, editor.choice))


def _packed(choice: Choice) -> bytes:
    rows = [[p, x.start_tick, x.pitch, x.length_ticks, x.velocity] for p, x in sorted(choice)]
    return json.dumps({"notes": rows}).encode()


def _unpacked(data: bytes) -> Choice:
    """Read notes off the clipboard, which anyone may fill; nothing if they are none."""
    try:
        rows = parse(data)["notes"]
        found = {(p, ScoreNote(*rest)) for p, *rest in rows[:MOST_PASTED]}
        whole = all(type(x) is int for row in rows for x in row)
    except (DocumentError, ValueError, TypeError, KeyError):
        return frozenset()
    sound = whole and all(
        0 <= p < 4096
        and 0 <= x.start_tick < 2**31
        and 0 <= x.pitch < 128
        and 0 < x.length_ticks < 2**31
        and 0 < x.velocity < 128
        for p, x in found
    )
    return frozenset(found) if sound else frozenset()


_STANDARD = (
    (QKeySequence.StandardKey.SelectAll, choose_all),
    (QKeySequence.StandardKey.Copy, copy),
    (QKeySequence.StandardKey.Cut, cut),
    (QKeySequence.StandardKey.Paste, paste),
    (QKeySequence.StandardKey.Delete, delete),
)

_KEYS: dict[tuple[int, str], Verb] = {
    (Qt.Key.Key_Backspace, ""): delete,
    (Qt.Key.Key_Escape, ""): choose_none,
    (Qt.Key.Key_D, "ctrl"): duplicate,
    (Qt.Key.Key_Q, ""): quantise,
    (Qt.Key.Key_Up, ""): moved_by(semitones=1, text="Transpose notes"),
    (Qt.Key.Key_Down, ""): moved_by(semitones=-1, text="Transpose notes"),
    (Qt.Key.Key_Up, "shift"): moved_by(semitones=12, text="Transpose notes"),
    (Qt.Key.Key_Down, "shift"): moved_by(semitones=-12, text="Transpose notes"),
    (Qt.Key.Key_Up, "alt"): scale_step(1),
    (Qt.Key.Key_Down, "alt"): scale_step(-1),
    (Qt.Key.Key_Left, ""): moved_by(steps=-1),
    (Qt.Key.Key_Right, ""): moved_by(steps=1),
    (Qt.Key.Key_Up, "ctrl"): louder(LOUDER_BY),
    (Qt.Key.Key_Down, "ctrl"): louder(-LOUDER_BY),
    (Qt.Key.Key_Plus, ""): zoomed(1.25),
    (Qt.Key.Key_Minus, ""): zoomed(0.8),
}
