"""Write a trained model as a diffusers folder that the picture engine loads."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import Tensor

from engines.image import card, previews
from engines.training.image.bank import SIDE_PX, Bytes
from engines.training.image.transform import to_unit

READER = "all-minilm-l6-v2"
MOST_SHARD = "40MB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """How the library will know the model."""

    id: str = "triptych-image-1"
    name: str = "Triptych Image 1"
    licence: str = "CC-BY-4.0"
    source: str = "trained by engines/training/image of this project"


def scheduler() -> DPMSolverMultistepScheduler:
    """Return the sampler that follows a rectified flow in diffusers' pipelines."""
    return DPMSolverMultistepScheduler(
        num_train_timesteps=1000,
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        steps_offset=1,  # The pipelines insist on it; a flow's times do not use it.
    )


def preview_rows(pixels: Bytes, latents: Tensor) -> previews.Rows:
    """Fit the map from latents to colours on pictures and their latents."""
    small = torch.nn.functional.avg_pool2d(to_unit(pixels), 8)
    return previews.solve(latents, small)


def export(
    folder: Path,
    vae: AutoencoderKL,
    unet: UNet2DConditionModel,
    rows: previews.Rows,
    *,
    side_px: int = SIDE_PX,
    steps: int = 20,
    guidance: float = 3.0,
    name: Name | None = None,
) -> None:
    """Write the folder anew, in half precision; its README and pictures stay."""
    name = name or Name()
    folder.mkdir(parents=True, exist_ok=True)
    for part, model in (("vae", vae), ("unet", unet)):
        shutil.rmtree(folder / part, ignore_errors=True)
        # A copy, so that training can go on in full precision.
        half = type(model).from_config(model.config)
        half.load_state_dict(model.state_dict())
        half.half().save_pretrained(folder / part, max_shard_size=MOST_SHARD)
    scheduler().save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
        "text_encoder": [None, None],
        "tokenizer": [None, None],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    _write(folder / "model_index.json", index)
    manifest = {"version": 1, "id": name.id, "kind": "image", "name": name.name}
    words = {"licence": name.licence, "source": name.source, "restrictions": ""}
    _write(folder / "model.json", {**manifest, "architecture": "triptych-image", **words})
    _write(
        folder / card.NAME,
        {
            "version": card.VERSION,
            "steps": steps,
            "guidance": guidance,
            "side_px": side_px,
            "reader": READER,
            "preview": [[round(value, 5) for value in row] for row in rows],
        },
    )


def _write(path: Path, data: dict[str, object]) -> None:
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
