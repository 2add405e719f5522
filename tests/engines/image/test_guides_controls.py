"""ControlNets and T2I adapters steer bit for bit as in diffusers' own pipelines."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from PIL import Image

from engines.api import BadRequest, ControlUse, ImageRequest, ModelRefused
from engines.catalog import Catalog
from engines.image import autoencoding, png, prediction, samplers, stepping
from engines.image.guides import aids_of
from engines.image.guides.preprocessors import canny
from tests.engines.image import tiny_guides
from tests.engines.image.test_plain_pipelines import (
    FAMILIES,
    MASK,
    SIDE_PX,
    START,
    Studio,
    drawn,
    named,
    plain,
)
from tests.engines.image.tiny_guides import studio

__all__ = ["studio"]
SIZE = {"width": SIDE_PX, "height": SIDE_PX}


def picture() -> Image.Image:
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), "navy")
    image.paste((250, 200, 40), (8, 16, 40, 60))
    return image


HINT = picture()


def steered(studio: Studio, model: str, family: str, task: str, **guide: Any) -> Any:
    """Make diffusers' own pipeline for a guide."""
    parts = plain(studio, model, named(family, task)).components
    first = "Adapter" if "adapter" in guide else f"ControlNet{task}"
    name = f"StableDiffusion{'XL' if family.endswith('xl') else ''}{first}Pipeline"
    made_by = getattr(diffusers, name)
    known = inspect.signature(made_by.__init__).parameters
    parts = {part: value for part, value in parts.items() if part in known}
    more = {"add_watermarker": False} if "XL" in name else {"requires_safety_checker": False}
    more = {key: value for key, value in more.items() if key in known}
    pipeline = made_by(**parts, **guide, **more)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def adapted(pipeline: Any, **asked: Any) -> bytes:
    """Draw with adapters; decode as the other pipelines do, not in the older way of this one."""
    latents: Any = drawn(pipeline, **asked, **SIZE, output_type="latent")
    return autoencoding.decode(latents[None], pipeline.vae).tobytes()


def net(studio: Studio, model: str, tmp_path: Path, layout: str, seed: int = 3) -> tuple[Any, str]:
    made = tiny_guides.controlnet(studio.parts(model).unet.load("cpu"), seed)
    return made, str(tiny_guides.write_controlnet(made, tmp_path / f"net{seed}-{layout}", layout))


def control(path: str, image: Image.Image = HINT, **more: Any) -> ControlUse:
    return ControlUse(path=path, picture=png.encode(image), **more)


@pytest.mark.parametrize("layout", ["original", "diffusers", "folder"])
@pytest.mark.parametrize("family", ["folder", *FAMILIES])
def test_a_controlnet_steers_from_words(
    studio: Studio, tmp_path: Path, family: str, layout: str
) -> None:
    model = studio.model(family)
    made, path = net(studio, model, tmp_path, layout)
    pipeline = steered(studio, model, family, "", controlnet=made)
    wanted = drawn(pipeline, image=HINT, controlnet_conditioning_scale=0.8, **SIZE).tobytes()
    assert studio.draw(model, controls=(control(path, weight=0.8),)) == [wanted]
    assert studio.draw(model) != [wanted]


@pytest.mark.parametrize("family", FAMILIES)
def test_two_controlnets_each_in_its_share_of_the_steps(
    studio: Studio, tmp_path: Path, family: str
) -> None:
    model = studio.model(family)
    first, first_path = net(studio, model, tmp_path, "original")
    second, second_path = net(studio, model, tmp_path, "diffusers", seed=4)
    pipeline = steered(studio, model, family, "", controlnet=[first, second])
    wanted = drawn(
        pipeline, image=[HINT, START], controlnet_conditioning_scale=[0.9, 0.5],
        control_guidance_start=[0.0, 0.3], control_guidance_end=[0.7, 1.0], **SIZE,
    )  # fmt: skip
    asked = (
        control(first_path, weight=0.9, end=0.7),
        control(second_path, START, weight=0.5, start=0.3),
    )
    assert studio.draw(model, controls=asked) == [wanted.tobytes()]


