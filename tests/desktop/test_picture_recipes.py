"""Recipes and what files say: nothing is lost on the way, and what is not here is said."""

from __future__ import annotations

import hashlib
import json

from desktop.document.picture_metadata import Named, PictureSettings
from desktop.picture_recipes import likeness, recipe_like, settings_of, settled
from desktop.recipes import recipe_of, request_of
from engines.api import (
    BackgroundRequest,
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelSpec,
    Picture,
    Role,
)
from tests.fakes import tiny_png

START = tiny_png(8, 8, "#ff0000")


def spec(name: str, role: Role = Role.MODEL, sha256: str = "") -> ModelSpec:
    return ModelSpec(
        id=name.lower(),
        kind=Kind.IMAGE,
        name=name,
        path=f"/models/{name}.safetensors",
        format="safetensors",
        architecture="stable-diffusion",
        size_bytes=1,
        role=role,
        sha256=sha256,
    )


LIBRARY = (
    spec("Dreamer_v2"),
    spec("Other", sha256="6ce0161689" + "0" * 54),
    spec("Ink-Wash", Role.LORA),
)


def result_of(request: ImageRequest, steps: int = 0) -> ImageResult:
    pictures = tuple(
        Picture(png=tiny_png(), width_px=1024, height_px=512, seed=request.seed + i)
        for i in range(request.count)
    )
    return ImageResult(pictures=pictures, model="fake", steps=steps, guidance=6.5)


def test_each_picture_of_a_batch_has_its_own_recipe() -> None:
    asked = ImageRequest(prompt="boats", seed=10, count=3, upscale=4)
    third = settled(asked, result_of(asked, steps=24), 2)
    assert third == ImageRequest(
        prompt="boats", seed=12, upscale=4, steps=24, guidance=6.5, width_px=256, height_px=128
    )


def test_what_was_asked_for_stays_as_asked() -> None:
    asked = ImageRequest(prompt="x", seed=1, steps=7, guidance=0.0, width_px=64, height_px=64)
    assert settled(asked, result_of(asked, steps=24), 0) == asked
    background = BackgroundRequest(prompt="sea", seed=1, width_px=64, height_px=64)
    assert settled(background, result_of(asked), 0) is background


def test_a_recipe_comes_back_from_what_its_file_says() -> None:
    asked = ImageRequest(
        prompt="boats",
        seed=9,
        negative="people",
        steps=5,
        guidance=3.5,
        sampler="euler a",
        width_px=64,
        height_px=96,
        init=START,
        strength=0.3,
        model="fake",
        upscale=2,
    )
    kept = recipe_like(settings_of(recipe_of(asked, "fake")))
    assert request_of(kept, {hashlib.sha256(START).hexdigest(): START}.__getitem__) == asked


def test_nothing_of_this_machine_stands_in_the_file() -> None:
    asked = ImageRequest(
        prompt="x", seed=1, model="/home/me/a.gguf", loras=(LoraUse(path="/home/me/ink.gguf"),)
    )
    settings = settings_of(recipe_of(asked, "a"))
    assert "home" not in repr(settings)
    assert settings.loras == (Named(name="ink"),)


def test_models_and_loras_are_found_by_name_or_hash() -> None:
    settings = PictureSettings(
        tool="A1111",
        prompt="boats",
        seed=3,
        model=Named(name="renamed", digest="6ce0161689"),
        loras=(Named(name="ink wash", weight=0.5),),
    )
    found = likeness(settings, LIBRARY)
    assert found.fields["model"] == "other"
    assert found.fields["loras"] == (LoraUse(path="/models/Ink-Wash.safetensors", weight=0.5),)
    assert found.sentence == ""
    by_name = likeness(PictureSettings(tool="x", model=Named(name="dreamer v2")), LIBRARY)
    assert by_name.fields["model"] == "dreamer_v2"


def test_what_is_not_here_is_said_in_one_sentence_and_left_out() -> None:
    settings = PictureSettings(
        tool="ComfyUI",
        prompt="boats",
        seed=2**60,
        sampler="dpm adaptive",
        model=Named(name="unknown"),
        loras=(Named(name="gone"),),
        init="ab" * 32,
        clip_skip=2,
        vae="odd",
        width_px=100_000,
        height_px=64,
    )
    found = likeness(settings, LIBRARY)
    assert found.sentence.count(".") == 1
    for word in ("model “unknown”", "LoRA “gone”", "seed", "dpm adaptive", "started from", "VAE"):
        assert word in found.sentence
    request = ImageRequest(**{"seed": 1, **found.fields})
    assert request == ImageRequest(prompt="boats", seed=1, clip_skip=1)


def test_a_schedule_we_lack_leaves_the_sampler() -> None:
    found = likeness(PictureSettings(tool="A1111", prompt="x", sampler="euler karras"), ())
    assert found.fields["sampler"] == "euler"
    assert "schedule" in found.sentence


def test_a_size_between_is_rounded() -> None:
    found = likeness(PictureSettings(tool="A1111", prompt="x", width_px=513, height_px=771), ())
    assert (found.fields["width_px"], found.fields["height_px"]) == (512, 768)


def test_foreign_fields_of_our_own_files_are_checked() -> None:
    more = (("nonsense", "1"), ("count", '"x"'), ("strength", json.dumps([1])))
    found = likeness(PictureSettings(tool="Triptych", prompt="x", more=more), ())
    assert "nonsense" not in found.fields
    assert ImageRequest(**{"seed": 0, **found.fields}).prompt == "x"
