"""Training with a recipe of seconds: it learns, resumes, and its model draws."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    ImageRequest,
    Progress,
    Run,
    TrainRequest,
)
from engines.catalog import Catalog
from engines.image.engine import ImageEngine
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from engines.training.image import data, train, transform, vae
from engines.training.image.unet import UnetShape
from engines.training.image.vae import VaeShape
from engines.training.image.vae_phase import train_vae
from tests.engines.image import tiny_models

TINY_VAE = VaeShape(channels=(16, 48, 48, 64), batch=4, steps=6)
TINY = train.Recipe(
    pictures=8,
    vae=TINY_VAE,
    unet=UnetShape(channels=(16, 32, 32), heads=(1, 2, 2), batch=4, steps=5),
    working_bytes=1000,
)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    tiny_models.write_reader(tmp_path / "models" / "all-minilm-l6-v2")
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    catalog = Catalog((tmp_path / "models", tmp_path / "out"), library=tmp_path)
    return Services(catalog, memory, lambda request, run: None)


@pytest.fixture
def tiny_recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(train.RECIPES, "cpu", TINY)
    monkeypatch.setattr(train, "HELD_PICTURES", 4)
    monkeypatch.setattr(train.colours, "FAMILIES", ("waves",))
    monkeypatch.setattr(train.colours, "STEPS", 2)
    monkeypatch.setattr(train.colours, "PALETTES", train.colours.PALETTES[:1])
    yield


class Deadline(float):
    """A moment that comes after it was looked at a number of times."""

    def __new__(cls, looks: int) -> Deadline:
        moment = super().__new__(cls, 0)
        moment.looks = looks
        return moment

    def __gt__(self, now: float) -> bool:
        self.looks -= 1
        return self.looks >= 0


def cutouts_in(folder: Path) -> Path:
    folder.mkdir()
    image = Image.new("RGBA", (40, 40))
    image.paste((250, 120, 20, 255), (8, 8, 32, 32))
    image.save(folder / "1f98a.webp")
    image.save(folder / "1f9ff.webp")
    image.save(folder / "red-kite.png")
    return folder


def test_a_training_run_ends_in_a_model_that_draws(
    services: Services, tiny_recipe: None, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    folder = cutouts_in(tmp_path / "cutouts")
    request = TrainRequest(what="image", out=str(out), seed=1, data=(str(folder),), minutes=2)
    result = train.train(request, Run(), services)
    figures = dict(result.figures)
    assert result.steps == 5
    assert figures["vae_psnr_held_db"] > 5
    assert 0.5 < figures["flow_loss_held"] < 5
    drawn = ImageEngine(services).run(
        ImageRequest(prompt="a fox", seed=1, model="triptych-image-1", steps=2), Run()
    )
    assert drawn.pictures[0].width_px == data.SIDE_PX


def test_things_are_named_by_the_vocabulary_or_by_their_file(tmp_path: Path) -> None:
    found = data.read_cutouts((str(cutouts_in(tmp_path / "cutouts")),))
    assert [cutout.name for cutout in found] == ["fox", "red kite"]


def test_captions_say_what_is_drawn_and_held_pairs_stay_apart(tmp_path: Path) -> None:
    found = data.read_cutouts((str(cutouts_in(tmp_path / "cutouts")),))
    captions = data.draw_set(40, found).captions
    assert any("fox before" in caption for caption in captions)
    assert data.draw_set(3, found).captions == captions[:3]
    families = [family.name for family in data.FAMILIES]
    held = {name for name in families if data.held_out("fox", name)}
    assert 0 < len(held) < len(families) / 2


def test_a_missing_or_empty_folder_is_a_bad_request(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no folder"):
        data.read_cutouts((str(tmp_path / "none"),))
    with pytest.raises(BadRequest, match="no pictures"):
        data.read_cutouts((str(tmp_path),))


def test_a_resumed_training_equals_one_without_a_stop(tmp_path: Path) -> None:
    pixels = data.draw_set(4, ()).pixels
    code, later = transform.fit(pixels), time.monotonic() + 1000
    whole = train_vae(pixels, code, tmp_path / "a", TINY_VAE, 1, Run(), later)
    # The rate depends on all steps, so the first run is cut, not shortened.
    first = train_vae(pixels, code, tmp_path / "b", TINY_VAE, 1, Run(), Deadline(looks=3))
    resumed = train_vae(pixels, code, tmp_path / "b", TINY_VAE, 1, Run(), later)
    pairs = zip(whole.parameters(), resumed.parameters(), strict=True)
    assert all(torch.allclose(one, two, atol=1e-5) for one, two in pairs)
    pairs = zip(whole.parameters(), first.parameters(), strict=True)
    assert not all(torch.equal(one, two) for one, two in pairs)


def test_the_encoder_is_the_transform() -> None:
    pixels = data.draw_set(6, ()).pixels
    code = transform.fit(pixels)
    model = vae.build_vae(VaeShape(), code)
    encoded = model.encode(transform.to_unit(pixels)).latent_dist.mean
    assert torch.allclose(encoded, transform.apply(code, pixels).float(), atol=0.02)


def test_the_transform_keeps_what_matters_most() -> None:
    pixels = data.draw_set(12, ()).pixels
    code = transform.fit(pixels)
    spread = transform.apply(code, pixels).float().std((0, 2, 3))
    assert spread[0] == pytest.approx(transform.STRONGEST_SPREAD, rel=0.05)
    assert spread.argmax() == 0
    assert transform.floor_db(code, pixels) > 25


def test_cancel_ends_a_training(services: Services, tiny_recipe: None, tmp_path: Path) -> None:
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.stage == "reading captions":
            token.cancel()

    request = TrainRequest(what="image", out=str(tmp_path / "out"), seed=1, minutes=2)
    with pytest.raises(Cancelled):
        train.train(request, Run(token, stop), services)
    assert services.memory.status().working_bytes == 0
