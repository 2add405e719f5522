"""Stable Diffusion 3 and Flux are drawn bit for bit as diffusers' whole pipelines draw them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image

from engines import devices
from engines.api import BadRequest, Cancelled, CancelToken, Pixels, Progress, Run
from engines.image import png, speed
from engines.image.denoising import FlowForward
from engines.image.guiding import Call
from engines.image.words import clip_words
from tests.engines.image import tiny_families, tiny_flows
from tests.engines.image.flow_studio import (
    FAMILIES,
    PROMPT,
    SEED,
    SIDE_PX,
    STEPS,
    Studio,
    drawn,
    plain,
)


def place(studio: Studio, family: str) -> Path:
    return studio.folder / "models" / family


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("flows")
    devices.fix_threads()  # sums come out differently with another number of threads
    words = folder / "words.txt.gz"
    tiny_families.write_words(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip_words, "words_file", lambda: words)
        patch.setitem(speed.CHANNELS_LAST, "cpu", False)
        for family in FAMILIES:
            built = tiny_flows.build(family)
            tiny_flows.write_folder(folder / "models" / family, family, built)
        yield Studio(folder)


def decoded(vae: Any, latents: torch.Tensor) -> Image.Image:
    """Decode as the pipelines that draw from words do."""
    with torch.inference_mode():
        given = (latents / vae.config.scaling_factor) + vae.config.shift_factor
        picture = vae.decode(given, return_dict=False)[0]
    return VaeImageProcessor().postprocess(picture, output_type="pil")[0]


START = Image.effect_noise((SIDE_PX, SIDE_PX), 60).convert("RGB").quantize(64).convert("RGB")
MASK = Image.new("L", (SIDE_PX, SIDE_PX))
MASK.paste(255, (SIDE_PX // 2, 0, SIDE_PX, SIDE_PX))


@pytest.mark.parametrize("family", FAMILIES)
def test_from_words_with_previews_on_or_off(studio: Studio, family: str) -> None:
    pipeline = plain(place(studio, family), family)
    wanted = [drawn(pipeline, seed).tobytes() for seed in (SEED, SEED + 1)]
    seen: list[Progress] = []
    assert studio.draw(family, Run(report=seen.append), count=2) == wanted
    previews = [one.preview for one in seen if isinstance(one.preview, Pixels)]
    assert len(previews) == 2 * STEPS
    assert {(one.width_px, one.height_px) for one in previews} == {(SIDE_PX // 2, SIDE_PX // 2)}
    assert studio.draw(family, count=2) == wanted


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strength", [0.7, 1.0])
def test_from_a_picture(studio: Studio, family: str, strength: float) -> None:
    wanted = drawn(plain(place(studio, family), family, "Img2Img"), image=START, strength=strength)
    seen: list[Progress] = []
    asked = {"init": png.encode(START), "strength": strength}
    assert studio.draw(family, Run(report=seen.append), **asked) == [wanted.tobytes()]
    last = [one for one in seen if one.stage == "drawing"][-1]
    assert last.done == last.total


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("strength", [0.7, 1.0])
def test_redrawing_a_part(studio: Studio, family: str, strength: float) -> None:
    pipeline = plain(place(studio, family), family, "Inpaint")
    # diffusers' own decoding of this task leaves out the shift for one of the two.
    latents = drawn(pipeline, image=START, mask_image=MASK, strength=strength, output_type="latent")
    if "Flux" in type(pipeline).__name__:
        latents = pipeline._unpack_latents(latents[None], SIDE_PX, SIDE_PX, 2)[0]
    image = decoded(pipeline.vae, latents[None])
    wanted = Image.composite(image, START, MASK).tobytes()
    asked = {"init": png.encode(START), "mask": png.encode(MASK), "strength": strength}
    assert studio.draw(family, **asked) == [wanted]


def test_without_guidance(studio: Studio) -> None:
    pipeline = plain(place(studio, "stable-diffusion-3"), "stable-diffusion-3")
    with torch.inference_mode():
        wanted = pipeline(
            prompt=PROMPT, num_inference_steps=STEPS, guidance_scale=1.0, width=SIDE_PX,
            height=SIDE_PX, generator=torch.Generator().manual_seed(SEED),
        ).images[0]  # fmt: skip
    assert studio.draw("stable-diffusion-3", guidance=1.0) == [wanted.tobytes()]


def test_without_t5(studio: Studio, tmp_path: Path) -> None:
    small = tmp_path / "small"
    tiny_flows.write_folder(
        small, "stable-diffusion-3", tiny_flows.build("stable-diffusion-3"), t5=False
    )
    pipeline = plain(small, "stable-diffusion-3", text_encoder_3=None, tokenizer_3=None)
    assert studio.draw(str(small)) == [drawn(pipeline).tobytes()]


def test_a_sampler_that_cannot_follow_a_flow_is_refused(studio: Studio) -> None:
    with pytest.raises(BadRequest):
        studio.draw("flux", sampler="ddim")


@pytest.mark.parametrize("family", ["stable-diffusion-3", "flux"])
@pytest.mark.parametrize("sampler", ["euler karras", "heun", "dpm++ 2m", "unipc"])
def test_other_samplers_draw_too(studio: Studio, family: str, sampler: str) -> None:
    own = studio.draw(family)
    asked = {"init": png.encode(START), "mask": png.encode(MASK)}
    assert studio.draw(family, sampler=sampler) != own
    assert len(studio.draw(family, sampler=sampler, **asked)) == 1


@pytest.mark.parametrize("family", ["stable-diffusion-3", "flux"])
def test_cancelling_stops_within_a_step(studio: Studio, family: str) -> None:
    token = CancelToken()
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if isinstance(progress.preview, Pixels):
            token.cancel()

    with pytest.raises(Cancelled):
        studio.draw(family, Run(token=token, report=report), steps=9, count=2)
    assert sum(isinstance(one.preview, Pixels) for one in seen) == 1


def test_rows_can_be_worked_on_one_by_one(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = FlowForward._predict
    rows: list[int] = []

    def in_halves(forward: FlowForward, call: Call) -> torch.Tensor:
        forward.in_halves = True
        rows.append(len(call.latents))
        apart = whole(forward, call)
        forward.in_halves = False
        assert torch.allclose(apart, whole(forward, call), atol=1e-4)
        return apart

    monkeypatch.setattr(FlowForward, "_predict", in_halves)
    studio.draw("stable-diffusion-3")
    assert rows == [2] * STEPS
    studio.draw("flux")
    assert rows == [2] * STEPS + [1] * STEPS
