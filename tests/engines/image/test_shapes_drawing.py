"""Larger starts, variations, second drawings: their pictures against diffusers' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engines.api import BadRequest, Cancelled, CancelToken, ImageRequest, Progress, Run
from engines.image import autoencoding, engine, framing, outpainting, png
from engines.image.outpainting import Sides
from engines.image.variations import slerp
from tests.engines.image import test_plain_pipelines as plain
from tests.engines.image.test_plain_pipelines import (
    FAMILIES,
    MASK,
    SEED,
    SIDE_PX,
    START,
    STEPS,
    Studio,
    drawn,
    named,
)

studio = plain.studio


@pytest.fixture(autouse=True)
def _starts_keep_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny models were made for tiny pictures: let them start from larger ones."""
    monkeypatch.setattr(framing, "MOST_START_SHARE", 1000.0)


SIZE = {"width": SIDE_PX, "height": SIDE_PX}
OWN_SIZE = {"width_px": 0, "height_px": 0}
MODELS = ("folder", *FAMILIES)


def noise(seed: int, side: int = 8) -> torch.Tensor:
    return torch.randn(1, 4, side, side, generator=torch.Generator().manual_seed(seed))


def opened(pixels: bytes, size: tuple[int, int]) -> Image.Image:
    return Image.frombytes("RGB", size, pixels)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_variation_begins_from_the_mixed_noise(studio: Studio, family: str) -> None:
    model = studio.model(family)
    pipeline = plain.plain(studio, model, named(family))
    side = SIDE_PX // pipeline.vae_scale_factor
    # The noise counts as drawn: an ancestral sampler goes on with the seed's next numbers.
    generator = torch.Generator().manual_seed(SEED)
    torch.randn(1, 4, side, side, generator=generator)
    with torch.inference_mode():
        image = pipeline(
            prompt=plain.PROMPT, negative_prompt=plain.NEGATIVE, num_inference_steps=STEPS,
            guidance_scale=plain.GUIDANCE, generator=generator,
            latents=slerp(0.3, noise(SEED, side), noise(99, side)), **SIZE,
        ).images[0]  # fmt: skip
    assert studio.draw(model, variation=0.3, variation_seed=99) == [image.tobytes()]


def test_no_variation_is_the_picture_itself_and_all_of_it_another_noise(studio: Studio) -> None:
    model = studio.model("folder")
    same = studio.draw(model, variation=0.0, variation_seed=99)
    assert same == studio.draw(model)
    wholly = studio.draw(model, variation=1.0, variation_seed=99, sampler="ddim")
    assert wholly == studio.draw(model, seed=99, sampler="ddim")


@pytest.mark.parametrize("wishes", [{}, {"init": png.encode(START), "strength": 0.9}])
def test_more_variation_leads_further_away(studio: Studio, wishes: dict[str, Any]) -> None:
    model, far = studio.model("folder"), []
    own = np.frombuffer(studio.draw(model, **wishes)[0], np.uint8).astype(float)
    for share in (0.02, 0.2, 0.7):
        other = studio.draw(model, variation=share, variation_seed=99, **wishes)[0]
        far.append(np.abs(np.frombuffer(other, np.uint8) - own).mean())
    assert 0 < far[0] < far[1] < far[2]


def test_the_way_between_two_noises_keeps_their_strength() -> None:
    one, two = noise(1), noise(2)
    assert torch.equal(slerp(0, one, two), one)
    assert torch.allclose(slerp(1, one, two), two, atol=1e-6)
    for share in (0.25, 0.5, 0.75):
        assert slerp(share, one, two).std() == pytest.approx(1, abs=0.08)
    assert torch.equal(slerp(0.5, one, one), one)


@pytest.mark.parametrize("family", MODELS)
def test_a_second_drawing_starts_from_the_enlarged_picture(studio: Studio, family: str) -> None:
    model = studio.model(family)
    first = drawn(plain.plain(studio, model, named(family)), **SIZE)
    large = first.resize((96, 96), Image.Resampling.LANCZOS)
    again = plain.plain(studio, model, named(family, "Img2Img"))
    wanted = drawn(again, image=large, strength=0.5)
    assert studio.draw(model, hires=1.5, hires_strength=0.5) == [wanted.tobytes()]


