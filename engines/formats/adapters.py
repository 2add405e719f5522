"""What is put on a picture model: LoRAs, textual inversions, ControlNets, adapters."""

from __future__ import annotations

import re

from engines.api import Kind, Role
from engines.formats.content import BASE_OF_WIDTH, FLUX, SD1, SD2, SD3, SDXL, Content, Weights

_DOWN = (".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight", ".lora.down.weight")
_OLD_DOWN = ("_lora.down.weight", "_lora1.down.weight", "_lora2.down.weight")
_LYCORIS = (".hada_w1_a", ".lokr_w1", ".lokr_w1_a", ".oft_blocks", ".glora.a1.weight")
_LANGUAGE = ("base_model.model.", "model.layers.")
_STATED = (
    # Words of kohya's and the model spec's metadata; the first that is in them tells.
    ("sdxl", SDXL), ("xl-v1", SDXL), ("xl-v0", SDXL), ("pony", SDXL), ("illustrious", SDXL),
    ("flux", FLUX), ("sd3", SD3), ("diffusion-3", SD3),
    ("sd_v2", SD2), ("diffusion-v2", SD2), ("sd_v1", SD1), ("diffusion-v1", SD1),
)  # fmt: skip
_DEEP = re.compile(r"transformer_blocks[_.](?:[2-9]|\d\d)[_.]")
_TOKEN_WIDTHS = {768: SD1, 1024: SD2, 1280: SDXL}
_MOST_TOKENS = 512


def addition(weights: Weights) -> Content | None:
    """Recognise what is used on top of a picture (or language) model."""
    return (
        _controlnet(weights)
        or _ip_adapter(weights)
        or _t2i_adapter(weights)
        or _lora(weights)
        or _textual_inversion(weights)
    )


def _lora(weights: Weights) -> Content | None:
    if weights.ends(*_DOWN, *_OLD_DOWN):
        architecture = "lora"
    elif weights.ends(*_LYCORIS):
        architecture = "lycoris"
    else:
        return None
    if weights.begins(*_LANGUAGE) and not any("down_blocks" in name for name in weights.names):
        return Content(role=Role.LORA, architecture=architecture, kind=Kind.TEXT)
    return Content(role=Role.LORA, architecture=architecture, base=_lora_base(weights))


def _lora_base(weights: Weights) -> str:
    """Tell which family a LoRA was made for: by its layers, their widths, or its own words."""
    names = weights.names
    if any("single_blocks" in n or "single_transformer_blocks" in n for n in names):
        return FLUX
    if any("double_blocks" in n for n in names):
        return FLUX
    if any("joint_blocks" in n for n in names):
        return SD3
    for name in names:
        if "attn2" in name and name.endswith((*_DOWN, *_OLD_DOWN)) and _reads_prompt(name):
            base = BASE_OF_WIDTH.get(weights.size(name, 1), "")
            if base:
                return base
    if weights.begins("lora_te2_", "text_encoder_2.") or any(_DEEP.search(n) for n in names):
        if weights.begins("transformer."):
            return _of_transformer(weights)
        return SDXL
    if weights.begins("transformer."):
        return _of_transformer(weights)
    return _stated(weights) or _by_encoder(weights)


def _reads_prompt(name: str) -> bool:
    """Say whether a layer takes the prompt's states and not the picture's."""
    return any(part in name for part in ("to_k", "to_v"))


def _of_transformer(weights: Weights) -> str:
    """Tell Flux from Stable Diffusion 3 by the width of the blocks that both have."""
    for name in weights.names:
        if "attn.to_q" in name and name.endswith(_DOWN):
            return FLUX if weights.size(name, 1) == 3072 else SD3
    return _stated(weights)


def _stated(weights: Weights) -> str:
    words = " ".join(
        weights.metadata.get(key, "")
        for key in ("ss_base_model_version", "modelspec.architecture", "sd version")
    ).lower()
    return next((base for mark, base in _STATED if mark in words), "")


