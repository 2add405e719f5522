"""Lines drawn together: guesses save steps and change nothing that is likely."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from engines.music.model import tokens
from engines.music.model.grammar import Line
from engines.music.model.habits import Habits
from engines.music.model.tokens import BLOCKS
from engines.music.writing import drafting
from engines.music.writing.drafting import draw_lines
from engines.music.writing.part_writer import Choice
from engines.sampling import Sampling
from tests.engines.music import tiny

POSITION, PITCH, DURATION = (BLOCKS[name] for name in ("POSITION", "PITCH", "DURATION"))


def among(*ids: int) -> Choice:
    allowed = np.zeros(tokens.SIZE, bool)
    allowed[list(ids)] = True
    return Choice(allowed)


def line(bars: int) -> Line:
    """Bars of two notes, each early or a little late, short or long."""
    for bar in range(bars):
        yield BLOCKS["BAR"][bar]
        for place in (0, 24):
            yield among(POSITION[place], POSITION[place + 6])
            yield among(PITCH[60], PITCH[64], PITCH[67])
            yield among(DURATION[5], DURATION[9])


def drawn(rows: int, *, guesses: int, bars: int = 4) -> tuple[list[list[int]], int]:
    steps = 0

    def count(_: int) -> None:
        nonlocal steps
        steps += 1

    before = drafting.GUESSES
    drafting.GUESSES = guesses  # type: ignore[misc]
    try:
        written = draw_lines(
            tiny.decoder(), [tokens.BOS], lambda _: line(bars), rows, room=256,
            sampling=Sampling(), generator=torch.Generator().manual_seed(5), on_step=count,
        )  # fmt: skip
    finally:
        drafting.GUESSES = before  # type: ignore[misc]
    return written, steps


def test_guesses_save_steps_and_keep_the_likelihoods() -> None:
    plain, plain_steps = drawn(200, guesses=0)
    guessed, guessed_steps = drawn(200, guesses=2)
    assert guessed_steps <= plain_steps
    assert {len(row) for row in plain} == {len(row) for row in guessed} == {1 + 4 * 7}
    shares = [Counter(token for row in rows for token in row) for rows in (plain, guessed)]
    for token in (PITCH[60], PITCH[64], PITCH[67], DURATION[5], DURATION[9]):
        assert shares[0][token] / 1600 == pytest.approx(shares[1][token] / 1600, abs=0.06)


def test_one_line_alone_takes_fewer_steps() -> None:
    steps = [drawn(1, guesses=guesses, bars=12)[1] for guesses in (0, 1)]
    assert steps[0] == 6 * 12
    assert steps[1] < 0.9 * steps[0]


def test_with_the_likeliest_taken_guesses_change_no_token() -> None:
    rows = []
    for guesses in (0, 1, 3):
        before = drafting.GUESSES
        drafting.GUESSES = guesses  # type: ignore[misc]
        try:
            rows += draw_lines(
                tiny.decoder(), [tokens.BOS], lambda _: line(6), 1, room=256,
                sampling=Sampling(temperature=0.0), generator=torch.Generator().manual_seed(0),
                on_step=lambda _: None,
            )  # fmt: skip
        finally:
            drafting.GUESSES = before  # type: ignore[misc]
    assert rows[0] == rows[1] == rows[2]


def test_lines_that_end_leave_the_others_as_they_are() -> None:
    lengths = iter((1, 6, 2, 6))
    written = draw_lines(
        tiny.decoder(), [tokens.BOS], lambda _: line(next(lengths)), 4, room=256,
        sampling=Sampling(temperature=0.0), generator=torch.Generator().manual_seed(0),
        on_step=lambda _: None,
    )  # fmt: skip
    assert [len(row) for row in written] == [8, 43, 15, 43]
    assert written[1] == written[3]
    assert written[1][:15] == written[2]


def test_habits_repeat_what_stood_at_this_position() -> None:
    habits = Habits()
    bar = [POSITION[0], PITCH[60], DURATION[5], POSITION[24], PITCH[62], DURATION[9]]
    habits.hear([*bar, BLOCKS["BAR"][1], POSITION[0], PITCH[67]])
    assert habits.guess(3) == [DURATION[5], POSITION[24]]
    habits.hear([DURATION[5], POSITION[24], PITCH[60]])
    assert habits.guess(1) == [DURATION[9]]
    assert Habits().guess(4) == []
