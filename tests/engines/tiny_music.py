"""A random music model of a few kilobytes."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file

from engines.music.model import tokens
from tests.engines.music import tiny


def write(folder: Path, model_id: str = "tiny-music") -> None:
    """Write the model of `tests.engines.music.tiny` as a folder of the library."""
    import torch

    folder.mkdir(parents=True)
    shape = tiny.SHAPE
    config = {
        "model_type": "llama",
        "hidden_size": shape.width,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "max_position_embeddings": shape.context,
        "vocab_size": shape.vocabulary,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_theta": shape.rope_base,
        "triptych_vocabulary": [[name, block.size] for name, block in tokens.BLOCKS.items()],
    }
    (folder / "config.json").write_text(json.dumps(config))
    weights = {name: weight.to(torch.bfloat16) for name, weight in tiny.weights().items()}
    save_file(weights, folder / "model.safetensors")
    manifest = {"version": 1, "id": model_id, "kind": "music", "name": "Tiny music"}
    (folder / "model.json").write_text(json.dumps({**manifest, "architecture": "triptych-score"}))
