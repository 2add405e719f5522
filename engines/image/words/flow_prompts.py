"""How Stable Diffusion 3 and Flux read a prompt: with one or two CLIPs, and with T5."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import torch
from diffusers.configuration_utils import FrozenDict
from diffusers.utils.torch_utils import get_module_execution_device
from torch import Tensor

from engines.image.flows.flow import FLUX
from engines.image.parts import Parts
from engines.image.pipelines import States
from engines.image.words.clip_reading import check_skip
from engines.image.words.dynamic_prompts import Wording
from engines.image.words.mixing import mixed
from engines.image.words.prompt_syntax import parse, plain, words_of


def read(
    pipeline: Any, parts: Parts, prompt: str, negative: str, *, guided: bool, skip: int = 0
) -> States:
    """Read a prompt as the pipelines themselves do.

    Args:
        pipeline: Of `pipelines.reading_name`, with the model's words.
        negative: What is not wanted; Flux cannot be told.
        guided: What is not wanted is read too.
        skip: How many of the last layers of CLIP are left out; Flux takes none of them.
    """
    asked = {
        "prompt": prompt,
        "prompt_2": None,
        "device": get_module_execution_device(pipeline.text_encoder),
        "num_images_per_prompt": 1,
    }
    with torch.inference_mode():
        if parts.flow == FLUX:
            prompted, pooled, _places = pipeline.encode_prompt(**asked)
            return States(prompted=prompted.cpu(), pooled=pooled.cpu())
        check_skip(pipeline.text_encoder, skip)
        check_skip(pipeline.text_encoder_2, skip)
        if pipeline.text_encoder_3 is None:
            # Without T5 its states are nothing, of the width that the transformer has for them.
            settings = FrozenDict(parts.settings("unet"))
            pipeline.transformer = SimpleNamespace(config=settings)
        read: tuple[Tensor | None, ...] = pipeline.encode_prompt(
            prompt_3=None,
            negative_prompt=negative,
            do_classifier_free_guidance=guided,
            clip_skip=skip or None,
            **asked,
        )
    names = ("prompted", "empty", "pooled", "pooled_empty")
    kept: dict[str, Any] = {
        name: None if t is None else t.cpu() for name, t in zip(names, read, strict=True)
    }
    return States(**kept)


def read_wording(
    pipeline: Any, parts: Parts, wording: Wording, *, guided: bool, skip: int = 0
) -> States:
    """Read a picture's words and its regions'.

    T5 was never trained to be told how much a word counts, so brackets only
    hold words together; AND mixes the states of its parts.
    """
    negative = plain(wording.negative)

    def of(text: str, *, guided: bool) -> States:
        told = parse(text)
        shares = [part.share for part in told]
        each = [
            read(pipeline, parts, words_of(part), negative, guided=guided and not number, skip=skip)
            for number, part in enumerate(told)
        ]
        return replace(
            each[0],
            prompted=mixed(shares, [one.prompted for one in each]),
            pooled=mixed(shares, [one.pooled for one in each if one.pooled is not None]),
        )

    regions = tuple(of(words, guided=False) for words in wording.regions)
    return replace(of(wording.prompt, guided=guided), regions=regions)
