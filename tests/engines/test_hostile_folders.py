"""Folders whose indexes of weights lie: what they name is never opened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.api import ModelRefused
from engines.formats.recognition import recognise
from tests.engines.image import tiny_models

INDEXES = {
    "unet": "diffusion_pytorch_model.safetensors.index.json",
    "vae": "diffusion_pytorch_model.safetensors.index.json",
    "text_encoder": "model.safetensors.index.json",
}
NAMES = {
    "a pickle": "evil.bin",
    "a pickle in capitals": "EVIL.BIN",
    "outside": "../../outside.safetensors",
    "the folder above": "..",
    "nothing": "",
    "no file name": "a\0b.safetensors",
    "no letters": "\ud800.bin",
    "missing": "missing.safetensors",
}


def indexed(folder: Path, part: str, name: object) -> Path:
    """Write a diffusers folder, one part of which has an index of weights that names `name`."""
    tiny_models.write_stable_diffusion(folder)
    index = folder / part / INDEXES[part]
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"a": name}}))
    return folder


@pytest.mark.parametrize("part", INDEXES)
@pytest.mark.parametrize("name", NAMES)
def test_an_index_in_a_part_names_only_weights_beside_it(
    tmp_path: Path, part: str, name: str
) -> None:
    for made in ("evil.bin", "EVIL.BIN", "outside.safetensors"):
        (tmp_path / made).write_bytes(b"")
    folder = indexed(tmp_path / "model", part, NAMES[name])
    (folder / part / "evil.bin").write_bytes(b"")
    with pytest.raises(ModelRefused):
        recognise(folder)


@pytest.mark.parametrize("weights", [[], {}, None, 4, ["a"]], ids=repr)
def test_an_index_of_another_type_is_refused(tmp_path: Path, weights: object) -> None:
    folder = indexed(tmp_path / "model", "unet", "x")
    (folder / "unet" / INDEXES["unet"]).write_text(json.dumps({"weight_map": weights}))
    with pytest.raises(ModelRefused, match="index of weights is empty"):
        recognise(folder)


def test_an_honest_index_passes(tmp_path: Path) -> None:
    folder = indexed(tmp_path / "model", "unet", "diffusion_pytorch_model.safetensors")
    assert recognise(folder).architecture == "stable-diffusion"
