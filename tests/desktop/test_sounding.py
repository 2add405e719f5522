"""Scores becoming sound in the window: soundfonts, changes while it plays, single notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from desktop.audition import Audition
from desktop.document.midi_file import one_note, read_notes
from desktop.document.model import Document, PartState
from desktop.jobs import JobState
from desktop.playback import Playback
from desktop.player import Player, Sound
from desktop.session import Session
from engines.api import ModelRefused, Run, SoundRequest, SoundResult
from tests import fakes
from tests.desktop.test_pianoroll import waltz
from tests.desktop.test_player import tone
from tests.fakes import FakeHost

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def sounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fake engine answer with a sound that can be played."""

    def play(request: SoundRequest, run: Run) -> SoundResult:
        if "broken" in request.soundfont:
            raise ModelRefused(request.soundfont, "it is not an SF2 or SF3 soundfont")
        return SoundResult(
            data=tone(2.0, request.format.upper()), format=request.format, length_s=2.0,
            sample_rate_hz=48000, loudness_lufs=-16.0,
        )  # fmt: skip

    monkeypatch.setitem(fakes._ANSWERS, SoundRequest, play)


def asked_sounds(host: FakeHost) -> list[SoundRequest]:
    return [request for request in host.asked if isinstance(request, SoundRequest)]


def test_one_note_is_a_score_of_one_note() -> None:
    score = read_notes(one_note(40, 67, 90))
    assert [(p.program, p.is_drums) for p in score.parts] == [(40, False)]
    assert [(n.pitch, n.velocity) for n in score.parts[0].notes] == [(67, 90)]
    assert score.seconds(score.end_tick) == pytest.approx(1.0)
    assert read_notes(one_note(128, 38, 90)).parts[0].is_drums


def test_a_soundfont_is_used_once_it_was_tried(
    qtbot: QtBot, session: Session, host: FakeHost
) -> None:
    session.set_music(waltz())
    session.sound_music()
    qtbot.waitUntil(lambda: bool(session.document.music and session.document.music.sound_asset))
    told: list[str] = []
    session.soundfont_changed.connect(told.append)
    session.try_soundfont(Path("/fonts/own.sf2"))
    qtbot.waitUntil(lambda: session.soundfont != "")
    assert told == ["/fonts/own.sf2"]
    assert session.document.music is not None and not session.document.music.sound_asset
    session.sound_music()
    qtbot.waitUntil(lambda: bool(session.document.music and session.document.music.sound_asset))
    assert asked_sounds(host)[-1].soundfont == "/fonts/own.sf2"


def test_a_file_that_is_no_soundfont_is_refused_with_a_reason(
    qtbot: QtBot, session: Session
) -> None:
    job = session.try_soundfont(Path("/fonts/broken.sf2"))
    qtbot.waitUntil(lambda: session.jobs.job(job.id).ended)
    ended = session.jobs.job(job.id)
    assert ended.state is JobState.FAILED and isinstance(ended.error, ModelRefused)
    assert session.soundfont == ""


@pytest.fixture
def playback(qapp: object, session: Session) -> Iterator[Playback]:
    """Give a playback whose player follows the document's sound, as the timeline lets it."""
    player = Player(find_output=lambda: None)

    def follow(before: Document, after: Document) -> None:
        asset = after.music.sound_asset if after.music else ""
        if before.music is None or asset != before.music.sound_asset:
            player.load(session.assets.read(asset) if asset else b"")

    made = Playback(session, lambda: player)
    session.document_changed.connect(follow)
    yield made
    assert made.close()


def test_a_part_that_is_muted_while_it_plays_is_soon_not_heard(
    qtbot: QtBot, session: Session, host: FakeHost, playback: Playback
) -> None:
    session.set_music(waltz())
    playback.toggle()
    qtbot.waitUntil(lambda: playback.playing)
    qtbot.wait(100)
    session.set_part("Mute part", 1, PartState(muted=True))
    session.set_part("Mute part", 1, PartState())
    session.set_part("Mute part", 1, PartState(muted=True))
    qtbot.waitUntil(lambda: len(asked_sounds(host)) == 2)
    qtbot.waitUntil(lambda: playback.playing)
    assert session.document.music is not None and session.document.music.sound_asset
    assert len(read_notes(asked_sounds(host)[-1].midi).parts) == 1
    assert playback._the_player().time_s > 0.05, "it goes on where it was"


def test_a_sound_that_fails_can_be_asked_for_again(
    qtbot: QtBot, session: Session, host: FakeHost, playback: Playback
) -> None:
    session.set_music(waltz())
    host.lose_engine()
    playback.toggle()
    qtbot.waitUntil(lambda: not playback.wanted)
    host.fail_with = None
    playback.toggle()
    qtbot.waitUntil(lambda: playback.playing)


class Speaker:
    """What was played."""

    played: list[Sound]
    closed: int

    def __init__(self) -> None:
        self.played, self.closed = [], 0

    def __call__(self, device: Any, sound: Sound, start_s: float, gain_db: float) -> Speaker:
        self.played.append(sound)
        return self

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def speaker(monkeypatch: pytest.MonkeyPatch) -> Speaker:
    made = Speaker()
    monkeypatch.setattr("desktop.player.Output", made)
    return made


def test_a_note_is_heard_and_known_the_second_time(
    qtbot: QtBot, session: Session, host: FakeHost, speaker: Speaker
) -> None:
    audition = Audition(session, find_output=lambda: object())  # type: ignore[arg-type,return-value]
    audition.hear(40, 60, 80)
    qtbot.waitUntil(lambda: len(speaker.played) == 1)
    audition.hear(40, 60, 81)
    assert len(speaker.played) == 2 and len(asked_sounds(host)) == 1
    assert not asked_sounds(host)[0].mastered
    assert not session.jobs.jobs or all(job.quiet for job in session.jobs.jobs)
    audition.close()
    assert speaker.closed == 2


def test_of_many_notes_the_last_is_heard(
    qtbot: QtBot, session: Session, host: FakeHost, speaker: Speaker
) -> None:
    audition = Audition(session, find_output=lambda: object())  # type: ignore[arg-type,return-value]
    for pitch in range(40, 80):
        audition.hear(0, pitch, 80)
    qtbot.waitUntil(lambda: len(speaker.played) == 1)
    assert len(asked_sounds(host)) == 2
    assert read_notes(asked_sounds(host)[-1].midi).parts[0].notes[0].pitch == 79


@pytest.mark.parametrize("silent", ["switched off", "no device"])
def test_without_a_device_or_when_switched_off_nothing_is_asked(
    session: Session, host: FakeHost, speaker: Speaker, silent: str
) -> None:
    device = None if silent == "no device" else object()
    audition = Audition(session, find_output=lambda: device)  # type: ignore[arg-type,return-value]
    audition.switch(silent == "no device")
    audition.hear(0, 60, 80)
    assert not asked_sounds(host) and not speaker.played