def test_the_share_of_the_steps_holds_for_a_sampler_of_second_order(
    studio: Studio, tmp_path: Path
) -> None:
    model = studio.model("stable-diffusion")
    made, path = net(studio, model, tmp_path, "diffusers")
    pipeline = steered(studio, model, "", "", controlnet=made)
    pipeline.scheduler = samplers.make(dict(studio.parts(model).scheduler), "heun")
    # A file that does not say what its UNet predicts was measured when it was drawn with.
    pipeline.scheduler.register_to_config(prediction_type=_predicts(studio, model))
    wanted = drawn(
        pipeline, image=HINT, controlnet_conditioning_scale=1.0, control_guidance_end=0.7, **SIZE
    )
    asked = (control(path, end=0.7),)
    assert studio.draw(model, sampler="heun", controls=asked) == [wanted.tobytes()]


def _predicts(studio: Studio, model: str) -> str:
    return prediction.measure(studio.parts(model).unet.load("cpu"))


def test_one_controlnet_with_two_pictures(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    made, path = net(studio, model, tmp_path, "original")
    pipeline = steered(studio, model, "", "", controlnet=[made, made])
    wanted = drawn(pipeline, image=[HINT, START], controlnet_conditioning_scale=[0.9, 0.5], **SIZE)
    asked = (control(path, weight=0.9), control(path, START, weight=0.5))
    assert studio.draw(model, controls=asked) == [wanted.tobytes()]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_controlnet_steers_from_a_picture_and_through_canny(
    studio: Studio, tmp_path: Path, family: str
) -> None:
    model = studio.model(family)
    made, path = net(studio, model, tmp_path, "diffusers")
    pipeline = steered(studio, model, family, "Img2Img", controlnet=made)
    wanted = drawn(
        pipeline, image=START, control_image=canny(HINT), strength=0.7,
        controlnet_conditioning_scale=1.0, control_guidance_end=0.5,
    )  # fmt: skip
    asked = (control(path, preprocessor="canny", end=0.5),)
    done = studio.draw(model, init=png.encode(START), strength=0.7, controls=asked)
    assert done == [wanted.tobytes()]


@pytest.mark.parametrize("family", ["stable-diffusion", "stable-diffusion-xl"])
def test_a_controlnet_steers_what_is_redrawn(studio: Studio, tmp_path: Path, family: str) -> None:
    model = studio.model(family)
    made, path = net(studio, model, tmp_path, "diffusers")
    pipeline = steered(studio, model, family, "Img2Img", controlnet=made)
    vae = pipeline.vae
    with torch.inference_mode():
        mode = vae.encode(stepping.picture_tensor(START)).latent_dist.mode()
    kept = stepping.keep(mode * vae.config.scaling_factor, MASK, 7)

    def hold(pipe: Any, number: int, time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        place = int((pipe.scheduler.timesteps == time).nonzero()[-1]) + 1
        return {"latents": kept.hold(tensors["latents"], pipe.scheduler, place)}

    image = drawn(
        pipeline, image=START, control_image=HINT, strength=0.7, callback_on_step_end=hold,
        controlnet_conditioning_scale=1.0,
    )  # fmt: skip
    wanted = Image.composite(image, START, MASK).tobytes()
    asked = {"init": png.encode(START), "mask": png.encode(MASK), "strength": 0.7}
    assert studio.draw(model, controls=(control(path),), **asked) == [wanted]


@pytest.mark.parametrize("family", ["stable-diffusion", "stable-diffusion-xl"])
def test_a_controlnet_steers_a_model_that_fills_in(
    studio: Studio, tmp_path: Path, family: str
) -> None:
    model = studio.model(family, 9)
    made, path = net(studio, studio.model(family), tmp_path, "original")
    pipeline = steered(studio, model, family, "Inpaint", controlnet=made)
    image = drawn(
        pipeline, image=START, mask_image=MASK, control_image=HINT, strength=0.7,
        controlnet_conditioning_scale=1.0, **SIZE,
    )  # fmt: skip
    wanted = Image.composite(image, START, MASK).tobytes()
    asked = {"init": png.encode(START), "mask": png.encode(MASK), "strength": 0.7}
    assert studio.draw(model, controls=(control(path),), **asked) == [wanted]


@pytest.mark.parametrize("layout", ["original", "diffusers", "folder"])
@pytest.mark.parametrize("sort", ["full_adapter", "light_adapter", "full_adapter_xl"])
def test_an_adapter_steers(studio: Studio, tmp_path: Path, sort: str, layout: str) -> None:
    family = "stable-diffusion-xl" if sort.endswith("xl") else "stable-diffusion"
    model = studio.model(family)
    made = tiny_guides.adapter(sort)
    path = str(tiny_guides.write_adapter(made, tmp_path / f"{sort}-{layout}", layout))
    pipeline = steered(studio, model, family, "", adapter=made)
    wanted = adapted(pipeline, image=HINT, adapter_conditioning_scale=0.8)
    assert studio.draw(model, controls=(control(path, weight=0.8),)) == [wanted]
    assert studio.draw(model) != [wanted]


def test_two_adapters_one_of_them_grey(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    first, second = (tiny_guides.adapter("full_adapter", c, seed=c) for c in (3, 1))
    paths = [
        str(tiny_guides.write_adapter(made, tmp_path / f"adapter{number}", "original"))
        for number, made in enumerate((first, second))
    ]
    pipeline = steered(studio, model, "", "", adapter=diffusers.MultiAdapter([first, second]))
    wanted = adapted(
        pipeline, image=[HINT, START.convert("L")], adapter_conditioning_scale=[0.6, 0.5]
    )
    asked = (control(paths[0], weight=0.6), control(paths[1], START, weight=0.5))
    assert studio.draw(model, controls=asked) == [wanted]


def test_what_was_made_for_another_family_is_refused(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    _, of_xl = net(studio, studio.model("stable-diffusion-xl"), tmp_path, "original")
    with pytest.raises(ModelRefused, match="made for stable-diffusion-xl"):
        studio.draw(model, controls=(control(of_xl),))
    folded = tiny_guides.write_adapter(
        tiny_guides.adapter("full_adapter_xl"), tmp_path / "xl", "diffusers"
    )
    with pytest.raises(ModelRefused, match="made for stable-diffusion-xl"):
        studio.draw(model, controls=(control(str(folded)),))
    with pytest.raises(ModelRefused, match="neither a ControlNet nor a T2I adapter"):
        studio.draw(model, controls=(control(model),))


def test_a_controlnet_that_lacks_a_layer_is_refused(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    made, _ = net(studio, model, tmp_path, "diffusers")
    named = made.state_dict()
    named.pop("mid_block.resnets.0.conv1.weight")
    path = tiny_guides._write(tmp_path / "broken.safetensors", named)
    with pytest.raises(ModelRefused, match="its weights"):
        studio.draw(model, controls=(control(str(path)),))


def test_a_picture_that_is_none_is_told_before_anything_is_loaded(
    studio: Studio, tmp_path: Path
) -> None:
    model = studio.model("stable-diffusion")
    _, path = net(studio, model, tmp_path, "diffusers")
    with pytest.raises(BadRequest, match="the picture of a control"):
        studio.draw(model, controls=(ControlUse(path=path, picture=b"no picture"),))


def test_flow_models_are_not_steered(studio: Studio, tmp_path: Path) -> None:
    parts = replace(studio.parts(studio.model("stable-diffusion")), flow="flux")
    asked = ImageRequest(prompt="a", seed=1, controls=(control("anything"),))
    catalog = Catalog((), library=tmp_path)
    with pytest.raises(BadRequest, match=r"steer Stable Diffusion 1\.5, 2 and XL"):
        aids_of(asked, parts, catalog, "cpu")
    assert aids_of(ImageRequest(prompt="a", seed=1), parts, catalog, "cpu") == ()
