"""The memory's parts and events in words."""

from __future__ import annotations

import time

from desktop.messages import size_text
from desktop.queue_order import FILES_STATE
from engines.api import Change, MemoryEvent, MemoryStatus, Resident, Tier, Work

VERBS = {
    Change.LOAD: "Loaded",
    Change.EVICT: "Put out",
    Change.PARK: "Parked",
    Change.RETURN: "Came back",
    Change.PREFETCH: "Loaded ahead",
    Change.SHRINK: "Made smaller",
    Change.RELIEF: "Made room",
    Change.REFUSAL: "Refused",
    Change.FOREIGN: "Other programs",
}

FORMS = {
    "offload": "partly in main memory",
    "fp8": "held in 8 bits (fp8)",
    "int8": "held in 8 bits (int8)",
}

OPERATIONS = {
    "text.write": "writing",
    "text.compare": "comparing words",
    "image.read": "reading the prompt",
    "image.encode": "taking up the first picture",
    "image.denoise": "painting",
    "image.decode": "developing the picture",
    "image.preview": "showing the picture so far",
    "image.train": "training",
    "background.draw": "drawing a background",
    "upscale.enlarge": "enlarging",
    "music.compose": "composing",
}


LEAST_TOLD_S = 0.05
"""What took less is not worth a figure."""


def is_card(status: MemoryStatus) -> bool:
    """Say whether the device is a card with memory of its own."""
    return status.device.startswith("cuda")


def was_asked(status: MemoryStatus) -> bool:
    """Say whether the device was asked what it has; a budget of 0 may be all that others left."""
    return status.budget_bytes > 0 or status.total_bytes > 0


def component_words(key: str) -> str:
    """Name a component without its engine: "smollm2-135m-instruct, model, bfloat16"."""
    _, _, rest = key.partition(":")
    parts = [FILES_STATE.sub("", part) for part in rest.split(":") if part]
    return ", ".join(parts) or key


def place_words(resident: Resident, *, on_card: bool) -> str:
    """Say where a component lies, in which form, and whether it is at work."""
    if resident.tier is Tier.RAM:
        where = "parked in main memory"
    else:
        where = "on the card" if on_card else "in memory"
    form = FORMS.get(resident.fitting, resident.fitting)
    return ", ".join(x for x in (where, form, "at work" if resident.leased else "") if x)


def work_words(work: Work) -> str:
    """Say what running work was expected to take, and what it took the last time."""
    last = f", {size_text(work.measured_bytes)} the last time" if work.measured_bytes else ""
    return f"{size_text(work.predicted_bytes)} expected{last}"


def operation_words(operation: str) -> str:
    return OPERATIONS.get(operation, operation.replace(".", ": "))


def event_title(event: MemoryEvent) -> str:
    """Name what happened and to what."""
    if event.change is Change.FOREIGN:
        return VERBS[event.change]
    what = component_words(event.key) if ":" in event.key else operation_words(event.key)
    return f"{VERBS[event.change]}: {what}" if what else VERBS[event.change]


def event_figures(event: MemoryEvent) -> str:
    """Say how much moved and how long it took."""
    size = size_text(event.size_bytes) if event.size_bytes else ""
    took = f"{event.seconds:.1f} s" if event.seconds >= LEAST_TOLD_S else ""
    return "  ".join(x for x in (size, took) if x)


def event_reason(event: MemoryEvent) -> str:
    """Say when and why."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.at_s))
    return f"{clock}  {event.reason}".rstrip()
