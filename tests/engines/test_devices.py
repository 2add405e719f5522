"""The choice of a device, its precision, threads and seeds."""

from __future__ import annotations

import pytest
import torch

from engines import devices
from engines.api import BadRequest


def test_the_processor_is_always_there() -> None:
    assert devices.choose("cpu") == "cpu"
    assert devices.choose("auto") in ("cpu", "cuda")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(BadRequest, match="auto, cpu or cuda"):
        devices.choose("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card")
def test_a_card_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadRequest, match="no NVIDIA card"):
        devices.choose("cuda")


def test_threads_are_few_and_fixed() -> None:
    devices.fix_threads()
    assert torch.get_num_threads() == devices.threads() <= devices.MOST_THREADS


def test_a_generator_repeats_itself_and_leaves_the_global_one() -> None:
    before = torch.get_rng_state()
    first = torch.randn(4, generator=devices.generator(7))
    assert torch.equal(first, torch.randn(4, generator=devices.generator(7)))
    assert not torch.equal(first, torch.randn(4, generator=devices.generator(8)))
    assert torch.equal(before, torch.get_rng_state())


def test_the_processor_computes_in_full_precision() -> None:
    assert devices.dtype("cpu") is torch.float32
