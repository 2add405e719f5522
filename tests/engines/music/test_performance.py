"""What is played: levels, pan, pedal, bends, programs; and that each is heard."""

from __future__ import annotations

import io
from collections.abc import Callable

import mido
import numpy as np
import pytest
import soundfile

from engines.api import BadRequest, Run, SoundRequest
from engines.music.rendering.performance import (
    EXPRESSION,
    MODULATION,
    PAN,
    VOLUME,
    read_performance,
)
from engines.music.rendering.playing import Plan
from engines.music.rendering.sound import SoundEngine
from engines.music.rendering.synthesis import DEFAULT_SOUNDFONT, Soundfont
from tests.engines.music.tiny_soundfont import LEFT_HZ, RATE_HZ, RIGHT_HZ, tiny_soundfont


def midi(*chunks: list[tuple[int, mido.Message]], division: int = 480) -> bytes:
    """Write chunks of (tick, message)."""
    file = mido.MidiFile(ticks_per_beat=division)
    for chunk in chunks:
        track, last = mido.MidiTrack(), 0
        for tick, message in sorted(chunk, key=lambda event: event[0]):
            track.append(message.copy(time=tick - last))
            last = tick
        file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def note(start: int, end: int, pitch: int = 60, channel: int = 0) -> list[tuple[int, mido.Message]]:
    return [
        (start, mido.Message("note_on", note=pitch, velocity=90, channel=channel)),
        (end, mido.Message("note_off", note=pitch, channel=channel)),
    ]


def control(tick: int, number: int, value: int, channel: int = 0) -> tuple[int, mido.Message]:
    return tick, mido.Message("control_change", control=number, value=value, channel=channel)


def program(tick: int, number: int, channel: int = 0) -> tuple[int, mido.Message]:
    return tick, mido.Message("program_change", program=number, channel=channel)


@pytest.fixture(scope="module")
def engine() -> SoundEngine:
    return SoundEngine()


def heard(engine: SoundEngine, data: bytes, **controls: object) -> np.ndarray:
    """Play dry and as loud as it is, (2, frames)."""
    request = SoundRequest(
        **{"midi": data, "hall": "dry", "mastered": False, "seconds": 4.0, **controls}  # type: ignore[arg-type]
    )
    sound, _ = soundfile.read(io.BytesIO(engine.run(request, Run()).data), always_2d=True)
    return np.asarray(sound.T)


def rms(sound: np.ndarray, start_s: float, stop_s: float) -> float:
    return float(np.sqrt((sound[..., int(start_s * RATE_HZ) : int(stop_s * RATE_HZ)] ** 2).mean()))


def pitch_hz(sound: np.ndarray, start_s: float, stop_s: float) -> float:
    part = sound[0, int(start_s * RATE_HZ) : int(stop_s * RATE_HZ)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size), 2**19))
    return float(np.argmax(spectrum)) * RATE_HZ / 2**19


LONG = note(0, 480 * 8)  # four seconds
FLUTE = [program(0, 73), *LONG]


def test_parts_come_in_the_order_of_chunks_and_channels() -> None:
    data = midi(
        [*note(0, 10, channel=5), *note(0, 10, channel=2)],
        [*note(0, 10, channel=9), *note(0, 10, channel=0)],
    )
    parts = read_performance(data).parts
    assert [(p.chunk, p.channel) for p in parts] == [(0, 2), (0, 5), (1, 0), (1, 9)]
    assert [p.is_drum for p in parts] == [False, False, False, True]


def test_all_that_is_heard_is_kept() -> None:
    data = midi([
        control(0, VOLUME, 90), control(5, EXPRESSION, 40), control(9, EXPRESSION, 50),
        control(0, PAN, 10), control(3, MODULATION, 77), program(0, 40), program(240, 45),
        (7, mido.Message("pitchwheel", pitch=4096)), *note(0, 480),
    ])  # fmt: skip
    part = read_performance(data).parts[0]
    assert part.controls == {
        VOLUME: ((0, 90),), EXPRESSION: ((5, 40), (9, 50)), PAN: ((0, 10),), MODULATION: ((3, 77),),
    }  # fmt: skip
    assert part.programs == ((0, 40), (240, 45))
    assert part.bends == ((7, 1.0),)
    assert part.program == 40


