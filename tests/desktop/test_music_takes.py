"""Work on the document's score: requests, takes, locks, and what follows the scene's cuts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktop.document.codec import from_dict, to_dict
from desktop.document.cuts import cut_times, fit_to_scene
from desktop.document.midi_file import read_notes
from desktop.document.model import CutFit, Document, PartState, Shot
from desktop.document.passages import (
    Passage,
    carried_bars,
    carried_parts,
    engine_tracks,
    lock_of,
    region_of,
)
from desktop.document.problems import DocumentError
from desktop.document.storage import load
from desktop.document.takes import MOST_TAKES, take_in_use
from engines.api import BadRequest, MusicRequest, MusicResult, Run
from engines.music.files.midi_writer import write_midi
from engines.music.files.reader import read_score
from engines.music.region import read_region
from tests import fakes
from tests.desktop import test_sounding
from tests.desktop.test_pianoroll import waltz

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop.playback import Playback
    from desktop.session import Session
    from tests.fakes import FakeHost

playback, sounding = test_sounding.playback, test_sounding.sounding


@pytest.fixture(autouse=True)
def writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake engine answer with a score that differs with the seed."""

    def write(request: MusicRequest, run: Run) -> MusicResult:
        midi = bytearray(write_midi(read_score(request.score or waltz())))
        velocity = midi.index(b"\x90\x3c") + 2
        midi[velocity] = 1 + (request.seed + len(request.region) + len(request.hits)) % 127
        return MusicResult(
            midi=bytes(midi), seed=request.seed, model="fake", bars=3, tempo_bpm=80.0,
            key="C major", meter="3/4", mood="calm", length_s=request.seconds or 7.5, notes=12,
            notices=("the tempo is 3% faster",) if request.seconds else (),
        )  # fmt: skip

    monkeypatch.setitem(fakes._ANSWERS, MusicRequest, write)


def music_requests(host: FakeHost) -> list[MusicRequest]:
    return [request for request in host.asked if isinstance(request, MusicRequest)]


def idle(qtbot: QtBot, session: Session) -> None:
    qtbot.waitUntil(lambda: session.jobs.idle, timeout=8000)


def scene(session: Session, *lengths_s: float) -> Document:
    """Open a scene of shots of these lengths."""
    session.new_scene()
    shots = tuple(
        Shot(id=f"shot{i}", name=f"Shot {i}", duration_s=s) for i, s in enumerate(lengths_s)
    )
    session.edit("Shots", replace(session.document, shots=shots))
    return session.document


def with_lengths(document: Document, *lengths_s: float) -> Document:
    shots = tuple(
        replace(shot, duration_s=s) for shot, s in zip(document.shots, lengths_s, strict=True)
    )
    return replace(document, shots=shots)


def test_passages_are_named_as_the_engine_counts() -> None:
    score = read_notes(waltz())
    assert score.bar_count == len(read_score(waltz()).bars()) == 3
    assert engine_tracks(score) == ((1,), (2,))
    assert region_of(score, Passage(first=1, last=2, parts=(1,))) == "2-3:2"
    assert region_of(score, Passage(first=0, last=99)) == "1-3"
    assert str(Passage(first=1, last=1)) == "bar 2"


def test_an_instrument_that_changes_on_the_way_is_two_tracks_of_the_engine() -> None:
    import io

    import mido

    file = mido.MidiFile(ticks_per_beat=480)
    both, other = mido.MidiTrack(), mido.MidiTrack()
    for program in (40, 73):
        both.append(mido.Message("program_change", program=program))
        both.append(mido.Message("note_on", note=60, velocity=80))
        both.append(mido.Message("note_off", note=60, time=480))
    other.append(mido.Message("note_on", channel=1, note=40, velocity=80))
    other.append(mido.Message("note_off", channel=1, note=40, time=960))
    file.tracks += [both, other]
    data = io.BytesIO()
    file.save(file=data)
    score = read_notes(data.getvalue())
    tracks = read_score(data.getvalue()).tracks
    assert engine_tracks(score) == ((1, 2), (3,))
    assert [track.program for track in tracks] == [40, 73, 0]
    locked = read_region(region_of(score, Passage(first=0, last=0, parts=(0,))), tracks, 1)
    assert locked == {(0, 0), (1, 0)}
    after = read_notes(write_midi(read_score(data.getvalue())))
    from desktop.document.model import MusicTrack

    music = MusicTrack(midi_asset="", parts=(PartState(locked=True), PartState(muted=True)))
    states = carried_parts(score, after, music)
    assert [(s.locked, s.muted) for s in states] == [(True, False), (True, False), (False, True)]


