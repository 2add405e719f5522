"""Model files and folders made by hand, honest and not."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

STABLE_DIFFUSION = {
    "model.diffusion_model.input_blocks.0.0.weight": (4, 4, 3, 3),
    "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (2, 768),
    "first_stage_model.encoder.conv_in.weight": (4, 3, 3, 3),
    "first_stage_model.decoder.conv_in.weight": (4, 4, 3, 3),
    "cond_stage_model.transformer.text_model.embeddings.position_ids": (1, 77),
}


def header(tensors: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Describe half-precision tensors that lie one after the other."""
    described: dict[str, Any] = {}
    at = 0
    for name, shape in tensors.items():
        end = at + 2 * math.prod(shape)
        described[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, end]}
        at = end
    return described


def packed(described: Mapping[str, Any] | str, data_bytes: int) -> bytes:
    """Return a safetensors file with this header and that many zeros."""
    text = described if isinstance(described, str) else json.dumps(described)
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw + bytes(data_bytes)


def safetensors(tensors: Mapping[str, tuple[int, ...]]) -> bytes:
    """Return an honest file of zeros."""
    return packed(header(tensors), sum(2 * math.prod(shape) for shape in tensors.values()))


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def gguf(architecture: str = "llama", *, data_bytes: int = 64) -> bytes:
    """Return a GGUF file with one tensor of 16 floats and a list of words."""
    values = _text("general.architecture") + struct.pack("<I", 8) + _text(architecture)
    values += _text("general.name") + struct.pack("<I", 8) + _text("A model")
    values += _text("tokens") + struct.pack("<IIQ", 9, 8, 2) + _text("a") + _text("b")
    values += _text("scores") + struct.pack("<IIQ", 9, 6, 2) + bytes(8)
    tensor = _text("blk.0.weight") + struct.pack("<IQQIQ", 2, 4, 4, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 4) + values + tensor
    return head + bytes(-len(head) % 32) + bytes(data_bytes)


def gguf_of(architecture: str, tensors: Mapping[str, tuple[int, ...]]) -> bytes:
    """Return a GGUF file with half-precision tensors; no word of its architecture if empty."""
    values = _text("general.quantization_version") + struct.pack("<II", 4, 2)
    if architecture:
        values += _text("general.architecture") + struct.pack("<I", 8) + _text(architecture)
    described, at = b"", 0
    for name, shape in tensors.items():
        described += _text(name) + struct.pack("<I", len(shape))
        described += struct.pack(f"<{len(shape)}Q", *reversed(shape)) + struct.pack("<IQ", 1, at)
        at += -(-2 * math.prod(shape) // 32) * 32
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 1 + bool(architecture))
    head += values + described
    return head + bytes(-len(head) % 32) + bytes(at)


def language_model(folder: Path, **manifest: object) -> Path:
    """Make a folder as transformers writes it, with a manifest if one is given."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(safetensors({"model.norm.weight": (8,)}))
    if manifest:
        (folder / "model.json").write_text(json.dumps({"version": 1, **manifest}))
    return folder


def pipeline(folder: Path) -> Path:
    """Make a folder as diffusers writes it."""
    for part in ("unet", "vae"):
        (folder / part).mkdir(parents=True)
        weights = safetensors({f"{part}.weight": (8,)})
        (folder / part / "diffusion_pytorch_model.safetensors").write_bytes(weights)
    (folder / "scheduler").mkdir()
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "safety_checker": [None, None],
        "requires_safety_checker": False,
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder
