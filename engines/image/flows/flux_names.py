"""The names of Flux's weights in the original layout, as diffusers names them.

Where the original computes query, key and value (and more) with one matrix,
diffusers has one for each: their rows are taken apart. That holds for packed
weights too, whose rows are packed each by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import torch

_OUTSIDE = {
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
    "txt_in": "context_embedder",
    "img_in": "x_embedder",
    "final_layer.linear": "proj_out",
}

_DOUBLE = {
    "img_mod.lin": "norm1.linear",
    "txt_mod.lin": "norm1_context.linear",
    "img_attn.proj": "attn.to_out.0",
    "txt_attn.proj": "attn.to_add_out",
    "img_mlp.0": "ff.net.0.proj",
    "img_mlp.2": "ff.net.2",
    "txt_mlp.0": "ff_context.net.0.proj",
    "txt_mlp.2": "ff_context.net.2",
}
_SINGLE = {"modulation.lin": "norm.linear", "linear2": "proj_out"}

_NORMS = {
    "img_attn.norm.query_norm.scale": "attn.norm_q.weight",
    "img_attn.norm.key_norm.scale": "attn.norm_k.weight",
    "txt_attn.norm.query_norm.scale": "attn.norm_added_q.weight",
    "txt_attn.norm.key_norm.scale": "attn.norm_added_k.weight",
    "norm.query_norm.scale": "attn.norm_q.weight",
    "norm.key_norm.scale": "attn.norm_k.weight",
}

_SPLITS: dict[str, dict[str, tuple[str, ...]]] = {
    "double": {
        "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
        "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    },
    "single": {"linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")},
}

_BLOCK = re.compile(r"(double|single)_blocks\.(\d+)\.(.+)")


def renamed(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return all weights under diffusers' names.

    Raises:
        LookupError: one has a name that the original does not know.
    """
    width = weights["img_in.bias"].shape[0]
    return dict(pair for name, tensor in weights.items() for pair in _pairs(name, tensor, width))


def _pairs(name: str, tensor: Any, width: int) -> Iterator[tuple[str, Any]]:
    stem, _, end = name.rpartition(".")
    block = _BLOCK.fullmatch(name)
    if block is not None:
        yield from _in_block(block[1], block[2], block[3], tensor, width)
    elif stem == "final_layer.adaLN_modulation.1":
        # The original has the shift before the scale.
        shift, scale = tensor.chunk(2, dim=0)
        yield f"norm_out.linear.{end}", torch.cat([scale, shift], dim=0)
    else:
        yield f"{_OUTSIDE[stem]}.{end}", tensor


def _in_block(
    kind: str, number: str, name: str, tensor: Any, width: int
) -> Iterator[tuple[str, Any]]:
    place = f"{'single_' if kind == 'single' else ''}transformer_blocks.{number}."
    stem, _, end = name.rpartition(".")
    if name in _NORMS:
        yield place + _NORMS[name], tensor
    elif stem in _SPLITS[kind]:
        parts = _SPLITS[kind][stem]
        rows = [width] * 3 + [tensor.shape[0] - 3 * width] * (len(parts) - 3)
        for part, piece in zip(parts, tensor.split(rows, dim=0), strict=True):
            yield f"{place}{part}.{end}", piece
    else:
        yield f"{place}{(_DOUBLE if kind == 'double' else _SINGLE)[stem]}.{end}", tensor
