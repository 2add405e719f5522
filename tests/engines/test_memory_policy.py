"""The policy that looks ahead: what it learns, what it evicts, what it says."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest

from engines.memory.forecasting import outlook
from engines.memory.forecasting.forecast import ForecastPolicy, reload_seconds
from engines.memory.forecasting.jobtable import JobTable
from engines.memory.forecasting.rehearsal import Rehearsal, Stock, bits
from engines.memory.forecasting.subsets import cheapest
from engines.memory.policy import Idle, Policy, Victim

USES = {
    "text:write": (("text:llm",),),
    "image:draw": (("image:encoder",), ("image:unet",), ("image:vae",)),
    "music:compose": (("music:model",),),
}
SIZES = {
    "text:llm": 40,
    "image:encoder": 5,
    "image:unet": 40,
    "image:vae": 2,
    "music:model": 40,
}


def size_of(idle: Idle) -> float:
    return float(idle.size_bytes)


def taught(jobs: Sequence[str]) -> ForecastPolicy:
    policy = ForecastPolicy(cost=size_of)
    for job in jobs:
        policy.began(job)
        for keys in USES[job]:
            policy.used(keys)
    return policy


def idle(*keys: str, load_s: float = 0.0) -> list[Idle]:
    return [
        Idle(key=key, size_bytes=SIZES[key], last_use=at, load_s=load_s)
        for at, key in enumerate(keys)
    ]


def names(victims: Sequence[Victim]) -> set[str]:
    return {victim.key for victim in victims}


def test_what_the_queue_needs_stays() -> None:
    policy: Policy = taught(["text:write", "image:draw", "music:compose"] * 5)
    policy.began("image:draw")
    policy.expect(["text:write"])
    assert names(policy.victims(idle("text:llm", "music:model"), 30)) == {"music:model"}
    policy.expect(["music:compose"])
    assert names(policy.victims(idle("text:llm", "music:model"), 30)) == {"text:llm"}


def test_what_usually_follows_stays() -> None:
    policy = taught(["text:write", "image:draw"] * 10 + ["music:compose"] * 2)
    policy.began("text:write")
    policy.used(["text:llm"])
    assert names(policy.victims(idle("image:unet", "music:model"), 30)) == {"music:model"}


def test_what_the_running_job_still_needs_stays() -> None:
    policy = taught(["image:draw", "music:compose"] * 6)
    policy.began("image:draw")
    policy.expect(["music:compose", "music:compose"])
    victims = policy.victims(idle("image:unet", "music:model"), 40)
    assert names(victims) == {"music:model"}


@pytest.mark.parametrize("seed", range(30))
def test_victims_are_enough_and_none_is_needless(seed: int) -> None:
    dice = random.Random(seed)
    policy = taught(dice.choices(sorted(USES), k=30))
    policy.began(dice.choice(sorted(USES)))
    choice = idle(*dice.sample(sorted(SIZES), dice.randint(1, 5)))
    whole = sum(component.size_bytes for component in choice)
    needed = dice.randint(1, whole)
    victims = names(policy.victims(choice, needed))
    freed = sum(SIZES[key] for key in victims)
    assert victims <= {component.key for component in choice}
    assert freed >= needed
    assert all(freed - SIZES[key] < needed for key in victims)


def test_nothing_leaves_when_nothing_is_needed() -> None:
    assert ForecastPolicy().victims(idle("text:llm"), 0) == ()


def test_it_decides_before_it_has_seen_any_job() -> None:
    victims = ForecastPolicy().victims(idle("text:llm", "image:vae"), 1)
    assert names(victims) == {"image:vae"}


def test_of_two_equally_likely_the_one_that_loads_quicker_leaves() -> None:
    slow = Idle(key="a", size_bytes=10, last_use=0, load_s=9.0)
    quick = Idle(key="b", size_bytes=10, last_use=0, load_s=1.0)
    assert names(ForecastPolicy().victims([slow, quick], 5)) == {"b"}
    assert reload_seconds(slow) == 9.0


def test_a_component_that_was_never_timed_costs_by_its_size() -> None:
    small = Idle(key="a", size_bytes=10**9, last_use=0, load_s=0.0)
    assert reload_seconds(small) == pytest.approx(1.0)


def test_a_component_without_size_is_no_victim() -> None:
    empty = Idle(key="none", size_bytes=0, last_use=0, load_s=0.0)
    assert names(ForecastPolicy().victims([empty, *idle("text:llm")], 1)) == {"text:llm"}


def test_the_reason_tells_the_queue_and_the_chance() -> None:
    policy = taught(["text:write"] * 30)
    policy.began("text:write")
    [victim] = policy.victims(idle("music:model"), 1)
    assert victim.reason == "no job waits; 0% likely within the next 6"
    policy.expect(["text:write"] * 4)
    [victim] = policy.victims(idle("music:model"), 1)
    assert victim.reason.startswith("not needed by the 4 jobs that wait; ")
    policy.expect(["text:write"])
    [victim] = policy.victims(idle("music:model"), 1)
    assert victim.reason.startswith("not needed by the job that waits; ")


def test_the_reason_says_when_a_waiting_job_needs_the_victim() -> None:
    policy = taught(["text:write", "image:draw"] * 5)
    policy.began("image:draw")
    policy.expect(["image:draw", "text:write"])
    [victim] = policy.victims(idle("text:llm"), 1)
    assert victim.reason == "needed only by job 2 of the 2 that wait"


def test_wanted_is_what_the_next_waiting_job_uses_in_its_order() -> None:
    policy = taught(["image:draw", "text:write"])
    assert policy.wanted() == ()
    policy.expect(["image:draw", "text:write"])
    assert policy.wanted() == ("image:encoder", "image:unet", "image:vae")
    policy.expect(["audio:unknown"])
    assert policy.wanted() == ()


def test_leases_of_jobs_in_other_lanes_are_told_apart() -> None:
    policy = taught(["image:draw", "text:write"])
    policy.began("image:draw")
    policy.began("text:write")
    policy.used(["image:encoder"])
    policy.used(["text:llm"])
    policy.used(["image:unet"])
    policy.expect(["text:write"])
    assert policy.wanted() == ("text:llm",)
    policy.expect(["image:draw"])
    assert policy.wanted() == ("image:encoder", "image:unet", "image:vae")


def test_a_job_that_ended_early_does_not_make_its_kind_forgotten() -> None:
    policy = taught(["image:draw"])
    policy.began("image:draw")
    policy.used(["image:encoder"])
    policy.expect(["image:draw"])
    assert policy.wanted() == ("image:encoder", "image:unet", "image:vae")


def test_what_was_learned_survives_json() -> None:
    policy = taught(["text:write", "image:draw"] * 10)
    policy.began("image:draw")
    policy.victims(idle("text:llm", "music:model"), 30)
    table = json.loads(json.dumps(policy.table()))
    again = ForecastPolicy(cost=size_of)
    assert again.load(table)
    assert again.table() == policy.table()
    again.began("text:write")
    assert names(again.victims(idle("image:unet", "music:model"), 30)) == {"music:model"}


def broken_tables() -> list[Any]:
    whole = taught(["text:write"]).table()
    return [
        {},
        None,
        [],
        {**whole, "version": 2},
        {**whole, "jobs": {**whole["jobs"], "labels": [1]}},
        {**whole, "jobs": {**whole["jobs"], "labels": ["a", "a"]}},
        {**whole, "jobs": {**whole["jobs"], "jobs": -1}},
        {**whole, "jobs": {**whole["jobs"], "followers": [[[7], [[0, 1]]]]}},
        {**whole, "jobs": {**whole["jobs"], "followers": [[[0] * 9, [[0, 1]]]]}},
        {**whole, "jobs": {**whole["jobs"], "followers": [[[0], [[0, "x"]]]]}},
        {**whole, "profiles": [["text:write", [[3]]]]},
        {**whole, "profiles": 5},
        {**whole, "limits": [["text:write", 0, -5]]},
        {**whole, "components": [["text:llm", 5, float("nan")]]},
        {**whole, "components": [["text:llm", True, 1.0]]},
    ]


@pytest.mark.parametrize("table", broken_tables())
def test_a_broken_table_is_refused_and_changes_nothing(table: Any) -> None:
    policy = taught(["text:write", "image:draw"])
    before = policy.table()
    assert not policy.load(table)
    assert policy.table() == before


@pytest.mark.parametrize("seed", range(60))
def test_the_bounded_search_finds_what_trying_all_subsets_finds(seed: int) -> None:
    dice = random.Random(seed)
    count = dice.randint(1, 9)
    losses = [dice.choice([0.0, dice.uniform(0, 50)]) for _ in range(count)]
    sizes = [dice.randint(1, 30) for _ in range(count)]
    needed = dice.randint(1, sum(sizes))
    [found] = cheapest(losses, sizes, needed, 1)
    best = min(
        sum(losses[item] for item in subset)
        for length in range(1, count + 1)
        for subset in combinations(range(count), length)
        if sum(sizes[item] for item in subset) >= needed
    )
    assert sum(sizes[item] for item in found) >= needed
    assert sum(losses[item] for item in found) == pytest.approx(best)


def test_several_subsets_come_cheapest_first_and_differ() -> None:
    found = cheapest([5.0, 1.0, 3.0, 2.0], [10, 10, 10, 10], 10, 3)
    assert found == [(1,), (3,), (2,)]


def test_the_search_gives_an_answer_for_many_components() -> None:
    dice = random.Random(0)
    sizes = [dice.randint(1, 1000) for _ in range(200)]
    losses = [size * dice.uniform(0.9, 1.1) for size in sizes]
    found = cheapest(losses, sizes, 50_000, 5)
    assert found
    assert all(sum(sizes[item] for item in subset) >= 50_000 for subset in found)


def test_the_table_learns_what_follows_what() -> None:
    table = JobTable()
    a, b, c = (table.number(label) for label in "abc")
    history: tuple[int, ...] = ()
    for _ in range(20):
        for job in (a, b, c):
            table.learn(history, job)
            history = (*history, job)[-4:]
    likely = table.likelihoods((a,))
    assert sum(likely) == pytest.approx(1.0)
    assert likely[b] > 0.8
    assert min(likely) > 0.0
    assert all(run[:2] == (c, a) for run in table.futures(history, (c, a), 8, 5))


def test_old_habits_fade() -> None:
    table = JobTable()
    a, b = table.number("a"), table.number("b")
    for _ in range(45_000):
        table.learn((), a)
    for _ in range(35_000):
        table.learn((), b)
    assert table.likelihoods(())[b] > 0.55


def rehearsal_of(*masks: int, limit: int) -> Rehearsal:
    stock = Stock()
    for bit, size in ((1, 10), (2, 10), (4, 10)):
        stock.put(bit, size, float(size))
    return Rehearsal(masks, [limit] * len(masks), stock)


def test_a_rehearsal_prefers_to_keep_what_comes_back_first() -> None:
    costs, events = rehearsal_of(1, 1, 2, limit=20).costs([1, 2], 0)
    assert costs[0] < costs[1]
    assert events > 0


def test_choices_that_a_future_never_tells_apart_cost_the_same() -> None:
    assert rehearsal_of(4, 4, limit=20).costs([1, 2], 0) == ([0.0, 0.0], 0)


def test_the_work_of_a_decision_is_bounded() -> None:
    """Many more components and futures than usual: the rehearsals stop, the answer comes."""
    dice = random.Random(1)
    keys = [f"engine:{n}" for n in range(50)]
    policy = ForecastPolicy(cost=size_of)
    for number in range(100):
        label = f"engine:kind{number % 20}"
        policy.began(label)
        policy.used(dice.sample(keys, 6))
    policy.began("engine:kind1")
    components = [
        Idle(key=key, size_bytes=dice.randint(1, 99), last_use=0, load_s=0.0) for key in keys
    ]
    needed = sum(component.size_bytes for component in components) // 2
    freed = {victim.key for victim in policy.victims(components, needed)}
    assert sum(c.size_bytes for c in components if c.key in freed) >= needed
    assert outlook.MOST_EVENTS <= 500


def test_bits_are_those_of_the_mask() -> None:
    assert bits(0b10110) == [2, 4, 16]
