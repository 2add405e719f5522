"""The checks of the memory are worth something: each catches faults that were put in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.engines.memory_lanes import check_lanes
from tests.engines.memory_machine import MemoryMachine
from tests.engines.memory_mutants import IN_HISTORIES, IN_LANES

Mutant = Callable[[], AbstractContextManager[None]]

HISTORIES = settings(
    max_examples=300,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mutant", IN_HISTORIES)
def test_random_histories_catch(mutant: Mutant) -> None:
    with mutant(), pytest.raises((AssertionError, LookupError, ValueError)):
        run_state_machine_as_test(MemoryMachine, settings=HISTORIES)


@pytest.mark.parametrize("mutant", IN_LANES)
@pytest.mark.usefixtures("threads_end")
def test_three_lanes_catch(mutant: Mutant) -> None:
    with mutant(), pytest.raises(AssertionError, match=r"was not woken|did not end"):
        check_lanes(kept=False, jobs=20, look_s=0.5)
