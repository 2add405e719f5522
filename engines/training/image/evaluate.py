"""Measure a starter model folder on what training never saw.

Every figure of the model card comes from here. Pictures are compared by what
a classifier sees in them (`features`); each figure of that kind is given for
real pictures too, since it says little alone.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file

from engines.api import BadRequest, Run
from engines.image.words.vocabulary import OBJECTS
from engines.training.image import colours, transform
from engines.training.image.bank import Bytes, open_or_make
from engines.training.image.captions import with_article
from engines.training.image.distances import Matrix, Ridge, copied_share, kid
from engines.training.image.features import Eyes, weights_path
from engines.training.image.grid import draw_grid
from engines.training.image.journal import FIXED_BATCH, mixed
from engines.training.image.pictures import Pictures
from engines.training.image.sampling import Model, draw, draw_batch, noise
from engines.training.image.stream import CaptionStates, Reader, Stream
from engines.training.image.transform import Transform
from engines.training.image.unet_phase import measure
from engines.training.image.vae import psnr_db

HELD_CAPTIONS: Final = 300
SAMPLES: Final = 1000
KNOWN_FOR_EACH: Final = 6
"""How many real training pictures are looked at for each sample."""
DECODED_FOR_EACH: Final = 64
LOSSES_OVER: Final = 800
FLOOR_CHANNELS: Final = 8
THING_KINDS: Final = ("thing on a scene", "thing")

Figures = dict[str, float]


@dataclass(frozen=True)
class Ground:
    """What a measurement stands on: streams of seen and unseen pictures."""

    known: Stream
    held: Stream

    @property
    def captions(self) -> CaptionStates:
        """What reads captions."""
        return self.known.captions


@dataclass(frozen=True)
class Seen:
    """Pictures with their captions and the features seen in them."""

    words: list[str]
    features: Matrix


def ground(out: Path, reader: Reader) -> Ground:
    """Open the material of a training folder.

    Raises:
        BadRequest: there is none.
    """
    if not (out / "bank" / "bank.json").is_file():
        raise BadRequest(f"there is no training in {out}")
    bank = open_or_make(out / "bank", (), 0)
    code = Transform(**load_file(out / "transform.safetensors"))
    captions = CaptionStates(reader)
    known, held = (Stream(Pictures(bank, held=held), code, captions) for held in (False, True))
    return Ground(known, held)


def evaluate(model: Model, on: Ground, folder: Path, run: Run, samples: int = SAMPLES) -> Figures:
    """Measure a model; write `figures.json` and `grid.png` into `folder`.

    Raises:
        BadRequest: the package with the classifier's weights is not installed.
    """
    eyes = Eyes(weights_path())
    figures: Figures = {"samples_drawn": float(samples)}
    figures |= kept(model, on)
    figures |= losses(model, on)
    figures |= colours.palettes(model, on.captions, run)
    figures |= colours.things(model, on.captions, on.known.pictures, run)
    figures |= likeness(model, on, eyes, run, samples)
    figures["seconds_per_picture"] = _seconds(model, on.captions)
    folder.mkdir(parents=True, exist_ok=True)
    draw_grid(model, on.captions, run).save(folder / "grid.png", optimize=True)
    text = json.dumps({name: round(value, 5) for name, value in figures.items()}, indent=1)
    (folder / "figures.json").write_text(text + "\n", encoding="utf-8")
    return figures


def kept(model: Model, on: Ground) -> Figures:
    """Return what the autoencoder keeps of each kind of held-out picture, in dB."""
    figures, everything = {}, []
    for kind in on.held.pictures.shares:
        pixels = on.held.pictures.many(DECODED_FOR_EACH, seed=2, kind=kind)
        figures[f"psnr_db {kind}"] = psnr_db(model.vae, pixels)
        everything.append(pixels)
    share = np.array(list(on.held.pictures.shares.values()))
    code, few = on.held.code, FLOOR_CHANNELS
    eight = Transform(code.rows[:few], code.shift[:few])
    floors = [[transform.floor_db(c, pixels) for pixels in everything] for c in (code, eight)]
    figures["psnr_db"] = float(np.array(list(figures.values())) @ share)
    figures["linear_floor_db"] = float(np.array(floors[0]) @ share)
    figures["linear_floor_of_8_channels_db"] = float(np.array(floors[1]) @ share)
    return figures


def losses(model: Model, on: Ground) -> Figures:
    """Return the flow loss on seen and unseen pictures, and without the text."""
    empty = on.captions.of([""])[0]
    known, held = mixed(on.known, LOSSES_OVER), mixed(on.held, LOSSES_OVER)
    seen, unseen = measure(model.unet, known), measure(model.unet, held)
    return {
        "flow_loss_train": seen,
        "flow_loss_held": unseen,
        "flow_loss_gap": unseen / seen - 1,
        "flow_loss_without_text": measure(model.unet, held, empty),
        "flow_loss_train_without_text": measure(model.unet, known, empty),
    }


def likeness(model: Model, on: Ground, eyes: Eyes, run: Run, samples: int) -> Figures:
    """Return the figures that compare drawn pictures with real ones by their features."""
    run.step(0, 3, stage="looking at real pictures")
    known = _look(on.known, eyes, samples * KNOWN_FOR_EACH)
    run.step(1, 3, stage="looking at real pictures")
    things = [kind for kind in THING_KINDS if kind in on.held.pictures.shares]
    held = _look(on.held, eyes, samples)
    figures = {"kid_of_seen_pictures": 1000 * kid(known.features[:samples], held.features)}
    ours = Seen(held.words, eyes.see(draw(model, on.captions, held.words, run, first_seed=9000)))
    figures["kid"] = 1000 * kid(ours.features, held.features)
    figures["copied_share"] = copied_share(ours.features, held.features, known.features)
    if things:
        figures |= _retrieved(model, on, eyes, known, run, min(samples, HELD_CAPTIONS))
    return figures


def _look(stream: Stream, eyes: Eyes, count: int, kind: str = "", number: int = 0) -> Seen:
    """Draw real pictures, a few at a time so that memory stays small, and look at them."""
    words: list[str] = []
    parts = []
    for start in range(0, count, 200):
        part = min(200, count - start)
        pixels, said = stream.pixels(FIXED_BATCH + 10 + number + start, part, kind)
        parts.append(eyes.see(pixels))
        words += said
    return Seen(words, np.concatenate(parts))


def _retrieved(model: Model, on: Ground, eyes: Eyes, known: Seen, run: Run, count: int) -> Figures:
    """Return how often a picture of an unseen thing leads back to its caption."""
    real = _look(on.held, eyes, count, THING_KINDS[0], number=50_000)
    drawn = draw(model, on.captions, real.words, run, first_seed=20_000)
    ridge = Ridge(known.features, _meanings(on.captions, known.words))
    candidates = _meanings(on.captions, real.words)
    right = list(range(count))
    figures = {"retrieval_r5_chance": 5 / count}
    for name, features in (("", eyes.see(drawn)), ("_of_real", real.features)):
        for most in (1, 5):
            recall = ridge.recall(features, candidates, right, most)
            figures[f"retrieval_r{most}{name}"] = recall
    return figures | _named(model, on, eyes, ridge, run)


def _named(model: Model, on: Ground, eyes: Eyes, ridge: Ridge, run: Run) -> Figures:
    """Return how often a thing on white is found among the names of its like.

    Here the background cannot help, so this is the harder figure.
    """
    figures: Figures = {}
    things = on.known.pictures.bank.things
    asked = {thing.name for thing in OBJECTS}
    groups = {
        "held": {thing.name for thing in things if thing.held},
        "seen": {thing.name for thing in things if not thing.held},
        "asked": {thing.name for thing in things if thing.name in asked},
    }
    for name, group in groups.items():
        names = sorted(group)
        step = max(1, len(names) // 60)
        chosen = names[::step]
        prompts = [f"{with_article(one)} on a white background" for one in chosen]
        drawn: Bytes = draw(model, on.captions, prompts, run, first_seed=30_000)
        candidates, right = _meanings(on.captions, prompts), list(range(len(prompts)))
        figures[f"named_r5_{name}"] = ridge.recall(eyes.see(drawn), candidates, right, 5)
        figures[f"named_r5_{name}_chance"] = 5 / len(prompts)
    return figures


def _meanings(captions: CaptionStates, words: list[str]) -> Matrix:
    """Return the mean of each caption's token states, (count, 384)."""
    parts = []
    for start in range(0, len(words), 200):
        states = captions.of(words[start : start + 200])
        there = (states.abs().sum(-1, keepdim=True) > 0).float()
        parts.append(((states * there).sum(1) / there.sum(1)).double().numpy())
    return np.concatenate(parts)


def _seconds(model: Model, captions: CaptionStates) -> float:
    """Return the seconds of one picture as the engine draws it; the better of two."""
    states, empty = captions.of(["a fox"]), captions.of([""])
    taken = []
    with torch.inference_mode():
        for seed in (1, 2):
            begun = time.perf_counter()
            draw_batch(model, states, empty, noise(model, [seed]))
            taken.append(time.perf_counter() - begun)
    return min(taken)