def test_the_reach_of_a_bend_is_read() -> None:
    reach = [control(0, 101, 0), control(0, 100, 0), control(0, 6, 12), control(0, 38, 50)]
    data = midi([*reach, (7, mido.Message("pitchwheel", pitch=-8192)), *note(0, 480)])
    assert read_performance(data).parts[0].bends == ((7, -12.5),)


def test_the_first_chunk_speaks_to_all_parts_only_without_notes() -> None:
    setting = [control(0, VOLUME, 30), program(0, 40)]
    led = read_performance(midi(setting, note(0, 9), [control(0, VOLUME, 80), *note(0, 9)])).parts
    assert [part.controls[VOLUME] for part in led] == [((0, 30),), ((0, 80),)]
    assert [part.program for part in led] == [40, 40]
    apart = read_performance(midi([*setting, *note(0, 9)], note(0, 9))).parts
    assert [part.controls.get(VOLUME) for part in apart] == [((0, 30),), None]


def test_a_pedal_holds_notes_until_it_rises_or_they_are_struck_again() -> None:
    pedal = [control(100, 64, 127), control(900, 64, 0)]
    right = [*note(0, 200), *note(400, 500), *note(0, 300, pitch=64), *note(950, 1000, pitch=64)]
    parts = read_performance(midi([*pedal, *note(0, 200, pitch=40)], right)).parts
    assert [x.end_tick for x in parts[0].notes] == [900]
    assert [(x.start_tick, x.end_tick, x.pitch) for x in parts[1].notes] == [
        (0, 400, 60), (0, 900, 64), (400, 900, 60), (950, 1000, 64),
    ]  # fmt: skip


