"""The first phase: a prompt is read by the text encoders, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from diffusers.utils.torch_utils import get_module_execution_device
from torch import Tensor

from engines.image import loras, needs, pipelines
from engines.image.loras import Lora
from engines.image.parts import READER
from engines.image.pipelines import States
from engines.image.recent import Recent
from engines.image.sitting import Held, Sitting
from engines.memory.ladder import Ladder
from engines.memory.lease import Component


def read(sitting: Sitting, known: Recent[States]) -> States:
    """Return the states of a job's prompt; those of the last prompts are in `known`."""
    request = sitting.settled.request
    place = (
        tuple(component.key for component in sitting.parts.words.values()),
        tuple((lora.key, use.weight) for lora, use in zip(sitting.worn, sitting.uses, strict=True)),
        (request.prompt, request.negative, sitting.settled.guided),
    )
    return known.get(place) or known.put(place, _read(sitting))


def _read(sitting: Sitting) -> States:
    """Lease what reads prompts, and read."""
    working = needs.reading(sitting.parts)
    words = {
        name: loras.wearable(component, sitting.uses)
        for name, component in sitting.parts.words.items()
    }
    with sitting.memory.lease(
        *words.values(), *sitting.worn, working=working, run=sitting.run
    ) as loaded:
        named = dict(zip(words, loaded, strict=False))
        if READER in named:
            ladder = Ladder(sitting.memory, sitting.run, working)
            return ladder(lambda: _with_reader(named[READER], sitting))
        pipeline = pipelines.assemble(pipelines.name_of(xl=sitting.parts.is_xl), **named)
        with _dressed(pipeline, sitting, words, loaded[len(named) :]) as ladder:
            return ladder(lambda: _with_encoders(pipeline, sitting))


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


def _with_reader(reader: Any, sitting: Sitting) -> States:
    """Read with the starter's reader, which reads both in one go."""
    request = sitting.settled.request
    both = reader.read([request.prompt, request.negative]).cpu()
    return States(prompted=both[:1], empty=both[1:])


def _with_encoders(pipeline: Any, sitting: Sitting) -> States:
    """Read as the pipelines themselves do."""
    request = sitting.settled.request
    with torch.inference_mode():
        read: Sequence[Tensor | None] = pipeline.encode_prompt(
            prompt=request.prompt,
            device=get_module_execution_device(pipeline.text_encoder),
            num_images_per_prompt=1,
            do_classifier_free_guidance=sitting.settled.guided,
            negative_prompt=request.negative,
        )
    names = ("prompted", "empty", "pooled", "pooled_empty")
    kept = {name: None if t is None else t.cpu() for name, t in zip(names, read, strict=False)}
    return States(**kept)
