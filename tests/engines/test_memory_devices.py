"""Real devices and the eviction policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.memory.device import CpuDevice, _container_free_bytes, device_for
from engines.memory.policy import Idle, LeastRecentlyUsed

MIB = 2**20


def test_the_processors_budget_is_what_is_available_less_headroom() -> None:
    import psutil

    all_bytes = psutil.virtual_memory().total
    assert 0 < CpuDevice(headroom_bytes=0).budget_bytes() <= all_bytes
    assert CpuDevice(headroom_bytes=all_bytes).budget_bytes() == 0


def test_what_this_process_takes_stays_in_its_budget() -> None:
    device = CpuDevice()
    before = device.budget_bytes()
    own = bytearray(b"\1") * (256 * MIB)
    assert abs(device.budget_bytes() - before) < 200 * MIB
    del own
    device.trim()


def test_torchs_shortage_of_main_memory_is_known() -> None:
    import torch

    device = CpuDevice()
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert device.is_shortage(caught.value)
    assert device.is_shortage(MemoryError())
    assert not device.is_shortage(RuntimeError("shapes do not match"))


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\nactive_file 50\n")
    assert _container_free_bytes(tmp_path) == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert _container_free_bytes(tmp_path) is None
    assert _container_free_bytes(tmp_path / "elsewhere") is None


def test_each_name_has_its_device() -> None:
    assert device_for("cpu").name == "cpu"
    assert device_for("cuda").name == "cuda"


def idle(*sizes: int) -> tuple[Idle, ...]:
    """The first is the longest unused."""
    return tuple(
        Idle(key=str(i), size_bytes=size, last_use=i, load_s=0.0) for i, size in enumerate(sizes)
    )


@pytest.mark.parametrize(
    ("sizes", "needed_bytes", "victims"),
    [
        ((10, 10, 10), 10, ("0",)),
        ((10, 10, 10), 15, ("0", "1")),
        ((10, 10, 50), 45, ("2",)),  # the large recent one is enough: spare the others
        ((10, 10, 10), 0, ()),
    ],
)
def test_no_more_is_evicted_than_needed(
    sizes: tuple[int, ...], needed_bytes: int, victims: tuple[str, ...]
) -> None:
    assert LeastRecentlyUsed().victims(idle(*sizes), needed_bytes) == victims
