"""Many jobs of all kinds at once, cancelled, failing and short of memory: none is lost."""

from __future__ import annotations

import gc
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from engines.api import (
    Cancelled,
    CancelToken,
    Change,
    EngineError,
    ModelMissing,
    OutOfMemory,
    Progress,
    Request,
    Run,
)
from engines.formats.safetensors import read_header
from engines.host import LocalHost
from engines.memory import main_memory
from engines.memory.manager import MemoryManager
from tests.engines import tiny_studio
from tests.engines.shortages import FailAt

THREADS = 3
BATCH = 50
WARM_UP = 2000
"""Jobs until the allocator's arenas of three threads have found their size."""
SEEDS = 3
CAPACITY_BYTES = 70_000_000
"""Too little for two pictures at once, so that jobs wait for each other."""

LONGEST_SHORTAGE = 4000
MOST_GROWTH_BYTES = 1_000_000
"""For each thousand jobs."""

LOST_PER_TENSOR_BYTES = 64
"""What safetensors 0.8.0 (0.6.2 and 0.7.0 too) loses whenever it reads one tensor of a file."""


class Job:
    """One request, what is done to it, and how it may end."""

    def __init__(self, number: int, chance: random.Random) -> None:
        kind = chance.choice(tuple(tiny_studio.ASKS))
        self.request: Request = tiny_studio.ASKS[kind](seed=chance.randrange(SEEDS))
        self.token = CancelToken()
        self.fate = chance.choices(
            ("plain", "cancelled", "refused", "short once", "short for long"), (50, 25, 8, 9, 8)
        )[0]
        self.number = number
        self._steps_left = chance.randrange(12)
        self._point = chance.randrange(1, 900)
        if self.fate == "refused":
            self.request = tiny_studio.ASKS[kind](seed=1, model="nowhere")

    def failing(self) -> Any:
        """Return the shortage this job meets, as a context."""
        if self.fate == "short once":
            return FailAt([self._point])
        if self.fate == "short for long":
            return FailAt(range(self._point, self._point + LONGEST_SHORTAGE))
        return nullcontext()

    def report(self, progress: Progress) -> None:
        """Cancel after some steps, if that is this job's fate."""
        self._steps_left -= 1
        if self.fate == "cancelled" and self._steps_left < 0:
            self.token.cancel()

    @property
    def may_end(self) -> tuple[type[EngineError], ...]:
        """The errors this job may end with."""
        return {
            "plain": (),
            "cancelled": (Cancelled,),
            "refused": (ModelMissing,),
            "short once": (OutOfMemory,),
            "short for long": (OutOfMemory,),
        }[self.fate]


