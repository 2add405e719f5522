"""What real devices say of themselves; the card is played by stand-ins for torch's questions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engines.api import MemoryOptions, ModelRefused
from engines.memory import main_memory
from engines.memory.device import (
    CPU_HEADROOM_BYTES,
    CUDA_HEADROOM_BYTES,
    CpuDevice,
    CudaDevice,
    device_for,
    use_growing_segments,
)

MIB = 2**20
GIB = 2**30


def options(headroom_bytes: int = 0, limit_bytes: int = 0, ram_bytes: int = -1) -> MemoryOptions:
    return MemoryOptions(
        headroom_bytes=headroom_bytes, limit_bytes=limit_bytes, ram_bytes=ram_bytes
    )


def test_the_processors_budget_is_what_is_available_less_headroom() -> None:
    device = CpuDevice()
    device.configure(options(headroom_bytes=0))
    assert 0 < device.budget_bytes() <= device.total_bytes()
    device.configure(options(headroom_bytes=device.total_bytes()))
    assert device.budget_bytes() == 0
    assert device.headroom_bytes == device.total_bytes()
    device.configure(MemoryOptions())
    assert device.headroom_bytes == CPU_HEADROOM_BYTES


def test_a_users_limit_caps_the_budget() -> None:
    device = CpuDevice()
    device.configure(options(limit_bytes=100 * MIB))
    assert device.budget_bytes() == 100 * MIB


def test_what_this_process_takes_stays_in_its_budget() -> None:
    device = CpuDevice()

    def moved_bytes() -> int:
        before = device.budget_bytes()
        own = bytearray(b"\1") * (256 * MIB)
        moved = abs(device.budget_bytes() - before)
        del own
        device.trim()
        return moved

    # Other programs take and give back at the same time; not three times the same.
    assert min(moved_bytes() for _ in range(3)) < 200 * MIB


def test_total_is_foreign_and_own_and_available() -> None:
    device = CpuDevice()
    foreign_bytes, total_bytes = device.foreign_bytes(), device.total_bytes()
    own = bytearray(b"\1") * (512 * MIB)
    assert device.foreign_bytes() - foreign_bytes < 256 * MIB, "our own memory is not foreign"
    assert 0 <= foreign_bytes < total_bytes
    assert device.ram_budget_bytes() == 0
    del own


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets the peak be set back")
@pytest.mark.parametrize("take_mib", [256, 64, 256])
def test_the_processors_peak_is_what_work_took_and_gave_back(take_mib: int) -> None:
    import torch

    device = CpuDevice()
    device.reset_peak()
    taken = torch.ones(take_mib * MIB, dtype=torch.uint8)
    del taken
    assert device.peak_bytes() == pytest.approx(take_mib * MIB, rel=0.15)


def test_a_peak_that_was_never_begun_is_unknown() -> None:
    assert CpuDevice().peak_bytes() == 0


def test_a_system_that_cannot_set_the_peak_back_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_memory, "_CLEAR", tmp_path / "missing" / "clear_refs")
    device = CpuDevice()
    device.reset_peak()
    assert device.peak_bytes() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="mapped files are told apart on Linux only")
def test_pages_of_mapped_weights_are_no_working_memory(tmp_path: Path) -> None:
    import mmap

    path = tmp_path / "weights"
    path.write_bytes(bytes(128 * MIB))
    device = CpuDevice()
    with path.open("rb") as file:
        device.reset_peak()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert sum(mapped[::4096]) == 0
            assert device.peak_bytes() < 32 * MIB


def test_torchs_shortage_of_main_memory_is_known() -> None:
    import torch

    device = CpuDevice()
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert device.is_shortage(caught.value)
    assert device.is_shortage(MemoryError())
    assert not device.is_shortage(RuntimeError("shapes do not match"))


def test_a_shortage_behind_another_error_is_known() -> None:
    with pytest.raises(ModelRefused) as caught:
        try:
            raise MemoryError
        except MemoryError as error:
            raise ModelRefused("x", "its weights do not fit its configuration") from error
    assert CpuDevice().is_shortage(caught.value)
    assert not CpuDevice().is_shortage(ModelRefused("x", "y"))
    round_about = ValueError()
    round_about.__cause__ = round_about
    assert not CpuDevice().is_shortage(round_about)


def write_group(group: Path, limit: str, current_bytes: int) -> None:
    group.mkdir(parents=True, exist_ok=True)
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text(f"{current_bytes}\n")
    (group / "memory.stat").write_text("anon 500\ninactive_file 150\nactive_file 50\n")


def test_the_limits_of_all_groups_around_this_process_count(tmp_path: Path) -> None:
    root, own = tmp_path / "cgroup", tmp_path / "own"
    own.write_text("1:cpu:/elsewhere\n0::/user.slice/studio.scope\n")
    write_group(root, "1000", 700)
    assert main_memory.container_limits(root, own) == [(1000, 500)]
    write_group(root / "user.slice", "max", 0)
    write_group(root / "user.slice" / "studio.scope", "900", 800)
    assert main_memory.container_limits(root, own) == [(1000, 500), (900, 300)]
    write_group(root, "max", 700)
    assert main_memory.container_limits(root, own) == [(900, 300)]
    assert main_memory.container_limits(root, tmp_path / "missing") == []
    (root / "memory.max").write_text("nonsense")
    assert main_memory.container_limits(root, tmp_path / "missing") == []


def test_the_tightest_limit_binds_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(8 * GIB, 3 * GIB), (4 * GIB, 6 * GIB)]
    monkeypatch.setattr(main_memory, "container_limits", lambda: limits)
    device = CpuDevice()
    device.configure(options(headroom_bytes=GIB))
    assert device.total_bytes() == 4 * GIB
    assert device.budget_bytes() <= 2 * GIB


class Card:
    """What torch says of a card of 8 GiB, of which 1 GiB is foreign and 2 GiB are torch's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        self.reserved_bytes = 2 * GIB
        self.foreign_bytes = GIB
        self.allocated_bytes = GIB
        self.peak_bytes = GIB
        for name in (
            "mem_get_info",
            "memory_reserved",
            "memory_allocated",
            "max_memory_allocated",
            "reset_peak_memory_stats",
        ):
            monkeypatch.setattr(torch.cuda, name, getattr(self, name))

    def mem_get_info(self) -> tuple[int, int]:
        return 8 * GIB - self.reserved_bytes - self.foreign_bytes, 8 * GIB

    def memory_reserved(self) -> int:
        return self.reserved_bytes

    def memory_allocated(self) -> int:
        return self.allocated_bytes

    def max_memory_allocated(self) -> int:
        return self.peak_bytes

    def reset_peak_memory_stats(self) -> None:
        self.peak_bytes = self.allocated_bytes


