"""A card with main memory behind it: parking, returning, and smaller forms."""

from __future__ import annotations

import pytest

from engines.api import Change, MemoryOptions, OutOfMemory, Run, Tier
from engines.memory.lease import Component
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice, Weights
from tests.engines.memory_machine import work

HUGE = (("offload", 300, True), ("fp8", 200, False))


@pytest.fixture
def card() -> SimulatedDevice:
    """A card of 1,000 bytes in a machine with 600 for what is parked."""
    return SimulatedDevice(1000, "cuda", ram_bytes=600)


@pytest.fixture
def memory(card: SimulatedDevice) -> MemoryManager:
    return MemoryManager(card, patience_s=0.0)


def use(memory: MemoryManager, component: Component[Weights], working_bytes: int = 0) -> str:
    """Lease a component for a moment and return its form."""
    with memory.lease(component, working=work(working_bytes), run=Run()) as (weights,):
        return weights.way


def where(memory: MemoryManager) -> dict[str, Tier]:
    return {resident.key: resident.tier for resident in memory.status().residents}


def changes(memory: MemoryManager) -> list[tuple[Change, str]]:
    return [(event.change, event.key) for event in memory.status().events]


def test_what_must_leave_the_card_is_parked_and_returns_without_the_disk(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    a, b = (card.component(key, 600, parks=True) for key in "ab")
    for component in (a, b, a):
        use(memory, component)
    assert changes(memory) == [
        (Change.LOAD, "a"),
        (Change.PARK, "a"),
        (Change.LOAD, "b"),
        (Change.EVICT, "a"),
        (Change.PARK, "b"),
        (Change.LOAD, "a"),
    ]
    small = [card.component(key, 300, parks=True) for key in "cdef"]
    for component in (*small, small[0]):
        use(memory, component)
    assert changes(memory)[-1] == (Change.RETURN, "c")
    assert memory.status().ram_used_bytes == card.ram.allocated_bytes == 300


def test_a_component_that_cannot_be_moved_is_dropped(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    use(memory, card.component("a", 600))
    use(memory, card.component("b", 600, parks=True))
    assert where(memory) == {"b": Tier.DEVICE}


def test_main_memory_has_a_budget_of_its_own(memory: MemoryManager, card: SimulatedDevice) -> None:
    memory.configure(MemoryOptions(ram_bytes=350))
    for key in "abcde":
        use(memory, card.component(key, 300, parks=True))
        status = memory.status()
        assert status.ram_used_bytes <= status.ram_budget_bytes == 350
    assert where(memory) == {
        "b": Tier.RAM,
        "c": Tier.DEVICE,
        "d": Tier.DEVICE,
        "e": Tier.DEVICE,
    }
    memory.configure(MemoryOptions(ram_bytes=0))
    assert card.ram.allocated_bytes == 0
    assert set(where(memory)) == {"c", "d", "e"}


def test_what_is_too_large_for_main_memory_is_dropped_at_once(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    use(memory, card.component("small", 200, parks=True))
    memory.free_idle(parked=False)
    use(memory, card.component("large", 700, parks=True))
    memory.free_idle(parked=False)
    assert where(memory) == {"small": Tier.RAM}


def test_the_processor_has_one_tier() -> None:
    device = SimulatedDevice(1000, ram_bytes=600)
    memory = MemoryManager(device)
    for key in "ab":
        use(memory, device.component(key, 600, parks=True))
    assert where(memory) == {"b": Tier.DEVICE}


def test_a_parking_that_fails_halfway_drops_what_was_split(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    use(memory, card.component("a", 600, parks=True))
    with memory.lease(card.component("b", 100), working=work(), run=Run()):
        card.fail_at = 2
        memory.free_idle(parked=False)
    assert where(memory) == {"b": Tier.DEVICE}
    assert (card.card.allocated_bytes, card.ram.allocated_bytes) == (100, 0)


def test_a_return_that_fails_halfway_is_loaded_from_disk(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    a = card.component("a", 600, parks=True)
    use(memory, a)
    memory.free_idle(parked=False)
    assert where(memory) == {"a": Tier.RAM}
    card.fail_at = 2
    with memory.lease(a, working=work(), run=Run()) as (weights,):
        assert weights.is_in(card.card)
        assert weights.size_bytes == 600
    assert changes(memory)[-1] == (Change.LOAD, "a")
    assert (card.card.allocated_bytes, card.ram.allocated_bytes) == (600, 0)


def test_a_move_that_fails_for_another_reason_is_survived(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    whole = card.component("a", 600)

    def move(_weights: Weights, _device: str) -> None:
        raise RuntimeError("a hook stands in the way")

    use(memory, Component(key="a", size_bytes=600, load=whole.load, move=move))
    memory.free_idle(parked=False)
    assert where(memory) == {}
    assert card.card.allocated_bytes == 0


def test_a_lease_that_is_too_large_is_granted_smaller_with_the_least_harm(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    huge = card.component("unet", 1400, smaller=HUGE)
    with memory.lease(
        card.component("clip", 100, smaller=[("int8", 50, False)]), huge, working=work(), run=Run()
    ) as (clip, unet):
        assert (clip.way, unet.way) == ("", "offload")
        fittings = {r.key: (r.fitting, r.size_bytes) for r in memory.status().residents}
        assert fittings == {"clip": ("", 100), "unet": ("offload", 300)}


def test_what_was_held_smaller_is_loaded_whole_when_there_is_room(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    unet = card.component("unet", 700, smaller=HUGE)
    assert use(memory, unet, working_bytes=500) == "offload"
    assert use(memory, unet, working_bytes=100) == ""
    reasons = [e.reason for e in memory.status().events if e.change is Change.EVICT]
    assert reasons == ["to be loaded in another form"]


def test_a_component_leased_by_another_job_keeps_its_form(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    """The second job works with what is there, or waits; nobody's model is swapped."""
    unet = card.component("unet", 700, smaller=HUGE)
    with (
        memory.lease(unet, working=work(500), run=Run()) as (first,),
        memory.lease(unet, working=work(100), run=Run()) as (second,),
    ):
        assert first is second
        assert second.way == "offload"


def test_a_shortage_while_loading_goes_down_the_smaller_ways(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    hidden = card.allocate(750)  # what the books do not know of
    with memory.lease(card.component("unet", 700, smaller=HUGE), working=work(), run=Run()) as (
        unet,
    ):
        assert unet.way == "fp8"
        assert memory.status().used_bytes == 200
    del unet, hidden
    card.trim()
    assert use(memory, card.component("unet", 700, smaller=HUGE)) == "fp8"  # it ran short before
    card.card.capacity_bytes = 1600
    assert use(memory, card.component("unet", 700, smaller=HUGE)) == ""


def test_a_form_that_is_kept_is_not_forced_on_a_job_that_cannot_use_it(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    """A model in 8 bits takes no LoRA: such a job has it loaded again, as large as it can be."""
    hidden = card.allocate(750)
    assert use(memory, card.component("unet", 700, smaller=HUGE)) == "fp8"
    del hidden
    assert use(memory, card.component("unet", 700, smaller=HUGE)) == "fp8"
    assert use(memory, card.component("unet", 700, smaller=HUGE[:1])) == ""


def test_a_running_job_has_its_component_shrunk_step_by_step(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    run = Run()
    unet = card.component("unet", 600, smaller=HUGE, parks=True)
    with memory.lease(unet, working=work(), run=run) as (whole,):
        offload = memory.shrink(run, "unet")
        assert whole.is_in(card.ram)  # the job's own reference holds nothing of the card
        assert card.card.allocated_bytes == memory.status().used_bytes == 300
        assert offload is not None
        assert offload.way == "offload"
        del whole, offload
        fp8 = memory.shrink(run, "unet")
        assert fp8 is not None
        assert fp8.way == "fp8"
        assert memory.shrink(run, "unet") is None
        assert card.card.allocated_bytes == memory.status().used_bytes == 200
    assert card.ram.allocated_bytes == 0


def test_what_another_job_leases_too_is_not_shrunk(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    run = Run()
    unet = card.component("unet", 700, smaller=HUGE)
    with memory.lease(unet, working=work(), run=run):
        with memory.lease(unet, working=work(), run=Run()):
            assert memory.shrink(run, "unet") is None
        assert memory.shrink(run, "nothing") is None
        assert memory.shrink(Run(), "unet") is None
        assert memory.status().used_bytes == 700


def test_a_shrinking_that_fails_ends_that_job_alone(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    run = Run()
    with memory.lease(card.component("b", 200), working=work(), run=Run()):
        with (
            pytest.raises(OutOfMemory),
            memory.lease(card.component("unet", 700, smaller=HUGE), working=work(), run=run) as (
                unet,
            ),
        ):
            card.card.others_bytes = 900
            del unet
            memory.shrink(run, "unet")
        assert where(memory) == {"b": Tier.DEVICE}
        assert card.card.allocated_bytes == memory.status().used_bytes == 200
