"""Scores from outside, and the strip that shows them."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import mido
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.canvas.pianoroll import EMPTY, PianoRollStrip
from desktop.canvas.roll_painter import LEGEND_PX
from desktop.canvas.score import Score, ScoreError, read_score
from desktop.document.midi_file import LARGEST_BYTES
from desktop.player import Player
from tests.fakes import tiny_midi

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def waltz() -> bytes:
    """Return two bars of 3/4 at 60, then one at 120: a melody and drums."""
    file = mido.MidiFile(ticks_per_beat=480)
    melody = mido.MidiTrack()
    melody += [
        mido.MetaMessage("track_name", name="Violin"),
        mido.MetaMessage("time_signature", numerator=3, denominator=4),
        mido.MetaMessage("set_tempo", tempo=1_000_000),
        mido.Message("program_change", program=40),
    ]
    for number in range(9):
        if number == 6:
            melody.append(mido.MetaMessage("set_tempo", tempo=500_000))
        melody.append(mido.Message("note_on", note=60 + number, velocity=80))
        melody.append(mido.Message("note_on", note=60 + number, velocity=0, time=480))
    drums = mido.MidiTrack()
    for _ in range(3):
        drums.append(mido.Message("note_on", channel=9, note=36, velocity=100))
        drums.append(mido.Message("note_off", channel=9, note=36, time=1440))
    file.tracks += [melody, drums]
    data = io.BytesIO()
    file.save(file=data)
    return data.getvalue()


def test_a_score_is_read_in_seconds() -> None:
    score = read_score(waltz())
    violin = [note for note in score.notes if note.track == 0]
    assert [round(note.start_s, 3) for note in violin] == [0, 1, 2, 3, 4, 5, 6, 6.5, 7]
    assert [round(time_s, 3) for time_s in score.bars_s] == [0, 3, 6, 7.5]
    assert score.length_s == pytest.approx(7.5)
    assert [(track.name, track.drums) for track in score.tracks] == [
        ("Violin", False),
        ("Part 2", True),
    ]


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFFWAVE", b"MThd" + b"\xff" * 60])
def test_what_is_no_score_has_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(ScoreError):
        read_score(data)


def test_a_score_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(ScoreError, match="larger than 4 MB"):
        read_score(b"MThd" + bytes(LARGEST_BYTES))


def test_damaged_scores_never_raise_anything_else() -> None:
    chance = random.Random(7)
    whole = waltz()
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            score = read_score(bytes(data[: chance.randrange(4, len(data))]))
        except ScoreError:
            refused += 1
        else:
            assert all(note.end_s >= note.start_s for note in score.notes)
    assert refused > 100


@pytest.fixture
def strip(qtbot: QtBot) -> Iterator[PianoRollStrip]:
    player = Player(find_output=lambda: None)
    player.set_duration(7.5)
    strip = PianoRollStrip(player=player)
    qtbot.addWidget(strip)
    strip.resize(640, 160)
    strip.show()
    qtbot.waitExposed(strip)
    yield strip
    assert strip.worker.close(), "the reading thread did not end"
    assert player.close()


def load(qtbot: QtBot, strip: PianoRollStrip, data: bytes) -> None:
    with qtbot.waitSignal(strip.score_changed, timeout=5000):
        strip.set_midi(data)


def colors(strip: PianoRollStrip) -> set[str]:
    image = strip.grab().toImage()
    step = range(0, image.width(), 2)
    rows = range(LEGEND_PX + 2, image.height(), 2)
    return {image.pixelColor(x, y).name() for x in step for y in rows}


def test_notes_are_drawn_in_their_tracks_colours(qtbot: QtBot, strip: PianoRollStrip) -> None:
    empty = colors(strip)
    load(qtbot, strip, waltz())
    assert strip.sentence == ""
    assert len(colors(strip) - empty) >= 2


def test_a_click_seeks_the_player(qtbot: QtBot, strip: PianoRollStrip) -> None:
    load(qtbot, strip, waltz())
    with qtbot.waitSignal(strip.seeked) as told:
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(335, 90))
    assert told.args is not None
    assert told.args[0] == pytest.approx(3.8, abs=0.1)
    assert strip._player is not None
    assert strip._player.time_s == told.args[0] == strip.time_s


def test_the_playhead_follows_the_player(qtbot: QtBot, strip: PianoRollStrip) -> None:
    load(qtbot, strip, waltz())
    assert strip._player is not None
    strip._player.seek(5.0)
    assert strip.time_s == 5.0


def test_a_click_on_a_name_hides_its_track(qtbot: QtBot, strip: PianoRollStrip) -> None:
    load(qtbot, strip, waltz())
    before = colors(strip)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(20, LEGEND_PX // 2))
    assert strip.hidden_tracks == {0}
    assert colors(strip) != before
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(20, LEGEND_PX // 2))
    assert strip.hidden_tracks == frozenset()


def test_damage_is_told_in_a_sentence(qtbot: QtBot, strip: PianoRollStrip) -> None:
    load(qtbot, strip, tiny_midi()[:30])
    assert strip.sentence.startswith("This score cannot be shown: ")
    assert strip.score == Score()
    strip.set_midi(b"")
    assert strip.sentence == EMPTY


def test_the_newest_score_wins(qtbot: QtBot, strip: PianoRollStrip) -> None:
    strip.set_midi(tiny_midi())
    strip.set_midi(waltz())
    qtbot.waitUntil(lambda: not strip.worker.busy, timeout=5000)
    assert len(strip.score.notes) == 12
    qtbot.waitUntil(lambda: not strip.worker.alive, timeout=5000)
