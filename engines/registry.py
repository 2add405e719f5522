"""Which engine answers which kind of request; each is imported on first use."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from engines.api import Engine, Kind
from engines.services import Services

PLACES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.TEXT: "engines.text.engine:TextEngine",
        Kind.IMAGE: "engines.image.engine:ImageEngine",
        Kind.GRID: "engines.image.grid:GridEngine",
        Kind.BACKGROUND: "engines.image.scenery.engine:BackgroundEngine",
        Kind.UPSCALE: "engines.image.upscaling.upscaler:UpscaleEngine",
        Kind.CUTOUT: "engines.image.cutouts.cutout:CutoutEngine",
        Kind.TRACE: "engines.image.guides.tracing:TraceEngine",
        Kind.MUSIC: "engines.music.engine:MusicEngine",
        Kind.SOUND: "engines.music.rendering.sound:SoundEngine",
        Kind.PLAN: "engines.director.engine:DirectorEngine",
        Kind.TRAIN: "engines.training.engine:TrainEngine",
        Kind.FIT: "engines.fitting:FitEngine",
    }
)
"""Where each engine lies, as "module:Class"; the class takes `Services`."""


class Registry:
    """Makes each engine once."""

    def __init__(self, services: Services, places: Mapping[Kind, str] = PLACES) -> None:
        self._services = services
        self._places = places
        self._engines: dict[Kind, Engine[Any, Any]] = {}
        self._locks = {kind: threading.Lock() for kind in Kind}

    def get(self, kind: Kind) -> Engine[Any, Any]:
        """Return the engine of `kind`, imported and made if it is the first time."""
        with self._locks[kind]:
            if kind not in self._engines:
                module_name, class_name = self._places[kind].split(":")
                engine_class = getattr(importlib.import_module(module_name), class_name)
                self._engines[kind] = engine_class(self._services)
            return self._engines[kind]
