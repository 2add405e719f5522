"""UNets and transformers that draw, alone or with all that belongs to them in one file.

The marks are facts of the published files: names of layers that only one
family has, and the widths that tell its members apart.
"""

from __future__ import annotations

from engines.api import Role
from engines.formats.content import (
    BASE_OF_WIDTH,
    FLUX,
    SD1,
    SD2,
    SD3,
    Content,
    Weights,
)

PREFIX = "model.diffusion_model."
"""How the original programs begin the names of the part that draws."""

_VAES = ("first_stage_model.", "vae.")
_ENCODERS = ("cond_stage_model.", "conditioner.", "text_encoders.")
_ATTENTION = "1.transformer_blocks.0.attn2.to_k.weight"
_PLACES = (f"input_blocks.1.{_ATTENTION}", f"input_blocks.4.{_ATTENTION}")
_DIFFUSERS_PLACES = tuple(
    f"down_blocks.{block}.attentions.0.transformer_blocks.0.attn2.to_k.weight" for block in (0, 1)
)
_PREDICTIONS = {"epsilon": "epsilon", "v": "v_prediction"}

FOREIGN = {
    "double_stream_modulation_img.lin.weight": "Flux 2",
    "single_stream_modulation.lin.weight": "Flux 2",
    "distilled_guidance_layer.in_proj.bias": "Chroma",
    "double_layers.0.attn.w1q.weight": "AuraFlow",
    "clip_txt_mapper.weight": "Stable Cascade",
    "down_blocks.1.0.channelwise.0.weight": "Stable Cascade",
    "head.modulation": "Wan, for video",
    "patchify_proj.weight": "LTX, for video",
    "txt_in.individual_token_refiner.blocks.0.adaLN_modulation.1.bias": "HunyuanVideo",
    "cap_embedder.0.weight": "Lumina",
    "layers.0.adaLN_modulation.0.weight": "Z-Image",
    "blocks.0.cross_attn.q_linear.weight": "PixArt or Sana",
    "double_stream_blocks.0.block.adaLN_modulation.1.bias": "HiDream",
    "txt_norm.weight": "Qwen-Image",
    "net.x_embedder.proj.1.weight": "Cosmos, for video",
    "input_blocks.1.1.time_stack.0.attn1.to_k.weight": "Stable Video Diffusion",
}
"""A layer that only one family has -> the name of that family; none of these is drawn with."""


def drawing(weights: Weights) -> Content | None:
    """Recognise a whole checkpoint, or the part of one that draws."""
    inside = weights.below(PREFIX)
    if not inside.names:
        return _denoiser(weights, Role.DENOISER, weights)
    whole = weights.begins(*_VAES) and weights.begins(*_ENCODERS)
    return _denoiser(inside, Role.MODEL if whole else Role.DENOISER, weights)


def foreign(weights: Weights) -> str:
    """Name the family of a model that is known but not drawn with; or return nothing."""
    inside = weights.below(PREFIX)
    for mark, name in FOREIGN.items():
        if mark in weights or mark in inside:
            return name
    return ""


def _denoiser(inside: Weights, role: Role, whole: Weights) -> Content | None:
    if foreign(inside):
        return None
    return _unet(inside, role, whole) or _sd3(inside, role) or _flux(inside, role)


def _unet(inside: Weights, role: Role, whole: Weights) -> Content | None:
    """Recognise a UNet by the width of the prompts that its first cross-attention reads."""
    original = inside.begins("input_blocks.")
    if not original and not inside.begins("up_blocks."):
        return None
    places = _PLACES if original else _DIFFUSERS_PLACES
    width = next(filter(None, (inside.size(place, 1, 2) for place in places)), 0)
    base = BASE_OF_WIDTH.get(width, "")
    if not base:
        return None
    if base in (SD1, SD2) and inside.size(places[0], 1, 2) == 0:
        return None  # the first cross-attention of these lies in the very first block
    return Content(
        role=role,
        architecture=base,
        base=base,
        prediction=_prediction(whole),
        channels=inside.size("input_blocks.0.0.weight" if original else "conv_in.weight", 1, 4),
    )


def _prediction(whole: Weights) -> str:
    """Return what the file says that its UNet predicts: a mark among the tensors, or a word."""
    if "v_pred" in whole:
        return "v_prediction"
    if whole.begins("edm_"):
        return "edm"
    return _PREDICTIONS.get(whole.metadata.get("modelspec.prediction_type", ""), "")


def _sd3(inside: Weights, role: Role) -> Content | None:
    """Recognise the transformers of Stable Diffusion 3 and 3.5 (which norms its queries)."""
    if inside.begins("joint_blocks.0.x_block."):
        channels = inside.size("x_embedder.proj.weight", 1, 4)
        norms = inside.begins("joint_blocks.0.x_block.attn.ln_q.")
    elif inside.begins("transformer_blocks.0.attn.add_k_proj.") and inside.begins(
        "pos_embed.proj."
    ):
        channels = inside.size("pos_embed.proj.weight", 1, 4)
        norms = inside.begins("transformer_blocks.0.attn.norm_q.")
    else:
        return None
    if not channels:
        return None
    name = f"{SD3}.5" if norms else SD3
    return Content(role=role, architecture=name, base=SD3, prediction="flow", channels=channels)


def _flux(inside: Weights, role: Role) -> Content | None:
    """Recognise Flux; only the distilled "schnell" is not told how strongly to guide."""
    if inside.begins("double_blocks.0.img_attn.") and inside.begins("single_blocks.0."):
        channels, guided = inside.size("img_in.weight", 1, 2), inside.begins("guidance_in.")
    elif inside.begins("single_transformer_blocks.0.") and inside.begins(
        "transformer_blocks.0.attn.add_k_proj."
    ):
        channels = inside.size("x_embedder.weight", 1, 2)
        guided = inside.begins("time_text_embed.guidance_embedder.")
    else:
        return None
    if not channels:
        return None
    name = FLUX if guided else f"{FLUX}-schnell"
    return Content(role=role, architecture=name, base=FLUX, prediction="flow", channels=channels)
