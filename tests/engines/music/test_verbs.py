"""What can be done with a score: what is locked stays, what is asked is written."""

from __future__ import annotations

import pytest

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    MusicRequest,
    MusicResult,
    Progress,
    Run,
)
from engines.music.engine import answer
from engines.music.files.midi_reader import read_midi
from engines.music.files.midi_writer import write_midi
from engines.music.score import Meter, Note, Score, Track
from engines.music.theory import parse_key
from engines.music.writing.verbs import prepare
from tests.engines.music import tiny

BAR = 96


@pytest.fixture(scope="module")
def decoder() -> tiny.Decoder:
    return tiny.decoder()


def do(decoder: tiny.Decoder, **controls: object) -> tuple[Score, MusicResult]:
    request = MusicRequest(**{"seed": 5, "candidates": 2, **controls})  # type: ignore[arg-type]
    work = prepare(request)
    score = work.write(decoder, Run())
    return score, answer(score, work.cue, request, "tiny")


@pytest.fixture(scope="module")
def piece(decoder: tiny.Decoder) -> bytes:
    """Eight bars in 4/4 for violin, cello and drums."""
    controls = {"instruments": ("violin", "cello", "drums"), "meter": "4/4", "key": "G major"}
    return do(decoder, bars=8, **controls)[1].midi


def in_bar(track: Track, bar: int) -> list[Note]:
    return [n for n in track.notes if bar * BAR <= n.start_tick < (bar + 1) * BAR]


def unchanged(old: Score, new: Score) -> set[tuple[int, int]]:
    return {
        (t, b)
        for t, track in enumerate(old.tracks)
        for b in range(8)
        if in_bar(track, b) == in_bar(new.tracks[t], b)
    }


ALL = {(t, b) for t in range(3) for b in range(8)}


def test_to_go_on_leaves_what_is_there_and_adds_the_bars(
    decoder: tiny.Decoder, piece: bytes
) -> None:
    old = read_midi(piece)
    new, result = do(decoder, verb="continue", score=piece, bars=3, key="G major")
    assert unchanged(old, new) == ALL
    assert result.bars == 11
    assert result.length_s == pytest.approx(old.seconds_at(11 * BAR), abs=1e-6)
    belongs = parse_key("G major").pitch_classes()
    added = [n for t in new.tracks if not t.is_drum for n in t.notes if n.start_tick >= 8 * BAR]
    assert added
    assert all(n.pitch % 12 in belongs for n in added)
    assert new.end_tick == 11 * BAR


def test_to_go_on_for_seconds_ends_on_time(decoder: tiny.Decoder, piece: bytes) -> None:
    old = read_midi(piece)
    new, _ = do(decoder, verb="continue", score=piece, seconds=7.3, hits=(3.1,))
    begun = old.seconds_at(8 * BAR)
    assert new.seconds_at(new.end_tick) == pytest.approx(begun + 7.3, abs=0.01)
    onsets = {n.start_tick for n in new.tracks[0].notes}
    assert any(abs(new.seconds_at(tick) - begun - 3.1) < 0.02 for tick in onsets)


def test_only_the_region_is_filled(decoder: tiny.Decoder, piece: bytes) -> None:
    old = read_midi(piece)
    new, result = do(decoder, verb="fill", score=piece, region="3-4:violin;8:drums")
    assert ALL - unchanged(old, new) == {(0, 2), (0, 3), (2, 7)}
    assert len(new.tracks) == 3
    assert read_midi(result.midi).tracks[1].notes == old.tracks[1].notes


def test_whole_bars_are_filled_with_new_harmony(decoder: tiny.Decoder, piece: bytes) -> None:
    old = read_midi(piece)
    new, _ = do(decoder, verb="fill", score=piece, region="2-7", lock="5:2")
    changed = ALL - unchanged(old, new)
    assert {b for _, b in changed} <= set(range(1, 7))
    assert (1, 4) not in changed
    assert len(changed) > 12


def test_a_variation_keeps_what_is_locked(decoder: tiny.Decoder, piece: bytes) -> None:
    old = read_midi(piece)
    new, _ = do(decoder, verb="vary", score=piece, lock=":cello;1-2", amount=1.0)
    changed = ALL - unchanged(old, new)
    assert all(t != 1 and b > 1 for t, b in changed)
    assert len(changed) > 6
    assert write_midi(read_midi(write_midi(new))) == write_midi(new)


