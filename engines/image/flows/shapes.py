"""The sizes of a flow's transformer, told by the shapes of its tensors in the original layout.

Such files come in several depths and widths, and with layers taken out; none
of them says so but by its tensors. torch is not imported.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from engines.formats.safetensors import Tensor
from engines.image.flows.flow import SD3
from engines.image.sizes import UNET_PREFIX

HEAD_WIDTH = 64
"""Of the heads of Stable Diffusion 3, at each of its sizes."""


def settings(flow: str, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return what differs from the family's configuration, by diffusers' names.

    Nothing, if the tensors have diffusers' names already.

    Raises:
        LookupError: a layer is not there or of another shape.
    """
    bare = {name.removeprefix(UNET_PREFIX): tensor for name, tensor in tensors.items()}
    if flow == SD3:
        return _of_sd3(bare) if "x_embedder.proj.weight" in bare else {}
    return _of_flux(bare) if "img_in.weight" in bare else {}


def _of_sd3(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Esser and others 2024, arXiv:2403.03206; 3.5 norms queries, and some blocks look twice."""
    width, channels, patch, _ = tensors["x_embedder.proj.weight"].shape
    places = tensors["pos_embed"].shape[-2]
    depth = _depth(tensors, "joint_blocks.")
    twice = tuple(
        block
        for block in range(depth)
        if f"joint_blocks.{block}.x_block.attn2.qkv.weight" in tensors
    )
    normed = "joint_blocks.0.x_block.attn.ln_q.weight" in tensors
    return {
        "in_channels": channels,
        "out_channels": channels,
        "patch_size": patch,
        "num_layers": depth,
        "num_attention_heads": width // HEAD_WIDTH,
        "caption_projection_dim": tensors["context_embedder.weight"].shape[0],
        "joint_attention_dim": tensors["context_embedder.weight"].shape[1],
        "pooled_projection_dim": tensors["y_embedder.mlp.0.weight"].shape[1],
        "pos_embed_max_size": math.isqrt(places),
        "dual_attention_layers": twice,
        "qk_norm": "rms_norm" if normed else None,
    }


def _of_flux(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Black Forest Labs 2024, https://github.com/black-forest-labs/flux."""
    width, channels = tensors["img_in.weight"].shape
    head = tensors["double_blocks.0.img_attn.norm.query_norm.scale"].shape[-1]
    return {
        "in_channels": channels,
        "num_layers": _depth(tensors, "double_blocks."),
        "num_single_layers": _depth(tensors, "single_blocks."),
        "attention_head_dim": head,
        "num_attention_heads": width // head,
        "joint_attention_dim": tensors["txt_in.weight"].shape[1],
        "pooled_projection_dim": tensors["vector_in.in_layer.weight"].shape[1],
        "guidance_embeds": "guidance_in.in_layer.weight" in tensors,
    }


def _depth(tensors: Mapping[str, Tensor], prefix: str) -> int:
    """Count the blocks of a kind."""
    return len({name.split(".")[1] for name in tensors if name.startswith(prefix)})
