"""A user's own autoencoder: a file of either layout, or a folder, in the place of the model's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import load_file, save_file

from engines.api import ModelMissing, ModelRefused
from engines.image import png
from tests.engines.image import test_plain_pipelines as plain
from tests.engines.image import tiny_families
from tests.engines.image.test_plain_pipelines import START, Studio, drawn, named

studio = plain.studio
SIZE = {"width": plain.SIDE_PX, "height": plain.SIDE_PX}
FAMILY = "stable-diffusion"
OLD_NAMES = {
    ".to_q.": ".query.",
    ".to_k.": ".key.",
    ".to_v.": ".value.",
    ".to_out.0.": ".proj_attn.",
}


@pytest.fixture(scope="module")
def other(studio: Studio) -> Any:
    """Another autoencoder of the family's shape."""
    studio.model(FAMILY)
    torch.manual_seed(5)
    own = studio.parts(studio.model(FAMILY)).vae.load("cpu")
    return diffusers.AutoencoderKL.from_config(own.config).eval()


@pytest.fixture(scope="module")
def wanted(studio: Studio, other: Any) -> bytes:
    pipeline = plain.plain(studio, studio.model(FAMILY), named(FAMILY))
    pipeline.vae = other
    return drawn(pipeline, **SIZE).tobytes()


def original(other: Any, folder: Path) -> dict[str, torch.Tensor]:
    """Return its weights by the names of the original program, as in whole checkpoints."""
    models = tiny_families.build(FAMILY)
    whole = {**models, "vae": other}
    tiny_families.write(folder / "whole.safetensors", whole, FAMILY)
    tensors = load_file(folder / "whole.safetensors")
    return {name: value for name, value in tensors.items() if name.startswith("first_stage_model.")}


@pytest.mark.parametrize("prefix", ["first_stage_model.", ""])
def test_a_file_in_the_original_layout(
    studio: Studio, other: Any, wanted: bytes, tmp_path: Path, prefix: str
) -> None:
    weights = {
        prefix + name.removeprefix("first_stage_model."): value
        for name, value in original(other, tmp_path).items()
    }
    path = tmp_path / "own.safetensors"
    save_file(weights, path)
    assert studio.draw(studio.model(FAMILY), vae=str(path)) == [wanted]


@pytest.mark.parametrize("age", ["new", "old"])
def test_a_file_in_the_layout_of_diffusers(
    studio: Studio, other: Any, wanted: bytes, tmp_path: Path, age: str
) -> None:
    weights = dict(other.state_dict())
    if age == "old":
        for new, old in OLD_NAMES.items():
            weights = {name.replace(new, old): value for name, value in weights.items()}
    path = tmp_path / "own.safetensors"
    save_file(weights, path)
    assert studio.draw(studio.model(FAMILY), vae=str(path)) == [wanted]


def test_a_folder_with_its_own_scale(studio: Studio, other: Any, tmp_path: Path) -> None:
    maker = type(other)
    scaled = maker.from_config(other.config, scaling_factor=0.5).eval()
    scaled.load_state_dict(other.state_dict())
    scaled.save_pretrained(tmp_path / "own")
    pipeline = plain.plain(studio, studio.model(FAMILY), named(FAMILY))
    pipeline.vae = scaled
    image = drawn(pipeline, **SIZE).tobytes()
    assert studio.draw(studio.model(FAMILY), vae=str(tmp_path / "own")) == [image]


def test_it_encodes_the_start_too(studio: Studio, other: Any, tmp_path: Path) -> None:
    other.save_pretrained(tmp_path / "own")
    pipeline = plain.plain(studio, studio.model(FAMILY), named(FAMILY, "Img2Img"))
    pipeline.vae = other
    image = drawn(pipeline, image=START, strength=0.7).tobytes()
    asked = {"init": png.encode(START), "strength": 0.7, "vae": str(tmp_path / "own")}
    assert studio.draw(studio.model(FAMILY), **asked) == [image]


def test_the_model_has_its_own_again_afterwards(studio: Studio, other: Any, tmp_path: Path) -> None:
    before = studio.draw(studio.model(FAMILY))
    other.save_pretrained(tmp_path / "own")
    assert studio.draw(studio.model(FAMILY), vae=str(tmp_path / "own")) != before
    assert studio.draw(studio.model(FAMILY)) == before


def test_latents_of_another_width_are_refused(studio: Studio, other: Any, tmp_path: Path) -> None:
    wide = diffusers.AutoencoderKL.from_config(other.config, latent_channels=16)
    wide.save_pretrained(tmp_path / "wide")
    for path in (tmp_path / "wide", tmp_path / "wide" / "diffusion_pytorch_model.safetensors"):
        with pytest.raises(ModelRefused, match="16 channels, those of this picture model 4"):
            studio.draw(studio.model(FAMILY), vae=str(path))


def test_what_is_no_autoencoder_is_refused_before_anything_is_drawn(
    studio: Studio, tmp_path: Path
) -> None:
    model = studio.model(FAMILY)
    with pytest.raises(ModelRefused, match="not an autoencoder"):
        studio.draw(model, vae=model)
    with pytest.raises(ModelMissing):
        studio.draw(model, vae=str(tmp_path / "none.safetensors"))


def test_weights_of_another_shape_are_refused(studio: Studio, other: Any, tmp_path: Path) -> None:
    wider = diffusers.AutoencoderKL.from_config(
        other.config, block_out_channels=[2 * n for n in other.config.block_out_channels]
    )
    path = tmp_path / "other.safetensors"
    save_file(wider.state_dict(), path)
    with pytest.raises(ModelRefused, match="does not fit"):
        studio.draw(studio.model(FAMILY), vae=str(path))