def test_seconds_follow_the_tempo_map() -> None:
    tempos = [
        (0, mido.MetaMessage("set_tempo", tempo=500_000)),
        (960, mido.MetaMessage("set_tempo", tempo=1_000_000)),
    ]
    clock = read_performance(midi([*tempos, *note(0, 1920)])).clock()
    assert [clock.seconds(tick) for tick in (0, 480, 960, 1440)] == [0.0, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("number", [VOLUME, EXPRESSION])
def test_volume_and_expression_change_the_level_as_general_midi_says(
    engine: SoundEngine, number: int
) -> None:
    plain = heard(engine, midi([control(0, number, 127), *FLUTE]))
    swell = heard(engine, midi([control(0, number, 127), control(1920, number, 64), *FLUTE]))
    assert rms(swell, 1.0, 1.9) == pytest.approx(rms(plain, 1.0, 1.9))
    change_db = 20 * np.log10(rms(swell, 2.5, 3.5) / rms(plain, 2.5, 3.5))
    assert change_db == pytest.approx(40 * np.log10(64 / 127), abs=0.1)


def test_a_change_of_level_does_not_click(engine: SoundEngine) -> None:
    plain = heard(engine, midi([control(0, VOLUME, 127), *FLUTE]))
    sudden = heard(engine, midi([control(0, VOLUME, 127), control(1920, VOLUME, 0), *FLUTE]))
    assert np.abs(np.diff(sudden)).max() <= 1.1 * np.abs(np.diff(plain)).max()


def test_pan_moves_a_part(engine: SoundEngine) -> None:
    left = heard(engine, midi([control(0, PAN, 0), *FLUTE]))
    assert rms(left[1], 1, 2) < 1e-4 < rms(left[0], 1, 2)
    across = heard(engine, midi([control(0, PAN, 0), control(1920, PAN, 127), *FLUTE]))
    assert rms(across[0], 2.5, 3.5) < 1e-4 < rms(across[1], 2.5, 3.5)


def test_a_bend_and_the_wheel_change_the_pitch(engine: SoundEngine) -> None:
    bend = (1920, mido.Message("pitchwheel", pitch=8191))
    bent = heard(engine, midi([*FLUTE, bend]))
    ratio = pitch_hz(bent, 2.5, 3.9) / pitch_hz(bent, 0.5, 1.9)
    assert 12 * np.log2(ratio) == pytest.approx(2.0, abs=0.1)
    still, shaken = heard(engine, midi(FLUTE)), heard(engine, midi([control(0, 1, 127), *FLUTE]))
    assert not np.allclose(still, shaken, atol=0.01)
    assert rms(shaken, 1, 3) == pytest.approx(rms(still, 1, 3), rel=0.3)


def test_a_pedal_is_heard(engine: SoundEngine) -> None:
    piano = [*note(0, 240), *note(3800, 3840, pitch=90)]
    dry = heard(engine, midi(piano))
    held = heard(engine, midi([control(0, 64, 127), control(2880, 64, 0), *piano]))
    assert rms(held, 1.5, 2.5) > 20 * rms(dry, 1.5, 2.5)


def test_a_program_changes_within_a_part(engine: SoundEngine) -> None:
    notes = [*note(0, 1800), *note(1920, 3800)]
    flute = heard(engine, midi([program(0, 73), *notes]))
    both = heard(engine, midi([program(0, 73), program(1900, 56), *notes]))
    assert rms(both - flute, 0.2, 1.8) < 1e-3
    assert rms(both - flute, 2.2, 3.8) > 0.3 * rms(flute, 2.2, 3.8)


def test_a_change_of_one_part_plays_only_that_part_and_gives_the_same_bytes(
    engine: SoundEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = []
    real = Soundfont.play

    def counted(self: Soundfont, plan: Plan, on_block: Callable[[], None]) -> np.ndarray:
        played.append(plan)
        return real(self, plan, on_block)

    monkeypatch.setattr(Soundfont, "play", counted)

    def three(pitch: int, level: int) -> bytes:
        parts = [
            [control(0, VOLUME, level, n), program(0, 40 + n, n), *note(0, 1900, pitch + n, n)]
            for n in range(2)
        ]
        return midi(*parts, note(0, 960, 38, 9))

    def sound(of: SoundEngine, data: bytes) -> bytes:
        result = of.run(SoundRequest(midi=data, format="flac", stems=True), Run())
        return result.data + b"".join(stem for _, stem in result.stems)

    sound(engine, three(60, 100))
    assert len(played) == 3
    louder = sound(engine, three(60, 50))
    assert len(played) == 3, "a level plays nothing anew"
    higher = sound(engine, three(62, 100))
    assert len(played) == 5
    other = SoundEngine()
    assert sound(other, three(62, 100)) == higher
    assert sound(other, three(60, 50)) == louder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the path of a soundfont whose only instrument is a stereo piano."""
    path = tmp_path_factory.mktemp("fonts") / "own.sf2"
    path.write_bytes(tiny_soundfont(program=0))
    return str(path)


def test_a_stereo_soundfont_stays_stereo(engine: SoundEngine, own: str) -> None:
    sound = heard(engine, midi([control(0, PAN, 64), *LONG]), soundfont=own)
    assert pitch_hz(sound[:1], 0.2, 1.8) == pytest.approx(LEFT_HZ, rel=0.01)
    assert pitch_hz(sound[1:], 0.2, 1.8) == pytest.approx(RIGHT_HZ, rel=0.01)
    assert rms(sound[0], 0.2, 1.8) == pytest.approx(rms(sound[1], 0.2, 1.8), rel=0.02)


def test_what_a_soundfont_lacks_is_taken_from_ours(own: str) -> None:
    engine = SoundEngine()
    strings = midi([program(0, 48), *LONG], note(0, 400, 38, channel=9))
    borrowed = heard(engine, strings, soundfont=own)
    np.testing.assert_allclose(borrowed, heard(SoundEngine(), strings), atol=1e-4)
    mixed = midi([program(0, 48), program(1900, 0), *note(0, 1800), *note(1920, 3800)])
    sound = heard(engine, mixed, soundfont=own)
    assert pitch_hz(sound[1:], 2.2, 3.8) == pytest.approx(RIGHT_HZ, rel=0.01)
    assert pitch_hz(sound[1:], 0.2, 1.8) == pytest.approx(261.6, rel=0.01)


def test_an_instrument_that_no_soundfont_has_is_said() -> None:
    ours = Soundfont(DEFAULT_SOUNDFONT, RATE_HZ)
    with pytest.raises(BadRequest):
        ours._select(200, 0, False)
    ours._select(40, 7, False)  # there is no seventh bank
    ours._select(99, 0, True)  # nor such a kit


def test_each_hall_answers_longer_than_the_one_before(engine: SoundEngine) -> None:
    short = midi([*note(0, 240), *note(3400, 3840, pitch=20)])
    tails = [rms(heard(engine, short, hall=hall), 1.0, 1.6) for hall in ("dry", "room", "church")]
    assert tails[0] < tails[1] < tails[2]
