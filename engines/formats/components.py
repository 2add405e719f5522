"""Parts of picture models in files of their own: VAEs, encoders, upscalers."""

from __future__ import annotations

from engines.api import Kind, Role
from engines.formats.content import Content, Weights

_VAE_PREFIXES = ("", "first_stage_model.", "vae.")
_CLIP_WIDTHS = {768: "clip-l", 1024: "clip-h", 1280: "clip-g"}
_T5_WIDTHS = {512: "t5-small", 768: "t5-base", 1024: "t5-large", 2048: "t5-xl", 4096: "t5-xxl"}

_UPSCALER_PREFIXES = ("", "params_ema.", "params.", "module.", "netG.")
_UPSCALERS = (
    # A layer that only one kind of enlarging network has; the first that is there names it.
    ("esrgan", ("model.1.sub.0.RDB1.conv1.0.weight", "body.0.rdb1.conv1.weight")),
    ("esrgan", ("RRDB_trunk.0.RDB1.conv1.weight", "trunk.0.rdb1.conv1.weight")),
    ("hat", ("layers.0.residual_group.overlap_attn.relative_position_bias_table",)),
    ("swinir", ("layers.0.residual_group.blocks.0.attn.relative_position_bias_table",)),
    ("swin2sr", ("layers.0.residual_group.blocks.0.attn.logit_scale",)),
    ("drct", ("layers.0.swin1.attn.relative_position_bias_table",)),
    ("atd", ("layers.0.residual_group.td",)),
    ("rgt", ("layers.0.blocks.0.gamma",)),
    ("dat", ("layers.0.blocks.0.attn.qkv.weight",)),
    ("rcan", ("body.0.body.0.body.3.conv_du.0.weight",)),
    ("safmn", ("feats.0.safm.mfr.0.weight",)),
    ("mosr", ("gblocks.1.conv.weight",)),
    ("omnisr", ("residual_layer.0.residual_layer.0.layer.0.fn.0.weight",)),
    ("span", ("block_1.c1_r.eval_conv.weight", "block_1.c1_r.conv.0.weight")),
    ("plksr", ("feats.1.lk.conv.weight", "feats.1.channe_mixer.0.weight")),
    ("realcugan", ("unet1.conv1.conv.0.weight",)),
)


def part(weights: Weights) -> Content | None:
    """Recognise a part of a picture model, or an upscaler."""
    return (
        _vae(weights)
        or _tiny_vae(weights)
        or _clip(weights)
        or _t5(weights)
        or _image_encoder(weights)
        or _upscaler(weights)
    )


def _vae(weights: Weights) -> Content | None:
    for prefix in _VAE_PREFIXES:
        channels = weights.size(f"{prefix}decoder.conv_in.weight", 1, 4)
        if channels and weights.size(f"{prefix}encoder.conv_in.weight", 1) == 3:
            return Content(role=Role.VAE, architecture="vae", channels=channels)
    # One family's own layer norms aside, a VAE without that shape is still one by its names.
    if all(f"{side}.conv_in.weight" in weights for side in ("encoder", "decoder")):
        return Content(role=Role.VAE, architecture="vae")
    return None


def _tiny_vae(weights: Weights) -> Content | None:
    """Recognise the small decoder for previews, TAESD, in its three layouts."""
    for first, second in (
        ("decoder.layers.0.weight", "decoder.layers.2.conv.0.weight"),
        ("decoder.layers.1.weight", "decoder.layers.3.conv.0.weight"),
        ("1.weight", "3.conv.0.weight"),
    ):
        channels = weights.size(first, 1, 4)
        if channels and weights.size(second, 1, 4) == weights.size(first, 0, 4):
            return Content(role=Role.VAE, architecture="taesd", channels=channels)
    if weights.size("0.weight", 1, 4) == 3 and weights.size("1.conv.0.weight", 1, 4):
        return Content(role=Role.VAE, architecture="taesd-encoder")
    return None


def _clip(weights: Weights) -> Content | None:
    for prefix in ("", "text_model.", "transformer.", "transformer.text_model."):
        width = weights.size(f"{prefix}embeddings.token_embedding.weight", 1, 2)
        if width:
            break
    else:
        if not weights.begins("transformer.resblocks."):
            return None
        width = weights.size("token_embedding.weight", 1, 2)
    name = _CLIP_WIDTHS.get(width, "clip")
    if weights.begins("vision_model."):
        return Content(role=Role.IMAGE_ENCODER, architecture="clip")
    return Content(role=Role.TEXT_ENCODER, architecture=name)


def _t5(weights: Weights) -> Content | None:
    """Recognise the encoder of a T5, by transformers' names or by those of GGUF files."""
    if weights.begins("encoder.block.0.layer.0.SelfAttention."):
        width = weights.size("encoder.block.0.layer.0.SelfAttention.q.weight", 1, 2)
        later = "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight"
    elif weights.begins("enc.blk.0.attn_rel_b."):
        width = weights.size("token_embd.weight", 1, 2)
        later = "enc.blk.1.attn_rel_b.weight"
    else:
        return None
    name = _T5_WIDTHS.get(width, "t5")
    # Only the many-tongued UMT5 has a table of distances in each of its blocks.
    name = f"um{name}" if later in weights else name
    return Content(role=Role.TEXT_ENCODER, architecture=name)


def _image_encoder(weights: Weights) -> Content | None:
    for name in ("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"):
        if weights.size(name, 1, 4) == 3:
            return Content(role=Role.IMAGE_ENCODER, architecture="clip-vision")
    return None


def _upscaler(weights: Weights) -> Content | None:
    for prefix in _UPSCALER_PREFIXES:
        for name, marks in _UPSCALERS:
            if any(prefix + mark in weights for mark in marks):
                return _enlarging(name)
        if _is_compact(weights, prefix):
            return _enlarging("compact")
    return None


def _is_compact(weights: Weights, prefix: str) -> bool:
    """Say whether it is Real-ESRGAN's small network: convolutions with one slope each between."""
    width = weights.size(f"{prefix}body.0.weight", 0, 4)
    return (
        width > 0
        and weights.size(f"{prefix}body.0.weight", 1) == 3
        and weights.size(f"{prefix}body.1.weight", 0, 1) == width
        and weights.size(f"{prefix}body.2.weight", 1, 4) == width
    )


def _enlarging(name: str) -> Content:
    return Content(role=Role.UPSCALER, architecture=name, kind=Kind.UPSCALE)
