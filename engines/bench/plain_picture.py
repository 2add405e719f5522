"""The script that the picture engine is measured against: diffusers, as its pages show it.

A pipeline of the whole model, loaded once; one call draws one picture.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import torch

from engines.api import Kind, ModelRefused, ModelSpec
from engines.catalog import Catalog
from engines.image import card
from engines.image.words.starter_text import PromptReader

Draw = Callable[[str, int, int], bytes]
"""Draws a prompt in so many steps from a seed; returns a PNG file."""


def plain(spec: ModelSpec, catalog: Catalog, device: str) -> Draw:
    """Load a diffusers folder with diffusers alone, in bfloat16 on a card.

    Raises:
        ModelRefused: it is no diffusers folder.
    """
    if spec.format != "diffusers":
        raise ModelRefused(spec.path, "the plain script takes a diffusers folder")
    about = card.read(spec)
    precision = torch.bfloat16 if device == "cuda" else torch.float32
    diffusers.utils.logging.disable_progress_bar()
    without = ("text_encoder", "tokenizer", "safety_checker", "feature_extractor")
    pipeline = diffusers.DiffusionPipeline.from_pretrained(
        spec.path,
        local_files_only=True,
        use_safetensors=True,
        dtype=precision,
        **(dict.fromkeys(without) if about.reader else {}),
    ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    words = _words(about.reader, catalog, device)
    side_px = about.side_px

    def draw(prompt: str, steps: int, seed: int) -> bytes:
        size = {"width": side_px, "height": side_px} if side_px else {}
        picture = pipeline(
            **words(prompt),
            **size,
            num_inference_steps=steps,
            guidance_scale=about.guidance,
            generator=torch.Generator().manual_seed(seed),
        ).images[0]
        file = io.BytesIO()
        picture.save(file, "PNG")
        return file.getvalue()

    return draw


def _words(reader_id: str, catalog: Catalog, device: str) -> Callable[[str], dict[str, Any]]:
    """Return what hands a prompt to the pipeline; the starter's is read before."""
    if not reader_id:
        return lambda prompt: {"prompt": prompt}
    reader = PromptReader(Path(catalog.get(reader_id, Kind.TEXT).path), device)

    def read(prompt: str) -> dict[str, Any]:
        states = reader.read([prompt, ""])
        return {"prompt_embeds": states[:1], "negative_prompt_embeds": states[1:]}

    return read
