"""Three lanes of jobs share one card: none is lost, none is stuck, nothing is left."""

from __future__ import annotations

import pytest

from tests.engines.memory_lanes import check_lanes

pytestmark = pytest.mark.usefixtures("threads_end")


@pytest.mark.parametrize("kept", [True, False])
def test_three_lanes_drain_with_and_without_a_keeper(kept: bool) -> None:
    lanes = check_lanes(kept=kept)
    assert lanes.granted > 100
    assert lanes.cancelled > 0
    assert lanes.refused > 0