def test_locked_bars_are_found_again_where_bars_were_left_out() -> None:
    score = read_notes(waltz())
    part = score.parts[0]
    quarter = score.ticks_per_quarter
    first = tuple(note for note in part.notes if note.start_tick < 3 * quarter)
    third = tuple(
        replace(note, start_tick=note.start_tick - 3 * quarter)
        for note in part.notes
        if note.start_tick >= 6 * quarter
    )
    kept = (*first, *third)
    short = score.with_notes(0, kept).with_notes(1, score.parts[1].notes[:2])
    assert short.bar_count == 2
    assert carried_bars(score, short, (0, 2)) == (0, 1)
    assert carried_bars(score, short, (1,)) == ()
    assert carried_bars(score, score, (1, 2)) == (1, 2)


def test_what_is_locked_goes_into_the_request(session: Session) -> None:
    session.set_music(waltz())
    session.set_part("Lock part", 1, PartState(locked=True))
    session.toggle_bar_lock(Passage(first=0, last=1))
    request = session.music_request("vary", amount=0.3)
    assert (request.lock, request.region, request.amount) == ("1-2;:2", "", 0.3)
    assert session.document.music is not None
    assert lock_of(read_notes(waltz()), session.document.music) == "1-2;:2"
    session.toggle_bar_lock(Passage(first=0, last=1))
    assert session.music_request("vary").lock == ":2"
    with pytest.raises(BadRequest, match="no score"):
        session.remove_music()
        session.music_request("vary")


def test_each_result_is_a_take_and_one_undo_step(
    qtbot: QtBot, session: Session, host: FakeHost
) -> None:
    session.set_music(waltz(), name="Own")
    session.set_part("Mute part", 1, PartState(muted=True))
    first = session.document
    session.write_again(Passage(first=1, last=1, parts=(0,)))
    idle(qtbot, session)
    asked = music_requests(host)[-1]
    assert (asked.verb, asked.region) == ("fill", "2:1")
    document = session.document
    assert [take.name for take in document.takes] == ["Own", "Bar 2 again"]
    assert document.music is not None and document.music.sound_asset
    assert document.music.part(1).muted
    in_use = take_in_use(document)
    assert in_use is not None and in_use.name == "Bar 2 again"
    assert session.undo_text == "Write bars again"
    session.undo()
    assert session.document == first
    session.redo()
    assert session.document == document


def test_takes_are_compared_kept_and_deleted(qtbot: QtBot, session: Session) -> None:
    session.set_music(waltz(), name="Own")
    session.vary_music(0.5)
    idle(qtbot, session)
    own, varied = session.document.takes
    steps = session.history.steps
    for expected in (own, varied, own):
        session.flip_take()
        idle(qtbot, session)
        assert session.document.music is not None
        assert session.document.music.midi_asset == expected.track.midi_asset
    assert session.history.steps == steps + 1, "flipping is one step"
    session.delete_take(varied.id)
    assert [take.id for take in session.document.takes] == [own.id]
    session.keep_take(own.id, True)
    for _ in range(MOST_TAKES + 2):
        session.vary_music(1.0)
        idle(qtbot, session)
    assert len(session.document.takes) == MOST_TAKES
    assert session.document.takes[0].id == own.id, "a kept take never goes"
    last = session.document.takes[-1].id
    session.delete_takes_but(last)
    assert [take.id for take in session.document.takes] == [own.id, last]


