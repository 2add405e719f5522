"""Write a trained model as the folder the application loads: weights, config, manifest, card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import save_file

from engines.music.copies import CopyFilter
from engines.music.model import tokens
from engines.music.model.scoring import write_counts

ARCHITECTURE: Final = "triptych-score"
LICENCE: Final = "CC-BY-4.0"


def export(model: torch.nn.Module, folder: Path, *, counts: np.ndarray, known: CopyFilter) -> Path:
    """Write all but the card to `folder`: half-precision weights, config.json, model.json,
    the counts of tokens and the filter of known runs of notes."""
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
    write_counts(folder, counts)
    known.save(folder)
    return folder


def vocabulary_stamp() -> list[list[str | int]]:
    """Name and size of each block of tokens: what a model and this program must agree on."""
    return [[name, block.size] for name, block in tokens.BLOCKS.items()]


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
