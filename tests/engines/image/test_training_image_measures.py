"""The measurements of a starter: each figure on pictures whose answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch

from engines.api import BadRequest, Run
from engines.image.words.starter_text import PromptReader
from engines.training.image import (
    bank,
    colours,
    distances,
    evaluate,
    features,
    grid,
    model_card,
    sampling,
    shipping,
    train,
)
from engines.training.image.stream import CaptionStates
from tests.engines.image import tiny_models
from tests.engines.image import training_material as material


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training folder with a checkpoint of no steps and every measurement made small."""
    monkeypatch.setitem(train.RECIPES, "cpu", material.TINY)
    monkeypatch.setattr(bank, "HELD_SCENES", 4)
    monkeypatch.setattr(train, "COLOURED_PICTURES", 4)
    monkeypatch.setattr(evaluate, "DECODED_FOR_EACH", 2)
    monkeypatch.setattr(evaluate, "LOSSES_OVER", 4)
    monkeypatch.setattr(evaluate, "KNOWN_FOR_EACH", 1)
    monkeypatch.setattr(colours, "PALETTES", colours.PALETTES[:2])
    monkeypatch.setattr(colours, "FAMILIES", ("waves",))
    monkeypatch.setattr(colours, "THINGS", ("fox",))
    monkeypatch.setattr(grid, "PROMPTS", grid.PROMPTS[:3])
    torch.manual_seed(0)
    network = features._Lite0()
    with torch.no_grad():
        for _ in range(6):  # Else its normalisations let nothing through.
            network(torch.randn(4, 3, 32, 32))
    torch.save(network.state_dict(), tmp_path / "lite0.pth")
    monkeypatch.setattr(evaluate, "weights_path", lambda: tmp_path / "lite0.pth")
    folder = tmp_path / "out"
    folder.mkdir()
    data = str(material.cutouts_in(tmp_path / "cutouts"))
    made = bank.open_or_make(folder / "bank", (data,), 12, side_px=material.SIDE_PX)
    train._transform(folder, made)
    return folder


@pytest.fixture
def reader(tmp_path: Path) -> PromptReader:
    tiny_models.write_reader(tmp_path / "reader")
    return PromptReader(tmp_path / "reader")


def begun(out: Path, reader: PromptReader) -> evaluate.Ground:
    """Leave a checkpoint of an untrained model in `out`."""
    on = evaluate.ground(out, reader)
    recipe = material.TINY
    for training in (
        train.DecoderTraining(on.known, out, recipe.vae, 0, "cpu"),
        train.UnetTraining(on.known, out, recipe.unet, 0, "cpu"),
    ):
        training.turn(0.0, Run())
    return on


def test_all_figures_of_an_untrained_model_are_there(out: Path, reader: PromptReader) -> None:
    on = begun(out, reader)
    folder, samples = shipping.export(out, "cpu", on)
    assert samples == 0
    figures = shipping.measured(out, folder, on, Run(), 8)
    written = json.loads((out / "measured" / "model" / "figures.json").read_text(encoding="utf-8"))
    assert written.keys() == figures.keys()
    assert np.isfinite(list(figures.values())).all()
    assert {"kid", "copied_share", "named_r5_held", "retrieval_r1"} <= figures.keys()
    assert 0.5 < figures["flow_loss_held"] < 5
    assert figures["palettes_obeyed_by_real"] == 1.0
    assert {f"psnr_db {kind}" for kind in on.held.pictures.shares} <= figures.keys()
    assert (out / "measured" / "model" / "grid.png").is_file()
    card = model_card.write(folder, on.known.pictures.bank, figures)
    assert "KID" in card and "held out" in card and "PSNR" in card


def test_a_better_model_is_shipped_and_a_worse_one_is_not(
    out: Path, reader: PromptReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = begun(out, reader)
    good = {wish.name: 1.0 if wish.higher else 0.1 for wish in shipping.WISHES}
    bad = {wish.name: 0.2 if wish.higher else 0.9 for wish in shipping.WISHES}
    told = {"model": good, "goal": bad}

    def measured(
        out: Path, folder: Path, on: evaluate.Ground, run: Run, samples: int
    ) -> evaluate.Figures:
        kept = out / shipping.MEASURED / folder.name
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "grid.png").write_bytes(b"a picture")
        return {**told[folder.name], "samples_drawn": float(samples)}

    monkeypatch.setattr(shipping, "measured", measured)
    goal = tmp_path / "goal"
    goal.mkdir()
    assert shipping.ship(out, goal, on, Run(), preset="cpu", samples=4) == []
    assert (goal / "unet" / "diffusion_pytorch_model.safetensors").is_file()
    assert "triptych" in (goal / "model.json").read_text(encoding="utf-8")
    assert (goal / "preview.png").read_bytes() == b"a picture"
    assert "Held out" in (goal / "README.md").read_text(encoding="utf-8")
    told["model"] = bad
    # What was shipped is now the one to beat, with the figures it was shipped with.
    against = shipping.ship(out, goal, on, Run(), preset="cpu", samples=4)
    assert any("kid" in reason for reason in against)


