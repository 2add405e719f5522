"""Write a trained model as the folder the application loads: weights, config, manifest, card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save_file

from engines.music import tokens
from engines.training.music.checkpoint import Progress
from engines.training.music.corpus import COLLECTIONS
from engines.training.music.evaluate import Bits

ARCHITECTURE: Final = "triptych-score"
LICENCE: Final = "CC-BY-4.0"


def export(model: torch.nn.Module, folder: Path, *, progress: Progress, bits: list[Bits]) -> Path:
    """Write safetensors (half precision), config.json, model.json and README.md to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: p.detach().to("cpu", torch.float16).contiguous()
        for name, p in model.named_parameters()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    config = model.config.to_dict() | {"triptych_vocabulary": vocabulary_stamp()}
    _write_json(folder / "config.json", config)
    _write_json(
        folder / "model.json",
        {
            "version": 1,
            "id": "triptych-music-1",
            "kind": "music",
            "name": "Triptych Music 1",
            "architecture": ARCHITECTURE,
            "licence": LICENCE,
            "source": "trained by engines/training/music of this project",
            "restrictions": "",
        },
    )
    parameters = sum(p.numel() for p in model.parameters())
    card = model_card(parameters, progress, bits)
    (folder / "README.md").write_text(card, encoding="utf-8")
    return folder


def vocabulary_stamp() -> list[list[str | int]]:
    """Name and size of each block of tokens: what a model and this program must agree on."""
    return [[name, block.size] for name, block in tokens.BLOCKS.items()]


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def model_card(parameters: int, progress: Progress, bits: list[Bits]) -> str:
    """Tell what the model is, what it learned from, and how well, in Markdown."""
    data = "\n".join(
        f"| {c.folder} | {c.credit} | {c.licence} | {', '.join(c.held_out)} |" for c in COLLECTIONS
    )
    figures = "\n".join(
        f"| {b.collection} | {b.model:.2f} | {b.unigram:.2f} | "
        f"{100 * (1 - b.model / b.unigram):.0f}% | {b.notes} |"
        for b in bits
    )
    return f"""# Triptych Music 1

A Llama-style decoder of {parameters / 1e6:.1f} million parameters that writes scores
track by track and bar by bar ({tokens.SIZE} tokens, see `engines/music/tokens.py`).

## Data

| collection | credit | licence | kept out of training (beginnings of file names) |
|---|---|---|---|
{data}

Windows of 4 to 16 bars, transposed by -5 to +6 semitones, tracks shuffled,
dropped and given to other instruments, one window in five with bars to fill
in. Every control is left out 30% of the time. Moods are labelled by rule
(`engines/music/labels.py`): no listener has confirmed them.

## Recipe

Preset `{progress.preset}`, seed {progress.seed}: {progress.steps} steps and
{progress.tokens / 1e6:.1f} million tokens in {progress.seconds / 60:.0f} minutes of wall time
(AdamW, cosine by time, bfloat16 autocast). `engines/training/music` does it again.

## Bits per note on composers never seen

Kept out by composer; by player (groove) and by piece (helland) where a
collection has one composer. Teacher-forced over whole windows with every
control, chord and track control left out; every other token after the first
is counted.

| collection | model | unigram | saved | notes |
|---|---|---|---|---|
{figures}

## Limits

Small and shortly trained: melodies are local and it has no plan beyond its
harmony. The engine keeps it in key, meter and range by masks, gives it a
chord plan and a form, and ranks several candidates. It knows European art
music of 1700 to 1920 and some game and film music, and little else.

## Licence

The weights: CC BY 4.0, with the credits in `resources/models/NOTICE`.
"""
