"""What a job tries when the device runs short under it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engines.api import BadRequest, Cancelled, CancelToken, Change, OutOfMemory, Run
from engines.memory.ladder import Ladder, Rung
from engines.memory.manager import MemoryManager
from engines.memory.simulated import Shortage, SimulatedDevice
from tests.engines.memory_machine import work


class Attempts:
    """A call that runs short some times and then succeeds."""

    def __init__(self, shortages: int) -> None:
        self.left = shortages
        self.made = 0

    def __call__(self) -> str:
        self.made += 1
        if self.left:
            self.left -= 1
            raise Shortage(1)
        return "done"


def rung(name: str, climbed: list[str], gains: bool = True) -> Rung:
    def climb() -> bool:
        climbed.append(name)
        return gains

    return Rung(name=name, climb=climb)


def reliefs(memory: MemoryManager) -> list[str]:
    return [e.reason for e in memory.status().events if e.change is Change.RELIEF]


def test_a_call_that_has_room_is_made_once(memory: MemoryManager) -> None:
    run, attempts = Run(), Attempts(0)
    with memory.lease(working=work(10), run=run):
        assert Ladder(memory, run, work(10))(attempts) == "done"
    assert attempts.made == 1
    assert reliefs(memory) == []


def test_the_rungs_are_climbed_in_order_and_only_as_far_as_needed(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    with memory.lease(device.component("idle", 300), working=work(), run=Run()):
        pass
    run = Run()
    climbed: list[str] = []
    rungs = [rung("tile", climbed), rung("halve", climbed, gains=False), rung("offload", climbed)]
    with memory.lease(working=work(10), run=run):
        ladder = Ladder(memory, run, work(10), [*rungs, rung("fp8", climbed)])
        assert ladder(Attempts(4)) == "done"
    assert climbed == ["tile", "halve", "offload"]
    assert reliefs(memory) == ["empty cache", "evict idle", "tile", "offload"]
    assert memory.status().residents == ()


def test_rungs_stay_climbed_for_the_calls_that_follow(memory: MemoryManager) -> None:
    run = Run()
    climbed: list[str] = []
    with memory.lease(working=work(10), run=run):
        ladder = Ladder(memory, run, work(10), [rung("tile", climbed), rung("halve", climbed)])
        ladder(Attempts(2))
        assert climbed == ["tile"]
        ladder(Attempts(2))
    assert climbed == ["tile", "halve"]
    assert reliefs(memory) == ["empty cache", "tile", "empty cache", "halve"]


def test_after_the_last_rung_this_job_alone_fails_with_its_numbers(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    run = Run()
    with memory.lease(device.component("other", 200), working=work(), run=Run()):
        with (
            pytest.raises(OutOfMemory) as caught,
            memory.lease(device.component("a", 300), working=work(100), run=run),
        ):
            Ladder(memory, run, work(100), [rung("tile", [])])(Attempts(99))
        assert (caught.value.needed_bytes, caught.value.free_bytes) == (800, 400)
        assert [r.key for r in memory.status().residents if r.leased] == ["other"]


def test_a_smaller_form_is_a_rung(memory: MemoryManager, device: SimulatedDevice) -> None:
    run = Run()
    unet = device.component("unet", 700, smaller=[("offload", 200, True)])
    with memory.lease(unet, working=work(100), run=run) as leased:
        held = list(leased)
        del leased

        def shrink() -> bool:
            held.clear()
            held.append(memory.shrink(run, "unet"))
            return held[0] is not None

        ladder = Ladder(memory, run, work(100), [Rung(name="group offload", climb=shrink)])
        assert ladder(lambda: device.allocate(600)).size_bytes == 600
        assert held[0].way == "offload"
    assert reliefs(memory) == ["empty cache", "group offload"]


def test_a_rung_that_runs_short_itself_gains_nothing(memory: MemoryManager) -> None:
    run = Run()
    climbed: list[str] = []

    def falls() -> bool:
        raise Shortage(1)

    with memory.lease(working=work(10), run=run):
        ladder = Ladder(
            memory, run, work(10), [Rung(name="falls", climb=falls), rung("holds", climbed)]
        )
        assert ladder(Attempts(2)) == "done"
    assert climbed == ["holds"]


@pytest.mark.parametrize("error", [BadRequest("odd"), Cancelled(), RuntimeError("odd")])
def test_other_errors_pass_at_once(memory: MemoryManager, error: Exception) -> None:
    run = Run()
    climbed: list[str] = []

    def fails() -> None:
        raise error

    with pytest.raises(type(error)), memory.lease(working=work(10), run=run):
        Ladder(memory, run, work(10), [rung("tile", climbed)])(fails)
    assert climbed == []
    assert memory.status().works == ()


def test_a_cancel_is_heard_between_the_rungs(memory: MemoryManager) -> None:
    token = CancelToken()
    run = Run(token=token)
    climbed: list[str] = []

    def short_and_cancelled() -> None:
        token.cancel()
        raise Shortage(1)

    with pytest.raises(Cancelled), memory.lease(working=work(10), run=run):
        Ladder(memory, run, work(10), [rung("tile", climbed)])(short_and_cancelled)
    assert climbed == []
    assert memory.status().working_bytes == 0


def test_what_a_failed_call_held_is_free_for_the_next(
    memory: MemoryManager, device: SimulatedDevice
) -> None:
    run = Run()

    def hungry(size_bytes: int) -> Callable[[], int]:
        def call() -> int:
            held = [device.allocate(300)]
            held.append(device.allocate(size_bytes if len(made) == 0 else 600))
            return len(held)

        return call

    made: list[int] = []
    with memory.lease(working=work(10), run=run):
        ladder = Ladder(
            memory, run, work(10), [Rung(name="less", climb=lambda: not made.append(1))]
        )
        assert ladder(hungry(800)) == 2
