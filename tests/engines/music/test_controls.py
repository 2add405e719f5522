"""Controls: words are heard, lengths are fitted, nonsense is refused in plain words."""

from __future__ import annotations

import random

import pytest

from engines.api import BadRequest, MusicRequest
from engines.music.controls import MOODS, plan_cue
from engines.music.instruments import NAMES, instrument, programs_in, programs_of
from engines.music.manners import MANNERS
from engines.music.theory import Key, parse_key
from engines.music.writing.parts import Role, cast


def test_words_become_controls() -> None:
    cue = plan_cue(MusicRequest(seed=1, prompt="tense strings, slow, D minor"))
    assert (cue.mood, cue.key.name) == ("tense", "D minor")
    assert cue.programs == (40, 41, 42, 43)
    assert 60 <= cue.bpm <= 76
    cue = plan_cue(MusicRequest(seed=1, prompt="A playful waltz for flute and harp, 20 seconds"))
    assert (cue.mood, cue.meter.name, cue.programs, cue.seconds) == ("playful", "3/4", (73, 46), 20)
    cue = plan_cue(MusicRequest(seed=1, prompt="sad piano in Bb, 12 bars, 70 bpm"))
    assert (cue.mood, cue.key.name, cue.bars, cue.bpm) == ("melancholy", "Bb major", 12, 70)


def test_a_control_goes_before_the_words() -> None:
    request = MusicRequest(
        seed=1, prompt="calm harp in C major, 60 bpm", mood="epic", key="E minor", tempo_bpm=140,
        meter="3/4", instruments=("cello",), bars=4,
    )  # fmt: skip
    cue = plan_cue(request)
    assert (cue.mood, cue.key.name, cue.bpm) == ("epic", "E minor", 140)
    assert (cue.meter.name, cue.programs, cue.bars) == ("3/4", (42,), 4)


def test_what_is_not_wanted_does_not_play() -> None:
    assert programs_in("violin and cello, no drums, without piano") == (40, 42)
    assert programs_in("a bassoon") == (70,)


@pytest.mark.parametrize(
    "controls",
    [
        {"mood": "purple"},
        {"key": "H# dorian"},
        {"meter": "17/16"},
        {"meter": "x"},
        {"instruments": ("kazoo",)},
    ],
)
def test_nonsense_is_refused(controls: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        plan_cue(MusicRequest(seed=1, **controls))  # type: ignore[arg-type]


def test_any_length_is_met_exactly_near_the_tempo() -> None:
    chance = random.Random(5)
    far = 0
    for seed in range(300):
        seconds = chance.uniform(3, 180)
        cue = plan_cue(MusicRequest(seed=seed, seconds=seconds, mood=chance.choice(MOODS)))
        quarters = cue.table.end_tick / 24
        assert quarters * 60 / cue.bpm == pytest.approx(seconds, abs=1e-6)
        far += abs(cue.bpm / cue.manner.bpm - 1) > 0.0601
    assert far == 0


def test_seconds_go_before_bars_and_tempo_and_it_is_said() -> None:
    cue = plan_cue(MusicRequest(seed=1, seconds=10, bars=40, tempo_bpm=120, meter="4/4"))
    assert (cue.bars, cue.seconds) == (5, 10)
    assert "instead of 40" in cue.notices[0]
    cue = plan_cue(MusicRequest(seed=1, seconds=10.5, tempo_bpm=120, meter="4/4"))
    assert "instead of 120" in cue.notices[0]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("D minor", Key(tonic=2, mode=1)),
        ("Bb", Key(tonic=10, mode=0)),
        ("f# min", Key(tonic=6, mode=1)),
    ],
)
def test_keys_are_read(text: str, key: Key) -> None:
    assert parse_key(text) == key
    assert parse_key(key.name) == key


def test_minor_keeps_its_raised_steps() -> None:
    assert Key(tonic=9, mode=1).pitch_classes() == {9, 11, 0, 2, 4, 5, 7, 6, 8}
    dominant = Key(tonic=9, mode=1).dominant_chords[0]
    assert 8 in Key(tonic=9, mode=1).scale_over(dominant)
    assert 7 not in Key(tonic=9, mode=1).scale_over(dominant)


def test_every_instrument_has_a_name_and_a_range() -> None:
    assert len(NAMES) == len(set(NAMES)) == 129
    for program, name in enumerate(NAMES):
        player = instrument(program)
        assert programs_of(name) == (program,)
        assert 0 <= player.low < player.high - 6 <= 121
        assert player.voices >= 1


def test_an_ensemble_gets_a_melody_and_a_bass() -> None:
    for manner in MANNERS.values():
        for ensemble in manner.ensembles:
            roles = [part.role for part in cast(ensemble, manner.density)]
            assert roles.count(Role.MELODY) == 1
            assert roles.count(Role.BASS) == 1 + ensemble.count(47)  # timpani besides
