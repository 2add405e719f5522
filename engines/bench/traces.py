"""Simulated days of work: which jobs a user starts, and which models each needs.

Six kinds of work follow each other at random. What a user starts with one
press is queued whole; the next press is not known before it happens.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

GB = 1_000_000_000
_UNIT = 10_000_000
"""All sizes are whole numbers of this, so that sums are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A component: its weights, and the working memory of a phase that uses it."""

    size_bytes: int
    working_bytes: int


def _part(size_gb: float, working_gb: float) -> Part:
    return Part(
        size_bytes=round(size_gb * GB / _UNIT) * _UNIT,
        working_bytes=round(working_gb * GB / _UNIT) * _UNIT,
    )


PARTS: dict[str, Part] = {
    "text:7b:model": _part(4.40, 1.0),
    "text:small:model": _part(1.10, 0.4),
    "image:clip:encoder": _part(0.25, 0.1),
    "image:sd15:unet": _part(1.72, 1.2),
    "image:sd15:vae": _part(0.17, 1.5),
    "image:sd15:controlnet": _part(0.72, 0.3),
    "image:sdxl:encoder": _part(1.39, 0.1),
    "image:sdxl:unet": _part(5.14, 2.4),
    "image:sdxl:vae": _part(0.17, 2.6),
    "music:midi:model": _part(0.80, 0.6),
    "image:rank:model": _part(0.61, 0.3),
    "image:upscale:model": _part(0.07, 1.2),
}

WRITE = "text:write"
CHAT = "text:chat"
SD = "image:sd15"
SD_CONTROL = "image:sd15+controlnet"
XL = "image:sdxl"
MUSIC = "music:compose"
RANK = "image:rank"
UPSCALE = "image:upscale"

PHASES: dict[str, tuple[tuple[str, ...], ...]] = {
    WRITE: (("text:7b:model",),),
    CHAT: (("text:small:model",),),
    SD: (("image:clip:encoder",), ("image:sd15:unet",), ("image:sd15:vae",)),
    SD_CONTROL: (
        ("image:clip:encoder",),
        ("image:sd15:unet", "image:sd15:controlnet"),
        ("image:sd15:vae",),
    ),
    XL: (("image:clip:encoder", "image:sdxl:encoder"), ("image:sdxl:unet",), ("image:sdxl:vae",)),
    MUSIC: (("music:midi:model",),),
    RANK: (("image:rank:model",),),
    UPSCALE: (("image:upscale:model",),),
}
"""What each kind of job leases, phase by phase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a trace; `press` counts what the user started."""

    label: str
    press: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One phase of one job."""

    keys: tuple[str, ...]
    job: int

    @property
    def working_bytes(self) -> int:
        return max(PARTS[key].working_bytes for key in self.keys)

    @property
    def size_bytes(self) -> int:
        return sum(PARTS[key].size_bytes for key in self.keys)


def trace(jobs: int, seed: int) -> tuple[Job, ...]:
    """Return `jobs` jobs of simulated work."""
    work = _Work(seed)
    kinds = (work.poster, work.scene, work.iterate, work.music, work.write, work.compare)
    while len(work.jobs) < jobs:
        work.dice.choices(kinds, [3, 3, 4, 1.5, 2, 1.5])[0]()
    return tuple(work.jobs[:jobs])


def leases(jobs: Sequence[Job]) -> tuple[Lease, ...]:
    """Return the phases of all jobs in order."""
    return tuple(
        Lease(keys=keys, job=number)
        for number, job in enumerate(jobs)
        for keys in PHASES[job.label]
    )


class _Work:
    """The six kinds of work; each method adds the jobs of one stretch of it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.jobs: list[Job] = []
        self._press = 0

    def poster(self) -> None:
        """Texts, pictures for them, the best one chosen, perhaps a remark, and enlarged."""
        self._begin(WRITE, self._times(1, 3))
        model = self.dice.choice([SD, XL])
        self._add(model, self._times(2, 6))
        self._add(RANK)
        self._add(CHAT, self._times(0, 2))
        self._add(UPSCALE)

    def scene(self) -> None:
        """A text, its pictures and its music, and the text once more."""
        self._begin(WRITE)
        self._add(XL, self._times(1, 3))
        self._add(RANK)
        self._add(MUSIC, self._times(1, 3))
        self._add(WRITE)

    def iterate(self) -> None:
        """The same picture again and again, sometimes ranked, sometimes talked about."""
        model = self.dice.choice([SD, SD_CONTROL, XL])
        for _ in range(self._times(3, 12)):
            self._begin(model, self._times(1, 4))
            if self.dice.random() < 0.6:
                self._add(RANK)
            if self.dice.random() < 0.3:
                self._begin(CHAT)

    def music(self) -> None:
        """Some pieces, and words about them."""
        for _ in range(self._times(2, 6)):
            self._begin(MUSIC, self._times(1, 3))
            if self.dice.random() < 0.4:
                self._begin(CHAT)

    def write(self) -> None:
        """Texts, now and then with a picture."""
        for _ in range(self._times(2, 5)):
            self._begin(WRITE, self._times(1, 3))
            if self.dice.random() < 0.35:
                self._begin(XL)

    def compare(self) -> None:
        """The same picture by two models, side by side."""
        for _ in range(self._times(2, 5)):
            self._begin(SD)
            self._add(XL)
            self._add(RANK)

    def _times(self, least: int, most: int) -> int:
        return self.dice.randint(least, most)

    def _begin(self, label: str, times: int = 1) -> None:
        """The user presses: a new unit of work."""
        self._press += 1
        self._add(label, times)

    def _add(self, label: str, times: int = 1) -> None:
        """The same unit goes on."""
        self.jobs.extend([Job(label=label, press=self._press)] * times)
