"""Working on the notes of the document's score, with mouse and keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.canvas import score_keys as keys
from desktop.canvas.score_editor import USUAL_VELOCITY, ScoreEditor
from desktop.canvas.score_grid import KEYS_PX, RULER_PX
from desktop.canvas.score_layout import ScoreLayout
from desktop.document.midi_file import heard_midi, read_notes, write_notes
from desktop.document.model import PartState
from desktop.document.notes import NoteScore, ScoreNote
from desktop.document.recognised_key import key_of
from desktop.score_room import ScoreRoom
from tests.desktop.pointer import LEFT, PLAIN, stroke
from tests.desktop.test_pianoroll import waltz

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop.session import Session


@pytest.fixture
def room(qtbot: QtBot, session: Session) -> Iterator[ScoreRoom]:
    """Give the room with a waltz in it: part 0 a melody from C4 up, part 1 drums."""
    session.set_music(waltz())
    made = ScoreRoom(session)
    qtbot.addWidget(made)
    made.resize(1100, 420)
    made.show()
    qtbot.waitUntil(lambda: made.editor.score is not None)
    made.editor.zoom(time=2.0)
    made.editor.show_place(left_s=0.0)
    yield made
    assert made.worker.close()
    QApplication.clipboard().clear()


def notes(room: ScoreRoom, part: int = 0) -> tuple[ScoreNote, ...]:
    score = room.editor.score
    assert score is not None
    return score.parts[part].notes


def place(room: ScoreRoom, note: ScoreNote, share: float = 0.5) -> QPointF:
    """Return a point on a note, `share` of its length from its start."""
    editor = room.editor
    score = editor.score
    assert score is not None
    start, end = score.seconds(note.start_tick), score.seconds(note.end_tick)
    box = editor.grid.rect(note, start, end)
    return QPointF(box.left() + box.width() * share, box.center().y())


def drag(editor: ScoreEditor, start: QPointF, end: QPointF) -> None:
    stroke(editor, start.toPoint(), end.toPoint())


def saved(session: Session) -> NoteScore:
    """Return the score as it stands in the document's file."""
    assert session.document.music is not None
    return read_notes(session.assets.read(session.document.music.midi_asset))


def test_a_note_is_moved_to_the_grid_in_one_step(room: ScoreRoom, session: Session) -> None:
    first = notes(room)[0]
    start = place(room, first)
    quarter_px = room.editor.grid.px_per_s
    drag(room.editor, start, start + QPointF(quarter_px * 0.97, -2 * room.editor.grid.row_px))
    assert ScoreNote(480, 62, 480, 80) in notes(room)
    assert saved(session).parts[0].notes == notes(room)
    session.undo()
    assert notes(room)[0] == first and len(notes(room)) == 9


def test_an_end_is_stretched_and_never_to_nothing(room: ScoreRoom) -> None:
    first = notes(room)[0]
    side = place(room, first, 0.99)
    drag(room.editor, side, side - QPointF(900, 0))
    assert notes(room)[0].length_ticks == room.editor.step_ticks
    assert notes(room)[0].start_tick == first.start_tick


def test_a_double_click_writes_a_note_and_takes_it_away(room: ScoreRoom, session: Session) -> None:
    editor, free = room.editor, QPointF(KEYS_PX + 30, RULER_PX + 40)
    QTest.mouseDClick(editor, LEFT, PLAIN, free.toPoint())
    made = [x for x in notes(room) if x.velocity == USUAL_VELOCITY]
    assert made[0].pitch == editor.grid.pitch(free.y())
    assert len(notes(room)) == 10 and len(made) == 1
    assert made[0].start_tick % editor.step_ticks == 0
    QTest.mouseDClick(editor, LEFT, PLAIN, place(room, made[0]).toPoint())
    assert len(notes(room)) == 9 and len(saved(session).parts[0].notes) == 9


def test_the_pen_writes_a_note_as_long_as_the_stroke(room: ScoreRoom) -> None:
    room._pen.setChecked(True)
    editor = room.editor
    at = QPointF(KEYS_PX + 2, RULER_PX + 40)
    drag(editor, at, at + QPointF(editor.grid.px_per_s * 0.9, 0))
    new = next(x for x in notes(room) if x.velocity == USUAL_VELOCITY)
    assert new.start_tick == 0 and new.length_ticks == 480


def test_a_rectangle_chooses_and_delete_takes_away(room: ScoreRoom, session: Session) -> None:
    editor = room.editor
    low = place(room, notes(room)[0]) + QPointF(-40, 30)
    high = place(room, notes(room)[2]) + QPointF(10, -12)
    drag(editor, QPointF(max(low.x(), KEYS_PX + 1), low.y()), high)
    assert len(editor.choice) == 3
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    assert len(notes(room)) == 6 and not editor.choice
    session.undo()
    assert len(notes(room)) == 9


def test_copies_are_pasted_at_the_playhead(room: ScoreRoom) -> None:
    editor = room.editor
    editor.choose(frozenset((0, x) for x in notes(room)[:2]))
    keys.copy(editor)
    room.set_time(4.0)
    keys.paste(editor)
    assert len(notes(room)) == 11
    assert {x.start_tick for _, x in editor.choice} == {4 * 480, 5 * 480}


@pytest.mark.parametrize(
    "junk", [b"", b"[1]", b'{"notes": [[0, 1]]}', b'{"notes": [[0,1,200,1,1]]}']
)
def test_what_is_no_notes_is_not_pasted(room: ScoreRoom, junk: bytes) -> None:
    from PySide6.QtCore import QMimeData

    data = QMimeData()
    data.setData(keys.NOTES_MIME, junk)
    QApplication.clipboard().setMimeData(data)
    keys.paste(room.editor)
    assert len(notes(room)) == 9


