"""Composites whose mattes are known; a training of the cut-out network stops and goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors import safe_open

from engines.api import Run, TrainRequest
from engines.image.cutouts import matting
from engines.image.cutouts.needs import FILE
from engines.services import Services
from engines.training.cutout import train
from engines.training.cutout.card import MANIFEST, card
from engines.training.cutout.composites import Composites
from engines.training.image.bank import Bank, Thing


def bank(side_px: int = 32, things: int = 4) -> Bank:
    """A bank of discs of one colour; every second is held out."""
    rng = np.random.default_rng(1)
    cutouts = []
    for number in range(things):
        disc = Image.new("RGBA", (24, 24))
        ImageDraw.Draw(disc).ellipse((2, 2, 21, 21), fill=(255, 10 * number, 0, 255))
        cutouts.append(np.asarray(disc))
    scenes = rng.integers(0, 60, (3, 36, 36, 3), np.uint8)
    return Bank(
        side_px=side_px,
        scenes=scenes,
        grounds=(),
        held_scenes=scenes,
        held_grounds=(),
        cutouts=np.stack(cutouts),
        things=tuple(Thing(str(n), "flat", "red", n % 2 == 1) for n in range(things)),
        photographs=np.zeros((0, 64, 128, 3), np.uint8),
        places=(),
    )


def test_the_matte_is_where_the_thing_is() -> None:
    pictures, mattes = Composites(bank()).batch(1, 24)
    assert pictures.shape == (24, 32, 32, 3) and mattes.shape == (24, 32, 32)
    with_thing = [m for m in mattes if m.max() == 255]
    assert len(with_thing) >= 20
    assert all(0.02 < (m > 127).mean() < 1 for m in with_thing)


def test_a_batch_is_the_same_each_time_and_held_things_are_never_trained_on() -> None:
    known, held = Composites(bank()), Composites(bank(), held=True)
    first, again = known.batch(3, 4), known.batch(3, 4)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not (first[0] == held.batch(3, 4)[0]).all()
    assert set(known._things).isdisjoint(held._things)


def test_a_training_stops_goes_on_and_ends_in_weights_that_load(
    tmp_path: Path, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = train.Recipe(scenes=3, early=2, late=2, batch=2, rate=1e-3)
    monkeypatch.setitem(train.RECIPES, "cpu", recipe)
    monkeypatch.setattr(train, "open_or_make", lambda *given, **named: bank(64))
    monkeypatch.setattr(train, "MEASURED", 8)
    request = TrainRequest(what="cutout", out=str(tmp_path), seed=1, minutes=0.1)
    monkeypatch.setattr(
        "engines.training.cutout.train.time.monotonic", iter([0.0] + [1e6] * 99).__next__
    )
    assert train.train(request, Run(), services).steps == 1
    monkeypatch.undo()
    monkeypatch.setitem(train.RECIPES, "cpu", recipe)
    monkeypatch.setattr(train, "open_or_make", lambda *given, **named: bank(64))
    monkeypatch.setattr(train, "MEASURED", 8)
    result = train.train(request, Run(), services)
    assert result.steps == 4 and {name for name, _ in result.figures} == {"iou", "mae"}
    network = matting.load(Path(result.path), "cpu")
    assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 1, 64, 64)
    with safe_open(Path(result.path) / FILE, "pt") as file:
        assert file.get_tensor("stem.weight").dtype == torch.float16


def test_the_card_tells_its_figures() -> None:
    text = card(
        {"iou": 0.8, "mae": 0.05, "steps": 9, "minutes": 2.0, "measured": 7, "early": 5, "late": 4}
    )
    assert "| 0.800 |" in text and "0.0500" in text and str(MANIFEST["name"]) in text