def test_each_of_several_is_drawn_again_from_its_own_first(studio: Studio) -> None:
    model, wishes = studio.model("folder"), {"hires": 1.5}
    both = studio.draw(model, count=2, **wishes)
    assert both[1] == studio.draw(model, seed=SEED + 1, **wishes)[0]


def test_progress_goes_over_both_drawings(studio: Studio) -> None:
    seen: list[Progress] = []
    studio.draw(studio.model("folder"), Run(report=seen.append), steps=4, count=2, hires=1.5)
    steps = [(one.done, one.total, one.stage) for one in seen if one.preview is not None]
    stages = ["drawing"] * 8 + ["refining"] * 4
    assert steps == [(n, 12, stage) for n, stage in enumerate(stages, 1)]


def test_a_second_drawing_is_just_so_many_times_larger(studio: Studio) -> None:
    pixels = studio.draw(studio.model("folder"), hires=1.3)[0]
    assert len(pixels) == 83 * 83 * 3


def test_a_second_drawing_keeps_what_is_outside_the_mask(studio: Studio) -> None:
    asked = {"init": png.encode(START), "mask": png.encode(MASK), "hires": 2.0}
    done = opened(studio.draw(studio.model("folder"), **asked)[0], (128, 128))
    large = START.resize((128, 128), Image.Resampling.LANCZOS)
    left = (0, 0, 56, 128)
    assert done.crop(left).tobytes() == large.crop(left).tobytes()


@pytest.mark.parametrize("channels", [4, 9])
def test_a_model_that_fills_in_draws_again_too(studio: Studio, channels: int) -> None:
    model = studio.model("stable-diffusion", channels)
    assert len(studio.draw(model, hires=2.0)[0]) == 128 * 128 * 3


@pytest.mark.parametrize("family", MODELS)
def test_a_larger_start_is_redrawn_at_its_new_sides(studio: Studio, family: str) -> None:
    sides = Sides(left_px=0, above_px=0, right_px=32, below_px=0)
    start = outpainting.extend(START, sides, SEED)
    mask = outpainting.mask(START.size, sides)
    as_inpainting = studio.draw(
        studio.model(family), init=png.encode(start), mask=png.encode(mask), **OWN_SIZE
    )
    outpainted = studio.draw(
        studio.model(family), init=png.encode(START), outpaint=(0, 0, 32, 0), **OWN_SIZE
    )
    assert outpainted == as_inpainting
    done = opened(outpainted[0], (96, 64))
    untouched = (0, 0, 64 - outpainting.LEAST_SEAM_PX, 64)
    assert done.crop(untouched).tobytes() == START.crop(untouched).tobytes()


def test_a_model_that_fills_in_gets_the_new_sides_as_its_mask(studio: Studio) -> None:
    model = studio.model("stable-diffusion", 9)
    sides = Sides(left_px=16, above_px=0, right_px=0, below_px=16)
    start, mask = outpainting.extend(START, sides, SEED), outpainting.mask(START.size, sides)
    pipeline = plain.plain(studio, model, named("stable-diffusion", "Inpaint"))
    size = {"width": 80, "height": 80}
    image = drawn(pipeline, image=start, mask_image=mask, strength=0.8, **size)
    wanted = Image.composite(image, start, mask).tobytes()
    asked = {"init": png.encode(START), "outpaint": (16, 0, 0, 16), "strength": 0.8}
    assert studio.draw(model, **asked, **OWN_SIZE) == [wanted]


def test_sides_that_are_no_multiple_give_exactly_the_size_asked_for(studio: Studio) -> None:
    start = START.crop((0, 0, 61, 50))
    pixels = studio.draw(
        studio.model("folder"), init=png.encode(start), outpaint=(5, 0, 0, 0), **OWN_SIZE
    )[0]
    done = opened(pixels, (66, 50))
    seam_px = outpainting.LEAST_SEAM_PX
    inside = start.crop((seam_px, 0, 61 - seam_px, 50 - seam_px))
    assert done.crop((5 + seam_px, 0, 66 - seam_px, 50 - seam_px)).tobytes() == inside.tobytes()


