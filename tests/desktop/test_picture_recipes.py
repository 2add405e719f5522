"""Recipes and what files say: nothing is lost on the way, and what is not here is said."""

from __future__ import annotations

import hashlib
import json

import pytest

from desktop.document.model import Recipe
from desktop.document.picture_metadata import (
    Guide,
    Named,
    PictureSettings,
    read_settings,
    with_settings,
)
from desktop.picture_recipes import likeness, recipe_like, settings_of, settled
from desktop.recipes import parts_of, recipe_of, request_of, without_start
from engines.api import (
    Axis,
    BackgroundRequest,
    BadRequest,
    ControlUse,
    CutoutRequest,
    GridRequest,
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelSpec,
    Picture,
    ReferenceUse,
    RegionPrompt,
    Request,
    Role,
    UpscaleRequest,
)
from tests.fakes import tiny_png

START = tiny_png(8, 8, "#ff0000")
MASK = tiny_png(8, 8, "#ffffff")
POSE = tiny_png(8, 8, "#00ff00")
PARTS = {hashlib.sha256(data).hexdigest(): data for data in (START, MASK, POSE)}
WHOLE = ImageRequest(
    prompt="boats",
    seed=9,
    model="other",
    negative="people",
    width_px=64,
    height_px=96,
    steps=5,
    guidance=3.5,
    sampler="euler a",
    init=START,
    mask=MASK,
    strength=0.3,
    outpaint=(8, 0, 16, 0),
    variation=0.2,
    variation_seed=4,
    hires=1.5,
    hires_strength=0.4,
    tiling=True,
    clip_skip=1,
    vae="/models/Soft.safetensors",
    embeddings=("/models/moody.safetensors",),
    loras=(LoraUse(path="/models/Ink-Wash.safetensors", weight=0.5),),
    controls=(
        ControlUse(
            path="/models/Canny.safetensors",
            picture=POSE,
            preprocessor="depth",
            weight=0.8,
            start=0.1,
            end=0.5,
            depth_model="/models/Deep.safetensors",
        ),
    ),
    references=(ReferenceUse(path="/models/Look.safetensors", picture=POSE, weight=0.7),),
    regions=(RegionPrompt(prompt="a red house", mask=MASK, weight=1.5),),
    upscale=2,
    upscaler="/models/Sharp.safetensors",
    cutout=True,
)


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
    spec("Soft", Role.VAE),
    spec("moody", Role.TEXTUAL_INVERSION),
    spec("Canny", Role.CONTROLNET),
    spec("Deep", Role.DEPTH),
    spec("Look", Role.IP_ADAPTER),
    spec("Sharp", Role.UPSCALER),
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
    found = likeness(PictureSettings(tool="A1111", prompt="x", sampler="euler kl_optimal"), ())
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


@pytest.mark.parametrize(
    "request_",
    [
        WHOLE,
        GridRequest(base=WHOLE, axes=(Axis(name="steps", values=("1", "2")),)),
        UpscaleRequest(png=START, factor=2, model="x4plus"),
        CutoutRequest(png=START),
    ],
    ids=lambda x: str(x.kind),
)
def test_a_request_comes_back_from_its_recipe_whole(request_: Request) -> None:
    assert request_of(recipe_of(request_, "m"), PARTS.__getitem__) == request_
    assert set(parts_of(request_)) <= set(PARTS.values())


def test_a_recipe_of_an_older_version_is_read() -> None:
    said = {"prompt": "boats", "loras": [["/models/ink.safetensors", 0.5]]}
    recipe = Recipe(kind="image", model="m", seed=3, request=json.dumps(said))
    asked = ImageRequest(
        prompt="boats", seed=3, loras=(LoraUse(path="/models/ink.safetensors", weight=0.5),)
    )
    assert request_of(recipe, PARTS.__getitem__) == asked
    assert settings_of(recipe).loras == (Named(name="ink", weight=0.5),)


