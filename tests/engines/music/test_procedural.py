"""Our own pieces: they can be played, they are what they say, and they come back the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import repeat
from random import Random

import pytest

from engines.music import labels
from engines.music.instruments import instrument
from engines.music.model import tokens
from engines.music.model.encode import encode, windows
from engines.music.moods import MOODS
from engines.training.music.procedural import Piece, compose, plan_piece
from engines.training.music.procedural_styles import STYLES


def piece_of(mood: str, seed: int) -> Piece:
    random = Random(seed)
    return compose(plan_piece(mood, random), random)


def test_every_mood_has_its_style() -> None:
    assert tuple(STYLES) == MOODS


@pytest.mark.parametrize("mood", MOODS)
def test_a_mood_is_heard_as_itself_by_the_rule(mood: str) -> None:
    heard: Counter[str] = Counter()
    for seed in range(24):
        piece = piece_of(mood, seed)
        plan = piece.plan
        for window in windows(piece.score, 6, repeat(8)):
            features = labels.measure(
                [n for t in window.tracks if not t.is_drum for n in t.notes],
                mode=int(plan.minor),
                tonic=plan.tonic,
                bpm=plan.bpm,
                quarters=labels.quarters_in(window.ticks),
            )
            heard[MOODS[labels.mood_of(features)]] += 1
    assert heard.most_common(1)[0][0] == mood
    assert heard[mood] > 0.4 * heard.total()


@pytest.mark.parametrize("mood", MOODS)
def test_a_piece_can_be_played(mood: str) -> None:
    for seed in range(8):
        piece = piece_of(mood, 100 + seed)
        low, high = STYLES[mood].tempo_bpm
        assert low <= piece.plan.bpm <= 1.5 * high
        assert len(piece.score.bars()) in (16, 24, 32)
        for track in piece.score.tracks:
            if track.is_drum:
                assert all(n.pitch in tokens.DRUM_SOUNDS for n in track.notes)
                continue
            player = instrument(track.program)
            outside = [n for n in track.notes if not player.low - 2 <= n.pitch <= player.high + 2]
            assert len(outside) <= 0.1 * len(track.notes), player.name


def test_the_same_seed_writes_the_same_piece() -> None:
    assert piece_of("tense", 5).score == piece_of("tense", 5).score
    assert piece_of("tense", 5).score != piece_of("tense", 6).score


def test_pieces_differ_within_a_mood() -> None:
    plans = [piece_of("epic", seed).plan for seed in range(30)]
    assert len({p.energy for p in plans}) == 6
    assert len({p.tonic for p in plans}) > 8
    assert len({p.ensemble.melody for p in plans}) > 3


def test_labels_that_are_known_are_not_guessed() -> None:
    piece = piece_of("dark", 3)
    window = next(windows(piece.score, 6, repeat(8)))
    told = encode(replace(window, mood=MOODS.index("dark"), key=(4, 1)))
    assert told[1] == tokens.BLOCKS["MOOD"][MOODS.index("dark")]
    assert tokens.BLOCKS["TONIC"][4] in told and tokens.BLOCKS["MODE"][1] in told