def test_arrows_transpose_and_quantise_sets_to_the_grid(room: ScoreRoom) -> None:
    editor = room.editor
    keys.choose_all(editor)
    QTest.keyClick(editor, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert [x.pitch for x in notes(room)] == list(range(72, 81))
    QTest.keyClick(editor, Qt.Key.Key_Right)
    assert notes(room)[0].start_tick == editor.step_ticks
    editor.division = 4
    QTest.keyClick(editor, Qt.Key.Key_Q)
    assert all(x.start_tick % 480 == 0 for x in notes(room))


def test_velocities_are_painted_in_the_lane(room: ScoreRoom) -> None:
    editor = room.editor
    lane = editor.grid.lane
    xs = [editor.grid.x(editor.score.seconds(x.start_tick)) for x in notes(room)[:3]]  # type: ignore[union-attr]
    drag(editor, QPointF(xs[0], lane.bottom() - 4), QPointF(xs[2], lane.top() + 6))
    loud = [x.velocity for x in notes(room)[:3]]
    assert loud[0] < 15 and 50 < loud[1] < 75 and loud[2] > 115
    assert notes(room)[3].velocity == 80


def test_a_gesture_that_leads_nowhere_is_no_edit(room: ScoreRoom, session: Session) -> None:
    before = session.document
    at = place(room, notes(room)[4])
    drag(room.editor, at, at)
    assert session.document is before and room.editor.choice == {(0, notes(room)[4])}


def test_a_muted_part_is_not_heard_and_stays_in_the_file(room: ScoreRoom, session: Session) -> None:
    session.set_part("Mute part", 0, PartState(muted=True))
    music = session.document.music
    assert music is not None and music.silent(2) == {0}
    sounding = read_notes(heard_midi(session.assets.read(music.midi_asset), music))
    assert [len(x.notes) for x in sounding.parts] == [3]
    assert len(saved(session).parts[0].notes) == 9
    session.set_part("Solo part", 1, PartState(soloed=True))
    session.set_part("Mute part", 0, PartState())
    assert session.document.music is not None and session.document.music.silent(2) == {0}
    session.undo()


def test_an_instrument_and_a_level_are_written_into_the_file(
    room: ScoreRoom, session: Session
) -> None:
    session.set_program(0, 73)
    session.set_level(0, 64)
    part = saved(session).parts[0]
    assert (part.program, part.level, len(part.notes)) == (73, 64, 9)
    session.undo()
    session.undo()
    assert saved(session).parts[0].program == 40


def test_scrolling_paints_only_what_comes_into_view(room: ScoreRoom) -> None:
    editor = room.editor
    editor.grab()
    before = editor._tiles.painted
    for step in range(10):
        editor.show_place(left_s=step * 0.01)
        editor.grab()
    assert editor._tiles.painted - before <= 1


def test_a_layout_finds_each_note_once(room: ScoreRoom) -> None:
    score = room.editor.score
    assert score is not None
    layout = ScoreLayout(score)
    found = [(x.part, x.note) for x in layout.between(0.0, 100.0)]
    assert len(found) == len(set(found)) == 12
    some = {x.note.pitch for x in layout.between(2.1, 2.9) if x.part == 0}
    assert some == {62}


def test_the_editor_takes_its_keys_before_the_menus(qtbot: QtBot) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent

    editor = ScoreEditor()
    qtbot.addWidget(editor)
    event = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier
    )
    event.ignore()
    assert editor.event(event) and event.isAccepted()


def test_notes_are_heard_when_pressed_drawn_and_moved(room: ScoreRoom) -> None:
    heard: list[tuple[int, int, int]] = []
    editor = room.editor
    editor.heard.connect(lambda *note: heard.append(note))
    first = notes(room)[0]
    score = editor.score
    assert score is not None
    program = score.parts[0].program
    at = place(room, first)
    drag(editor, at, at - QPointF(0, 2 * editor.grid.row_px))
    assert heard[0] == (program, first.pitch, first.velocity)
    assert heard[-1] == (program, first.pitch + 2, first.velocity)
    heard.clear()
    key = QPointF(KEYS_PX / 2, editor.grid.y(64) + editor.grid.row_px / 2)
    drag(editor, key, key + QPointF(0, editor.grid.row_px))
    assert [pitch for _, pitch, _ in heard] == [64, 63]
    assert not editor.choice or notes(room)
    room.parts.chosen.emit(1)
    heard.clear()
    drag(editor, key, key)
    assert heard == [(128, 64, USUAL_VELOCITY)]


def test_the_shaded_key_is_that_of_the_score_in_sight(
    room: ScoreRoom, session: Session, qtbot: QtBot
) -> None:
    first = room.editor.key
    assert first == key_of(read_notes(waltz()))

    score = room.editor.score
    assert score is not None
    length, pitches = score.ticks_per_quarter, (62, 64, 65, 67, 69, 70, 73, 74) * 3
    line = tuple(ScoreNote(length * i, pitch, length, 80) for i, pitch in enumerate(pitches))
    data = write_notes(replace(score, parts=(replace(score.parts[0], notes=line),)))
    made = read_notes(data)
    assert key_of(made) == (2, "minor")
    session.know_score(session.assets.add(data, ".mid"), made)  # as one that was composed here
    session.set_music(data)
    qtbot.waitUntil(lambda: room.editor.key == (2, "minor"))
    session.undo()
    qtbot.waitUntil(lambda: room.editor.key == first)
