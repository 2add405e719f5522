"""Small engines for the host's tests; the child process imports them by name."""

from __future__ import annotations

import os
import time
from typing import ClassVar

from engines.api import (
    ImageRequest,
    ImageResult,
    Kind,
    Pixels,
    PlanRequest,
    Run,
    SoundRequest,
    TextRequest,
    TextResult,
    UpscaleRequest,
)
from engines.memory.lease import Component, Working
from engines.services import Services

KIB = 1024


class ToyText:
    """Counts to the number in its prompt, a step each 10 ms, holding a leased model."""

    kind: ClassVar[Kind] = Kind.TEXT

    def __init__(self, services: Services) -> None:
        self._memory = services.memory

    def run(self, request: TextRequest, run: Run) -> TextResult:
        model = Component(key="toy:text", size_bytes=KIB, load=lambda _device: bytearray(KIB))
        total = int(request.prompt)
        working = Working(operation="toy.count", estimate_bytes=KIB, size=total)
        with self._memory.lease(model, working=working, run=run):
            for i in range(total):
                run.step(i, total, preview=str(i))
                time.sleep(0.01)
        return TextResult(
            text=str(os.getpid()), tokens=total, stopped="end", seed=request.seed, model="toy"
        )


class ToyPlan:
    """Asks the text engine while it holds its own lane; a brief is its words' length."""

    kind: ClassVar[Kind] = Kind.PLAN

    def __init__(self, services: Services) -> None:
        self._ask = services.ask

    def run(self, request: PlanRequest, run: Run) -> TextResult:
        run.step(0, 1)
        answer: TextResult = self._ask(TextRequest(prompt=request.brief, seed=request.seed), run)
        return answer


class ToyImage:
    """Fails with an error that no engine should let out, or as a library that gives up."""

    kind: ClassVar[Kind] = Kind.IMAGE

    def __init__(self, services: Services) -> None:
        self._memory = services.memory

    def run(self, request: ImageRequest, run: Run) -> ImageResult:
        run.step(0, 1, preview=Pixels(width_px=1000, height_px=500, rgb=bytes(1_500_000)))
        if request.prompt == "exit":
            raise SystemExit(3)
        raise KeyError(request.prompt)


class ToySound:
    """Tells about its process: niceness, offline switches, device, threads."""

    kind: ClassVar[Kind] = Kind.SOUND

    def __init__(self, services: Services) -> None:
        self._memory = services.memory

    def run(self, request: SoundRequest, run: Run) -> dict[str, str]:
        import torch

        return {
            "nice": str(os.getpriority(os.PRIO_PROCESS, 0)),
            "offline": os.environ["HF_HUB_OFFLINE"],
            "device": self._memory.device,
            "threads": str(torch.get_num_threads()),
        }


class ToyUpscale:
    """Answers with what cannot be sent."""

    kind: ClassVar[Kind] = Kind.UPSCALE

    def __init__(self, services: Services) -> None:
        pass

    def run(self, request: UpscaleRequest, run: Run) -> object:
        return lambda: request


PLACES = {
    Kind.TEXT: "tests.engines.toy_engines:ToyText",
    Kind.PLAN: "tests.engines.toy_engines:ToyPlan",
    Kind.IMAGE: "tests.engines.toy_engines:ToyImage",
    Kind.SOUND: "tests.engines.toy_engines:ToySound",
    Kind.UPSCALE: "tests.engines.toy_engines:ToyUpscale",
}
