"""Previews by a tiny decoder: used when it fits, never in the way of a job."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers.models.autoencoders.vae import DecoderTiny
from safetensors.torch import load_file, save_file

from engines.api import ImageResult, Pixels, Progress, Role, Run
from engines.formats.recognition import recognise
from engines.image import previews
from engines.image.tiny_previews import Decoder, _load
from tests.engines import tiny_studio


def network(channels: int = 4) -> DecoderTiny:
    torch.manual_seed(3)
    return DecoderTiny(channels, 3, (3, 3, 3, 1), (64, 64, 64, 64), 2, "relu", "nearest")


def write(path: Path, layout: str, channels: int = 4) -> Path:
    """Write a decoder as diffusers names it, or as the original program does."""
    named = {}
    for name, value in network(channels).state_dict().items():
        number, rest = name.removeprefix("layers.").split(".", 1)
        original = f"{int(number) + 1}.{rest}"
        named[f"decoder.{name}" if layout == "diffusers" else original] = value.contiguous()
    save_file(named, path)
    return path


def drawn(root: Path, library: Path) -> tuple[ImageResult, list[Pixels]]:
    """Draw a picture in a studio; return it and its previews."""
    seen: list[Progress] = []
    host = tiny_studio.host(root, library, tiny_studio.memory())
    result = host.run(tiny_studio.image(steps=2), Run(report=seen.append))
    return result, [p.preview for p in seen if isinstance(p.preview, Pixels)]


@pytest.mark.parametrize("layout", ["diffusers", "original"])
def test_both_layouts_make_the_same_decoder(tmp_path: Path, layout: str) -> None:
    spec = recognise(write(tmp_path / "taesd.safetensors", layout))
    assert (spec.role, spec.architecture, spec.channels) == (Role.VAE, "taesd", 4)
    latents = torch.randn(1, 4, 6, 4, generator=torch.Generator().manual_seed(1))
    shown = _load(spec, 4, "cpu").draw(latents)
    assert shown == Decoder(network().eval()).draw(latents)
    assert shown is not None and (shown.width_px, shown.height_px) == (32, 48)


def test_a_decoder_in_the_library_draws_the_previews_and_changes_no_picture(
    tmp_path: Path,
) -> None:
    tiny_studio.write_models(tmp_path / "models")
    plain, small = drawn(tmp_path / "models", tmp_path / "library")
    write(tmp_path / "models" / "taesd_decoder.safetensors", "original")
    with_it, large = drawn(tmp_path / "models", tmp_path / "library")
    assert with_it.pictures == plain.pictures
    assert [p.width_px * 8 for p in small] == [p.width_px for p in large]


@pytest.mark.parametrize(("name", "channels"), [("taesdxl", 4), ("taef1", 16)])
def test_a_decoder_of_another_family_is_left_alone(
    tmp_path: Path, name: str, channels: int
) -> None:
    tiny_studio.write_models(tmp_path / "models")
    write(tmp_path / "models" / f"{name}.safetensors", "original", channels)
    _, shown = drawn(tmp_path / "models", tmp_path / "library")
    assert shown and max(p.width_px for p in shown) <= 16


def test_a_broken_decoder_costs_nothing_but_its_previews(tmp_path: Path) -> None:
    tiny_studio.write_models(tmp_path / "models")
    path = write(tmp_path / "models" / "taesd.safetensors", "original")
    tensors = load_file(path)
    del tensors["19.bias"]
    save_file(tensors, path)
    result, shown = drawn(tmp_path / "models", tmp_path / "library")
    assert len(result.pictures) == 1
    assert shown and max(p.width_px for p in shown) <= 16


def test_a_decoder_that_fails_is_not_asked_again() -> None:
    decoder = Decoder(network(16).eval())
    latents = torch.zeros(1, 4, 4, 4)
    assert decoder.draw(latents) is None and decoder.network is None
    rows: previews.Rows = ((0.1, 0.2, 0.3),) * 5
    assert previews.draw(latents, rows).width_px == 4


def test_large_latents_are_shown_small() -> None:
    shown = Decoder(network().eval()).draw(torch.zeros(1, 4, 96, 64))
    assert shown is not None and (shown.width_px, shown.height_px) == (256, 384)
