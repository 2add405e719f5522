"""Which of the waiting engine jobs is next.

A job whose model is in memory already can begin at once, another must load
it first and perhaps put the present one out. So a job may go before others
that wait longer: within one batch, whose jobs have no order, and between
different works if the user allows it. Nobody is overtaken for ever.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

MOST_OVERTAKEN = 4
"""How often a job lets others go before it."""

FILES_STATE = re.compile(r"-[0-9a-f]{8}$")
"""What follows a model's id in a key, so that changed files are another model."""

_ENGINES = {"plan": "text"}
"""Kinds that work with another engine's models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A job that waits, as far as its place in the line depends on it.

    Attributes:
        id: The job's.
        label: What it begins with, "kind:model", or empty.
        batch: Jobs with the same name here have no order between them; empty
            for a job of its own.
        overtaken: How often others went before it.
    """

    id: int
    label: str = ""
    batch: str = ""
    overtaken: int = 0


def next_job(waiting: Sequence[Waiting], ready: Collection[str], *, may_change: bool) -> Waiting:
    """Return the job that should run next.

    Args:
        waiting: In the order the user asked for them; at least one.
        ready: The labels whose models are in memory.
        may_change: Jobs of different works may change places, too.
    """
    for place, job in enumerate(waiting):
        if job.label in ready and all(_gives_way(x, job, may_change) for x in waiting[:place]):
            return job
    return waiting[0]


def _gives_way(first: Waiting, other: Waiting, may_change: bool) -> bool:
    """Say whether `first`, which waits longer, lets `other` go before it."""
    together = bool(first.batch) and first.batch == other.batch
    return (may_change or together) and first.overtaken < MOST_OVERTAKEN


def ready_labels(labels: Iterable[str], resident_keys: Iterable[str]) -> frozenset[str]:
    """Return those of `labels` of whose model some component is in memory.

    Args:
        labels: "kind:model".
        resident_keys: "engine:model:part:precision", see `engines.api.Resident`.
    """
    held = {_engine_and_model(key) for key in resident_keys}
    return frozenset(label for label in labels if label and _of_label(label) in held)


def _engine_and_model(key: str) -> tuple[str, str]:
    """Read a resident's key; a model may carry the state of its files, eight digits, behind it."""
    engine, model = [*key.split(":"), ""][:2]
    return engine, FILES_STATE.sub("", model)


def _of_label(label: str) -> tuple[str, str]:
    kind, _, model = label.partition(":")
    return _ENGINES.get(kind, kind), model
