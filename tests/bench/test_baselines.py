"""The other policies do what their rules say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engines.bench.baselines import Belady, LongestUnused, SmallestSet
from engines.bench.replay import Replay
from engines.bench.traces import GB, Lease, leases, trace
from engines.memory.policy import Idle, Victim


def idle(*sizes: int) -> list[Idle]:
    """Components a, b, c ..., the first one unused for the longest."""
    return [
        Idle(key=chr(97 + at), size_bytes=size, last_use=at, load_s=0.0)
        for at, size in enumerate(sizes)
    ]


def keys(victims: Sequence[Victim]) -> list[str]:
    return [victim.key for victim in victims]


def test_lru_takes_the_longest_unused_until_there_is_enough() -> None:
    assert keys(LongestUnused().victims(idle(1, 5, 9), 4)) == ["a", "b"]


def test_smallest_takes_the_smallest_sum_that_is_enough() -> None:
    assert keys(SmallestSet().victims(idle(9, 4, 3), 6)) == ["b", "c"]
    assert keys(SmallestSet().victims(idle(9, 4, 3), 8)) == ["a"]


def test_belady_takes_what_is_used_again_last() -> None:
    future = [Lease(keys=(key,), job=at) for at, key in enumerate("abcab")]
    policy = Belady(future)
    for key in "abc":
        policy.used([key])
    assert keys(policy.victims(idle(2, 2, 2), 2)) == ["c"]
    assert keys(policy.victims(idle(2, 2), 2)) == ["b"]


def test_unloading_moves_more_than_keeping() -> None:
    jobs = trace(60, 0)
    kept = Replay(LongestUnused(), 16 * GB).run(jobs)
    emptied = Replay(LongestUnused(), 16 * GB, empties=True).run(jobs)
    assert emptied.moved_bytes > kept.moved_bytes
    assert Replay(Belady(leases(jobs)), 16 * GB).run(jobs).moved_bytes <= kept.moved_bytes


def test_a_policy_that_frees_too_little_is_found_out() -> None:
    class Lazy(LongestUnused):
        def victims(self, idle: Sequence[Idle], needed_bytes: int) -> tuple[Victim, ...]:
            return ()

    with pytest.raises(RuntimeError, match="too few"):
        Replay(Lazy(), 8 * GB).run(trace(60, 0))