def test_a_cards_budget_is_its_own_part_and_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    card, device = Card(monkeypatch), CudaDevice()
    assert device.total_bytes() == 8 * GIB
    assert device.foreign_bytes() == GIB
    assert device.budget_bytes() == 7 * GIB - CUDA_HEADROOM_BYTES
    card.reserved_bytes = 4 * GIB
    assert device.budget_bytes() == 7 * GIB - CUDA_HEADROOM_BYTES, "what we take stays ours"
    card.foreign_bytes = 3 * GIB
    device.configure(options(headroom_bytes=GIB))
    assert device.budget_bytes() == 4 * GIB
    device.configure(options(limit_bytes=2 * GIB))
    assert device.budget_bytes() == 2 * GIB
    device.configure(options(headroom_bytes=9 * GIB))
    assert device.budget_bytes() == 0


def test_a_cards_peak_counts_from_what_it_held(monkeypatch: pytest.MonkeyPatch) -> None:
    card, device = Card(monkeypatch), CudaDevice()
    device.reset_peak()
    assert device.peak_bytes() == 0
    card.peak_bytes = card.allocated_bytes + 300 * MIB
    assert device.peak_bytes() == 300 * MIB


def test_what_may_be_parked_stays_within_main_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    available_bytes = 17 * GIB
    monkeypatch.setattr(main_memory, "available_bytes", lambda: available_bytes)
    monkeypatch.setattr(main_memory, "private_bytes", lambda: GIB)
    device = CudaDevice()
    assert device.ram_budget_bytes() == 8 * GIB
    available_bytes = 21 * GIB
    assert device.ram_budget_bytes() == 8 * GIB, "half of what was free at first"
    available_bytes = 4 * GIB
    assert device.ram_budget_bytes() == 3 * GIB, "never more than there is"
    device.configure(options(ram_bytes=GIB))
    assert device.ram_budget_bytes() == GIB


def test_torchs_shortages_of_a_card_are_known_by_class() -> None:
    import torch

    device = CudaDevice()
    assert device.is_shortage(torch.OutOfMemoryError("CUDA out of memory"))
    lost = torch.AcceleratorError("an illegal memory access was encountered")
    lost.error_code = 700
    short = torch.AcceleratorError("out of memory")
    short.error_code = 2
    assert device.is_shortage(short)
    assert not device.is_shortage(lost)
    assert device.is_shortage(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when ..."))
    assert not device.is_shortage(RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"))
    assert device.is_shortage(MemoryError())
    assert not device.is_shortage(ValueError("out of memory"))


@pytest.mark.parametrize("users", ["PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"])
def test_the_users_own_allocator_settings_stay(users: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(users, "backend:native")
    use_growing_segments()
    assert os.environ[users] == "backend:native"
    assert sum(name.endswith("ALLOC_CONF") for name in os.environ) == 1


def test_blocks_may_grow_where_the_driver_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTORCH_ALLOC_CONF", "")  # so that it is put back after the test
    monkeypatch.delenv("PYTORCH_ALLOC_CONF")
    monkeypatch.delenv("PYTORCH_CUDA_ALLOC_CONF", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    use_growing_segments()
    assert os.environ["PYTORCH_ALLOC_CONF"] == "expandable_segments:True"
    monkeypatch.delenv("PYTORCH_ALLOC_CONF")
    monkeypatch.setattr(sys, "platform", "win32")
    use_growing_segments()
    assert "PYTORCH_ALLOC_CONF" not in os.environ


def test_each_name_has_its_device() -> None:
    assert device_for("cpu").name == "cpu"
    assert device_for("cuda").name == "cuda"
