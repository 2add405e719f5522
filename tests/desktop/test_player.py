"""The clock, with and without sound; no test needs a sound device."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from desktop.player import SOUND_AS_IT_IS, Player, Sound, SoundError, State, _Pull, decode

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def tone(seconds: float = 0.5, kind: str = "WAV", channels: int = 2) -> bytes:
    time_s = np.arange(round(48000 * seconds)) / 48000
    wave = 0.5 * np.sin(2 * np.pi * 440 * time_s)
    data = io.BytesIO()
    soundfile.write(data, np.stack([wave] * channels, axis=1), 48000, format=kind)
    return data.getvalue()


@pytest.fixture
def player(qapp: object) -> Iterator[Player]:
    player = Player(find_output=lambda: None)
    yield player
    assert player.close(), "the decoding thread did not end"


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG"])
def test_every_format_is_decoded_to_its_length(kind: str) -> None:
    sound = decode(tone(0.5, kind))
    assert sound.length_s == pytest.approx(0.5, abs=0.01)
    assert sound.samples.shape[1] == 2
    assert sound.peaks.max() == pytest.approx(0.5, abs=0.05)
    assert len(sound.peaks) == pytest.approx(50, abs=1)


@pytest.mark.parametrize("data", [b"fLaC", b"", b"RIFF" + b"\xff" * 100, b"OggS junk"])
def test_what_is_no_sound_has_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(SoundError):
        decode(data)


def test_more_channels_than_two_are_left_out() -> None:
    assert decode(tone(0.1, channels=4)).samples.shape[1] == 2


def test_the_clock_runs_without_a_device_and_stops_at_the_end(qtbot: QtBot, player: Player) -> None:
    player.set_duration(0.2)
    times: list[float] = []
    player.time_changed.connect(times.append)
    player.play()
    assert player.state is State.PLAYING
    qtbot.waitUntil(lambda: player.state is State.PAUSED, timeout=5000)
    assert times == sorted(times)
    assert len(times) >= 3
    assert player.time_s == 0.2


def test_play_at_the_end_begins_again(qtbot: QtBot, player: Player) -> None:
    player.set_duration(5.0)
    player.seek(5.0)
    player.play()
    assert player.time_s < 1.0
    player.stop()
    assert (player.state, player.time_s) == (State.STOPPED, 0.0)


def test_a_loop_goes_round(qtbot: QtBot, player: Player) -> None:
    player.set_duration(0.1)
    player.loop = True
    times: list[float] = []
    player.time_changed.connect(times.append)
    player.play()
    qtbot.waitUntil(lambda: times.count(0.0) >= 2, timeout=5000)
    assert player.playing


def test_pause_keeps_the_place_and_seek_plays_on(qtbot: QtBot, player: Player) -> None:
    player.set_duration(60.0)
    player.play()
    qtbot.waitUntil(lambda: player.time_s > 0.05, timeout=5000)
    player.pause()
    place = player.time_s
    player.toggle()
    player.seek(30.0)
    qtbot.waitUntil(lambda: player.time_s > 30.0, timeout=5000)
    assert place < 30.0
    assert player.playing


def test_nothing_to_play_is_not_an_error(player: Player) -> None:
    player.play()
    assert player.state is State.STOPPED


def test_a_sound_is_decoded_on_a_thread_and_gives_the_length(qtbot: QtBot, player: Player) -> None:
    with qtbot.waitSignal(player.sound_changed, timeout=5000):
        player.load(tone(0.4))
    assert player.duration_s == pytest.approx(0.4)
    player.set_duration(9.0)
    assert player.duration_s == 9.0
    player.load(b"")
    assert player.sound is None


def test_only_the_last_sound_counts(qtbot: QtBot, player: Player) -> None:
    heard: list[Sound | None] = []
    player.sound_changed.connect(heard.append)
    player.load(tone(2.0))
    player.load(tone(0.3))
    qtbot.waitUntil(lambda: player.sound is not None, timeout=5000)
    assert len(heard) == 1
    assert player.duration_s == pytest.approx(0.3)


def test_damage_is_told_and_leaves_silence(qtbot: QtBot, player: Player) -> None:
    with qtbot.waitSignal(player.failed, timeout=5000) as told:
        player.load(b"RIFF nothing")
    assert told.args is not None and "damaged" in told.args[0]
    assert player.sound is None


def test_the_sink_gets_the_sound_from_its_place_and_then_silence(qapp: object) -> None:
    sound = decode(tone(0.5))
    pull = _Pull(sound, 0.25, SOUND_AS_IT_IS)
    assert pull.bytesAvailable() > 0
    first = bytes(pull.read(4000).data())
    assert first == sound.samples[12000:13000].tobytes()
    rest = bytes(pull.read(48000).data())
    assert rest[:44000] == sound.samples[13000:].tobytes()
    assert len(rest) == 48000
    assert set(rest[44000:]) == {0}
    pull.close()


def test_gain_makes_it_softer(qapp: object) -> None:
    sound = decode(tone(0.5))
    pull = _Pull(sound, 0.0, ((0.0, -6.0206),))
    softer = np.frombuffer(bytes(pull.read(8000).data()), np.int16)
    assert abs(softer).max() == pytest.approx(abs(sound.samples).max() / 2, rel=0.02)
    pull.close()


def test_a_gain_that_changes_is_heard_at_its_time(qapp: object) -> None:
    sound = decode(tone(0.5))
    pull = _Pull(sound, 0.25, ((0.3, 0.0), (0.3, -6.0206)))
    heard = np.frombuffer(bytes(pull.read(sound.rate_hz).data()), np.int16)
    whole, half = abs(heard[: 2 * 2000]).max(), abs(heard[2 * 3000 : 2 * 9000]).max()
    assert whole == pytest.approx(abs(sound.samples).max(), rel=0.01)
    assert half == pytest.approx(whole / 2, rel=0.02)
    pull.close()
