"""The engine that trains: hands a request to the recipe of its subject."""

from __future__ import annotations

import importlib
from typing import ClassVar

from engines.api import Kind, Run, TrainRequest, TrainResult
from engines.services import Services

RECIPES = {
    "image": "engines.training.image.train",
    "music": "engines.training.music.train",
    "cutout": "engines.training.cutout.train",
}
"""Subject -> the module whose `train(request, run, services)` does it; imported on first use."""


class TrainEngine:
    """Trains a model from folders of data."""

    kind: ClassVar[Kind] = Kind.TRAIN

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self, request: TrainRequest, run: Run) -> TrainResult:
        """Train what is asked until the time is over or the recipe is done."""
        recipe = importlib.import_module(RECIPES[request.what])
        result: TrainResult = recipe.train(request, run, self._services)
        return result
