"""The simulated work is the agreed one."""

from __future__ import annotations

from collections import Counter

from engines.bench.replay import REST_OF_PRESS, known_queue
from engines.bench.traces import GB, PARTS, PHASES, RANK, SD, UPSCALE, WRITE, leases, trace


def test_a_seed_always_gives_the_same_jobs() -> None:
    assert trace(50, 3) == trace(50, 3)
    assert trace(50, 3) != trace(50, 4)


def test_a_trace_has_as_many_jobs_as_asked_and_all_kinds() -> None:
    jobs = trace(400, 0)
    assert len(jobs) == 400
    assert set(Counter(job.label for job in jobs)) == set(PHASES)


def test_the_number_of_leases_is_that_of_the_agreed_generator() -> None:
    assert [len(leases(trace(400, seed))) for seed in (0, 1)] == [732, 820]


def test_every_phase_fits_the_smallest_device() -> None:
    for lease in leases(trace(400, 0)):
        assert lease.size_bytes + lease.working_bytes <= 8 * GB
    assert all(part.size_bytes % 10_000_000 == 0 for part in PARTS.values())


def test_the_known_queue_is_the_next_jobs() -> None:
    jobs = trace(50, 0)
    assert known_queue(jobs, 0, 0) == ()
    assert known_queue(jobs, 5, 3) == tuple(job.label for job in jobs[6:9])
    assert known_queue(jobs, 49, 3) == ()


def test_the_rest_of_a_press_ends_where_the_next_begins() -> None:
    jobs = next(t for t in (trace(60, s) for s in range(50)) if t[0].label == WRITE)
    last = max(at for at, job in enumerate(jobs) if job.press == jobs[0].press)
    assert known_queue(jobs, 0, REST_OF_PRESS) == tuple(job.label for job in jobs[1 : last + 1])
    assert known_queue(jobs, last, REST_OF_PRESS) == ()
    assert {SD, RANK, UPSCALE} <= set(PHASES)