class Soak:
    """Runs jobs on a few threads and keeps count.

    Attributes:
        ends: How jobs ended, by fate.
        sizes: This process's own bytes after each batch.
        threads: How many there were after each batch.
        files: How many descriptors were open after each batch.
        tensors: How many tensors were read from files until the end of each batch.
    """

    def __init__(self, host: LocalHost, memory: MemoryManager, models: Path, seed: int) -> None:
        self._host = host
        self._memory = memory
        self._tensors_of = tensors_of(models)
        self._seen_events = 0
        self._chance = random.Random(seed)
        self._answers: dict[tuple[type, int], bytes] = {}
        self.ends: Counter[tuple[str, str]] = Counter()
        self.sizes: list[int] = []
        self.threads: list[int] = []
        self.files: list[int] = []
        self.tensors: list[int] = []

    def run(self, jobs: int) -> None:
        """Run all jobs, batch by batch, and look after each batch."""
        for kind in tiny_studio.ASKS.values():
            for seed in range(SEEDS):
                request: Any = kind(seed=seed)
                answer = tiny_studio.substance(self._host.run(request, Run()))
                self._answers[type(request), seed] = answer
        with ThreadPoolExecutor(THREADS) as pool:
            for first in range(0, jobs, BATCH):
                self._batch(pool, range(first, min(first + BATCH, jobs)))
                self._look()

    def _batch(self, pool: ThreadPoolExecutor, numbers: range) -> None:
        batch = [Job(number, self._chance) for number in numbers]
        running = [pool.submit(self._one, job) for job in batch]
        self._disturb(batch, running)
        for future in running:
            future.result()
        self._count_loads()

    def _count_loads(self) -> None:
        """Count the tensors of the models that were loaded since the last time."""
        for event in self._memory.status().events:
            if event.number > self._seen_events and event.change is Change.LOAD:
                self.tensors[-1] += self._tensors_of.get(event.key.split(":")[2], 0)
            self._seen_events = max(self._seen_events, event.number)

    def _disturb(self, batch: list[Job], running: list[Future[None]]) -> None:
        """Cancel at instants that no step knows of, and free the memory, while jobs run."""
        doomed = [job for job in batch if job.fate == "cancelled"]
        self.tensors.append(self.tensors[-1] if self.tensors else 0)
        while pending := [future for future in running if not future.done()]:
            self._count_loads()
            wait(pending, timeout=self._chance.uniform(0.0, 0.4), return_when="FIRST_COMPLETED")
            if doomed and self._chance.random() < 0.5:
                doomed.pop(0).token.cancel()
            if self._chance.random() < 0.02:
                self._host.free_memory()

    def _one(self, job: Job) -> None:
        try:
            with job.failing():
                result = self._host.run(job.request, Run(token=job.token, report=job.report))
        except job.may_end as error:
            self.ends[job.fate, type(error).__name__] += 1
            return
        assert job.fate != "refused", job.number
        if job.fate != "short for long":  # a smaller batch may change the last bits
            wanted = self._answers[type(job.request), job.request.seed]
            assert tiny_studio.substance(result) == wanted, (job.number, job.fate)
        self.ends[job.fate, "done"] += 1

    def _look(self) -> None:
        """Look at what is left between batches."""
        status = self._memory.status()
        assert status.working_bytes == 0
        assert not any(resident.leased for resident in status.residents)
        gc.collect()
        main_memory.trim()
        self.sizes.append(main_memory.private_bytes())
        self.threads.append(threading.active_count())
        self.files.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))

    @property
    def growth_bytes(self) -> float:
        """Of this process's own memory for each thousand jobs, after the warm-up: the slope.

        Without what is lost by reading files, which is not ours to mend.
        """
        ours = zip(self.sizes, self.tensors, strict=True)
        settled = [size - LOST_PER_TENSOR_BYTES * tensors for size, tensors in ours]
        settled = settled[WARM_UP // BATCH :]
        middle = (len(settled) - 1) / 2
        mean = sum(settled) / len(settled)
        over = sum((at - middle) * (size - mean) for at, size in enumerate(settled))
        return over / sum((at - middle) ** 2 for at in range(len(settled))) / BATCH * 1000


def tensors_of(models: Path) -> dict[str, int]:
    """Count the tensors of each part that is loaded, by the part's name in its key."""
    places = {part: f"tiny-sd/{part}" for part in ("unet", "vae", "text_encoder")}
    places |= {"model": "tiny-text", "decoder": "tiny-music"}
    return {
        part: sum(len(read_header(file).tensors) for file in (models / place).glob("*.safetensors"))
        for part, place in places.items()
    }


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    tiny_studio.write_models(root)
    return root


@pytest.fixture
def soak(models: Path, tmp_path: Path) -> Iterator[Callable[[int], Soak]]:
    memory = tiny_studio.memory(CAPACITY_BYTES)
    with tiny_studio.host(models, tmp_path, memory) as host:

        def soaked(jobs: int) -> Soak:
            soak = Soak(host, memory, models, seed=20261123)
            soak.run(jobs)
            host.free_memory()
            assert memory.status().used_bytes == 0
            assert memory.status().residents == ()
            return soak

        yield soaked


def test_150_jobs_all_end_as_they_should(soak: Callable[[int], Soak]) -> None:
    done = soak(150)
    assert done.ends.total() == 150
    assert done.ends["plain", "done"] > 40
    assert done.ends["cancelled", "Cancelled"] > 5
    assert done.ends["refused", "ModelMissing"] > 2
    assert done.threads[-1] <= done.threads[0]
    assert done.files[-1] <= done.files[0]


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_2000_jobs_leave_nothing_behind(
    soak: Callable[[int], Soak], record_property: Callable[[str, object], None]
) -> None:
    done = soak(WARM_UP + 2000)
    record_property("ends", {" ".join(end): count for end, count in done.ends.items()})
    record_property("sizes_bytes", done.sizes)
    record_property("growth_bytes", done.growth_bytes)
    record_property("files", done.files)
    record_property("tensors", done.tensors)
    assert done.ends.total() == WARM_UP + 2000
    assert done.growth_bytes < MOST_GROWTH_BYTES
    assert max(done.threads[WARM_UP // BATCH :]) <= done.threads[WARM_UP // BATCH]
    assert max(done.files[WARM_UP // BATCH :]) <= done.files[WARM_UP // BATCH]