def test_one_lost_figure_outweighs_all_that_rose() -> None:
    before = {wish.name: 0.5 for wish in shipping.WISHES}
    after = {wish.name: 1.0 if wish.higher else 0.1 for wish in shipping.WISHES}
    assert shipping.verdict(before, after) == []
    assert shipping.verdict(before, {**after, "psnr_db": 0.4}) != []
    assert shipping.verdict(before, before) == ["only 0 of 8 figures rose"]


def test_a_folder_without_a_training_is_a_bad_request(tmp_path: Path, reader: PromptReader) -> None:
    with pytest.raises(BadRequest, match="no training"):
        evaluate.ground(tmp_path / "none", reader)
    with pytest.raises(BadRequest, match="no trained picture model"):
        sampling.load(tmp_path)


def test_a_picture_is_the_one_that_a_stock_pipeline_draws(
    tmp_path: Path, reader: PromptReader
) -> None:
    tiny_models.write_starter(tmp_path / "model")
    model = sampling.load(tmp_path / "model")
    captions = CaptionStates(reader)
    states, empty = captions.of(["a fox"]), captions.of([""])
    ours = sampling.draw_batch(model, states, empty, sampling.noise(model, [5]))
    pipeline = diffusers.StableDiffusionPipeline(
        vae=model.vae, unet=model.unet, text_encoder=None, tokenizer=None, safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
        scheduler=diffusers.DPMSolverMultistepScheduler.from_pretrained(
            tmp_path / "model" / "scheduler"
        ),
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    stock = pipeline(
        prompt_embeds=states, negative_prompt_embeds=empty, num_inference_steps=model.steps,
        guidance_scale=model.guidance, width=128, height=128, output_type="np",
        generator=torch.Generator().manual_seed(5),
    ).images[0]  # fmt: skip
    assert np.abs(ours[0] / 255 - stock).max() < 2 / 255


def test_kernel_distance_is_nothing_between_like_and_grows() -> None:
    rng = np.random.default_rng(0)
    one, same, other = (rng.normal(mean, 1, (200, 16)) for mean in (0.0, 0.0, 1.0))
    assert abs(distances.kid(one, same)) < 0.05
    assert distances.kid(one, other) > 1


def test_a_linear_relation_is_found_again() -> None:
    rng = np.random.default_rng(0)
    features_seen, relation = rng.normal(size=(400, 32)), rng.normal(size=(32, 12))
    ridge = distances.Ridge(features_seen, features_seen @ relation)
    fresh = rng.normal(size=(50, 32))
    right = list(range(50))
    assert ridge.recall(fresh, fresh @ relation, right, 1) > 0.9
    wrong = [(number + 1) % 50 for number in right]
    assert ridge.recall(fresh, fresh @ relation, wrong, 1) < 0.1


def test_copies_of_training_pictures_are_counted() -> None:
    rng = np.random.default_rng(0)
    known, held = rng.normal(size=(300, 8)), rng.normal(size=(100, 8))
    ours = np.concatenate([known[:10], rng.normal(3, 1, (30, 8))])
    assert distances.copied_share(ours, held, known) == pytest.approx(0.25)
    assert np.allclose(distances.nearest(known[:3], known), 0, atol=1e-6)


def test_the_main_colour_is_that_of_the_thing() -> None:
    pixels = np.full((64, 64, 3), 250, np.uint8)
    pixels[20:44, 20:44] = (40, 90, 210)
    pixels[20:44, 20:24] = 0
    assert colours.main_colour(pixels) == "blue"
    assert colours.main_colour(np.full((64, 64, 3), 250, np.uint8)) == ""


def test_forty_prompts_are_fixed() -> None:
    assert len(grid.PROMPTS) == len(set(grid.PROMPTS)) == 40
