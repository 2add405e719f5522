"""Sound: length to the sample, loudness, ceiling, stems, the same bytes again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engines.api import (
    HALLS,
    BadRequest,
    Cancelled,
    CancelToken,
    ModelMissing,
    ModelRefused,
    Run,
    SoundRequest,
)
from engines.bench.rendering import render_realtime_factor
from engines.music.files.midi_writer import write_midi
from engines.music.rendering import halls
from engines.music.rendering.dry_parts import DryParts
from engines.music.rendering.loudness import integrated_lufs
from engines.music.rendering.mastering import CEILING_DB
from engines.music.rendering.sound import SoundEngine
from engines.music.rendering.synthesis import DEFAULT_SOUNDFONT
from engines.music.score import Note, Score, Track
from tests.engines.music.tiny import small_score

CEILING = 10 ** (CEILING_DB / 20)


@pytest.fixture(scope="module")
def engine() -> SoundEngine:
    return SoundEngine()


def play(engine: SoundEngine, **controls: object) -> tuple[np.ndarray, int, float]:
    request = SoundRequest(**{"midi": write_midi(small_score()), **controls})  # type: ignore[arg-type]
    result = engine.run(request, Run())
    sound, rate_hz = soundfile.read(io.BytesIO(result.data), always_2d=True)
    assert rate_hz == result.sample_rate_hz
    assert result.length_s == len(sound) / rate_hz
    return sound.T, rate_hz, result.loudness_lufs


@pytest.mark.parametrize("file_format", ["wav", "flac", "ogg"])
def test_the_sound_is_as_long_as_asked_and_as_loud(engine: SoundEngine, file_format: str) -> None:
    sound, rate_hz, told = play(engine, format=file_format, seconds=5.25)
    assert sound.shape == (2, round(5.25 * rate_hz))
    assert integrated_lufs(sound, rate_hz) == pytest.approx(-16, abs=1)
    assert told == pytest.approx(-16, abs=1)
    assert np.abs(sound).max() <= (CEILING + 0.001 if file_format != "ogg" else 1.0)
    assert np.abs(sound[:, -20:]).max() < 0.01


def test_without_a_length_it_ends_with_its_tail(engine: SoundEngine) -> None:
    score = small_score()
    sound, rate_hz, _ = play(engine, sample_rate_hz=44100)
    last_note_s = score.seconds_at(score.end_tick)
    assert last_note_s + 2.0 <= sound.shape[1] / rate_hz <= last_note_s + 3.0 + 1 / rate_hz


@pytest.mark.parametrize("file_format", ["wav", "ogg"])
def test_the_same_score_gives_the_same_bytes(engine: SoundEngine, file_format: str) -> None:
    request = SoundRequest(midi=write_midi(small_score()), format=file_format, seconds=3)
    assert engine.run(request, Run()).data == engine.run(request, Run()).data


def test_stems_add_up_to_the_mix(engine: SoundEngine) -> None:
    request = SoundRequest(midi=write_midi(small_score()), seconds=4, stems=True)
    result = engine.run(request, Run())
    assert [name for name, _ in result.stems] == ["01 violin", "02 piano", "03 drums"]
    mix = soundfile.read(io.BytesIO(result.data))[0]
    total = sum(soundfile.read(io.BytesIO(data))[0] for _, data in result.stems)
    assert np.abs(mix - total).max() < 0.001


def test_what_cannot_be_played_is_refused(engine: SoundEngine, tmp_path: Path) -> None:
    midi = write_midi(small_score())
    with pytest.raises(BadRequest):
        engine.run(SoundRequest(midi=write_midi(Score(tracks=()))), Run())
    far = Track(program=0, notes=(Note(24 * 5000, 60, 24, 80),))
    with pytest.raises(BadRequest):
        engine.run(SoundRequest(midi=write_midi(Score(tracks=(far,)))), Run())
    with pytest.raises(ModelMissing):
        engine.run(SoundRequest(midi=midi, soundfont=str(tmp_path / "none.sf2")), Run())
    fake = tmp_path / "fake.sf2"
    fake.write_bytes(b"RIFF\xff\xff\xff\x7fsfbkLIST\xff\xff\xff\x7f")
    with pytest.raises(ModelRefused):
        engine.run(SoundRequest(midi=midi, soundfont=str(fake)), Run())


def test_a_cancel_stops_the_rendering(engine: SoundEngine) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        engine.run(SoundRequest(midi=write_midi(small_score())), Run(token=token))


def test_a_loop_is_as_long_as_its_bars_and_its_tail_sounds_into_its_beginning(
    engine: SoundEngine,
) -> None:
    score = Score(tracks=(Track(program=48, notes=(Note(24, 60, 24, 80), Note(72, 67, 24, 110))),))
    midi = write_midi(score)
    sound, rate_hz, _ = play(engine, midi=midi, loop=True)
    assert sound.shape[1] == 2 * rate_hz
    once, _, _ = play(engine, midi=midi)
    head = rate_hz // 4  # half of the beat before the first note
    assert np.abs(once[:, :head]).max() < 1e-4
    assert np.abs(sound[:, :head]).max() > 0.01


def test_a_loop_is_the_middle_of_what_goes_round_and_round(engine: SoundEngine) -> None:
    notes = (Note(0, 60, 40, 90), Note(48, 67, 40, 80), Note(72, 64, 24, 100))
    once = Score(tracks=(Track(program=0, notes=notes), Track(program=73, notes=notes[1:])))
    rounds = Score(
        tracks=tuple(
            Track(
                program=track.program,
                notes=tuple(
                    note._replace(start_tick=note.start_tick + 96 * turn)
                    for turn in range(4)
                    for note in track.notes
                ),
            )
            for track in once.tracks
        )
    )
    plain = {"mastered": False, "hall": "chamber"}
    loop, rate_hz, _ = play(engine, midi=write_midi(once), loop=True, **plain)
    long, _, _ = play(engine, midi=write_midi(rounds), seconds=8, **plain)
    third = long[:, 4 * rate_hz : 6 * rate_hz]  # two rounds before it ring into it
    assert np.abs(loop - third).max() < 0.02 * np.abs(third).max()
    inside = np.abs(np.diff(loop)).max()
    assert np.abs(loop[:, 0] - loop[:, -1]).max() <= inside, "it clicks at its seam"


def test_a_soundfont_of_the_users_own_is_played(tmp_path: Path) -> None:
    own = tmp_path / "own.sf3"
    own.write_bytes(DEFAULT_SOUNDFONT.read_bytes())
    engine = SoundEngine()
    theirs, _, _ = play(engine, soundfont=str(own), seconds=2)
    ours, _, _ = play(SoundEngine(), seconds=2)
    np.testing.assert_array_equal(theirs, ours)


def test_the_names_of_the_halls_are_those_of_requests() -> None:
    assert set(HALLS) == {"dry", *halls.HALLS}
    with pytest.raises(BadRequest):
        SoundRequest(midi=b"", hall="bathroom")


@pytest.mark.parametrize(
    ("programs", "drums", "hall"),
    [
        ((0,), False, "chamber"), ((40, 40, 41, 42), False, "chamber"), ((48, 60), False, "hall"),
        ((40, 41, 42, 43, 73), False, "hall"), ((52, 0), False, "church"), ((29, 33), True, "room"),
        ((0, 32), True, "room"), ((), True, "room"),
    ],
)  # fmt: skip
def test_an_ensemble_has_its_hall(programs: tuple[int, ...], drums: bool, hall: str) -> None:
    assert halls.hall_for(programs, drums=drums) == hall


def test_the_parts_kept_stay_within_their_bound() -> None:
    kept = DryParts(most_bytes=1000)
    for number in range(5):
        kept.put(str(number), np.zeros((1, 100), np.float32))
    assert kept.size_bytes == 800
    assert kept.get("0") is None and kept.get("4") is not None
    kept.put("large", np.zeros((1, 300), np.float32))
    assert kept.get("large") is None and kept.size_bytes == 800


def test_rendering_is_many_times_faster_than_listening() -> None:
    assert render_realtime_factor(seconds=4) > 2  # a busy machine's floor; the bench tells the rest
