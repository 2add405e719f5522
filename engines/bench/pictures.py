"""How fast pictures are drawn, beside a plain diffusers script: `main.py bench image`."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from engines.api import Cancelled, CancelToken, EngineError, ImageRequest, Kind, Progress, Run
from engines.bench.decisions import percentile
from engines.host import ChildHost, EngineHost, HostOptions, LocalHost

PROMPT = "layered mountains at dusk, mist in the valleys"
STEPS = 20
PAIRS = 9
CANCELS = 100
PREVIEWS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured.

    Attributes:
        ratio_to_diffusers: Time of our picture over the plain script's, the
            median of interleaved pairs.
        seconds_per_image: Ours, the median.
        first_preview_ms: From the request to the first preview, the model
            loaded, through the child process; the median.
        cancel_ms_p95: From a cancel at a random instant to the job's end.
        memory_ratio: Peak of resident memory, each in a process of its own.
        step_ms: One step, for the two figures above.
        difference: Between both pictures, the mean over all pairs, from 0 to 1;
            the weights are laid out otherwise, see `engines.image.speed`.
    """

    ratio_to_diffusers: float
    seconds_per_image: float
    first_preview_ms: float
    cancel_ms_p95: float
    memory_ratio: float
    step_ms: float
    difference: float


def main(argv: Sequence[str]) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="main.py bench image")
    parser.add_argument("--model", default="", help="a diffusers folder; the starter by default")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--cancels", type=int, default=CANCELS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("ours", "plain"), help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    try:
        if asked.only:
            sys.stdout.write(f"{_peak_of(asked)}\n")
            return 0
        told = _measure(asked)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    if asked.json:
        sys.stdout.write(json.dumps(asdict(told)) + "\n")
    else:
        sys.stdout.write(_words(told, asked))
    return 0


def _words(told: Figures, asked: argparse.Namespace) -> str:
    return (
        f"{told.ratio_to_diffusers:.3f} of the time of a plain diffusers script"
        f" (median of {asked.pairs} pairs), {255 * told.difference:.3f}/255 apart\n"
        f"{told.memory_ratio:.3f} of its memory\n"
        f"{told.seconds_per_image:.2f} s a picture of {asked.steps} steps,"
        f" {told.step_ms:.0f} ms a step\n"
        f"{told.first_preview_ms:.0f} ms to the first preview\n"
        f"{told.cancel_ms_p95:.0f} ms from a cancel to the end, p95 of {asked.cancels}\n"
    )


def _request(asked: argparse.Namespace, seed: int) -> ImageRequest:
    return ImageRequest(prompt=PROMPT, seed=seed, model=asked.model, steps=asked.steps)


def _measure(asked: argparse.Namespace) -> Figures:
    ours_s, plain_s, difference = _pairs(asked)
    with ChildHost(options=HostOptions(device=asked.device)) as host:
        host.run(_request(asked, 0), Run())
        step_s = statistics.median(ours_s) / asked.steps
        first_ms = statistics.median(_first_preview_ms(host, asked, n) for n in range(PREVIEWS))
        cancels_ms = _cancels_ms(host, asked, statistics.median(ours_s))
    peaks = {name: _peak_in_child(asked, name) for name in ("ours", "plain")}
    return Figures(
        ratio_to_diffusers=statistics.median(o / p for o, p in zip(ours_s, plain_s, strict=True)),
        seconds_per_image=statistics.median(ours_s),
        first_preview_ms=first_ms,
        cancel_ms_p95=percentile(cancels_ms, 95),
        memory_ratio=peaks["ours"] / peaks["plain"],
        step_ms=step_s * 1000,
        difference=difference,
    )


def _pairs(asked: argparse.Namespace) -> tuple[list[float], list[float], float]:
    """Draw in turns, first one then the other first; returns both times and how far apart."""
    draw_plain = _plain(asked)
    ours_s, plain_s, apart = list[float](), list[float](), list[float]()
    with LocalHost(options=HostOptions(device=asked.device)) as host:

        def ours(seed: int) -> bytes:
            done: bytes = host.run(_request(asked, seed), Run()).pictures[0].png
            return done

        ours(0), draw_plain(0)
        for number in range(asked.pairs):
            ways = [(ours, ours_s), (draw_plain, plain_s)]
            drawn = []
            for draw, times_s in ways if number % 2 else reversed(ways):
                start_s = time.perf_counter()
                drawn.append(draw(number + 1))
                times_s.append(time.perf_counter() - start_s)
            apart.append(_apart(drawn[0], drawn[1]))
    return ours_s, plain_s, statistics.mean(apart)


def _plain(asked: argparse.Namespace) -> Callable[[int], bytes]:
    """Load the plain script's pipeline."""
    from engines import devices
    from engines.bench.plain_picture import plain
    from engines.catalog import Catalog

    devices.fix_threads()
    catalog = Catalog()
    spec = catalog.get(asked.model, Kind.IMAGE)
    draw = plain(spec, catalog, devices.choose(asked.device))
    return lambda seed: draw(PROMPT, asked.steps, seed)


def _apart(one: bytes, other: bytes) -> float:
    """Return the mean difference of two PNG files' values, from 0 to 1."""
    import io

    import numpy as np
    from PIL import Image

    first, second = (np.asarray(Image.open(io.BytesIO(png)), float) for png in (one, other))
    return float(np.abs(first - second).mean()) / 255


def _first_preview_ms(host: EngineHost, asked: argparse.Namespace, number: int) -> float:
    seen_s: list[float] = []

    def report(progress: Progress) -> None:
        if progress.preview is not None:
            seen_s.append(time.perf_counter())

    start_s = time.perf_counter()
    host.run(_request(asked, 1000 + number), Run(report=report))
    return (seen_s[0] - start_s) * 1000


def _cancels_ms(host: EngineHost, asked: argparse.Namespace, picture_s: float) -> list[float]:
    """Cancel at random instants of a drawing; jobs that ended before count as nothing."""
    dice, took_ms = random.Random(0), list[float]()
    while len(took_ms) < asked.cancels:
        token, pressed_s = CancelToken(), list[float]()

        def press(token: CancelToken = token, pressed_s: list[float] = pressed_s) -> None:
            pressed_s.append(time.perf_counter())
            token.cancel()

        timer = threading.Timer(dice.uniform(0, 0.95 * picture_s), press)
        timer.start()
        try:
            host.run(_request(asked, 2000 + len(took_ms)), Run(token=token))
        except Cancelled:
            took_ms.append((time.perf_counter() - pressed_s[0]) * 1000)
        finally:
            timer.cancel()
    return took_ms


def _peak_in_child(asked: argparse.Namespace, name: str) -> int:
    """Return the peak of a fresh process that draws two pictures one way, in bytes."""
    command = [sys.executable, "-c", "import sys; from engines.bench.pictures import main;"
               "sys.exit(main(sys.argv[1:]))", "--only", name, "--model", asked.model,
               "--device", asked.device, "--steps", str(asked.steps)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def _peak_of(asked: argparse.Namespace) -> int:
    """Draw twice in this process and return its peak, in bytes: of the card if there is one."""
    if asked.only == "plain":
        draw_plain = _plain(asked)
        draw_plain(0), draw_plain(1)
    else:
        with LocalHost(options=HostOptions(device=asked.device)) as host:
            host.run(_request(asked, 0), Run())
            host.run(_request(asked, 1), Run())
    import psutil
    import torch

    if torch.cuda.is_available() and asked.device != "cpu":
        return int(torch.cuda.max_memory_allocated())
    memory = psutil.Process().memory_info()
    peak = getattr(memory, "peak_wset", 0)
    if not peak:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(peak)
