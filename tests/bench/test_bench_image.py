"""`main.py bench image` measures what it says, on the model that ships."""

from __future__ import annotations

import json

import pytest

from engines.bench import pictures


def test_all_figures_are_told_as_one_object(capfd: pytest.CaptureFixture[str]) -> None:
    asked = ["--json", "--device", "cpu", "--pairs", "1", "--cancels", "3", "--steps", "2"]
    assert pictures.main(asked) == 0
    told = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert told["difference"] <= 1 / 255
    names = ("ratio_to_diffusers", "seconds_per_image", "first_preview_ms", "cancel_ms_p95")
    assert all(told[name] > 0 for name in (*names, "memory_ratio", "step_ms"))


def test_a_model_that_is_not_there_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert pictures.main(["--model", "nowhere"]) == 3
    assert "nowhere" in capfd.readouterr().err
