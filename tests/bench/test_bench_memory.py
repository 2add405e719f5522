"""The measurement of the memory policy, on a slice."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engines import bench
from engines.bench import decisions, memory, replay

SLICE_JOBS = 60


@pytest.fixture(scope="module")
def figures() -> memory.Figures:
    ways = ["ours", "ours_untaught"]
    return memory.measure([0], jobs=SLICE_JOBS, budgets_gb=[10], decisions=30, ways=ways)


def test_nobody_moves_less_than_the_optimum(figures: memory.Figures) -> None:
    assert set(figures.ratios[10]) <= set(memory.HEADINGS)
    assert all(ratio >= 1.0 for ratio in figures.ratios[10].values())


def test_ours_reaches_its_target_and_is_no_worse_than_others(figures: memory.Figures) -> None:
    row = figures.ratios[10]
    assert row["ours"] <= memory.TARGETS[10]
    assert row["ours"] <= min(row["lru"], row["smallest"], row["belady"], row["unload"])


def test_the_figures_for_scripts_have_the_agreed_names(figures: memory.Figures) -> None:
    plain = json.loads(json.dumps(figures.as_plain()))
    assert {"ours", "lru", "smallest", "belady", "unload"} <= set(plain["gb"]["10"])
    assert plain["decision_ms_p99"] > 0


def test_the_table_says_how_much_of_the_queue_is_known(figures: memory.Figures) -> None:
    lines = memory.table(figures)
    assert f"ours, the next {memory.LOOK_AHEAD} jobs known " in lines
    assert "ours, no queue known" not in lines
    assert {"ours_queue_0", "ours_queue_1", "ours_queue_press"} <= set(memory.WAYS)
    assert "from an empty table" in lines


def test_a_missed_target_is_an_error(figures: memory.Figures) -> None:
    quick = replace(figures, decision_ms_p99=0.5)
    assert memory.reached(quick)
    worse = {10: {**figures.ratios[10], "ours": 1.2}}
    assert not memory.reached(replace(quick, ratios=worse))
    assert not memory.reached(replace(quick, decision_ms_p99=1.5))


def test_what_is_measured_was_never_learned() -> None:
    learned = {*memory.TAUGHT_SEEDS, *memory.REPLAYED_SEEDS}
    assert not learned & set(range(memory.SEEDS))


def test_the_same_run_moves_the_same_bytes() -> None:
    jobs = memory.trace(SLICE_JOBS, 1)
    moved = {
        replay.Replay(memory.ForecastPolicy(), 8 * memory.GB).run(jobs, 3).moved_bytes
        for _ in range(3)
    }
    assert len(moved) == 1


def test_decisions_are_timed_one_by_one() -> None:
    took_ms = decisions.decisions_ms(components=50, times=5)
    assert len(took_ms) == 5
    assert all(ms >= 0.0 for ms in took_ms)
    assert decisions.percentile([3.0, 1.0, 2.0], 99.0) == 3.0


def test_an_unknown_measurement_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["nothing"]) == 2
    assert "bench memory" in capsys.readouterr().err