def test_a_start_with_a_mask_of_its_own_is_redrawn_there_too() -> None:
    sides = Sides(left_px=8, above_px=0, right_px=0, below_px=0)
    spot = Image.new("L", (64, 64))
    spot.paste(255, (40, 40, 48, 48))
    mask = np.asarray(outpainting.mask((64, 64), sides, spot))
    assert mask.shape == (64, 72)
    assert (mask[:, :8] == 255).all() and (mask[40:48, 48:56] == 255).all()
    assert (mask[:32, 16:] == 0).all()
    seam = mask[0, 8:16].astype(int)
    assert (np.diff(seam) < 0).all()


def test_what_is_guessed_goes_on_as_the_start_ends() -> None:
    sides = Sides(left_px=40, above_px=24, right_px=0, below_px=100)
    guessed = np.asarray(outpainting.extend(START, sides, 1), float)
    start = np.asarray(START, float)
    assert guessed.shape == (64 + 124, 64 + 40, 3)
    assert (guessed[24:88, 40:] == start).all()
    assert np.abs(guessed[24:88, 39] - start[:, 0]).mean() < 8
    assert guessed[100:, :].std() > 5  # no plain colour anywhere
    same = outpainting.extend(START, sides, 1)
    assert np.array_equal(guessed, np.asarray(same, float))


def test_a_start_that_is_too_large_is_made_smaller_with_its_sides(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(framing, "MOST_START_SHARE", 2.0)
    large = START.resize((256, 256))
    request = {"init": png.encode(large), "outpaint": (128, 0, 0, 0), **OWN_SIZE}
    pixels = studio.draw(studio.model("folder"), **request)[0]
    # The tiny model's own side is 16: at most twice its area.
    assert len(pixels) // 3 <= 2.2 * 16 * 16


def test_nothing_to_add_is_an_ordinary_start(studio: Studio) -> None:
    model, asked = studio.model("folder"), {"init": png.encode(START)}
    assert studio.draw(model, outpaint=(0, 0, 0, 0), **asked) == studio.draw(model, **asked)


def test_only_a_picture_can_be_made_larger() -> None:
    with pytest.raises(BadRequest, match="start from"):
        ImageRequest(prompt="x", seed=1, outpaint=(8, 0, 0, 0))


@pytest.mark.parametrize("at", range(1, 12, 2))
def test_a_cancel_stops_at_the_next_step_of_either_drawing(studio: Studio, at: int) -> None:
    token, seen = CancelToken(), list[Progress]()

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if progress.done == at and progress.preview is not None:
            token.cancel()

    with pytest.raises(Cancelled):
        studio.draw(studio.model("folder"), Run(token, stop), steps=8, hires=1.5)
    assert seen[-1].done == at


def test_a_cancel_while_it_decodes_ends_there(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:

    token, decoded = CancelToken(), []
    model, plainly = studio.model("folder"), autoencoding.decode
    studio.draw(model)

    def decode(latents: torch.Tensor, vae: Any) -> Image.Image:
        layers = list(vae.decoder.up_blocks.children())
        hook = layers[0].register_forward_pre_hook(lambda *_: token.cancel())
        try:
            decoded.append(plainly(latents, vae))
        finally:
            hook.remove()
        return decoded[-1]

    monkeypatch.setattr(autoencoding, "decode", decode)
    with pytest.raises(Cancelled):
        studio.draw(model, Run(token))
    assert not decoded


def test_a_cancel_while_aids_get_ready_begins_no_other(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, ready = CancelToken(), list[int]()

    class Slow:
        components = ()

        def prepare(self, sitting: Any) -> None:
            ready.append(1)
            token.cancel()

    monkeypatch.setattr(engine, "aids_of", lambda *asked: (Slow(), Slow()))
    with pytest.raises(Cancelled):
        studio.draw(studio.model("folder"), Run(token))
    assert ready == [1]
