"""The draw of the next token."""

from __future__ import annotations

import math

import pytest
import torch

from engines.sampling import Sampling, draw, keep_min_p, keep_top_p, penalise

LOGITS = torch.tensor([[3.0, 2.0, 1.0, -1.0], [0.0, 0.0, 0.0, 5.0]])


def kept(logits: torch.Tensor) -> list[list[int]]:
    return [[i for i, x in enumerate(row) if x > -math.inf] for row in logits.tolist()]


def test_min_p_keeps_what_is_likely_enough() -> None:
    assert kept(keep_min_p(LOGITS, 0.2)) == [[0, 1], [3]]
    assert keep_min_p(LOGITS, 0.0) is LOGITS


def test_top_p_keeps_the_smallest_set_and_at_least_one() -> None:
    assert kept(keep_top_p(LOGITS, 0.7)) == [[0, 1], [3]]
    assert kept(keep_top_p(LOGITS, 0.0)) == [[0], [3]]
    assert keep_top_p(LOGITS, 1.0) is LOGITS


def test_what_was_ruled_out_stays_out() -> None:
    masked = LOGITS.clone()
    masked[0, 0] = -math.inf
    assert kept(keep_top_p(masked, 0.9))[0] == [1, 2]


def test_the_penalty_lowers_what_was_written() -> None:
    out = penalise(LOGITS, torch.tensor([[0, 3], [3, 3]]), 2.0)
    assert out[0].tolist() == [1.5, 2.0, 1.0, -2.0]
    assert out[1].tolist() == [0.0, 0.0, 0.0, 2.5]
    assert LOGITS[0, 0] == 3.0


@pytest.mark.parametrize("temperature", [0.0, 0.5, 2.0])
def test_the_same_seed_draws_the_same(temperature: float) -> None:
    sampling = Sampling(temperature=temperature, top_p=0.9, min_p=0.01)
    draws = [draw(LOGITS, sampling, torch.Generator().manual_seed(7)).tolist() for _ in range(2)]
    assert draws[0] == draws[1]


def test_temperature_zero_takes_the_likeliest() -> None:
    assert draw(LOGITS, Sampling(temperature=0.0), torch.Generator()).tolist() == [0, 3]


def test_a_draw_follows_the_probabilities() -> None:
    generator = torch.Generator().manual_seed(1)
    rows = torch.zeros(4000, 2)
    rows[:, 0] = math.log(3)
    share = (draw(rows, Sampling(), generator) == 0).float().mean().item()
    assert share == pytest.approx(0.75, abs=0.03)