def test_notes_changed_by_hand_are_not_lost_by_using_a_take(qtbot: QtBot, session: Session) -> None:
    session.set_music(waltz(), name="Own")
    session.vary_music()
    idle(qtbot, session)
    own = session.document.takes[0]
    session.set_level(0, 31)
    assert session.document.music is not None
    by_hand = session.document.music.midi_asset
    session.use_take(own.id)
    assert by_hand in [take.track.midi_asset for take in session.document.takes]
    session.flip_take()
    assert session.document.music is not None
    assert session.document.music.midi_asset == by_hand


def test_a_score_that_changed_meanwhile_stays_and_the_result_is_a_take(
    qtbot: QtBot, session: Session, host: FakeHost
) -> None:
    told: list[str] = []
    session.noticed.connect(told.append)
    session.set_music(waltz())
    assert session.document.music is not None
    session.know_score(session.document.music.midi_asset, read_notes(waltz()))
    host.gate.clear()
    session.vary_music()
    session.set_level(0, 40)
    mine = session.document.music.midi_asset
    host.gate.set()
    idle(qtbot, session)
    assert session.document.music.midi_asset == mine
    assert session.document.takes[-1].name == "Varied by 50%"
    assert "among the takes" in told[-1]


def test_recipes_replay_after_save_and_load(
    qtbot: QtBot, session: Session, host: FakeHost, tmp_path: Path
) -> None:
    session.set_music(waltz())
    session.vary_music()
    idle(qtbot, session)
    made_of = music_requests(host)[-1].score
    written = session.document
    session.save(tmp_path / "a.triptych")
    idle(qtbot, session)
    document, _ = load(tmp_path / "a.triptych")
    assert document == written
    session.open(tmp_path / "a.triptych")
    idle(qtbot, session)
    session.reroll_music()
    idle(qtbot, session)
    again = music_requests(host)[-1]
    assert (again.verb, again.score) == ("vary", made_of)
    assert again.seed != music_requests(host)[0].seed
    assert len(session.document.takes) == 3
    in_use = take_in_use(session.document)
    assert in_use is session.document.takes[-1]


def test_the_cuts_to_hit_are_those_that_can_be_hit(session: Session) -> None:
    document = scene(session, 2.0, 0.1, 3.0, 4.0)
    assert [s for s, _ in cut_times(document)] == ["shot1", "shot2", "shot3"]
    wish = CutFit(seconds=0, hits_cuts=True)
    fit, left_out = fit_to_scene(document, wish, gap_s=0.25, most=64)
    assert (fit.hits_s, left_out) == ((2.0, 5.1), 1)
    assert fit.seconds == pytest.approx(9.1)
    fewer, _ = fit_to_scene(document, replace(wish, skipped=("shot1",)), gap_s=0.25, most=64)
    assert fewer.hits_s == (2.1, 5.1)


def test_music_follows_cuts_that_move_in_the_same_undo_step(
    qtbot: QtBot, session: Session, host: FakeHost
) -> None:
    scene(session, 2.0, 3.0)
    session.set_music(waltz())
    session.set_part("Lock part", 0, PartState(locked=True))
    told: list[str] = []
    session.noticed.connect(told.append)
    session.fit_music(CutFit(seconds=0, hits_cuts=True))
    idle(qtbot, session)
    before = session.document
    assert before.music is not None and before.music.follows is not None
    assert before.music.follows.hits_s == (2.0,)
    steps = session.history.steps
    session.edit("Trim shot", with_lengths(before, 2.5, 3.0))
    qtbot.waitUntil(lambda: len(music_requests(host)) == 2)
    idle(qtbot, session)
    asked = music_requests(host)[-1]
    assert (asked.verb, asked.seconds, asked.hits, asked.lock) == ("fit", 5.5, (2.5,), ":1")
    music = session.document.music
    assert music is not None and music.follows is not None
    assert music.follows.hits_s == (2.5,)
    assert music.part(0).locked
    assert session.history.steps == steps + 1
    assert "fitted to them again" in told[-1] and "3% faster" in told[-1]
    session.undo()
    assert session.document == before
    qtbot.wait(350)
    assert len(music_requests(host)) == 2, "undo asks for nothing"
    session.redo()
    assert session.document.music == music


