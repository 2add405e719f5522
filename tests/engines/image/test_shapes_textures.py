"""Textures fit to themselves, in tiles too, and the networks are afterwards as they were."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from engines.api import Cancelled, CancelToken, ImageRequest, Progress, Run
from engines.catalog import Catalog
from engines.image import autoencoding, textures
from engines.image.engine import ImageEngine
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image import test_plain_pipelines as plain
from tests.engines.image.test_plain_pipelines import SIDE_PX, Studio, drawn, named

studio = plain.studio


def seam(image: Image.Image) -> float:
    """Return the step of colour over the edges, over the largest between two lines inside."""
    ratios = []
    for turned in (image, image.transpose(Image.Transpose.TRANSPOSE)):
        values = np.asarray(turned, float)
        inside = np.abs(np.diff(values, axis=1)).mean((0, 2)).max()
        over = np.abs(values[:, 0] - values[:, -1]).mean()
        ratios.append(over / inside)
    return max(ratios)


def opened(pixels: bytes, side_px: int = SIDE_PX) -> Image.Image:
    return Image.frombytes("RGB", (side_px, side_px), pixels)


def kinds(network: nn.Module) -> dict[str, str]:
    return {
        name: layer.padding_mode
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d)
    }


def hooks(network: nn.Module) -> int:
    return sum(len(layer._forward_pre_hooks) for layer in network.modules())


@pytest.mark.parametrize("family", plain.FAMILIES)
def test_it_draws_as_diffusers_with_circular_convolutions(studio: Studio, family: str) -> None:
    model = studio.model(family)
    pipeline = plain.plain(studio, model, named(family))
    for network in (pipeline.unet, pipeline.vae.decoder):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d):
                layer.padding_mode = "circular"
    wanted = drawn(pipeline, width=SIDE_PX, height=SIDE_PX)
    assert studio.draw(model, tiling=True) == [wanted.tobytes()]


def test_a_plain_picture_after_a_texture_is_as_before(studio: Studio) -> None:
    model = studio.model("folder")
    before = studio.draw(model)
    texture = studio.draw(model, tiling=True)
    assert texture != before
    assert studio.draw(model) == before


def test_networks_are_as_they_were_also_after_a_cancel(studio: Studio) -> None:
    model = studio.model("folder")
    before = studio.draw(model)
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        studio.draw(model, Run(token, stop), tiling=True)
    assert studio.draw(model) == before


@pytest.mark.parametrize("part", ["unet", "vae"])
def test_all_convolutions_look_around_the_edge_and_back(studio: Studio, part: str) -> None:
    network = getattr(studio.parts("tiny-sd"), part).load("cpu")
    before = kinds(network)
    with textures.circular(network):
        inside = kinds(network)
        assert "circular" in inside.values()
        plainly = [name for name, mode in inside.items() if mode == "zeros"]
        # Those of one pixel have no edge; the way down has a hook.
        assert all(not any(network.get_submodule(name).padding) for name in plainly)
    assert kinds(network) == before
    assert hooks(network) == 0


@pytest.mark.parametrize("by", [(0, 1), (3, 2)])
def test_a_network_that_sees_a_torus_does_not_care_where_it_begins(
    studio: Studio, by: tuple[int, int]
) -> None:
    vae: Any = studio.parts("tiny-sd").vae.load("cpu")
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    with torch.inference_mode(), textures.circular(vae):
        plainly = vae.decode(latents).sample
        rolled = vae.decode(latents.roll(by, (2, 3))).sample
        there = tuple(factor * step for step in by)
        assert torch.allclose(rolled, plainly.roll(there, (2, 3)), atol=1e-4)
        back = vae.encode(plainly).latent_dist.mode()
        back_rolled = vae.encode(rolled).latent_dist.mode()
        assert torch.allclose(back_rolled, back.roll(by, (2, 3)), atol=1e-4)


def test_in_tiles_the_end_fades_into_the_beginning(studio: Studio) -> None:
    vae: Any = studio.parts("tiny-sd").vae.load("cpu")
    vae.tile_sample_min_size, vae.tile_latent_min_size = 64, 32
    generator = torch.Generator().manual_seed(0)
    place = torch.linspace(0, 2 * torch.pi, 97)[:-1]
    waves = torch.randn(4, 3, 3, generator=generator)
    turn = 2 * torch.pi * torch.rand(4, 3, 3, generator=generator)
    latents = torch.stack(
        [
            sum(
                waves[c, i, j] * torch.cos(i * place[:, None] + j * place[None, :] + turn[c, i, j])
                for i in range(3)
                for j in range(3)
            )
            for c in range(4)
        ]
    )[None]  # what a UNet that sees a torus gives: it fits to itself
    vae.enable_tiling()
    plainly = autoencoding.decode(latents, vae)
    texture = autoencoding.decode_texture(latents, vae)
    assert texture.size == plainly.size
    assert seam(texture) < 1 < seam(plainly)
    assert set(kinds(vae).values()) == {"zeros"}


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> ImageEngine:
    catalog = Catalog(library=tmp_path_factory.mktemp("library"))
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    return ImageEngine(Services(catalog, memory, lambda request, run: None))


def test_the_starter_draws_textures_without_a_seam(starter: ImageEngine) -> None:
    def draw(**wishes: Any) -> Image.Image:
        request = ImageRequest(
            prompt="layered mountains, day colours", seed=5, steps=6, width_px=64, height_px=64,
            **wishes,
        )  # fmt: skip
        return Image.open(io.BytesIO(starter.run(request, Run()).pictures[0].png))

    assert seam(draw(tiling=True)) < 1.25 < 2 < seam(draw())
