"""How long one decision takes among many components."""

from __future__ import annotations

import random
import time

from engines.memory.forecasting.forecast import ForecastPolicy
from engines.memory.policy import Idle

MB = 1_000_000
KINDS = 20
LEARNED_JOBS = 400
PARTS_OF_A_JOB = 4


def thread_clock_s() -> float:
    """Return the processor time of this thread, so that other programs' work is not counted.

    Where that clock is too coarse for a millisecond, wall time.
    """
    if time.get_clock_info("thread_time").resolution > 1e-5:
        return time.perf_counter()
    return time.thread_time()


def decisions_ms(components: int, times: int, seed: int = 0) -> list[float]:
    """Return how long each of `times` decisions took with `components` idle ones.

    Before them the policy has seen some hundred jobs of 20 kinds, and three
    jobs wait. The time is that of `victims` alone; what is thought ahead when
    a job begins is not in it.
    """
    dice = random.Random(seed)
    sizes = {f"engine:model:{n}": dice.randint(50, 5000) * MB for n in range(components)}
    labels = [f"engine:kind{n}" for n in range(KINDS)]
    uses = {label: dice.sample(sorted(sizes), min(PARTS_OF_A_JOB, components)) for label in labels}
    policy = ForecastPolicy(cost=lambda idle: float(idle.size_bytes))
    took_ms = []
    for number in range(LEARNED_JOBS + times):
        label = dice.choice(labels)
        policy.began(label)
        policy.expect(dice.sample(labels, 3))
        for use, key in enumerate(uses[label]):
            idle = [
                Idle(key=name, size_bytes=size, last_use=0, load_s=0.0)
                for name, size in sizes.items()
                if name != key
            ]
            if use == 0 and number >= LEARNED_JOBS:
                needed_bytes = dice.randint(1, sum(i.size_bytes for i in idle) // 2)
                start_s = thread_clock_s()
                policy.victims(idle, needed_bytes)
                took_ms.append((thread_clock_s() - start_s) * 1000.0)
            policy.used([key])
    return took_ms


def percentile(values: list[float], percent: float) -> float:
    """Return the value that `percent` of `values` do not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100.0))]