@pytest.mark.parametrize(
    "said",
    [
        {"tiling": 1},
        {"controls": "x"},
        {"controls": [3]},
        {"controls": [{"path": 1, "picture": ""}]},
        {"controls": [{"picture": "sha256:" + "0" * 64, "path": "x"}]},
        {"regions": [{"prompt": "", "mask": ""}]},
        {"steps": "many"},
        {"seed": 2**40},
    ],
)
def test_a_recipe_that_was_tampered_with_is_refused(said: dict[str, object]) -> None:
    text = json.dumps({"prompt": "x", **{k: v for k, v in said.items() if k != "seed"}})
    seed = said.get("seed", 1)
    assert isinstance(seed, int)
    with pytest.raises(BadRequest):
        request_of(Recipe(kind="image", model="", seed=seed, request=text), PARTS.__getitem__)


def test_all_of_a_picture_comes_back_from_its_file() -> None:
    settings = settings_of(recipe_of(WHOLE, "other"))
    assert "/models" not in repr(settings)
    read = read_settings(with_settings(START, settings))
    assert read is not None
    found = likeness(read, LIBRARY, PARTS.__getitem__)
    assert found.sentence == ""
    assert ImageRequest(**found.fields) == WHOLE


def test_the_words_for_other_tools_say_it_in_theirs() -> None:
    from desktop.document.picture_metadata import a1111

    text = a1111.write(settings_of(recipe_of(WHOLE, "other")))
    for words in (
        "Clip skip: 2",
        "VAE: Soft",
        "Variation seed: 4, Variation seed strength: 0.2",
        "Hires upscale: 1.5",
        "Denoising strength: 0.4",
        "Tiling: True",
        'ControlNet 0: "Module: depth, Model: Canny, Weight: 0.8, '
        'Guidance Start: 0.1, Guidance End: 0.5"',
    ):
        assert words in text
    read = a1111.read(text)
    assert read is not None
    assert read.controls == (
        Guide(model=Named(name="Canny"), making="depth", weight=0.8, start=0.1, end=0.5),
    )
    assert (read.hires, read.hires_strength, read.strength) == (1.5, 0.4, None)
    assert (read.variation, read.variation_seed, read.tiling) == (0.2, 4, True)


def test_a_control_whose_picture_is_not_here_is_said() -> None:
    guide = Guide(model=Named(name="canny"))
    settings = PictureSettings(tool="A1111", prompt="x", controls=(guide,))
    found = likeness(settings, LIBRARY)
    assert found.fields["controls"] == ()
    assert "the picture of the control “canny”" in found.sentence


def test_a_start_can_be_left_out_of_a_recipe() -> None:
    recipe = without_start(recipe_of(WHOLE, "m"))
    asked = request_of(recipe, PARTS.__getitem__)
    assert isinstance(asked, ImageRequest)
    assert (asked.init, asked.mask, asked.outpaint) == (b"", b"", ())
    assert asked.controls == WHOLE.controls


def test_each_cell_of_a_grid_has_its_own_recipe() -> None:
    base = ImageRequest(prompt="a {red|blue} cat", seed=3, hires=2.0)
    axes = (Axis(name="steps", values=("4", "8")), Axis(name="seed", values=("1", "2")))
    asked = GridRequest(base=base, axes=axes)
    pictures = tuple(
        Picture(png=START, width_px=256, height_px=128, seed=seed, prompt="a red cat")
        for seed in (1, 1, 2, 2)
    )
    result = ImageResult(pictures=pictures, model="m", steps=30, guidance=7.0)
    assert settled(asked, result, 1) == ImageRequest(
        prompt="a red cat",
        seed=1,
        steps=8,
        guidance=7.0,
        width_px=128,
        height_px=64,
        hires=2.0,
    )


def test_a_grid_comes_back_from_the_file_of_its_sheet() -> None:
    axes = (
        Axis(name="steps", values=("4", "8")),
        Axis(name="vae", values=("", "/models/Soft.safetensors")),
    )
    recipe = recipe_of(GridRequest(base=WHOLE, axes=axes), "other")
    settings = settings_of(recipe)
    assert "/models" not in repr(settings)
    read = read_settings(with_settings(START, settings))
    assert read is not None
    found = likeness(read, LIBRARY, PARTS.__getitem__)
    assert found.sentence == ""
    assert found.fields.pop("axes") == axes
    assert ImageRequest(**found.fields) == WHOLE
    again = request_of(recipe_like(settings), PARTS.__getitem__)
    assert isinstance(again, GridRequest)
    assert (again.base.prompt, again.base.seed, len(again.axes)) == ("boats", 9, 2)
