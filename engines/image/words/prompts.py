"""The first phase: the words of each picture are read by the text encoders, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from engines.image import loras, needs, pipelines
from engines.image.loras import Lora
from engines.image.parts import READER
from engines.image.pipelines import States
from engines.image.recent import Recent
from engines.image.sitting import Held, Sitting
from engines.image.words import flow_prompts, starter_prompts
from engines.image.words.clip_reading import ClipReader
from engines.image.words.dynamic_prompts import Wording
from engines.image.words.inversions import Inversion
from engines.memory.ladder import Ladder
from engines.memory.lease import Component

Read = Callable[[Wording], States]


def read(sitting: Sitting, known: Recent[States]) -> tuple[States, ...]:
    """Return the states of each picture's words; those of the last wordings are in `known`."""
    settled = sitting.settled
    place = (
        tuple(component.key for component in sitting.parts.words.values()),
        tuple((lora.key, use.weight) for lora, use in zip(sitting.worn, sitting.uses, strict=True)),
        tuple(component.key for component in sitting.inversions),
        settled.request.clip_skip,
        settled.guided,
    )
    found: dict[Wording, States] = {}
    for wording in settled.wordings:
        states = known.get((place, wording))
        if states is not None:
            found[wording] = states
    missing = [one for one in dict.fromkeys(settled.wordings) if one not in found]
    if missing:
        fresh = dict(zip(missing, _read(sitting, missing), strict=True))
        found |= {one: known.put((place, one), states) for one, states in fresh.items()}
    return tuple(found[wording] for wording in settled.wordings)


def _read(sitting: Sitting, wordings: Sequence[Wording]) -> list[States]:
    """Lease what reads prompts, and read."""
    working = needs.reading(sitting.parts)
    words = {
        name: loras.wearable(component, sitting.uses)
        for name, component in sitting.parts.words.items()
    }
    leased = (*words.values(), *sitting.worn, *sitting.inversions)
    with sitting.memory.lease(*leased, working=working, run=sitting.run) as loaded:
        named = dict(zip(words, loaded, strict=False))
        worn = loaded[len(named) : len(named) + len(sitting.worn)]
        learnt = loaded[len(named) + len(worn) :]
        if READER in named:
            ladder = Ladder(sitting.memory, sitting.run, working)
            reader = partial(starter_prompts.read, named[READER], guided=sitting.settled.guided)
            return _each(sitting, wordings, ladder, reader)
        pipeline = pipelines.assemble(pipelines.reading_name(sitting.parts), **named)
        with _dressed(pipeline, sitting, words, worn) as ladder:
            return _each(sitting, wordings, ladder, _reading(pipeline, sitting, learnt))


def _reading(pipeline: Any, sitting: Sitting, learnt: Sequence[Inversion]) -> Read:
    """Return what reads with the text encoders of a pipeline."""
    parts, settled = sitting.parts, sitting.settled
    skip = settled.request.clip_skip
    if parts.flow:
        return partial(flow_prompts.read_wording, pipeline, parts, guided=settled.guided, skip=skip)
    reader = ClipReader(pipeline, is_xl=parts.is_xl, learnt=learnt, skip=skip)
    return partial(reader.read, guided=settled.guided)


def _each(
    sitting: Sitting, wordings: Sequence[Wording], ladder: Ladder, reading: Read
) -> list[States]:
    """Read one wording after the other; a cancel is heard between them."""
    states: list[States] = []
    for wording in wordings:
        sitting.run.token.check()
        states.append(ladder(partial(reading, wording)))
    return states


@contextmanager
def _dressed(
    pipeline: Any, sitting: Sitting, words: Mapping[str, Component[Any]], worn: Sequence[Lora]
) -> Iterator[Ladder]:
    """Have the LoRAs on a pipeline's text encoders; yields the way down for its calls."""
    encoders = [part for part in words if part.startswith("text_encoder")]

    def dress(part: str, encoder: Any) -> None:
        setattr(pipeline, part, encoder)
        sitting.dress(encoder, part, worn)

    rungs = [
        rung
        for part in encoders
        for rung in Held(sitting, words[part], partial(dress, part)).rungs()
    ]
    ladder = Ladder(sitting.memory, sitting.run, needs.reading(sitting.parts), rungs)
    try:
        for part in encoders:
            ladder(partial(dress, part, getattr(pipeline, part)))
        yield ladder
    finally:
        if worn:
            pipeline.unload_lora_weights()
