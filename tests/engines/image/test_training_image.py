"""Training with a recipe of seconds: it learns, resumes, and its model draws."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch

from engines.api import (
    Cancelled,
    CancelToken,
    ImageRequest,
    ModelMissing,
    Progress,
    Run,
    TrainRequest,
    TrainResult,
)
from engines.catalog import Catalog
from engines.image.engine import ImageEngine
from engines.image.words.starter_text import PromptReader
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from engines.training.image import bank, journal, train, transform, vae
from engines.training.image.pictures import Pictures
from engines.training.image.rate import Rate
from engines.training.image.stream import CaptionStates, Stream
from engines.training.image.unet_phase import UnetTraining
from engines.training.image.vae_phase import DecoderTraining
from tests.engines.image import tiny_models, training_material


@pytest.fixture
def services(tmp_path: Path) -> Services:
    tiny_models.write_reader(tmp_path / "models" / "all-minilm-l6-v2")
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    catalog = Catalog((tmp_path / "models", tmp_path / "out"), library=tmp_path)
    return Services(catalog, memory, lambda request, run: None)


@pytest.fixture
def tiny_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(train.RECIPES, "cpu", training_material.TINY)
    monkeypatch.setattr(train, "FITTED_PICTURES", 8)
    monkeypatch.setattr(train, "COLOURED_PICTURES", 4)
    monkeypatch.setattr(bank, "HELD_SCENES", 4)
    monkeypatch.setattr(journal, "MEASURED", 4)
    monkeypatch.setattr(journal, "DECODED", 2)


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr(bank, "HELD_SCENES", 4)
    pictures = Pictures(training_material.tiny_bank(tmp_path))
    tiny_models.write_reader(tmp_path / "reader")
    reader = CaptionStates(PromptReader(tmp_path / "reader"))
    return Stream(pictures, transform.fit(pictures.many(8, seed=0)), reader)


def trained(services: Services, folder: Path, minutes: float = 2) -> TrainResult:
    data = folder / "cutouts"
    if not data.is_dir():
        training_material.cutouts_in(data)
    out = str(folder / "out")
    request = TrainRequest(what="image", out=out, seed=1, data=(str(data),), minutes=minutes)
    return train.train(request, Run(), services)


def test_a_training_run_ends_in_a_model_that_draws(
    services: Services, tiny_recipe: None, tmp_path: Path
) -> None:
    result = trained(services, tmp_path)
    figures = dict(result.figures)
    assert result.steps == 5
    assert figures["vae_psnr_held_db"] > 5
    assert 0.5 < figures["flow_loss_held"] < 5
    drawn = ImageEngine(services).run(
        ImageRequest(prompt="a fox", seed=1, model="triptych-image-1", steps=2), Run()
    )
    assert drawn.pictures[0].width_px == training_material.SIDE_PX


def test_the_journal_tells_each_turn(services: Services, tiny_recipe: None, tmp_path: Path) -> None:
    result = trained(services, tmp_path)
    rows = (tmp_path / "out" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    last = json.loads(rows[-1])
    assert last["samples"] == 5 * training_material.TINY_UNET.batch
    assert last["decoder_steps"] == 6
    assert last["flow_loss_train"] == pytest.approx(dict(result.figures)["flow_loss_train"], 1e-3)


def test_a_training_without_its_reader_says_so(tmp_path: Path, tiny_recipe: None) -> None:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    empty = Catalog((tmp_path / "none",), library=tmp_path)
    with pytest.raises(ModelMissing):
        trained(Services(empty, memory, lambda request, run: None), tmp_path)


def test_cancel_ends_a_training_and_keeps_what_was_learnt(
    services: Services, tiny_recipe: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.training.image.unet_phase.REPORT_EVERY", 2)
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.stage == "picture model":
            token.cancel()

    out = tmp_path / "out"
    request = TrainRequest(what="image", out=str(out), seed=1, minutes=2)
    with pytest.raises(Cancelled):
        # The cancel is seen at the next report, two steps on.
        train.train(request, Run(token, stop), services)
    assert services.memory.status().working_bytes == 0
    assert (out / "unet.safetensors").is_file() and (out / "vae.safetensors").is_file()
    assert trained(services, tmp_path).steps == 5


def _weights(training: UnetTraining | DecoderTraining) -> list[torch.Tensor]:
    return [value.detach().clone() for value in training.trainee.mean.values()]


def test_a_resumed_training_equals_one_without_a_stop(stream: Stream, tmp_path: Path) -> None:
    # Without warming up anew, since a training that goes on does that by design.
    rate = Rate(highest=1e-3, steps=4, steady=2, warm=1)
    shape = vae.VaeShape(channels=(16, 48, 48, 64), batch=2, rate=rate)
    later = time.monotonic() + 1000
    whole = DecoderTraining(stream, tmp_path / "a", shape, 1, "cpu")
    whole.turn(later, Run())
    token = CancelToken()
    first = DecoderTraining(stream, tmp_path / "b", shape, 1, "cpu")
    first._step()
    first._step()
    token.cancel()
    first.turn(0.0, Run(token))
    assert not all(map(torch.equal, _weights(whole), _weights(first)))
    resumed = DecoderTraining(stream, tmp_path / "b", shape, 1, "cpu")
    assert resumed.trainee.step == 2
    resumed.turn(later, Run())
    pairs = zip(_weights(whole), _weights(resumed), strict=True)
    assert all(torch.allclose(one, two, atol=1e-5) for one, two in pairs)


def test_the_mean_is_worn_for_a_while_only(stream: Stream, tmp_path: Path) -> None:
    unet = UnetTraining(stream, tmp_path, training_material.TINY_UNET, 1, "cpu")
    unet._step()
    own = next(unet.model.parameters()).detach().clone()
    with unet.trainee.wearing_mean():
        assert not torch.equal(next(unet.model.parameters()), own)
    assert torch.equal(next(unet.model.parameters()), own)


def test_the_rate_falls_and_warms_up_again() -> None:
    rate = Rate(highest=1.0, steps=1000, steady=100, warm=10)
    assert rate.at(0, 0) == pytest.approx(0.1)
    assert rate.at(50, 50) == 1.0
    assert rate.at(400, 400) == pytest.approx(0.5)
    assert rate.at(400, 0) == pytest.approx(0.05)
    assert rate.at(999, 999) < 0.02


def test_the_encoder_is_the_transform(stream: Stream) -> None:
    pixels = stream.pictures.many(6, seed=3)
    model = vae.build_vae(vae.VaeShape(), stream.code)
    encoded = model.encode(transform.to_unit(pixels)).latent_dist.mean
    assert torch.allclose(encoded, transform.apply(stream.code, pixels).float(), atol=0.03)


def test_the_transform_keeps_what_matters_most(stream: Stream) -> None:
    pixels = stream.pictures.many(12, seed=4)
    code = transform.fit(pixels)
    spread = transform.apply(code, pixels).float().std((0, 2, 3))
    assert spread[0] == pytest.approx(transform.STRONGEST_SPREAD, rel=0.05)
    assert spread.argmax() == 0
    assert transform.floor_db(code, pixels) > 20
