"""The training engine hands each request to the recipe of its subject."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from engines.api import Run, TrainRequest, TrainResult
from engines.services import Services
from engines.training.engine import RECIPES, TrainEngine


@pytest.mark.parametrize("what", sorted(RECIPES))
def test_the_recipe_of_the_subject_is_run(
    what: str, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[TrainRequest, Run, Services]] = []

    def train(request: TrainRequest, run: Run, given: Services) -> TrainResult:
        seen.append((request, run, given))
        return TrainResult(path=request.out, steps=3)

    recipe = ModuleType(RECIPES[what])
    recipe.train = train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, RECIPES[what], recipe)
    request, run = TrainRequest(what=what, out="there", seed=1), Run()
    assert TrainEngine(services).run(request, run) == TrainResult(path="there", steps=3)
    assert seen == [(request, run, services)]
