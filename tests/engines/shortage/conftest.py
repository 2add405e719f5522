"""A host with tiny models of each engine, in a memory of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.host import LocalHost
from engines.memory.manager import MemoryManager
from tests.engines import tiny_studio


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    tiny_studio.write_models(root)
    return root


@pytest.fixture
def memory() -> MemoryManager:
    return tiny_studio.memory()


@pytest.fixture
def host(models: Path, tmp_path: Path, memory: MemoryManager) -> Iterator[LocalHost]:
    with tiny_studio.host(models, tmp_path, memory) as host:
        yield host