def _by_encoder(weights: Weights) -> str:
    """Tell by the width of the text encoder that the LoRA changes too."""
    for name in weights.names:
        of_words = name.startswith(("lora_te_", "text_encoder.")) and "q_proj" in name
        if of_words and name.endswith((*_DOWN, *_OLD_DOWN)):
            return {768: SD1, 1024: SD2}.get(weights.size(name, 1), "")
    return ""


def _controlnet(weights: Weights) -> Content | None:
    architecture = _controlnet_sort(weights)
    if not architecture:
        return None
    base = ""
    for prefix in ("control_model.", ""):
        for place in (
            "input_blocks.1.1", "input_blocks.4.1", "down_blocks.0.attentions.0",
            "down_blocks.1.attentions.0",
        ):  # fmt: skip
            name = f"{prefix}{place}.transformer_blocks.0.attn2.to_k.weight"
            base = base or BASE_OF_WIDTH.get(weights.size(name, 1, 2), "")
    if weights.begins("controlnet_blocks."):
        flux = weights.begins(
            "controlnet_x_embedder.", "double_blocks.", "single_transformer_blocks."
        )
        base = FLUX if flux else SD3
    if architecture in ("control-lora", "controlnet-lllite"):
        base = base or SDXL  # both were only ever made for it
    return Content(role=Role.CONTROLNET, architecture=architecture, base=base)


def _controlnet_sort(weights: Weights) -> str:
    if weights.begins("lllite_"):
        return "controlnet-lllite"
    if "lora_controlnet" in weights:
        return "control-lora"
    if weights.begins("control_add_embedding.", "task_embedding"):
        return "controlnet-union" if weights.begins("controlnet_cond_embedding.") else ""
    if weights.begins(
        "control_model.input_hint_block.", "controlnet_cond_embedding.", "controlnet_blocks."
    ):
        return "controlnet"
    # Without the prefix of the original program: the hint's own layers beside a half UNet.
    return "controlnet" if weights.begins("input_hint_block.", "zero_convs.") else ""


def _ip_adapter(weights: Weights) -> Content | None:
    if weights.begins("image_proj.") and weights.begins("ip_adapter."):
        widths = (weights.size(n, 1, 2) for n in weights.names if n.endswith("to_k_ip.weight"))
        base = BASE_OF_WIDTH.get(next(widths, 0), "")
    elif weights.begins("ip_adapter_proj_model.", "double_blocks.0.processor.ip_adapter"):
        base = FLUX
    else:
        return None
    return Content(role=Role.IP_ADAPTER, architecture="ip-adapter", base=base)


def _t2i_adapter(weights: Weights) -> Content | None:
    prefix = "adapter." if weights.begins("adapter.body.") else ""
    inside = weights.size(f"{prefix}conv_in.weight", 1, 4)
    body = weights.begins(f"{prefix}body.0.block1.", f"{prefix}body.0.resnets.0.block1.")
    light = weights.begins(f"{prefix}body.0.in_conv.")
    if not (inside and body) and not light:
        return None
    # The picture's pixels are folded 8 by 8 for the older families, 16 by 16 for the larger.
    inside = inside or weights.size(f"{prefix}body.0.in_conv.weight", 1, 4)
    base = SDXL if inside % 256 == 0 else SD1
    return Content(role=Role.T2I_ADAPTER, architecture="t2i-adapter", base=base)


def _textual_inversion(weights: Weights) -> Content | None:
    """Recognise a few learnt words, as wide as the states of one family's text encoders."""
    tensors = weights.tensors
    if {"clip_l", "clip_g"} <= tensors.keys() and len(tensors) <= 3:
        return Content(role=Role.TEXTUAL_INVERSION, architecture="textual-inversion", base=SDXL)
    if len(tensors) != 1:
        return None
    shape = next(iter(tensors.values())).shape
    if not 1 <= len(shape) <= 2 or (len(shape) == 2 and not 1 <= shape[0] <= _MOST_TOKENS):
        return None
    base = _TOKEN_WIDTHS.get(shape[-1], "")
    if not base:
        return None
    return Content(role=Role.TEXTUAL_INVERSION, architecture="textual-inversion", base=base)
