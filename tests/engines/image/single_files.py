"""A Stable Diffusion 1 in one file, in the names its first release used, small and random."""

from __future__ import annotations

import json
import re
from pathlib import Path

import diffusers
import torch
import transformers
from safetensors.torch import save_file
from torch import Tensor

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT = "cond_stage_model.transformer."
RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
UNET_PLACES = {
    "conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2", "conv_norm_out": "out.0", "conv_out": "out.2",
    "down_blocks.0.resnets.0": "input_blocks.1.0", "down_blocks.0.attentions.0": "input_blocks.1.1",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op",
    "down_blocks.1.resnets.0": "input_blocks.3.0",
    "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    "up_blocks.0.resnets.0": "output_blocks.0.0", "up_blocks.0.resnets.1": "output_blocks.1.0",
    "up_blocks.0.upsamplers.0.conv": "output_blocks.1.1.conv",
    "up_blocks.1.resnets.0": "output_blocks.2.0", "up_blocks.1.attentions.0": "output_blocks.2.1",
    "up_blocks.1.resnets.1": "output_blocks.3.0", "up_blocks.1.attentions.1": "output_blocks.3.1",
}  # fmt: skip
VAE_PLACES = [
    (r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}"),
    (r"mid_block\.attentions\.0\.group_norm", lambda m: "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_out\.0", lambda m: "mid.attn_1.proj_out"),
    (r"mid_block\.attentions\.0\.to_(\w)", lambda m: f"mid.attn_1.{m[1]}"),
    (r"down_blocks\.(\d)\.resnets\.(\d)", lambda m: f"down.{m[1]}.block.{m[2]}"),
    (r"down_blocks\.(\d)\.downsamplers\.0\.conv", lambda m: f"down.{m[1]}.downsample.conv"),
    (r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{1 - int(m[1])}.block.{m[2]}"),
    (r"up_blocks\.(\d)\.upsamplers\.0\.conv", lambda m: f"up.{1 - int(m[1])}.upsample.conv"),
    (r"conv_shortcut", lambda m: "nin_shortcut"),
    (r"conv_norm_out", lambda m: "norm_out"),
]


def _unet_name(name: str) -> str:
    """Return the first release's name of a UNet tensor."""
    for ours, theirs in sorted(UNET_PLACES.items(), key=lambda place: -len(place[0])):
        if name.startswith(ours + "."):
            rest = name.removeprefix(ours + ".")
            part, _, end = rest.partition(".")
            if ".resnets." in ours + ".":
                rest = f"{RESNET[part]}.{end}"
            return f"{UNET}{theirs}.{rest}"
    raise KeyError(name)


def _vae_name(name: str) -> str:
    """Return the first release's name of an autoencoder's tensor."""
    for pattern, place in VAE_PLACES:
        name = re.sub(pattern, place, name)
    return VAE + name


def write(path: Path, config: Path) -> None:
    """Write the file and the folder that describes it."""
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=768, attention_head_dim=2,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 16), norm_num_groups=8, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    clip = transformers.CLIPTextModel(
        transformers.CLIPTextConfig(
            vocab_size=64, hidden_size=768, intermediate_size=16, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=77, bos_token_id=62, eos_token_id=63,
        )
    )  # fmt: skip
    tensors: dict[str, Tensor] = {_unet_name(n): v for n, v in unet.state_dict().items()}
    for name, value in vae.state_dict().items():
        square = ".attn_1." in _vae_name(name) and value.ndim == 2
        tensors[_vae_name(name)] = value[..., None, None] if square else value
    for name, value in clip.state_dict().items():
        inner = name if name.startswith("text_model.") else f"text_model.{name}"
        tensors[TEXT + inner] = value
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)
    _describe(config, unet, vae, clip)


def _describe(
    config: Path,
    unet: diffusers.UNet2DConditionModel,
    vae: diffusers.AutoencoderKL,
    clip: transformers.CLIPTextModel,
) -> None:
    """Write the folder of configurations, without weights."""
    for name, model in (("unet", unet), ("vae", vae)):
        model.save_config(config / name)
    clip.config.save_pretrained(config / "text_encoder")
    diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1).save_pretrained(
        config / "scheduler"
    )
    index = {
        "_class_name": "StableDiffusionPipeline",
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (config / "model_index.json").write_text(json.dumps(index))
