"""The real small models, loaded once for all tests of the words and of the director."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from engines.api import Kind, Request, Run
from engines.catalog import Catalog
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from engines.text.components import ENCODER
from engines.text.embedding import SentenceEncoder
from engines.text.language_model import LanguageModel


def _nobody(request: Request, run: Run) -> object:
    raise AssertionError(f"the engine asked another: {request}")


@lru_cache(maxsize=1)
def services() -> Services:
    """Services over the real library whose memory keeps what was loaded."""
    catalog = Catalog(library=Path(tempfile.gettempdir()) / "triptych-no-library")
    return Services(catalog, MemoryManager(SimulatedDevice(16 * 2**30)), _nobody)


@lru_cache(maxsize=1)
def language_model() -> LanguageModel:
    """Return SmolLM2 on the processor."""
    return LanguageModel(Path(services().catalog.get("", Kind.TEXT).path), "cpu")


@lru_cache(maxsize=1)
def sentence_encoder() -> SentenceEncoder:
    """Return MiniLM on the processor."""
    return SentenceEncoder(Path(services().catalog.get(ENCODER, Kind.TEXT).path), "cpu")
