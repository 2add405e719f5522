"""Pictures of these tests are compared bit for bit, with weights laid out as diffusers does.

A library with one tiny file of each kind is written once for all that draw with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.image import speed
from tests.engines.image import cabinet as cabinets
from tests.engines.image.cabinet import Cabinet


@pytest.fixture(scope="package", autouse=True)
def _plain_layout() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(speed.CHANNELS_LAST, "cpu", False)
        yield


@pytest.fixture(scope="session")
def written_cabinet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cabinet]:
    made = cabinets.make(tmp_path_factory.mktemp("cabinet"))
    yield made
    made.host.close()


@pytest.fixture(scope="module")
def cabinet(written_cabinet: Cabinet) -> Iterator[Cabinet]:
    """Yield the library, with its families' tiny configurations in force."""
    with cabinets.tiny_world(written_cabinet.place):
        yield written_cabinet
