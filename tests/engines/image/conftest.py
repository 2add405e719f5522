"""Pictures of these tests are compared bit for bit, with weights laid out as diffusers does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.image import speed


@pytest.fixture(scope="package", autouse=True)
def _plain_layout() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(speed.CHANNELS_LAST, "cpu", False)
        yield
