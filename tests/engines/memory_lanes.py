"""Three lanes of jobs in threads over one manager, with a keeper, cancels and failures."""

from __future__ import annotations

import random
import threading
import time
from unittest.mock import patch

from engines.api import Cancelled, CancelToken, OutOfMemory, Run, Tier
from engines.memory import admission
from engines.memory.manager import MemoryManager
from engines.memory.simulated import Shortage, SimulatedDevice
from tests.engines.memory_machine import CARD_BYTES, RAM_BYTES, Expecting, catalogue, work

PHASES = (
    (("clip",), 50),
    (("unet",), 150),
    (("vae",), 400),
    (("lm",), 300),
    (("music",), 100),
    (("clip", "unet", "vae"), 100),
    ((), 700),
)


class Lanes:
    """What the lanes did, counted."""

    def __init__(self, device: SimulatedDevice, memory: MemoryManager, jobs: int) -> None:
        self.device = device
        self.memory = memory
        self.jobs = jobs
        self.granted = 0
        self.refused = 0
        self.cancelled = 0
        self.wrong: list[str] = []
        self.slept = threading.Event()
        self._parts = catalogue(device)
        self._counting = threading.Lock()

    def lane(self, seed: int) -> None:
        """Do jobs of some phases each; some run short inside, some are cancelled at any time."""
        draw = random.Random(seed)
        for _ in range(self.jobs):
            if self.slept.is_set():
                return
            token = CancelToken()
            killer = threading.Timer(draw.random() / 500, token.cancel)
            if draw.random() < 0.15:
                killer.start()
            run = Run(token=token)
            self.memory.began("job", run)
            try:
                for keys, estimate_bytes in draw.sample(PHASES, 3):
                    self._phase(keys, estimate_bytes, run, fails=draw.random() < 0.05)
            except Cancelled:
                self._count("cancelled")
            except OutOfMemory:
                self._count("refused")
            finally:
                self.memory.ended(run)
                killer.cancel()
                if killer.ident:
                    killer.join()

    def _phase(self, keys: tuple[str, ...], estimate_bytes: int, run: Run, *, fails: bool) -> None:
        parts = [self._parts[key] for key in keys]
        with self.memory.lease(*parts, working=work(estimate_bytes), run=run) as values:
            self._count("granted")
            for value in values:
                if not value.is_in(self.device.card):
                    self.wrong.append(f"{value.key} is not on the card")
            status = self.memory.status()
            if status.used_bytes > CARD_BYTES:
                self.wrong.append(f"{status.used_bytes} bytes are used")
            time.sleep(0.0005)  # its work: meanwhile the others wait
            if fails:
                raise Shortage(1)

    def _count(self, what: str) -> None:
        with self._counting:
            setattr(self, what, getattr(self, what) + 1)


def check_lanes(
    *, kept: bool, jobs: int = 60, look_s: float = 10.0, bound_s: float = 60.0
) -> Lanes:
    """Run three lanes to their end, with a keeper if `kept`, and check what is left.

    Waiting jobs look by themselves only every `look_s`, so that a wake-up
    that is lost shows as a wait that timed out, if no keeper wakes them.
    """
    device = SimulatedDevice(CARD_BYTES, "cuda", ram_bytes=RAM_BYTES, fragments=True)
    policy = Expecting()
    memory = MemoryManager(device, policy=policy, patience_s=bound_s)
    lanes = Lanes(device, memory, jobs)
    done = threading.Event()

    def keep() -> None:
        while kept and not done.wait(0.002):
            policy.next = ("vae", "music")
            memory.tend()

    changed = memory._books.changed
    wait = changed.wait

    def counted_wait(timeout: float | None = None) -> bool:
        woken = wait(timeout)
        if not woken:
            lanes.slept.set()
        return woken

    threads = [threading.Thread(target=lanes.lane, args=(seed,)) for seed in range(3)]
    keeper = threading.Thread(target=keep)
    deadline_s = time.monotonic() + bound_s
    with patch.object(admission, "LOOK_S", look_s), patch.object(changed, "wait", counted_wait):
        for thread in (*threads, keeper):
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        stuck = [thread for thread in threads if thread.is_alive()]
        done.set()
        for thread in (*stuck, keeper):
            thread.join()
    assert not stuck, "a lane did not end in time"
    assert not lanes.slept.is_set(), "a waiting job was not woken"
    assert not lanes.wrong, lanes.wrong[0]
    _nothing_is_left(device, memory)
    return lanes


def _nothing_is_left(device: SimulatedDevice, memory: MemoryManager) -> None:
    status = memory.status()
    assert status.working_bytes == 0
    assert status.works == ()
    assert not any(resident.leased for resident in status.residents)
    device.trim()
    on_card = sum(r.size_bytes for r in status.residents if r.tier is Tier.DEVICE)
    assert device.card.allocated_bytes == on_card == status.used_bytes
    memory.free_idle()
    assert (device.card.allocated_bytes, device.ram.allocated_bytes) == (0, 0)
