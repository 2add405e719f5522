"""Small random checkpoints in the original layout, and the configuration that fits them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from safetensors.torch import save_file

from engines.image import sizes
from tests.engines.image import original_layout

Models = dict[str, Any]
WIDTHS = {"stable-diffusion": 768, "stable-diffusion-2": 1024, "stable-diffusion-xl": 2048}
JOINS = ["a t</w>", "c at</w>", "o f</w>"]
WORDS = 512 + len(JOINS) + 2


def write_words(path: Path) -> None:
    """Write a list of byte pairs in CLIP's format, with three joins."""
    path.write_bytes(gzip.compress("\n".join(["title", *JOINS, ""]).encode()))


def build(architecture: str, channels: int = 4) -> Models:
    """Make random models of a family's kind, with the published width of the words' states."""
    torch.manual_seed(0)
    xl = architecture == "stable-diffusion-xl"
    width = WIDTHS[architecture]
    first = 768 if xl else width
    models: Models = {
        "unet": _unet(width, channels, xl=xl, linear=architecture != "stable-diffusion"),
        "vae": diffusers.AutoencoderKL(
            block_out_channels=(8, 16), norm_num_groups=8, layers_per_block=1,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        ),
        "text_encoder": transformers.CLIPTextModel(_clip(first)),
    }  # fmt: skip
    if xl:
        models["text_encoder_2"] = transformers.CLIPTextModelWithProjection(_clip(width - first))
    return models


def write_config(models: Models, folder: Path, architecture: str, families: Path) -> None:
    """Write a family's folder for these models; `families` is the one that is shipped."""
    shipped = families / sizes.FOLDERS[architecture]
    for name, model in models.items():
        settings = model.config.to_dict() if "text" in name else dict(model.config)
        # The family describes the usual UNet; how many channels a file has, its header says.
        settings |= {"in_channels": 4} if name == "unet" else {}
        _write_json(folder / name / "config.json", settings)
    scheduler = json.loads((shipped / "scheduler" / "scheduler_config.json").read_text())
    _write_json(folder / "scheduler" / "scheduler_config.json", scheduler)


def tensors(models: Models, architecture: str) -> original_layout.Weights:
    """Name all weights as the original programs did."""
    named = original_layout.unet(models["unet"]) | original_layout.vae(models["vae"])
    words = models["text_encoder"]
    if architecture == "stable-diffusion":
        return named | original_layout.clip(words, "cond_stage_model.transformer.")
    if architecture == "stable-diffusion-2":
        return named | original_layout.open_clip(words, "cond_stage_model.model.")
    named |= original_layout.clip(words, "conditioner.embedders.0.transformer.")
    return named | original_layout.open_clip(
        models["text_encoder_2"], "conditioner.embedders.1.model."
    )


def write(
    path: Path,
    models: Models,
    architecture: str,
    *,
    extra: Mapping[str, torch.Tensor] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a checkpoint as artists have them, with an average of weights nobody draws with."""
    named = tensors(models, architecture) | {"model_ema.decay": torch.ones(1), **(extra or {})}
    whole = {name: tensor.detach().clone().contiguous() for name, tensor in named.items()}
    save_file(whole, path, metadata=dict(metadata or {}))


def _unet(width: int, channels: int, *, xl: bool, linear: bool) -> Any:
    first = "DownBlock2D" if xl else "CrossAttnDownBlock2D"
    last = "UpBlock2D" if xl else "CrossAttnUpBlock2D"
    more: dict[str, Any] = {}
    if xl:
        pooled = width - 768
        more = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": pooled + 6 * 8,
        }
    return diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=channels, block_out_channels=(16, 32), norm_num_groups=8,
        layers_per_block=2 if xl else 1, cross_attention_dim=width, attention_head_dim=2,
        down_block_types=(first, "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", last), use_linear_projection=linear, **more,
    )  # fmt: skip


def _clip(width: int) -> transformers.CLIPTextConfig:
    return transformers.CLIPTextConfig(
        vocab_size=WORDS, hidden_size=width, intermediate_size=16, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=77, projection_dim=width,
        bos_token_id=WORDS - 2, eos_token_id=WORDS - 1, pad_token_id=WORDS - 1,
    )  # fmt: skip


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
