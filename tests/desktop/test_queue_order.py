"""The order of waiting jobs: loading is saved where the user's order allows, and nobody starves."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from desktop.queue_order import MOST_OVERTAKEN, Waiting, next_job, ready_labels


def line(*jobs: tuple[str, str]) -> list[Waiting]:
    """Return waiting jobs of (label, batch), numbered from 1."""
    return [Waiting(id=i, label=label, batch=batch) for i, (label, batch) in enumerate(jobs, 1)]


def test_without_leave_jobs_of_different_works_keep_their_order() -> None:
    waiting = line(("image:a", ""), ("text:b", ""), ("text:b", "x"))
    assert next_job(waiting, {"text:b"}, may_change=False).id == 1


def test_with_leave_the_first_whose_model_is_there_goes_first() -> None:
    waiting = line(("image:a", ""), ("text:b", ""), ("text:b", ""))
    assert next_job(waiting, {"text:b"}, may_change=True).id == 2


def test_within_one_batch_there_is_no_order() -> None:
    waiting = line(("image:a", "reroll"), ("image:b", "reroll"))
    assert next_job(waiting, {"image:b"}, may_change=False).id == 2


def test_a_batch_does_not_go_before_another_work() -> None:
    waiting = line(("text:t", ""), ("image:a", "reroll"), ("image:b", "reroll"))
    assert next_job(waiting, {"image:b"}, may_change=False).id == 1


def test_the_first_goes_if_no_model_is_there() -> None:
    waiting = line(("image:a", ""), ("text:b", ""))
    assert next_job(waiting, set(), may_change=True).id == 1


def test_a_job_without_a_label_is_never_ready() -> None:
    waiting = line(("image:a", ""), ("", ""))
    assert next_job(waiting, {"text:b"}, may_change=True).id == 1


def test_a_job_is_overtaken_so_often_and_no_more() -> None:
    waiting = [Waiting(id=1, label="image:a", overtaken=MOST_OVERTAKEN), *line(("text:b", ""))]
    assert next_job(waiting, {"text:b"}, may_change=True) is waiting[0]


def test_a_label_is_ready_if_a_part_of_its_model_is_in_memory() -> None:
    keys = ("text:smol:model:bfloat16", "image:sd15-28234bd1:unet:float16", "odd")
    labels = ("text:smol", "plan:smol", "image:sd15", "image:sd1", "image:", "", "music:m")
    assert ready_labels(labels, keys) == {"text:smol", "plan:smol", "image:sd15"}


LABELS = st.sampled_from(["text:a", "image:b", "image:c", "music:d", ""])
BATCHES = st.sampled_from(["", "", "one", "two"])


@given(
    jobs=st.lists(st.tuples(LABELS, BATCHES), min_size=1, max_size=20),
    ready=st.sets(LABELS),
    may_change=st.booleans(),
)
def test_in_any_line_nobody_starves_and_works_keep_their_order(
    jobs: list[tuple[str, str]], ready: set[str], may_change: bool
) -> None:
    """Run the whole line; what was last run is what is in memory."""
    waiting = line(*jobs)
    overtaken = {job.id: 0 for job in waiting}
    while waiting:
        chosen = next_job(waiting, ready - {""}, may_change=may_change)
        before = waiting[: waiting.index(chosen)]
        if not may_change:
            assert all(job.batch and job.batch == chosen.batch for job in before)
        for job in before:
            overtaken[job.id] += 1
        waiting = [
            replace(job, overtaken=overtaken[job.id]) for job in waiting if job.id != chosen.id
        ]
        ready = {chosen.label}
    assert max(overtaken.values()) <= MOST_OVERTAKEN
