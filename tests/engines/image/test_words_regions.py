"""Regional prompts: each counts where its mask is white, and nowhere else."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from engines.api import BadRequest, ImageRequest, RegionPrompt
from engines.image import denoising, png, regions
from engines.image.guiding import Call
from engines.image.pipelines import States
from tests.engines.image import test_engine, test_flow_pipelines, test_plain_pipelines
from tests.engines.image.test_plain_pipelines import FAMILIES, PROMPT, Studio

studio = test_plain_pipelines.studio
flows = test_flow_pipelines.studio
models, services, draw = test_engine.models, test_engine.services, test_engine.draw
WHITE = png.encode(Image.new("L", (8, 8), "white").convert("RGB"))
BLACK = png.encode(Image.new("RGB", (8, 8)))


def left(side_px: int = 64, grey: int = 255) -> bytes:
    """Return a mask whose left half is white, or grey."""
    mask = Image.new("RGB", (side_px, side_px))
    mask.paste((grey,) * 3, (0, 0, side_px // 2, side_px))
    return png.encode(mask)


def region(words: str, mask: bytes = WHITE, weight: float = 1.0) -> RegionPrompt:
    return RegionPrompt(prompt=words, mask=mask, weight=weight)


@pytest.mark.parametrize("family", ["folder", *FAMILIES])
@pytest.mark.parametrize("guidance", [6.0, 1.0])
def test_a_white_region_is_a_drawing_with_its_words_alone(
    studio: Studio, family: str, guidance: float
) -> None:
    model = studio.model(family)
    alone = studio.draw(model, guidance=guidance)
    other = studio.draw(model, prompt="moon", guidance=guidance)
    asked = {"prompt": "moon", "guidance": guidance}
    assert studio.draw(model, regions=(region(PROMPT),), **asked) == alone
    assert studio.draw(model, regions=(region(PROMPT, weight=2.0),), **asked) == alone
    assert studio.draw(model, regions=(region(PROMPT, BLACK),), **asked) == other
    assert studio.draw(model, regions=(region(PROMPT, weight=0.0),), **asked) == other
    mixture = studio.draw(model, regions=(region(PROMPT, left()),), **asked)
    assert mixture not in (alone, other)


def test_regions_are_the_same_with_each_row_worked_on_by_itself(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = denoising.Forward._predict
    rows: list[int] = []

    def in_halves(forward: denoising.Forward, call: Call) -> Tensor:
        forward.in_halves = True
        rows.append(len(call.latents))
        return whole(forward, call)

    monkeypatch.setattr(denoising.Forward, "_predict", in_halves)
    model = studio.model("stable-diffusion-xl")
    alone = studio.draw(model)
    asked = (region("of"), region(PROMPT, weight=0.0))
    assert studio.draw(model, prompt="of") == studio.draw(model, prompt="moon", regions=asked)
    assert studio.draw(model, prompt="moon", regions=(region(PROMPT),)) == alone
    assert set(rows) == {2}


@pytest.mark.parametrize("family", ["stable-diffusion-3", "flux"])
def test_flows_have_regions_too(flows: Any, family: str) -> None:
    alone, other = flows.draw(family), flows.draw(family, prompt="moon")
    assert flows.draw(family, prompt="moon", regions=(region(PROMPT),)) == alone
    assert flows.draw(family, prompt="moon", regions=(region(PROMPT, BLACK),)) == other
    half = flows.draw(family, prompt="moon", regions=(region(PROMPT, left()),))
    assert half not in (alone, other)


def test_the_starter_has_regions_too(draw: Callable[..., Any]) -> None:
    def drawn(**asked: Any) -> bytes:
        data: bytes = draw(guidance=3.0, **asked).pictures[0].png
        return data

    assert drawn(prompt="zz", regions=(region("a fox"),)) == drawn(prompt="a fox")
    assert drawn(prompt="zz", regions=(region("a fox", BLACK),)) == drawn(prompt="zz")


def asking(calls: list[Call]) -> Callable[[Call], Tensor]:
    """Return a network that predicts the prompt's first number everywhere."""

    def ask(call: Call) -> Tensor:
        calls.append(call)
        told = call.more["encoder_hidden_states"][:, 0, 0]
        return told[:, None, None, None].expand(call.latents.shape).clone()

    return ask


def words(number: float) -> States:
    return States(prompted=torch.full((1, 77, 4), number))


def predicted(
    asked: tuple[RegionPrompt, ...], rows: int = 2, side: int = 8
) -> tuple[Tensor, list[Call]]:
    """Ask for one step, with 1 for the picture's words and 2, 3, ... for the regions'."""
    (aid,) = regions.aids(ImageRequest(prompt="a", seed=1, regions=asked))
    states = torch.cat([torch.zeros(rows - 1, 77, 4), torch.ones(1, 77, 4)])
    call = Call(
        latents=torch.zeros(rows, 4, side, side),
        time=1,
        more={"encoder_hidden_states": states},
        step=0,
        steps=1,
        regions=tuple(words(2.0 + number) for number in range(len(asked))),
    )
    calls: list[Call] = []
    with aid.dressed(None, []) as guide:
        return guide(call, asking(calls)), calls


def test_outside_its_mask_nothing_of_a_region_counts() -> None:
    found, calls = predicted((region("b", left()),))
    assert len(calls) == 2
    assert torch.equal(found[0], torch.zeros(4, 8, 8))
    assert torch.equal(found[1, :, :, :4], torch.full((4, 8, 4), 2.0))
    assert torch.equal(found[1, :, :, 4:], torch.ones(4, 8, 4))


def test_regions_that_overlap_share_by_weight() -> None:
    found, calls = predicted((region("b", left()), region("c", weight=2.0)), rows=1)
    assert len(calls) == 3
    assert torch.allclose(found[0, :, :, :4], torch.tensor((2 * 1 + 3 * 2) / 3))
    assert torch.equal(found[0, :, :, 4:], torch.full((4, 8, 4), 3.0))


def test_a_grey_mask_and_a_soft_edge_count_in_part() -> None:
    found, _calls = predicted((region("b", left(grey=51)),))
    assert torch.allclose(found[1, :, :, :4], torch.tensor(1.2))
    edge, _calls = predicted((region("b", left(24)),), side=4)
    assert torch.allclose(edge[1, 0, 0], torch.tensor([2.0, 2.0, 1.0, 1.0]))
    edge, _calls = predicted((region("b", left(24)),), side=3)
    assert torch.allclose(edge[1, 0, 0], torch.tensor([2.0, 1.5, 1.0]), atol=0.01)


def test_what_is_transparent_is_not_of_the_region() -> None:
    clear = io.BytesIO()
    mask = Image.new("RGBA", (8, 8), (255, 255, 255, 0))
    mask.paste((255, 255, 255, 255), (0, 0, 4, 8))
    mask.save(clear, "PNG")
    found, _calls = predicted((region("b", clear.getvalue()),))
    assert found[1, 0, 0].tolist() == [2, 2, 2, 2, 1, 1, 1, 1]


def test_a_mask_that_is_no_picture_is_told_before_anything_loads(
    draw: Callable[..., Any], services: Any
) -> None:
    with pytest.raises(BadRequest, match="the mask of a region is no picture"):
        draw(regions=(region("b", b"words"),))
    assert services.memory.status().residents == ()


def test_long_words_of_a_region_are_as_long_as_the_pictures(studio: Studio) -> None:
    long = ", ".join([PROMPT] * 12)
    model = studio.model("stable-diffusion-xl")
    alone = studio.draw(model, prompt=long)
    assert studio.draw(model, prompt="moon", regions=(region(long),)) == alone
