"""Predictions of working memory: they follow what is measured and survive a broken file."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import replace
from pathlib import Path

import pytest

from engines.memory.lease import Working
from engines.memory.working import MOST_RECORDS, PEAKS_KEPT, WorkingSets

MIB = 2**20
TARGET = 0.15


def denoise(side_px: int, batch: int = 1, *, estimate_bytes: int = 900 * MIB) -> Working:
    return Working(
        operation="image.denoise",
        estimate_bytes=estimate_bytes,
        model="sd15",
        size=side_px**2,
        batch=batch,
    )


def real_bytes(working: Working) -> int:
    """What the simulated work takes: a fixed part and one that grows with the pixels."""
    return 120 * MIB + 700 * working.size * working.batch


def miss(predicted_bytes: int, peak_bytes: int) -> float:
    return abs(predicted_bytes - peak_bytes) / peak_bytes


def test_what_was_never_measured_is_the_engines_own_estimate() -> None:
    assert WorkingSets().predict(denoise(512)) == 900 * MIB
    assert WorkingSets().last_bytes(denoise(512)) == 0


@pytest.mark.parametrize("noise", [0.0, 0.03, 0.06])
@pytest.mark.parametrize("seed", range(20))
def test_after_three_runs_a_prediction_is_within_fifteen_percent(noise: float, seed: int) -> None:
    sets, draw = WorkingSets(), random.Random(seed)
    work = denoise(512, estimate_bytes=5000 * MIB)
    for run in range(30):
        peak_bytes = round(real_bytes(work) * (1 + draw.uniform(-noise, noise)))
        if run >= 3:
            assert miss(sets.predict(work), peak_bytes) <= TARGET
        sets.measured(work, peak_bytes)


@pytest.mark.parametrize("seed", range(20))
def test_three_sizes_predict_all_the_others_within_fifteen_percent(seed: int) -> None:
    sets, draw = WorkingSets(), random.Random(seed)
    for side_px in draw.sample([256, 384, 512, 640, 768, 1024], 3):
        work = denoise(side_px)
        sets.measured(work, round(real_bytes(work) * (1 + draw.uniform(-0.03, 0.03))))
    for side_px, batch in ((320, 1), (512, 2), (704, 1), (768, 4), (1280, 1), (1536, 1)):
        work = denoise(side_px, batch)
        assert miss(sets.predict(work), real_bytes(work)) <= TARGET, (side_px, batch)


def test_work_that_grows_is_followed() -> None:
    sets, work = WorkingSets(), denoise(512)
    peak_bytes = 200 * MIB
    for run in range(25):
        if run >= 3:
            assert miss(sets.predict(work), peak_bytes) <= TARGET
        sets.measured(work, peak_bytes)
        peak_bytes = round(peak_bytes * 1.08)


def test_one_size_carries_over_by_the_engines_own_formula() -> None:
    sets = WorkingSets()
    sets.measured(denoise(512, estimate_bytes=1000), 700)
    assert sets.predict(denoise(1024, estimate_bytes=3000)) == 2100
    assert sets.predict(denoise(256, estimate_bytes=500)) == 350


def test_a_larger_work_never_takes_less_than_a_smaller_measured_one() -> None:
    sets = WorkingSets()
    sets.measured(denoise(512), 900)
    sets.measured(denoise(1024), 300)
    assert sets.predict(denoise(768)) >= 900
    assert sets.predict(denoise(2048)) >= 900


def test_never_below_what_was_measured_last() -> None:
    sets, work = WorkingSets(), denoise(512)
    for peak_bytes in (100, 100, 100, 100, 180):
        sets.measured(work, peak_bytes)
        assert sets.predict(work) >= peak_bytes
    assert sets.last_bytes(work) == 180


def test_a_first_run_apart_does_not_matter_after_three() -> None:
    sets, work = WorkingSets(), denoise(512)
    for peak_bytes in (210, 94, 102):
        sets.measured(work, peak_bytes)
    assert miss(sets.predict(work), 106) <= TARGET


def test_an_old_spike_is_forgotten() -> None:
    sets, work = WorkingSets(), denoise(512)
    sets.measured(work, 1000)
    for _ in range(PEAKS_KEPT):
        sets.measured(work, 100)
    assert sets.predict(work) == 100


def test_a_shortage_raises_the_prediction_until_it_is_measured() -> None:
    sets, work = WorkingSets(), denoise(512)
    sets.measured(work, 100)
    sets.ran_short(work, 100)
    once = sets.predict(work)
    sets.ran_short(work, once)
    assert 100 < once < sets.predict(work)
    sets.measured(work, 130)
    assert sets.predict(work) == 130


def test_another_model_or_operation_learns_nothing_from_this_one() -> None:
    sets, work = WorkingSets(), denoise(512)
    sets.measured(work, 100)
    assert sets.predict(replace(work, model="sdxl")) == 900 * MIB
    assert sets.predict(replace(work, operation="image.decode")) == 900 * MIB


def test_a_peak_that_cannot_be_told_changes_nothing() -> None:
    sets, work = WorkingSets(), denoise(512)
    sets.measured(work, 0)
    assert sets.predict(work) == 900 * MIB


def test_loads_are_expected_at_the_pace_that_was_measured() -> None:
    sets = WorkingSets()
    first_s = sets.load_s(400_000_000)
    assert first_s == pytest.approx(1.0)
    sets.loaded(1000, 2.0)
    sets.loaded(3000, 2.0)
    assert sets.load_s(2000) == pytest.approx(2.0)
    sets.loaded(0, 1.0)
    sets.loaded(100, 0.0)
    assert sets.load_s(2000) == pytest.approx(2.0)


def test_what_was_learned_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "working.json"
    sets = WorkingSets(path)
    sets.measured(denoise(512), 100)
    sets.ran_short(denoise(768), 400)
    sets.loaded(1000, 4.0)
    assert not path.exists()
    sets.save()
    again = WorkingSets(path)
    assert again.predict(denoise(512)) == 100
    assert again.predict(denoise(768)) == sets.predict(denoise(768)) == 500
    assert again.load_s(1000) == pytest.approx(4.0)


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "working.json"
    sets = WorkingSets(path)
    sets.save()
    assert not path.exists()
    sets.measured(denoise(512), 100)
    sets.save()
    path.unlink()
    sets.save()
    assert not path.exists()


def test_the_longest_unused_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "working.json"
    sets = WorkingSets(path)
    sets.measured(denoise(8), 77)
    for side_px in range(16, 16 + MOST_RECORDS):
        sets.predict(denoise(8))
        sets.measured(denoise(side_px), 1000)
    sets.save()
    assert len(json.loads(path.read_text())["records"]) == MOST_RECORDS
    assert sets.last_bytes(denoise(8)) == 77
    assert sets.last_bytes(denoise(16)) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 1}',
        '{"version": 1, "records": [{}], "loads": []}',
        '{"version": 1, "records": [], "loads": [[1]]}',
        '{"version": 1, "records": [], "loads": [[1, 1e99]]}',
        '{"version": 1, "records": [3], "loads": []}',
        '{"version": 1, "records": [{"operation": "a", "model": "b", "size": -1, "batch": 1,'
        ' "estimate_bytes": 1, "peaks_bytes": [1], "floor_bytes": 0, "used": 1}], "loads": []}',
    ],
)
def test_a_broken_file_is_ignored_with_a_word_in_the_log(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "working.json"
    path.write_text(text)
    with caplog.at_level(logging.WARNING):
        sets = WorkingSets(path)
    assert "broken" in caplog.text
    assert sets.predict(denoise(512)) == 900 * MIB
    sets.measured(denoise(512), 100)
    sets.save()
    assert WorkingSets(path).predict(denoise(512)) == 100


def test_a_newer_versions_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "working.json"
    text = '{"version": 99, "records": "of another kind"}'
    path.write_text(text)
    sets = WorkingSets(path)
    sets.measured(denoise(512), 100)
    sets.save()
    assert path.read_text() == text
    assert sets.predict(denoise(512)) == 100


def test_a_folder_that_cannot_be_written_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    sets = WorkingSets(tmp_path / "file" / "working.json")
    sets.measured(denoise(512), 100)
    with caplog.at_level(logging.WARNING):
        sets.save()
    assert "cannot be written" in caplog.text
    assert sets.predict(denoise(512)) == 100
