"""Work on a document's score with the real music engine in this process."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

from desktop.document.midi_file import read_notes
from desktop.document.model import CutFit, PartState, Shot
from desktop.document.notes import NoteScore, Part
from desktop.document.passages import Passage
from desktop.files import FileQuestions
from desktop.jobs import JobState
from desktop.session import Session
from engines.api import CancelToken, MusicRequest, Run
from engines.host import LocalHost

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

TIMEOUT_MS = 120_000
HIT_S = 0.02


@cache
def quartet() -> bytes:
    """Return eight bars for strings that the engine wrote."""
    request = MusicRequest(
        seed=5, mood="playful", bars=8, instruments=("violin", "viola", "cello"), candidates=1,
        tempo_bpm=120, meter="4/4", key="G major",
    )  # fmt: skip
    with LocalHost("cpu") as host:
        midi: bytes = host.run(request, Run(CancelToken())).midi
    return midi


@pytest.fixture
def real(qapp: object) -> Iterator[Session]:
    before = {thread.ident for thread in threading.enumerate()}
    with LocalHost("cpu") as host:
        session = Session(host)
        session.set_music(quartet())
        yield session
        assert session.close()
    left = {t.name for t in threading.enumerate() if t.ident not in before and not t.daemon}
    assert not left
    session.deleteLater()


def idle(qtbot: QtBot, session: Session) -> None:
    qtbot.waitUntil(lambda: session.jobs.idle, timeout=TIMEOUT_MS)
    failed = [job.error for job in session.jobs.jobs if job.state is JobState.FAILED]
    assert not failed


def now(session: Session) -> NoteScore:
    assert session.document.music is not None
    return read_notes(session.assets.read(session.document.music.midi_asset))


def in_bars(score: NoteScore, part: Part, bars: range) -> list[tuple[int, int, int]]:
    """Return a part's notes of some bars: ticks from the first bar line, pitch, velocity."""
    begin = score.bar_ticks[bars.start]
    return [
        (note.start_tick - begin, note.pitch, note.velocity)
        for note in part.notes
        if score.bar_at(note.start_tick) in bars
    ]


def test_bars_are_written_again_but_for_what_is_locked(qtbot: QtBot, real: Session) -> None:
    before = now(real)
    real.set_part("Lock part", 2, PartState(locked=True))
    real.toggle_bar_lock(Passage(first=3, last=3))
    real.write_again(Passage(first=2, last=4))
    idle(qtbot, real)
    after = now(real)
    assert len(after.parts) == 3
    assert in_bars(after, after.parts[2], range(8)) == in_bars(before, before.parts[2], range(8))
    for part in range(3):
        for kept in (range(2), range(3, 4), range(5, 8)):
            assert in_bars(after, after.parts[part], kept) == in_bars(
                before, before.parts[part], kept
            )
    changed = [
        in_bars(after, after.parts[part], range(bar, bar + 1))
        != in_bars(before, before.parts[part], range(bar, bar + 1))
        for part in (0, 1)
        for bar in (2, 4)
    ]
    assert any(changed)
    music = real.document.music
    assert music is not None
    assert music.part(2).locked and music.locked_bars == (3,)
    assert music.sound_asset in real.assets
    real.undo()
    assert now(real) == before


def test_music_follows_the_cuts_and_keeps_what_is_locked(qtbot: QtBot, real: Session) -> None:
    music = real.document.music
    shots = tuple(Shot(name=str(i), duration_s=s) for i, s in enumerate((5.0, 4.5, 6.5)))
    real.new_scene()
    real.edit("Shots", replace(real.document, shots=shots))
    real.set_music(quartet())
    assert music is not None
    real.toggle_bar_lock(Passage(first=1, last=2))
    before = now(real)
    locked = [in_bars(before, part, range(1, 3)) for part in before.parts]
    real.fit_music(CutFit(seconds=0, hits_cuts=True))
    idle(qtbot, real)
    moved = (replace(shots[0], duration_s=5.6), *shots[1:])
    real.edit("Trim shot", replace(real.document, shots=moved))
    qtbot.waitUntil(
        lambda: bool(
            real.document.music
            and real.document.music.follows
            and real.document.music.follows.hits_s == (5.6, 10.1)
        ),
        timeout=TIMEOUT_MS,
    )
    idle(qtbot, real)
    after = now(real)
    starts = [after.seconds(note.start_tick) for part in after.parts for note in part.notes]
    for hit in (5.6, 10.1):
        assert min(abs(start - hit) for start in starts) <= HIT_S
    track = real.document.music
    assert track is not None
    bars = range(track.locked_bars[0], track.locked_bars[-1] + 1)
    scale = after.ticks_per_quarter // before.ticks_per_quarter
    assert scale == 1
    assert [in_bars(after, part, bars) for part in after.parts] == locked
    end = (
        after.bar_ticks[after.bar_count]
        if after.bar_count < len(after.bar_ticks)
        else (after.end_tick)
    )
    assert after.seconds(end) == pytest.approx(16.6, abs=0.01)
    with soundfile.SoundFile(io.BytesIO(real.assets.read(track.sound_asset))) as sound:
        assert sound.frames / sound.samplerate == pytest.approx(16.6, abs=1e-3)


def test_parts_are_added_and_bars_go_on_after_the_end(qtbot: QtBot, real: Session) -> None:
    before = now(real)
    real.set_part("Mute part", 1, PartState(muted=True))
    real.write_music(real.music_request("accompany", instruments=("flute",), candidates=1, seed=3))
    idle(qtbot, real)
    more = now(real)
    assert [part.program for part in more.parts] == [*(p.program for p in before.parts), 73]
    assert [part.notes for part in more.parts[:3]] == [part.notes for part in before.parts]
    music = real.document.music
    assert music is not None and music.part(1).muted and not music.part(3).muted
    real.write_music(real.music_request("continue", bars=4, candidates=1, seed=3))
    idle(qtbot, real)
    longer = now(real)
    assert longer.bar_count == 12
    assert in_bars(longer, longer.parts[0], range(8)) == in_bars(more, more.parts[0], range(8))
    names = [take.name for take in real.document.takes]
    assert names == ["Before", "With flute", "Continued to 12 bars"]


def test_a_score_goes_to_notation_and_stems_and_comes_back(
    qtbot: QtBot, real: Session, tmp_path: Path
) -> None:
    before = now(real)
    for suffix in (".musicxml", ".mxl"):
        goal = tmp_path / f"score{suffix}"
        real.export(goal)
        idle(qtbot, real)
        real.remove_music()
        FileQuestions.use_score(FileQuestions.__new__(FileQuestions), real, goal)
        idle(qtbot, real)
        after = now(real)
        assert [len(part.notes) for part in after.parts] == [len(p.notes) for p in before.parts]
        assert after.seconds(after.end_tick) == pytest.approx(
            before.seconds(before.end_tick), abs=0.3
        )
    told: list[tuple[Path, ...]] = []
    real.exported.connect(told.append)
    real.export_stems(tmp_path / "part.flac")
    idle(qtbot, real)
    [paths] = told
    assert [path.name.split()[1] for path in paths] == ["01", "02", "03"]
    assert all(soundfile.info(str(path)).frames > 0 for path in paths)
