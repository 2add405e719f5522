"""The original Stable Diffusion programs' names for the weights of diffusers.

Written the other way round from what is loaded, so that a test can make a file
such as artists have, of any size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

Weights = dict[str, Tensor]

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_OUTSIDE = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_ATTENTION = {
    "group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out",
}  # fmt: skip
_CLIP_LAYER = {
    "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj", "self_attn.out_proj": "attn.out_proj",
}  # fmt: skip
_CLIP_OUTSIDE = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}


def unet(model: Any, prefix: str = "model.diffusion_model.") -> Weights:
    """Name a UNet's weights as in the original."""
    per_block = model.config.layers_per_block + 1
    named = {prefix + _unet_name(name, per_block): t for name, t in model.state_dict().items()}
    return _settle_upsamplers(named)


def vae(model: Any, prefix: str = "first_stage_model.") -> Weights:
    """Name an autoencoder's weights; its attention was made of 1 x 1 convolutions."""
    last = len(model.config.block_out_channels) - 1
    named = {}
    for name, tensor in model.state_dict().items():
        flat = re.search(r"\.to_(q|k|v|out\.0)\.weight$", name) is not None
        named[prefix + _vae_name(name, last)] = tensor[:, :, None, None] if flat else tensor
    return named


def clip(model: Any, prefix: str) -> Weights:
    """Name the weights of OpenAI's CLIP, as the first family and XL's first encoder have it."""
    return {f"{prefix}text_model.{name}": t for name, t in _bare(model.state_dict()).items()}


def open_clip(model: Any, prefix: str) -> Weights:
    """Name the weights of OpenCLIP: query, key and value in one matrix, projection transposed."""
    return {prefix + name: tensor for name, tensor in _open_clip(_bare(model.state_dict()))}


def _bare(state: Mapping[str, Tensor]) -> Weights:
    return {name.removeprefix("text_model."): tensor for name, tensor in state.items()}


def _unet_name(name: str, per_block: int) -> str:
    stem, _, end = name.rpartition(".")
    if stem in _OUTSIDE:
        return f"{_OUTSIDE[stem]}.{end}"
    where, block, kind, layer, rest = re.fullmatch(
        r"(down_blocks|mid_block|up_blocks)(?:\.(\d+))?\.(\w+)\.(\d+)\.(.+)", name
    ).groups()  # type: ignore[union-attr]
    for new, old in _RESNET.items() if kind == "resnets" else ():
        rest = re.sub(rf"^{new}\b", old, rest)
    if where == "mid_block":
        return f"middle_block.{1 if kind == 'attentions' else 2 * int(layer)}.{rest}"
    at = int(block) * per_block + int(layer)
    if where == "down_blocks":
        if kind == "downsamplers":
            return f"input_blocks.{(int(block) + 1) * per_block}.0.op.{end}"
        return f"input_blocks.{at + 1}.{int(kind == 'attentions')}.{rest}"
    if kind == "upsamplers":
        return f"output_blocks.{(int(block) + 1) * per_block - 1}.UP.{rest}"
    return f"output_blocks.{at}.{int(kind == 'attentions')}.{rest}"


def _settle_upsamplers(weights: Weights) -> Weights:
    """Give upsamplers their place: after the attention where there is one."""
    named = {}
    for name, tensor in weights.items():
        before = name.partition(".UP.")[0]
        place = 2 if any(other.startswith(f"{before}.1.") for other in weights) else 1
        named[name.replace(".UP.", f".{place}.")] = tensor
    return named


def _vae_name(name: str, last: int) -> str:
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = re.sub(r"down_blocks\.(\d)\.resnets\.", r"down.\1.block.", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    up = re.search(r"up_blocks\.(\d)\.", name)
    if up:
        name = name.replace(up[0], f"up.{last - int(up[1])}.")
        name = name.replace("resnets.", "block.").replace("upsamplers.0", "upsample")
    if "mid_block.attentions.0" in name:
        name = name.replace("mid_block.attentions.0", "mid.attn_1")
        for new, old in _ATTENTION.items():
            name = name.replace(f"attn_1.{new}.", f"attn_1.{old}.")
    return name


def _open_clip(state: Weights) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in state.items():
        if name in _CLIP_OUTSIDE:
            yield _CLIP_OUTSIDE[name], tensor
        elif name == "text_projection.weight":
            yield "text_projection", tensor.T.contiguous()
        elif ".q_proj." in name:
            both = [state[name.replace("q_proj", f"{part}_proj")] for part in "qkv"]
            stem, _, end = _resblock(name).partition(".self_attn.q_proj.")
            yield f"{stem}.attn.in_proj_{end}", torch.cat(both)
        elif ".k_proj." not in name and ".v_proj." not in name:
            yield _resblock(name), tensor


def _resblock(name: str) -> str:
    name = name.replace("encoder.layers.", "transformer.resblocks.")
    for new, old in _CLIP_LAYER.items():
        name = name.replace(f".{new}.", f".{old}.")
    return name