def test_music_that_does_not_follow_by_itself_offers_to(
    qtbot: QtBot, session: Session, host: FakeHost
) -> None:
    scene(session, 2.0, 3.0)
    session.set_music(waltz())
    session.fit_music(CutFit(seconds=0, hits_cuts=True, automatic=False))
    idle(qtbot, session)
    with qtbot.waitSignal(session.cuts_moved) as moved:
        session.edit("Trim shot", with_lengths(session.document, 1.5, 3.0))
    assert "cuts moved" in moved.args[0]
    assert len(music_requests(host)) == 1
    session.fit_music()
    idle(qtbot, session)
    assert music_requests(host)[-1].hits == (1.5,)


def test_a_fit_for_cuts_that_moved_on_is_not_used(
    qtbot: QtBot, session: Session, host: FakeHost
) -> None:
    scene(session, 2.0, 3.0)
    session.set_music(waltz())
    host.gate.clear()
    session.fit_music(CutFit(seconds=0, hits_cuts=True))
    session.edit("Trim shot", with_lengths(session.document, 1.0, 3.0))
    host.gate.set()
    idle(qtbot, session)
    assert session.document.music is not None
    assert session.document.music.follows is None


def test_there_is_nothing_to_fit_a_poster_to(session: Session) -> None:
    session.set_music(waltz())
    with pytest.raises(BadRequest, match="no scene"):
        session.fit_music()


def test_takes_are_compared_while_they_play_at_the_same_place(
    qtbot: QtBot,
    session: Session,
    playback: Playback,
) -> None:
    session.set_music(waltz(), name="Own")
    session.vary_music()
    idle(qtbot, session)
    playback.toggle()
    qtbot.waitUntil(lambda: playback.playing)
    qtbot.wait(150)
    own, varied = session.document.takes
    for take in (own, varied):
        place_s = playback._the_player().time_s
        session.flip_take()
        qtbot.waitUntil(lambda: bool(session.document.music and session.document.music.sound_asset))
        qtbot.waitUntil(lambda: playback.playing and not playback.wanted)
        assert playback._the_player().time_s >= place_s > 0.05
        assert session.document.music is not None
        assert session.document.music.midi_asset == take.track.midi_asset


def test_a_locked_score_of_a_file_is_read_beside_the_window(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    session.set_music(waltz())
    session.toggle_bar_lock(Passage(first=1, last=1))
    session.save(tmp_path / "a.triptych")
    idle(qtbot, session)
    session._known.clear()
    session._learning = ""
    session.open(tmp_path / "a.triptych")
    qtbot.waitUntil(lambda: session.score is not None)
    assert session.music_request("vary").lock == "2"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"locked_bars": [3, 1]}, "not in order"),
        ({"locked_bars": [-1]}, "not in order"),
        ({"follows": {"seconds": -2.0}}, "a time that its music follows"),
        ({"follows": {"seconds": 5.0, "hits_s": [1e8]}}, "a time that its music follows"),
    ],
)
def test_a_files_locks_and_hits_are_checked(
    session: Session, change: dict[str, object], says: str
) -> None:
    session.set_music(waltz())
    data = to_dict(session.document)
    data["music"].update(change)
    with pytest.raises(DocumentError, match=says):
        from_dict(data)


def test_two_takes_of_one_id_are_refused(session: Session) -> None:
    session.set_music(waltz())
    session.set_music(waltz() + b"\0")
    data = to_dict(session.document)
    data["takes"] *= 2
    with pytest.raises(DocumentError, match="same id"):
        from_dict(data)
