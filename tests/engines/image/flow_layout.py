"""The original names of Stable Diffusion 3's and Flux's weights, for the weights of diffusers.

Written the other way round from what is loaded, so that a test can make a file
such as artists have, of any size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

Weights = dict[str, Tensor]

_SD3_OUTSIDE = {
    "pos_embed.pos_embed": "pos_embed",
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "context_embedder": "context_embedder",
    "proj_out": "final_layer.linear",
}
_SD3_BLOCK = {
    "attn.norm_q": "x_block.attn.ln_q",
    "attn.norm_k": "x_block.attn.ln_k",
    "attn.norm_added_q": "context_block.attn.ln_q",
    "attn.norm_added_k": "context_block.attn.ln_k",
    "attn.to_out.0": "x_block.attn.proj",
    "attn.to_add_out": "context_block.attn.proj",
    "attn2.norm_q": "x_block.attn2.ln_q",
    "attn2.norm_k": "x_block.attn2.ln_k",
    "attn2.to_out.0": "x_block.attn2.proj",
    "norm1.linear": "x_block.adaLN_modulation.1",
    "norm1_context.linear": "context_block.adaLN_modulation.1",
    "ff.net.0.proj": "x_block.mlp.fc1",
    "ff.net.2": "x_block.mlp.fc2",
    "ff_context.net.0.proj": "context_block.mlp.fc1",
    "ff_context.net.2": "context_block.mlp.fc2",
}
_SD3_JOINED = {
    "x_block.attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "context_block.attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "x_block.attn2.qkv": ("attn2.to_q", "attn2.to_k", "attn2.to_v"),
}

_FLUX_OUTSIDE = {
    "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
    "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
    "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
    "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
    "context_embedder": "txt_in",
    "x_embedder": "img_in",
    "proj_out": "final_layer.linear",
}
_FLUX_DOUBLE = {
    "norm1.linear": "img_mod.lin",
    "norm1_context.linear": "txt_mod.lin",
    "attn.norm_q": "img_attn.norm.query_norm",
    "attn.norm_k": "img_attn.norm.key_norm",
    "attn.norm_added_q": "txt_attn.norm.query_norm",
    "attn.norm_added_k": "txt_attn.norm.key_norm",
    "attn.to_out.0": "img_attn.proj",
    "attn.to_add_out": "txt_attn.proj",
    "ff.net.0.proj": "img_mlp.0",
    "ff.net.2": "img_mlp.2",
    "ff_context.net.0.proj": "txt_mlp.0",
    "ff_context.net.2": "txt_mlp.2",
}
_FLUX_SINGLE = {
    "norm.linear": "modulation.lin",
    "attn.norm_q": "norm.query_norm",
    "attn.norm_k": "norm.key_norm",
    "proj_out": "linear2",
}
_FLUX_DOUBLE_JOINED = {
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
}
_FLUX_SINGLE_JOINED = {"linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")}


def sd3(model: Any, prefix: str = "") -> Weights:
    """Name the weights of Stable Diffusion 3's transformer as in the original."""
    named = _named(model.state_dict(), _SD3_OUTSIDE)
    for number in range(model.config.num_layers):
        inside = _below(model.state_dict(), f"transformer_blocks.{number}.")
        if number == model.config.num_layers - 1:
            # The last block's words only give keys and values, so its shift and scale are two.
            inside["norm1_context.linear.weight"] = _swapped(inside["norm1_context.linear.weight"])
            inside["norm1_context.linear.bias"] = _swapped(inside["norm1_context.linear.bias"])
        block = _named(inside, _SD3_BLOCK) | _joined(inside, _SD3_JOINED)
        named |= {f"joint_blocks.{number}.{name}": tensor for name, tensor in block.items()}
    return {prefix + name: tensor for name, tensor in _finished(model, named).items()}


def flux(model: Any, prefix: str = "") -> Weights:
    """Name the weights of Flux's transformer as in the original."""
    state = model.state_dict()
    named = _named(state, _FLUX_OUTSIDE)
    for kind, depth, names, joined in (
        ("double", model.config.num_layers, _FLUX_DOUBLE, _FLUX_DOUBLE_JOINED),
        ("single", model.config.num_single_layers, _FLUX_SINGLE, _FLUX_SINGLE_JOINED),
    ):
        for number in range(depth):
            start = "single_" if kind == "single" else ""
            inside = _below(state, f"{start}transformer_blocks.{number}.")
            block = _named(inside, names) | _joined(inside, joined)
            for name, tensor in block.items():
                scale = name.replace("_norm.weight", "_norm.scale")
                named[f"{kind}_blocks.{number}.{scale}"] = tensor
    return {prefix + name: tensor for name, tensor in _finished(model, named).items()}


def _finished(model: Any, named: Weights) -> Weights:
    """Add the last layer's shift and scale, which the original has the other way round."""
    state = model.state_dict()
    for end in ("weight", "bias"):
        named[f"final_layer.adaLN_modulation.1.{end}"] = _swapped(state[f"norm_out.linear.{end}"])
    return named


def _swapped(tensor: Tensor) -> Tensor:
    first, second = tensor.chunk(2, dim=0)
    return torch.cat([second, first])


def _below(state: Mapping[str, Tensor], prefix: str) -> Weights:
    return {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}


def _named(state: Mapping[str, Tensor], names: Mapping[str, str]) -> Weights:
    found = {}
    for name, tensor in state.items():
        stem, _, end = name.rpartition(".")
        if name in names:
            found[names[name]] = tensor
        elif stem in names:
            found[f"{names[stem]}.{end}"] = tensor
    return found


def _joined(state: Mapping[str, Tensor], names: Mapping[str, tuple[str, ...]]) -> Weights:
    found = {}
    for whole, pieces in names.items():
        for end in ("weight", "bias"):
            parts = [state[f"{piece}.{end}"] for piece in pieces if f"{piece}.{end}" in state]
            if len(parts) == len(pieces):
                found[f"{whole}.{end}"] = torch.cat(parts)
    return found
