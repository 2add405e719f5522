"""What the keeper does: others' use, idle time, loading ahead; and the user's own wishes."""

from __future__ import annotations

import threading

import pytest

from engines.api import Change, MemoryEvent, MemoryOptions, ModelMissing, OutOfMemory, Run, Tier
from engines.memory.lease import Component
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from tests.engines.memory_machine import Expecting, work
from tests.engines.threading_steps import in_thread, wait_until

pytestmark = pytest.mark.usefixtures("threads_end")


@pytest.fixture
def card() -> SimulatedDevice:
    return SimulatedDevice(1000, "cuda", ram_bytes=600)


@pytest.fixture
def policy() -> Expecting:
    return Expecting()


@pytest.fixture
def memory(card: SimulatedDevice, policy: Expecting) -> MemoryManager:
    return MemoryManager(card, policy=policy, patience_s=5.0)


def where(memory: MemoryManager) -> dict[str, Tier]:
    return {resident.key: resident.tier for resident in memory.status().residents}


def events(memory: MemoryManager, change: Change) -> list[MemoryEvent]:
    return [event for event in memory.status().events if event.change is change]


def use(memory: MemoryManager, *components: Component[object]) -> None:
    for component in components:
        with memory.lease(component, working=work(), run=Run()):
            pass


def test_the_keeper_asks_nothing_before_the_first_job(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    """Asking a card creates its context."""
    card.budget_bytes = lambda: pytest.fail("the card was asked")  # type: ignore[method-assign]
    memory.tend()
    assert memory.status().budget_bytes == 0


def test_others_use_sends_the_idle_away_and_is_logged(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    use(memory, card.component("a", 400, parks=True), card.component("b", 400, parks=True))
    memory.tend()
    card.card.others_bytes = 300
    memory.tend()
    assert where(memory) == {"a": Tier.RAM, "b": Tier.DEVICE}
    (seen,) = events(memory, Change.FOREIGN)
    assert (seen.size_bytes, seen.reason) == (300, "other programs hold more")
    assert events(memory, Change.PARK)[0].reason == "the budget shrank"


def test_others_use_never_takes_what_a_job_works_with(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    with memory.lease(card.component("a", 600), working=work(200), run=Run()) as (weights,):
        card.card.others_bytes = 900
        memory.tend()
        assert weights.is_in(card.card)
        assert memory.status().used_bytes == 800
    memory.tend()
    assert memory.status().used_bytes <= memory.status().budget_bytes == 100


def test_foreign_use_makes_room_shrink_at_the_next_lease(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    use(memory, card.component("a", 400), card.component("b", 400))
    card.card.others_bytes = 500
    with memory.lease(card.component("c", 50), working=work(), run=Run()):
        assert memory.status().used_bytes <= memory.status().budget_bytes == 500
        assert set(where(memory)) == {"b", "c"}


def test_models_leave_after_their_time(memory: MemoryManager, card: SimulatedDevice) -> None:
    use(memory, card.component("a", 400), card.component("b", 300, parks=True))
    memory.free_idle(parked=False)
    use(memory, card.component("c", 300))
    memory.tend()
    assert where(memory) == {"b": Tier.RAM, "c": Tier.DEVICE}
    memory.configure(MemoryOptions(idle_s=1e-9))
    with memory.lease(card.component("d", 100), working=work(), run=Run()):
        memory.tend()
        assert where(memory) == {"d": Tier.DEVICE}
    memory.configure(MemoryOptions(idle_s=0.0))
    memory.tend()
    assert where(memory) == {"d": Tier.DEVICE}


def test_others_that_take_all_and_give_it_back_are_both_seen(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    with memory.lease(card.component("a", 400), working=work(), run=Run()):
        card.card.others_bytes = 1000
        memory.tend()
        assert (memory.status().used_bytes, memory.status().budget_bytes) == (400, 0)
    memory.tend()
    assert memory.status().used_bytes == 0
    card.card.others_bytes = 300
    memory.tend()
    assert memory.status().budget_bytes == 700


def test_what_was_loaded_ahead_and_not_used_leaves_once(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting
) -> None:
    """Behind a long job it must not come and go for ever."""
    use(memory, card.component("b", 300))
    memory.free_idle()
    policy.next = ("b",)
    memory.configure(MemoryOptions(idle_s=1e-9))
    with memory.lease(card.component("a", 400), working=work(), run=Run()):
        for _ in range(4):
            memory.tend()
        assert len(events(memory, Change.PREFETCH)) == 1
        assert where(memory) == {"a": Tier.DEVICE}
        memory.expect(["b"])
        memory.tend()
        assert len(events(memory, Change.PREFETCH)) == 2


def test_the_next_jobs_model_is_loaded_into_free_room(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting
) -> None:
    a, b = card.component("a", 400), card.component("b", 300)
    use(memory, b)
    memory.free_idle()
    policy.next = ("never seen", "b")
    with memory.lease(a, working=work(200), run=Run()):
        memory.tend()
        assert where(memory) == {"a": Tier.DEVICE, "b": Tier.DEVICE}
        assert memory.status().used_bytes == card.allocated_bytes + 200 == 900
    (seen,) = events(memory, Change.PREFETCH)
    assert (seen.key, seen.reason) == ("b", "the next job uses it")
    loads = len(events(memory, Change.LOAD))
    use(memory, b)
    assert len(events(memory, Change.LOAD)) == loads


def test_a_parked_model_is_brought_back_ahead(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting
) -> None:
    use(memory, card.component("a", 400, parks=True))
    memory.free_idle(parked=False)
    policy.next = ("a",)
    memory.tend()
    assert where(memory) == {"a": Tier.DEVICE}
    assert card.ram.allocated_bytes == 0


def test_nothing_is_evicted_for_what_is_loaded_ahead(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting
) -> None:
    use(memory, card.component("b", 500))
    memory.free_idle()
    use(memory, card.component("a", 600))
    policy.next = ("b",)
    memory.tend()
    assert where(memory) == {"a": Tier.DEVICE}


def test_the_user_can_forbid_loading_ahead(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting
) -> None:
    use(memory, card.component("a", 400))
    memory.free_idle()
    policy.next = ("a",)
    memory.configure(MemoryOptions(prefetch=False))
    memory.tend()
    assert where(memory) == {}


@pytest.mark.parametrize("fails_by", ["shortage", "error", "surprise"])
def test_what_could_not_be_loaded_ahead_is_not_tried_again_until_the_queue_changes(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting, fails_by: str
) -> None:
    tries: list[str] = []

    def load(device: str) -> object:
        tries.append(device)
        if len(tries) == 2:
            raise {"error": ModelMissing("a"), "surprise": RuntimeError("odd")}[fails_by]
        return card.allocate(400)

    use(memory, Component(key="a", size_bytes=400, load=load))
    memory.free_idle()
    policy.next = ("a",)
    if fails_by == "shortage":
        tries.append("one more")
        card.fail_at = 1
    for _ in range(3):
        memory.tend()
    assert where(memory) == {}
    assert card.allocated_bytes == memory.status().used_bytes == 0
    memory.expect(["next"])
    memory.tend()
    assert where(memory) == {"a": Tier.DEVICE}


def test_a_job_waits_for_its_model_that_is_being_loaded_ahead(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting
) -> None:
    """It must not use a half-loaded model, nor load it a second time."""
    loads: list[object] = []
    loading, go_on = threading.Event(), threading.Event()
    go_on.set()

    def load(_device: str) -> object:
        loading.set()
        go_on.wait()
        loads.append(card.allocate(400))
        return loads[-1]

    a = Component(key="a", size_bytes=400, load=load)
    use(memory, a)
    memory.free_idle()
    loads.clear()
    loading.clear()
    go_on.clear()
    policy.next = ("a",)
    keeper = in_thread(memory.tend)
    loading.wait()
    job = in_thread(lambda: use(memory, a))
    wait_until(lambda: len(memory._admission.line) == 1)
    memory.free_idle()  # nor does the user's wish tear it away from under the load
    assert where(memory) == {"a": Tier.DEVICE}
    go_on.set()
    keeper.join()
    job.join()
    assert len(loads) == 1
    assert where(memory) == {"a": Tier.DEVICE}


def test_nothing_is_loaded_ahead_while_a_job_waits(
    memory: MemoryManager, card: SimulatedDevice, policy: Expecting
) -> None:
    use(memory, card.component("a", 100))
    memory.free_idle()
    policy.next = ("a",)
    with memory.lease(working=work(600), run=Run()):
        job = in_thread(lambda: use(memory, card.component("b", 500)))
        wait_until(lambda: len(memory._admission.line) == 1)
        memory.tend()
        assert where(memory) == {}
    job.join()
    memory.tend()
    assert set(where(memory)) == {"a", "b"}


def test_new_limits_hold_at_once(memory: MemoryManager, card: SimulatedDevice) -> None:
    use(memory, card.component("a", 400), card.component("b", 400))
    memory.configure(MemoryOptions(limit_bytes=500))
    status = memory.status()
    assert where(memory) == {"b": Tier.DEVICE}
    assert (status.used_bytes, status.budget_bytes) == (400, 500)
    memory.configure(MemoryOptions(headroom_bytes=300))
    assert (memory.status().budget_bytes, memory.status().headroom_bytes) == (700, 300)
    with pytest.raises(OutOfMemory):
        use(memory, card.component("c", 800))


def test_freeing_the_card_leaves_what_a_job_works_with(
    memory: MemoryManager, card: SimulatedDevice
) -> None:
    use(memory, card.component("a", 300, parks=True), card.component("b", 300))
    with memory.lease(card.component("c", 300), working=work(), run=Run()):
        memory.free_idle(parked=False)
        assert where(memory) == {"a": Tier.RAM, "c": Tier.DEVICE}
        memory.free_idle()
        assert where(memory) == {"c": Tier.DEVICE}
    assert {event.reason for event in events(memory, Change.EVICT)} == {"freed by the user"}


def test_the_policy_hears_of_jobs_and_phases(card: SimulatedDevice) -> None:
    heard: list[tuple[str, ...]] = []

    class Listening(Expecting):
        def began(self, label: str) -> None:
            heard.append(("began", label))

        def used(self, keys: object) -> None:
            heard.append(("used", *keys))  # type: ignore[misc]

        def expect(self, labels: object) -> None:
            heard.append(("expect", *labels))  # type: ignore[misc]

    memory = MemoryManager(card, policy=Listening())
    run = Run()
    memory.expect(["image:sd15", "text:smol"])
    memory.began("image:sd15", run)
    for keys in (("clip",), ("unet", "cn")):
        parts = [card.component(key, 10) for key in keys]
        with memory.lease(*parts, working=work(), run=run):
            pass
    memory.ended(run)
    assert heard == [
        ("expect", "image:sd15", "text:smol"),
        ("began", "image:sd15"),
        ("used", "clip"),
        ("used", "unet", "cn"),
    ]
