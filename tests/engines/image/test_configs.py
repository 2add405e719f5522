"""Single files: the families' descriptions and CLIP's tokenizer, without a network."""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import pytest
import torch
import transformers

from engines.api import Kind, ModelRefused, ModelSpec
from engines.image import configs


def spec(architecture: str) -> ModelSpec:
    return ModelSpec(
        id="x", kind=Kind.IMAGE, name="x", path="/x.safetensors", format="safetensors",
        architecture=architecture, size_bytes=1,
    )  # fmt: skip


def settings(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "config.json").read_text())
    return found


def size_of(model: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters())


@pytest.mark.parametrize(
    ("family", "unet_size"),
    [("stable-diffusion", 859_520_964), ("stable-diffusion-xl", 2_567_463_684)],
)
def test_the_described_unet_has_the_size_that_was_published(family: str, unet_size: int) -> None:
    folder = configs.config_folder(spec(family))
    with torch.device("meta"):
        unet = diffusers.UNet2DConditionModel.from_config(settings(folder / "unet"))
        vae = diffusers.AutoencoderKL.from_config(settings(folder / "vae"))
        clip = transformers.CLIPTextModel(
            transformers.CLIPTextConfig(**settings(folder / "text_encoder"))
        )
    assert size_of(unet) == unet_size
    assert size_of(vae) == 83_653_863
    assert size_of(clip) == 123_060_480


def test_a_family_that_is_not_described_is_refused() -> None:
    with pytest.raises(ModelRefused, match="diffusers folder"):
        configs.config_folder(spec("stable-diffusion-2"))


def test_clips_tokenizer_gives_the_published_numbers() -> None:
    tokenizer = configs.clip_tokenizer("<|endoftext|>")
    assert len(tokenizer) == 49408
    read = tokenizer("a photo of a cat", padding="max_length", truncation=True)["input_ids"]
    assert read[:7] == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert len(read) == 77 and set(read[7:]) == {49407}