def test_an_accompaniment_leaves_the_score_and_adds_the_parts(
    decoder: tiny.Decoder, piece: bytes
) -> None:
    old = read_midi(piece)
    new, _ = do(decoder, verb="accompany", score=piece, instruments=("piano", "double bass"))
    assert unchanged(old, new) == ALL
    assert {t.program for t in new.tracks[3:]} == {0, 32}
    for track in new.tracks[3:]:
        assert {n.start_tick // BAR for n in track.notes} <= set(range(8))
        assert len(track.notes) > 4


def test_bars_in_a_meter_that_cannot_be_written_stay(decoder: tiny.Decoder) -> None:
    notes = tuple(Note(at, 60 + at % 7, 12, 80) for at in range(0, 96 + 66 + 96, 12))
    odd = (Meter(), Meter(start_tick=96, beats=11, unit=16), Meter(start_tick=162))
    data = write_midi(Score(tracks=(Track(program=40, notes=notes),), meters=odd))
    new, result = do(decoder, verb="fill", score=data, region="1-3")
    middle = [n for n in new.tracks[0].notes if 96 <= n.start_tick < 162]
    assert middle == [n for n in notes if 96 <= n.start_tick < 162]
    assert any("meters that cannot be written" in notice for notice in result.notices)
    with pytest.raises(BadRequest, match="bar 2 is cut"):
        do(decoder, verb="fill", score=data, region="2")


def test_a_loop_is_as_long_as_its_bars_and_its_end_turns_to_the_beginning(
    decoder: tiny.Decoder,
) -> None:
    request = MusicRequest(seed=2, candidates=2, loop=True, bars=6, key="C major", meter="4/4")
    work = prepare(request)
    score = work.write(decoder, Run())
    result = answer(score, work.cue, request, "tiny")
    assert result.is_loop
    assert result.length_s == pytest.approx(score.seconds_at(6 * BAR))
    assert all(n.end_tick <= 6 * BAR for t in score.tracks for n in t.notes)
    assert any(n.start_tick >= 5 * BAR for t in score.tracks for n in t.notes)


def test_a_form_brings_its_motifs_back(decoder: tiny.Decoder) -> None:
    score, _ = do(decoder, form="A-B-A", bars=12, instruments=("flute", "cello"), meter="4/4")
    for track in score.tracks:
        first = [(n.start_tick, n.pitch) for n in track.notes if n.start_tick < 2 * BAR]
        again = [
            (n.start_tick - 8 * BAR, n.pitch)
            for n in track.notes
            if 8 * BAR <= n.start_tick < 10 * BAR
        ]
        assert first == again


def test_polyphony_and_densities_bound_the_parts(decoder: tiny.Decoder) -> None:
    score, _ = do(decoder, instruments=("piano",), bars=4, polyphony=2)
    for track in score.tracks:
        onsets = [n.start_tick for n in track.notes]
        assert max(onsets.count(at) for at in onsets) <= 2
    cue = prepare(
        MusicRequest(seed=1, instruments=("flute", "cello"), densities=(0, 5), density=2)
    ).cue
    assert cue.densities == (0, 5)
    assert cue.manner.density == 2


def test_all_parts_strike_at_the_hits(decoder: tiny.Decoder) -> None:
    hits = (2.5, 6.0, 6.4)
    score, result = do(
        decoder, seconds=10.0, hits=hits, instruments=("violin", "piano", "cello", "drums")
    )
    assert result.length_s == pytest.approx(10, abs=0.01)
    for hit in hits:
        for track in score.tracks:
            near = [n for n in track.notes if abs(score.seconds_at(n.start_tick) - hit) < 0.02]
            assert near, (hit, track.name)
            assert max(n.velocity for n in near) >= 108


@pytest.mark.parametrize(
    ("controls", "says"),
    [
        ({"verb": "fill", "region": "9"}, "not within 1 to 8"),
        ({"verb": "fill", "region": "1:oboe"}, "no track 'oboe'"),
        ({"verb": "fill", "region": "1:4"}, "track 4 is not within 1 to 3"),
        ({"verb": "fill", "region": "x"}, "does not name bars"),
        ({"verb": "fill", "region": "1-2", "lock": "1-4"}, "nothing is left"),
        ({"verb": "vary", "lock": ":"}, "nothing is left"),
        ({"verb": "accompany", "prompt": "something nice"}, "which instruments"),
        ({"verb": "accompany", "instruments": ("kazoo",)}, "no instrument"),
    ],
)
def test_bad_input_is_said_in_plain_words(
    piece: bytes, controls: dict[str, object], says: str
) -> None:
    with pytest.raises(BadRequest, match=says):
        prepare(MusicRequest(seed=1, score=piece, **controls))  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"x", b"MThd", write_midi(Score(tracks=()))])
def test_a_score_that_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        prepare(MusicRequest(seed=1, verb="continue", score=data))


@pytest.mark.parametrize(
    "controls",
    [
        {"verb": "vary", "amount": 1.0},
        {"verb": "fill", "region": "1-3;6-8"},
        {"verb": "accompany", "instruments": ("flute",)},
        {"verb": "continue", "bars": 12},
    ],
)
def test_progress_rises_and_a_cancel_stops(
    decoder: tiny.Decoder, piece: bytes, controls: dict[str, object]
) -> None:
    told: list[Progress] = []
    work = prepare(MusicRequest(seed=1, score=piece, candidates=1, **controls))  # type: ignore[arg-type]
    work.write(decoder, Run(report=told.append))
    done = [p.done / p.total for p in told]
    assert done == sorted(done)
    assert 0 <= done[0] < done[-1] <= 1
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        work.write(decoder, Run(token=token))
