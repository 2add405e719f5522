"""Export a training's weights, and put them where the application ships them if they are better."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engines.api import BadRequest, Run
from engines.training.image import model_card, sampling
from engines.training.image.evaluate import Figures, Ground, evaluate
from engines.training.image.train import RECIPES, export_means
from engines.training.image.unet_phase import UnetTraining
from engines.training.image.vae_phase import DecoderTraining

MEASURED: Final = "measured"
HISTORY: Final = "history.txt"
"""In a training's folder: what was special about it, for the model card."""


@dataclass(frozen=True)
class Wish:
    """How a figure must move: it may lose up to `slack`, and counts as better beyond `gain`."""

    name: str
    higher: bool
    gain: float
    slack: float

    def change(self, before: Figures, after: Figures) -> float:
        """Return by how much the figure got better."""
        moved = after.get(self.name, 0.0) - before.get(self.name, 0.0)
        return moved if self.higher else -moved


WISHES: Final = (
    Wish("flow_loss_held", higher=False, gain=0.005, slack=0.0),
    Wish("kid", higher=False, gain=0.1, slack=0.0),
    Wish("retrieval_r5", higher=True, gain=0.01, slack=0.01),
    Wish("named_r5_seen", higher=True, gain=0.02, slack=0.02),
    Wish("named_r5_asked", higher=True, gain=0.02, slack=0.05),
    Wish("colours_obeyed", higher=True, gain=0.02, slack=0.02),
    Wish("palettes_obeyed", higher=True, gain=0.02, slack=0.08),
    Wish("psnr_db", higher=True, gain=0.1, slack=0.0),
)


def export(out: Path, preset: str, on: Ground) -> tuple[Path, int]:
    """Write the running means of a training, which may go on, to `out/model`; return the samples.

    Raises:
        BadRequest: it was not begun.
    """
    recipe = RECIPES[preset]
    if not (out / "unet.safetensors").is_file():
        raise BadRequest(f"there is no checkpoint in {out}")
    decoder = DecoderTraining(on.known, out, recipe.vae, 0, "cpu")
    unet = UnetTraining(on.known, out, recipe.unet, 0, "cpu")
    return export_means(out, decoder, unet, on.known), unet.trainee.step * recipe.unet.batch


def measured(out: Path, folder: Path, on: Ground, run: Run, samples: int) -> Figures:
    """Measure a model folder; its figures and its grid go to `out/measured/NAME`."""
    goal = out / MEASURED / folder.resolve().name
    return evaluate(sampling.load(folder), on, goal, run, samples)


def verdict(before: Figures, after: Figures) -> list[str]:
    """Return why `after` is not better than `before`; nothing if it is.

    No figure may fall by more than its slack, and most must rise.
    """
    against = [
        f"{wish.name}: {before.get(wish.name, 0):.4f} before, {after.get(wish.name, 0):.4f} now"
        for wish in WISHES
        if wish.change(before, after) < -wish.slack
    ]
    risen = sum(wish.change(before, after) > wish.gain for wish in WISHES)
    if risen * 2 <= len(WISHES):
        against.append(f"only {risen} of {len(WISHES)} figures rose")
    return against


def ship(out: Path, goal: Path, on: Ground, run: Run, *, preset: str, samples: int) -> list[str]:
    """Export, measure, and replace the model in `goal` if the new one is better.

    The figures of the one there are measured first, unless `out/measured`
    holds them from as many samples. Returns why it was not replaced, or nothing.
    """
    model, seen = export(out, preset, on)
    before = _figures_before(out, goal, on, run, samples)
    after = measured(out, model, on, run, samples)
    after["samples_seen"] = float(seen)
    against = verdict(before, after)
    if not against:
        place(out, model, goal, on, after)
    return against


def _figures_before(out: Path, goal: Path, on: Ground, run: Run, samples: int) -> Figures:
    path = out / MEASURED / goal.resolve().name / "figures.json"
    if path.is_file():
        figures: Figures = json.loads(path.read_text(encoding="utf-8"))
        if figures["samples_drawn"] == samples:
            return figures
    return measured(out, goal, on, run, samples)


def place(out: Path, model: Path, goal: Path, on: Ground, figures: Figures) -> None:
    """Copy a model with its card and its grid to where it ships from."""
    for part in ("unet", "vae", "scheduler"):
        shutil.rmtree(goal / part, ignore_errors=True)
        shutil.copytree(model / part, goal / part)
    for path in model.glob("*.json"):
        shutil.copyfile(path, goal / path.name)
    shutil.copyfile(out / MEASURED / model.name / "grid.png", goal / "preview.png")
    history = out / HISTORY
    told = history.read_text(encoding="utf-8") if history.is_file() else ""
    card = model_card.write(goal, on.known.pictures.bank, figures, told)
    (goal / "README.md").write_text(card, encoding="utf-8")
    text = json.dumps({name: round(value, 5) for name, value in figures.items()}, indent=1)
    record = out / MEASURED / goal.resolve().name
    record.mkdir(parents=True, exist_ok=True)
    (record / "figures.json").write_text(text + "\n", encoding="utf-8")
