"""How pictures were made: other tools' files are understood, ours by us and by others."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from desktop import VERSION
from desktop.document.picture_metadata import (
    Guide,
    MetadataError,
    Named,
    PictureSettings,
    read_settings,
    samplers,
    with_settings,
    without_settings,
)
from desktop.document.picture_metadata import a1111 as infotext
from tests.document import metadata_samples as samples

OURS = PictureSettings(
    tool="Triptych",
    version="0.1.0",
    prompt='boats, "quoted", evening: 雨\nNegative space\nSteps: 3, Sampler: x, Seed: 2',
    negative="people",
    seed=5,
    steps=20,
    sampler="dpm++ 2m karras",
    guidance=7.5,
    width_px=512,
    height_px=768,
    model=Named(name="triptych-image-1", digest="ab" * 32),
    loras=(Named(name="ink wash, v2", weight=0.8, digest="cd" * 32),),
    init="ef" * 32,
    mask="01" * 32,
    strength=0.55,
    upscale=4,
    more=(("tiling", "true"),),
)
KINDS = (("PNG", {}), ("JPEG", {}), ("WEBP", {}), ("WEBP", {"lossless": True}))


def read(name: str) -> PictureSettings:
    found = read_settings(samples.all_samples()[name])
    assert found is not None
    return found


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_our_recipe_comes_back_whole(kind: str, options: dict[str, bool]) -> None:
    data = with_settings(samples.plain(kind, **options), OURS)
    assert read_settings(data) == OURS
    with (
        Image.open(io.BytesIO(data)) as opened,
        Image.open(io.BytesIO(samples.plain(kind, **options))) as before,
    ):
        assert opened.convert("RGB").tobytes() == before.convert("RGB").tobytes()


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_the_same_recipe_gives_the_same_file(kind: str, options: dict[str, bool]) -> None:
    data = samples.plain(kind, **options)
    assert with_settings(data, OURS) == with_settings(data, OURS)


def test_taking_the_recipe_out_gives_the_picture_as_it_was() -> None:
    data = samples.plain("PNG")
    assert without_settings(with_settings(data, OURS)) == data
    again = with_settings(with_settings(data, OURS), OURS)
    assert again == with_settings(data, OURS)


def test_other_tools_find_our_words_where_they_look() -> None:
    with Image.open(io.BytesIO(with_settings(samples.plain("PNG"), OURS))) as opened:
        words = opened.info["parameters"]
    assert words.splitlines()[-1].startswith("Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5")
    for kind in ("JPEG", "WEBP"):
        with Image.open(io.BytesIO(with_settings(samples.plain(kind), OURS))) as opened:
            raw = opened.getexif().get_ifd(0x8769)[0x9286]
        assert raw[:8] == b"UNICODE\0"
        assert raw[8:].decode("utf-16-be") == words


def test_our_infotext_reads_back_as_a1111_would() -> None:
    found = infotext.read(infotext.write(OURS))
    assert found is not None
    assert (found.seed, found.steps, found.guidance) == (5, 20, 7.5)
    assert (found.width_px, found.height_px, found.sampler) == (512, 768, "dpm++ 2m karras")
    assert found.negative == "people"
    assert found.model == Named(name="triptych-image-1", digest="ab" * 5)
    assert found.loras[0].weight == 0.8


@pytest.mark.parametrize("name", ["a1111.png", "a1111.jpg", "a1111.webp"])
def test_a1111(name: str) -> None:
    found = read(name)
    assert found == PictureSettings(
        tool="A1111",
        version="v1.9.4",
        prompt="a lighthouse on a rock, (heavy sea:1.2), evening \nsecond line: with a colon",
        negative="people, writing\nmore of it",
        seed=1234567890,
        steps=28,
        sampler="dpm++ 2m karras",
        guidance=6.5,
        width_px=512,
        height_px=768,
        model=Named(name="v1-5-pruned", digest="6ce0161689"),
        loras=(Named(name="ink-wash", digest="aabbccddeeff", weight=0.8),),
        strength=0.55,
        clip_skip=2,
    )


def test_forge() -> None:
    found = read("forge.png")
    assert (found.tool, found.prompt, found.sampler) == ("Forge", "boats", "euler")
    assert (found.seed, found.width_px, found.model.name) == (7, 896, "flux1-dev")


def test_a_prompt_alone_is_no_infotext() -> None:
    assert read_settings(samples.png(parameters="just some words, here: there")) is None


@pytest.mark.parametrize("name", ["invoke.png", "invoke.jpg"])
def test_invokeai(name: str) -> None:
    found = read(name)
    assert (found.tool, found.version) == ("InvokeAI", "5.4.0")
    assert (found.prompt, found.negative) == ("a red fox in snow", "blurry")
    assert (found.seed, found.steps, found.guidance) == (42, 30, 7.5)
    assert (found.width_px, found.height_px) == (640, 448)
    assert found.sampler == "dpm++ 2m karras"
    assert (found.model, found.loras) == (Named(name="dreamer"), (Named(name="snow", weight=0.6),))


def test_older_invokeai() -> None:
    third = read("invoke3.png")
    assert (third.model.name, third.sampler) == ("stable-diffusion-v1-5", "euler a")
    assert third.loras == (Named(name="rain", weight=0.75),)
    second = read("sd-metadata.png")
    assert (second.prompt, second.negative) == ("mountain lake", "crowd, cars")
    assert (second.seed, second.sampler, second.height_px) == (77, "euler a", 640)
    assert second.model.digest.startswith("cc6cb271")
    first = read("dream.png")
    assert (first.prompt, first.negative) == ("paper boats", "blurry")
    assert (first.seed, first.steps, first.sampler, first.width_px) == (31, 25, "lms", 576)


@pytest.mark.parametrize("name", ["fooocus.png", "fooocus.jpg", "fooocus.webp"])
def test_fooocus(name: str) -> None:
    found = read(name)
    assert (found.tool, found.seed, found.steps, found.guidance) == ("Fooocus", 8765, 30, 4.0)
    assert found.sampler == "dpm++ 2m sde karras"
    assert (found.width_px, found.height_px) == (896, 1152)
    assert found.model == Named(name="juggernautXL", digest="aeb7e9e689")
    assert found.loras == (Named(name="sd_xl_offset", weight=0.1, digest="4852686128"),)
    assert "city roofs" in found.prompt
    assert "ugly" in found.negative


@pytest.mark.parametrize("name", ["comfy.png", "comfy.webp"])
def test_comfyui_begins_at_the_sampler_that_begins(name: str) -> None:
    found = read(name)
    assert (found.tool, found.prompt, found.negative) == ("ComfyUI", "harbour at night", "blurry")
    assert (found.seed, found.steps, found.guidance) == (5150, 22, 7.5)
    assert (found.width_px, found.height_px) == (768, 512)
    assert (found.sampler, found.model.name) == ("euler a karras", "dreamer")
    assert found.loras == (Named(name="ink", weight=0.7), Named(name="grain", weight=0.3))
    assert found.strength is None


def test_comfyui_with_its_sampler_in_parts() -> None:
    found = read("comfy-flux.png")
    assert (found.prompt, found.negative) == ("glass market hall", "")
    assert (found.seed, found.steps, found.sampler) == (99, 18, "euler")
    assert (found.width_px, found.height_px, found.model.name) == (1024, 640, "flux1-dev")


@pytest.mark.parametrize("name", ["comfy-workflow.png", "comfy.jpg"])
def test_comfyui_by_its_workflow_alone(name: str) -> None:
    found = read(name)
    assert (found.prompt, found.negative) == ("kites over dunes", "fog")
    assert (found.seed, found.steps, found.guidance) == (314, 16, 6.0)
    assert (found.width_px, found.height_px, found.sampler) == (704, 512, "dpm++ 2m")
    assert found.model.name == "dreamer"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_plain_picture_says_nothing(kind: str) -> None:
    assert read_settings(samples.plain(kind)) is None


def test_a_newer_recipe_of_ours_is_read_by_its_infotext() -> None:
    newer = json.dumps({"version": 99, "prompt": "what this means is not known"})
    found = read_settings(samples.png(triptych=newer, parameters=samples.A1111))
    assert found is not None
    assert found.seed == 1234567890
    with pytest.raises(MetadataError, match="newer"):
        read_settings(samples.png(triptych=newer))


def test_the_version_is_the_projects() -> None:
    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_the_samplers_are_the_engines() -> None:
    from engines.image.samplers import FLOW_SAMPLERS, MATCHING_SAMPLERS, SAMPLERS

    assert set(samplers.FAMILIAR) == set(SAMPLERS)
    assert set(samplers.FLOW) == set(FLOW_SAMPLERS)
    assert set(samplers.MATCHING) == set(MATCHING_SAMPLERS)


def test_a1111_tells_of_guides_variations_and_a_second_drawing() -> None:
    text = (
        "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Model: m, "
        "VAE: soft.safetensors, Variation seed: 9, Variation seed strength: 0.15, "
        "Denoising strength: 0.4, Clip skip: 2, Hires upscale: 2, Hires steps: 10, Tiling: True, "
        'TI hashes: "moody: 5d6f7a8b9c0d", '
        'ControlNet 0: "Module: canny, Model: control_canny [d14c016b], Weight: 0.8, '
        'Guidance Start: 0.1, Guidance End: 0.9", '
        'ControlNet 1: "Module: none, Model: None, Weight: 1"'
    )
    found = read_settings(samples.png(parameters=text))
    assert found is not None
    assert (found.variation, found.variation_seed) == (0.15, 9)
    assert (found.hires, found.hires_strength, found.strength) == (2.0, 0.4, None)
    assert (found.clip_skip, found.vae, found.tiling) == (2, "soft", True)
    assert found.embeddings == (Named(name="moody", digest="5d6f7a8b9c0d"),)
    model = Named(name="control_canny", digest="d14c016b")
    assert found.controls == (Guide(model=model, making="canny", weight=0.8, start=0.1, end=0.9),)


def test_invokeai_counts_layers_skipped_and_tells_of_guides() -> None:
    said = {
        "app_version": "5.0.0",
        "positive_prompt": "a cat",
        "cfg_scale": 7,
        "clip_skip": 1,
        "hrf_enabled": True,
        "hrf_strength": 0.45,
        "seamless_x": True,
        "seamless_y": True,
        "controlnets": [
            {
                "control_model": {"name": "canny"},
                "control_weight": [0.7, 0.2],
                "begin_step_percent": 0,
                "end_step_percent": 0.8,
            }
        ],
        "ipAdapters": [{"ip_adapter_model": {"name": "look"}, "weight": 0.6}],
    }
    found = read_settings(samples.png(invokeai_metadata=json.dumps(said)))
    assert found is not None
    assert (found.clip_skip, found.hires, found.hires_strength, found.tiling) == (
        2,
        2.0,
        0.45,
        True,
    )
    assert found.controls == (Guide(model=Named(name="canny"), weight=0.7, end=0.8),)
    assert found.references == (Guide(model=Named(name="look"), weight=0.6),)


def test_comfyui_tells_of_guides_its_vae_and_clips_last_layer() -> None:
    graph = {
        "1": {
            "class_type": "KSampler",
            "inputs": {
                **{"seed": 5, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "denoise": 1.0},
                **{"scheduler": "normal", "model": ["2", 0], "positive": ["3", 0]},
                **{"negative": ["4", 0], "latent_image": ["7", 0]},
            },
        },
        "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
        "3": {
            "class_type": "ControlNetApplyAdvanced",
            "inputs": {
                **{"positive": ["4", 0], "control_net": ["5", 0], "strength": 0.6},
                **{"start_percent": 0.1, "end_percent": 0.7},
            },
        },
        "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["6", 0]}},
        "5": {"class_type": "ControlNetLoader", "inputs": {"control_net_name": "x/canny.sft"}},
        "6": {"class_type": "CLIPSetLastLayer", "inputs": {"stop_at_clip_layer": -2}},
        "7": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
        "8": {"class_type": "VAELoader", "inputs": {"vae_name": "soft.safetensors"}},
    }
    found = read_settings(samples.png(prompt=json.dumps(graph)))
    assert found is not None
    assert (found.prompt, found.clip_skip, found.vae) == ("a cat", 2, "soft")
    assert found.controls == (Guide(model=Named(name="canny"), weight=0.6, start=0.1, end=0.7),)
