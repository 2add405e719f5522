"""The format: what it keeps comes back, and what is analysed is right."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import pytest

from engines.music.analysis import chord_pitch_classes, find_chords, find_key, pitch_weights
from engines.music.model import tokens
from engines.music.model.encode import decode, encode, take_apart, windows
from engines.music.moods import LEANS, MOODS
from engines.music.score import Note, Score, Track
from engines.training.music.augment import bare, draw
from tests.engines.music.tiny import small_score


def test_blocks_cover_the_vocabulary_without_overlap() -> None:
    names = [tokens.name_of(token) for token in range(tokens.SIZE)]
    assert len(set(names)) == tokens.SIZE
    assert sum(block.size for block in tokens.BLOCKS.values()) == tokens.SIZE


def test_notes_come_back_from_tokens() -> None:
    score = small_score()
    cut = list(windows(score, 0, repeat(8)))
    assert [[bar.ticks for bar in window.bars] for window in cut] == [[72, 72], [96, 96]]
    first = decode(encode(cut[0]), meter=cut[0].bars[0].meter, bpm=90.0)
    assert [t.notes for t in first.tracks] == [
        tuple(n for n in t.notes if n.start_tick < 144) for t in score.tracks
    ]
    assert [(t.program, t.is_drum) for t in first.tracks] == [(40, False), (0, False), (0, True)]


def test_a_velocity_is_told_again_in_every_bar() -> None:
    window = next(windows(small_score(), 0, repeat(8)))
    violin = take_apart(encode(window)).contents[0]
    assert all(any(t in tokens.BLOCKS["VELOCITY"] for t in bar) for bar in violin)


@pytest.mark.parametrize("ticks", [1, 24, 36, 96, 576, 5000])
def test_a_length_is_kept_to_the_nearest_step(ticks: int) -> None:
    index = tokens.duration_token(ticks) - tokens.BLOCKS["DURATION"].first
    nearest = min(tokens.DURATIONS, key=lambda d: abs(np.log(d / min(ticks, 576))))
    assert tokens.DURATIONS[index] == nearest


def test_key_and_chords_are_found() -> None:
    steps = (62, 64, 65, 67, 69, 70, 73, 74, 69, 65, 62)
    notes = [Note(i * 24, p, 24, 80) for i, p in enumerate(steps)]
    assert find_key(pitch_weights(notes)) == (2, 1)
    triads = [Note(0, p, 96, 80) for p in (60, 64, 67)] + [
        Note(96, p, 96, 80) for p in (57, 62, 65)
    ]
    found = find_chords(sorted(triads), [0, 96, 192])
    assert [set(chord_pitch_classes(c)) for c in found] == [{0, 4, 7}, {2, 5, 9}]


def test_every_mood_has_its_leans() -> None:
    assert tuple(LEANS) == MOODS


def test_drums_alone_have_no_key() -> None:
    drums = Track(program=0, is_drum=True, notes=tuple(Note(i * 24, 36, 6, 90) for i in range(16)))
    ids = encode(next(windows(Score(tracks=(drums,)), 5, repeat(4))))
    assert tokens.HARMONY not in ids
    assert not any(t in tokens.BLOCKS["TONIC"] for t in ids)


def test_transposing_moves_pitches_chords_and_tonic_together() -> None:
    ids = np.array(encode(next(windows(small_score(), 0, repeat(8)))))
    moved = tokens.transpositions([3])[0][ids]
    first = tokens.BLOCKS["PITCH"].first
    is_pitch = (ids >= first) & (ids < first + 128)
    assert (moved[is_pitch] - ids[is_pitch] == 3).all()
    was = take_apart(ids.tolist()).chords[0][0]
    now = take_apart(moved.tolist()).chords[0][0]
    assert {(c + 3) % 12 for c in chord_pitch_classes(was)} == set(chord_pitch_classes(now))


def test_examples_fit_and_lose_no_notes_to_filling_in() -> None:
    ids = np.array(encode(next(windows(small_score(), 0, repeat(8)))))
    notes = int(np.isin(ids, range(*_pitch_block())).sum())
    random = np.random.default_rng(0)
    filled = 0
    for _ in range(200):
        example, given = draw(ids, random, 1024)
        assert example[0] == tokens.BOS
        assert 1 <= given <= 10
        filled += int((example == tokens.FILL).any())
        assert (example == tokens.FILL).sum() == (example == tokens.HOLE).sum()
        assert np.isin(example, range(*_pitch_block())).sum() <= notes
    assert 10 < filled < 100
    assert len(draw(ids, random, 20)[0]) <= 20


def test_what_conditions_is_taken_out() -> None:
    ids = bare(np.array(encode(next(windows(small_score(), 0, repeat(8))))))
    kinds = {tokens.name_of(int(t)).rsplit("_", 1)[0] for t in ids}
    assert kinds.isdisjoint({"MOOD", "CHORD", "HARMONY", "TRACK_DENSITY", "VOICES", "REGISTER"})
    assert {"BOS", "PROGRAM", "BAR", "PITCH", "DRUM"} <= kinds


def _pitch_block() -> tuple[int, int]:
    block = tokens.BLOCKS["PITCH"]
    return block.first, block.stop
