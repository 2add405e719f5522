"""How prompts are read: as diffusers reads them, and with weights, chunks, mixtures and skips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engines.api import BadRequest, ImageRequest, ImageResult, Kind
from engines.image.pipelines import States
from engines.image.words import starter_prompts
from engines.image.words.clip_reading import ClipReader
from engines.image.words.dynamic_prompts import Wording
from engines.image.words.starter_text import TOKENS, PromptReader
from tests.engines.image import test_engine, test_flow_pipelines, test_plain_pipelines
from tests.engines.image.test_plain_pipelines import (
    FAMILIES,
    NEGATIVE,
    PROMPT,
    SIDE_PX,
    Studio,
    drawn,
    named,
    plain,
)

studio = test_plain_pipelines.studio
flows = test_flow_pipelines.studio
models, services, draw = test_engine.models, test_engine.services, test_engine.draw
LONG = ", ".join(["a cat at noon", "of the moon"] * 7)
SIZE = {"width": SIDE_PX, "height": SIDE_PX}


def reader(pipeline: Any, family: str, skip: int = 0) -> Callable[..., States]:
    return ClipReader(pipeline, is_xl=family.endswith("xl"), learnt=(), skip=skip).read


def encoded(pipeline: Any, prompt: str, negative: str = "") -> Sequence[Tensor]:
    """Read with diffusers; prompt, negative and, of SDXL, both pooled."""
    with torch.inference_mode():
        return pipeline.encode_prompt(
            prompt=prompt, negative_prompt=negative, device="cpu", num_images_per_prompt=1,
            do_classifier_free_guidance=True,
        )  # fmt: skip


def words_of(pipeline: Any, text: str) -> list[int]:
    return list(pipeline.tokenizer(text, add_special_tokens=False).input_ids)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prompt", [PROMPT, " a  Cat!\n(", "zz qq :) ü", "x" * 75])
def test_a_plain_prompt_has_the_states_of_diffusers(
    studio: Studio, family: str, prompt: str
) -> None:
    pipeline = plain(studio, studio.model(family), named(family))
    prompt = prompt.replace("(", "")
    wanted = encoded(pipeline, prompt, NEGATIVE)
    read = reader(pipeline, family)(Wording(prompt=prompt, negative=NEGATIVE), guided=True)
    found = (read.prompted, read.empty, read.pooled, read.pooled_empty)
    assert all(torch.equal(a, b) for a, b in zip(wanted, found, strict=False))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_long_prompt_goes_on_in_further_chunks(studio: Studio, family: str) -> None:
    pipeline = plain(studio, studio.model(family), named(family))
    numbers = words_of(pipeline, LONG)
    comma = words_of(pipeline, ",")[0]
    assert len(numbers) > 75
    cut = max(place for place in range(75) if numbers[place] == comma) + 1
    texts = LONG.split(",")
    first = ",".join(texts[: numbers[:cut].count(comma)]) + ","
    rest = LONG[len(first) :]
    chunks = [encoded(pipeline, text) for text in (first, rest)]
    read = reader(pipeline, family)(Wording(prompt=LONG), guided=True)
    assert torch.equal(read.prompted, torch.cat([chunk[0] for chunk in chunks], dim=1))
    nothing = encoded(pipeline, "")[0]
    assert read.empty is not None and torch.equal(read.empty, torch.cat([nothing] * 2, dim=1))
    if family.endswith("xl"):
        assert torch.equal(read.pooled, chunks[0][2])


@pytest.mark.parametrize("family", ["folder", *FAMILIES])
def test_long_prompts_are_drawn(studio: Studio, family: str) -> None:
    model = studio.model(family)
    pictures = {
        *studio.draw(model, prompt=LONG),
        *studio.draw(model, prompt=LONG.replace("moon", "cats")),
        *studio.draw(model, negative=LONG),
        *studio.draw(model, prompt=f"{PROMPT} BREAK {PROMPT}"),
        *studio.draw(model),
    }
    assert len(pictures) == 5


@pytest.mark.parametrize("family", FAMILIES)
def test_a_weight_moves_states_away_from_those_of_nothing(studio: Studio, family: str) -> None:
    pipeline = plain(studio, studio.model(family), named(family))
    read = reader(pipeline, family)
    states = read(Wording(prompt="a (cat:1.5) [at] noon"), guided=False).prompted
    even, nothing = (read(Wording(prompt=t), guided=False).prompted for t in ("a cat at noon", ""))
    weights = torch.ones(77)
    parts = [len(words_of(pipeline, text)) for text in ("a", "cat", "at", "noon")]
    weights[1 + parts[0] : 1 + sum(parts[:2])] = 1.5
    weights[1 + sum(parts[:2]) : 1 + sum(parts[:3])] = 1 / 1.1
    expected = nothing + weights[None, :, None] * (even - nothing)
    assert torch.allclose(states, expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(states[:, weights == 1], even[:, weights == 1])


@pytest.mark.parametrize("family", FAMILIES)
def test_and_mixes_the_states(studio: Studio, family: str) -> None:
    pipeline = plain(studio, studio.model(family), named(family))
    read = reader(pipeline, family)
    mixed = read(Wording(prompt="a cat AND the moon :0.25"), guided=False)
    one, two = (read(Wording(prompt=text), guided=False) for text in ("a cat", "the moon"))
    assert torch.allclose(mixed.prompted, 0.8 * one.prompted + 0.2 * two.prompted, atol=1e-6)
    if mixed.pooled is not None:
        assert one.pooled is not None and two.pooled is not None
        assert torch.allclose(mixed.pooled, 0.8 * one.pooled + 0.2 * two.pooled, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_clip_skip_is_that_of_the_pipeline(studio: Studio, family: str) -> None:
    model = studio.model(family)
    pipeline = plain(studio, model, named(family))
    # diffusers looks for the layers where older transformers had them.
    object.__setattr__(pipeline.text_encoder, "text_model", pipeline.text_encoder)
    wanted = drawn(pipeline, clip_skip=1, **SIZE).tobytes()
    assert studio.draw(model, clip_skip=1) == [wanted]
    assert studio.draw(model) != [wanted]


def test_clip_skip_of_stable_diffusion_3_is_that_of_the_pipeline(flows: Any) -> None:
    family = "stable-diffusion-3"
    pipeline = test_flow_pipelines.plain(test_flow_pipelines.place(flows, family), family)
    wanted = test_flow_pipelines.drawn(pipeline, clip_skip=1).tobytes()
    assert flows.draw(family, clip_skip=1) == [wanted]
    assert flows.draw(family) != [wanted]
    with pytest.raises(BadRequest, match="cannot be skipped"):
        flows.draw(family, clip_skip=9)


def test_more_layers_than_there_are_cannot_be_skipped(studio: Studio) -> None:
    with pytest.raises(BadRequest, match="this one has 2"):
        studio.draw(studio.model(FAMILIES[0]), clip_skip=2)


def test_pictures_of_one_request_may_have_different_prompts(draw: Callable[..., Any]) -> None:
    asked = "a {red|blue|green|black} fox"
    result: ImageResult = draw(prompt=asked, guidance=3.0, count=6)
    prompts = [picture.prompt for picture in result.pictures]
    assert len(set(prompts)) > 1 and all(one.endswith(" fox") for one in prompts)
    for picture in result.pictures[:3]:
        again = draw(prompt=picture.prompt, guidance=3.0, seed=picture.seed)
        assert again.pictures[0].png == picture.png
        assert again.pictures[0].prompt == ""


def test_the_starter_scales_its_states(draw: Callable[..., Any], services: Any) -> None:
    found = services.catalog.get("all-minilm-l6-v2", Kind.TEXT)
    read = PromptReader(Path(found.path))
    even = starter_prompts.read(read, Wording(prompt="a fox", negative="b"), guided=True)
    both = read.read(["a fox", "b"])
    assert torch.equal(even.prompted, both[:1]) and torch.equal(even.empty, both[1:])
    heavy = starter_prompts.read(read, Wording(prompt="a (fox:1.5)", negative="b"), guided=True)
    weights = torch.tensor([1.0, 1.0, 1.5, 1.5, 1.5])[:, None]
    assert torch.equal(heavy.prompted[0, :5], even.prompted[0, :5] * weights)
    mixture = starter_prompts.read(read, Wording(prompt="a fox AND b"), guided=False)
    assert torch.allclose(mixture.prompted, both.mean(dim=0, keepdim=True), atol=1e-6)
    assert mixture.empty is None and mixture.prompted.shape == (1, TOKENS, 384)
    one, two = (draw(prompt=text, guidance=3.0).pictures[0].png for text in ("a (b)", "a (b:1.4)"))
    assert one != two


def test_all_that_is_said_counts_for_what_is_remembered(draw: Callable[..., Any]) -> None:
    base = {"prompt": "a cat", "model": "tiny-sd", "guidance": 5.0}
    asked = [base, {**base, "prompt": "a (cat)"}, {**base, "negative": "dog"}]
    first = [draw(**one).pictures[0].png for one in asked]
    assert len(set(first)) == 3
    assert [draw(**one).pictures[0].png for one in asked] == first
    assert isinstance(ImageRequest(prompt="a", seed=1).clip_skip, int)
