"""The tensors by which real files of each kind are known, as small as their shapes allow.

Names and widths are those of the published files; the first axis of each is cut.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engines.api import Kind, Role
from tests.engines.model_files import STABLE_DIFFUSION

Shapes = dict[str, tuple[int, ...]]
UNET = "model.diffusion_model."
TO_K = "transformer_blocks.0.attn2.to_k.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One file and what it has to be recognised as."""

    tensors: Shapes
    role: Role
    architecture: str
    base: str = ""
    prediction: str = ""
    channels: int = 0
    kind: Kind = Kind.IMAGE
    metadata: dict[str, str] = field(default_factory=dict)


def lora(*names: str, width: int, up: str = "lora_up", down: str = "lora_down") -> Shapes:
    """Return a LoRA's two factors of each layer, of rank 2."""
    shapes: Shapes = {}
    for name in names:
        shapes[f"{name}.{down}.weight"] = (2, width)
        shapes[f"{name}.{up}.weight"] = (4, 2)
    return shapes


def beside(prefix: str = "") -> Shapes:
    """Return a VAE and a text encoder, which make a checkpoint a whole one."""
    return {
        f"{prefix}first_stage_model.decoder.conv_in.weight": (4, 4, 3, 3),
        "conditioner.embedders.0.transformer.text_model.embeddings.position_ids": (1, 77),
    }


def checkpoint(channels: int, place: str, width: int, **more: tuple[int, ...]) -> Shapes:
    return {
        f"{UNET}input_blocks.0.0.weight": (4, channels, 3, 3),
        f"{UNET}input_blocks.{place}.{TO_K}": (2, width),
        **beside(),
        **more,
    }


SD3_CORE = {
    "joint_blocks.0.x_block.attn.qkv.weight": (6, 4),
    "x_embedder.proj.weight": (4, 16, 2, 2),
}
FLUX_CORE = {
    "double_blocks.0.img_attn.qkv.weight": (6, 4),
    "single_blocks.0.linear1.weight": (6, 4),
    "img_in.weight": (4, 64),
}
GUIDED = {"guidance_in.in_layer.weight": (4, 4)}
ENCODERS_3 = {
    "text_encoders.clip_l.transformer.text_model.embeddings.position_embedding.weight": (2, 768),
    "first_stage_model.decoder.conv_in.weight": (4, 16, 3, 3),
}


def inside(shapes: Shapes) -> Shapes:
    """Put a network where the original checkpoints have it."""
    return {UNET + name: shape for name, shape in shapes.items()}


DIFFUSERS_UNET = {
    "conv_in.weight": (4, 4, 3, 3),
    f"down_blocks.0.attentions.0.{TO_K}": (2, 768),
    "up_blocks.0.resnets.0.conv1.weight": (2, 2, 3, 3),
}
KOHYA = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
KOHYA_XL = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
PEFT = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
KOHYA_FLUX = "lora_unet_double_blocks_0_img_attn_proj"
PEFT_FLUX = "transformer.single_transformer_blocks.0.attn.to_q"
PEFT_SD3 = "transformer.transformer_blocks.0.attn.to_q"
A, B = "lora_A", "lora_B"

CHECKPOINTS = {
    "sd15": Known(
        tensors=STABLE_DIFFUSION, role=Role.MODEL, architecture="stable-diffusion",
        base="stable-diffusion", channels=4,
    ),
    "sd15 inpaint": Known(
        tensors=checkpoint(9, "1.1", 768), role=Role.MODEL, architecture="stable-diffusion",
        base="stable-diffusion", channels=9,
    ),
    "sd2 v": Known(
        tensors=checkpoint(4, "1.1", 1024, v_pred=(1,)), role=Role.MODEL,
        architecture="stable-diffusion-2", base="stable-diffusion-2", channels=4,
        prediction="v_prediction",
    ),
    "sdxl": Known(
        tensors=checkpoint(4, "4.1", 2048), role=Role.MODEL, architecture="stable-diffusion-xl",
        base="stable-diffusion-xl", channels=4, prediction="epsilon",
        metadata={"modelspec.prediction_type": "epsilon"},
    ),
    "sdxl edm": Known(
        tensors=checkpoint(4, "4.1", 2048, edm_mean=(1,)), role=Role.MODEL,
        architecture="stable-diffusion-xl", base="stable-diffusion-xl", channels=4,
        prediction="edm",
    ),
    "sdxl refiner": Known(
        tensors=checkpoint(4, "4.1", 1280), role=Role.MODEL,
        architecture="stable-diffusion-xl-refiner", base="stable-diffusion-xl-refiner",
        channels=4,
    ),
    "sd3": Known(
        tensors={**inside(SD3_CORE), **ENCODERS_3}, role=Role.MODEL,
        architecture="stable-diffusion-3", base="stable-diffusion-3", channels=16,
        prediction="flow",
    ),
    "sd3.5": Known(
        tensors={
            **inside({**SD3_CORE, "joint_blocks.0.x_block.attn.ln_q.weight": (4,)}), **ENCODERS_3,
        },
        role=Role.MODEL, architecture="stable-diffusion-3.5", base="stable-diffusion-3",
        channels=16, prediction="flow",
    ),
    "flux whole": Known(
        tensors={**inside({**FLUX_CORE, **GUIDED}), **ENCODERS_3}, role=Role.MODEL,
        architecture="flux", base="flux", channels=64, prediction="flow",
    ),
    "flux alone": Known(
        tensors={**FLUX_CORE, **GUIDED}, role=Role.DENOISER, architecture="flux", base="flux",
        channels=64, prediction="flow",
    ),
    "flux fill": Known(
        tensors={**FLUX_CORE, **GUIDED, "img_in.weight": (4, 384)}, role=Role.DENOISER,
        architecture="flux", base="flux", channels=384, prediction="flow",
    ),
    "flux schnell": Known(
        tensors=FLUX_CORE, role=Role.DENOISER, architecture="flux-schnell", base="flux",
        channels=64, prediction="flow",
    ),
    "flux of diffusers": Known(
        tensors={
            "transformer_blocks.0.attn.add_k_proj.weight": (4, 4),
            "single_transformer_blocks.0.proj_mlp.weight": (4, 4),
            "x_embedder.weight": (4, 64),
            "time_text_embed.guidance_embedder.linear_1.weight": (4, 4),
        },
        role=Role.DENOISER, architecture="flux", base="flux", channels=64, prediction="flow",
    ),
    "sd3 of diffusers": Known(
        tensors={
            "transformer_blocks.0.attn.add_k_proj.weight": (4, 4),
            "pos_embed.proj.weight": (4, 16, 2, 2),
        },
        role=Role.DENOISER, architecture="stable-diffusion-3", base="stable-diffusion-3",
        channels=16, prediction="flow",
    ),
    "unet alone": Known(
        tensors={k: v for k, v in STABLE_DIFFUSION.items() if k.startswith(UNET)},
        role=Role.DENOISER, architecture="stable-diffusion", base="stable-diffusion", channels=4,
    ),
    "unet of diffusers": Known(
        tensors=DIFFUSERS_UNET, role=Role.DENOISER, architecture="stable-diffusion",
        base="stable-diffusion", channels=4,
    ),
}  # fmt: skip

LORAS = {
    "kohya": (lora(KOHYA, width=768), "stable-diffusion"),
    "kohya sd2": (lora(KOHYA, width=1024), "stable-diffusion-2"),
    "kohya sdxl": (lora(KOHYA_XL, width=2048), "stable-diffusion-xl"),
    "peft sdxl": (lora(PEFT, width=2048, up=B, down=A), "stable-diffusion-xl"),
    "old diffusers": (
        {
            "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor"
            ".to_k_lora.down.weight": (2, 768),
        },
        "stable-diffusion",
    ),
    "only text encoder": (
        lora("lora_te_text_model_encoder_layers_0_self_attn_q_proj", width=768),
        "stable-diffusion",
    ),
    "second text encoder": (
        lora("lora_te2_text_model_encoder_layers_0_self_attn_q_proj", width=1280),
        "stable-diffusion-xl",
    ),
    "kohya flux": (lora(KOHYA_FLUX, width=3072), "flux"),
    "peft flux": (lora(PEFT_FLUX, width=3072, up=B, down=A), "flux"),
    "peft sd3": (lora(PEFT_SD3, width=1536, up=B, down=A), "stable-diffusion-3"),
    "xlabs flux": ({"double_blocks.0.processor.qkv_lora1.down.weight": (2, 3072)}, "flux"),
    "kohya sd3": (lora("lora_unet_joint_blocks_0_x_block_attn_proj", width=1536),
                  "stable-diffusion-3"),
    "of something": (lora("lora_unet_mid_block_resnets_0_conv1", width=9), ""),
}  # fmt: skip

HINT = {"input_hint_block.0.weight": (2, 3, 3, 3)}
PARTS = {
    "lora by its own words": Known(
        tensors=lora("lora_unet_mid_block_resnets_0_conv1", width=9), role=Role.LORA,
        architecture="lora", base="stable-diffusion-xl",
        metadata={"ss_base_model_version": "sdxl_base_v1-0"},
    ),
    "lycoris": Known(
        tensors={f"{KOHYA}.hada_w1_a": (2, 2), f"{KOHYA}.hada_w1_b": (2, 2)}, role=Role.LORA,
        architecture="lycoris",
    ),
    "lora for words": Known(
        tensors=lora("base_model.model.model.layers.0.self_attn.q_proj", width=8, up=B, down=A),
        role=Role.LORA, architecture="lora", kind=Kind.TEXT,
    ),
    "embedding": Known(
        tensors={"emb_params": (4, 768)}, role=Role.TEXTUAL_INVERSION,
        architecture="textual-inversion", base="stable-diffusion",
    ),
    "embedding sdxl": Known(
        tensors={"clip_l": (4, 768), "clip_g": (4, 1280)}, role=Role.TEXTUAL_INVERSION,
        architecture="textual-inversion", base="stable-diffusion-xl",
    ),
    "embedding of diffusers": Known(
        tensors={"<my-cat>": (1024,)}, role=Role.TEXTUAL_INVERSION,
        architecture="textual-inversion", base="stable-diffusion-2",
    ),
    "vae": Known(
        tensors={"encoder.conv_in.weight": (2, 3, 3, 3), "decoder.conv_in.weight": (2, 4, 3, 3)},
        role=Role.VAE, architecture="vae", channels=4,
    ),
    "vae of flux": Known(
        tensors={"encoder.conv_in.weight": (2, 3, 3, 3), "decoder.conv_in.weight": (2, 16, 3, 3)},
        role=Role.VAE, architecture="vae", channels=16,
    ),
    "taesd": Known(
        tensors={"decoder.layers.1.weight": (64, 4, 3, 3),
                 "decoder.layers.3.conv.0.weight": (64, 64, 3, 3)},
        role=Role.VAE, architecture="taesd", channels=4,
    ),
    "taesd of diffusers": Known(
        tensors={"decoder.layers.0.weight": (64, 16, 3, 3),
                 "decoder.layers.2.conv.0.weight": (64, 64, 3, 3)},
        role=Role.VAE, architecture="taesd", channels=16,
    ),
    "controlnet": Known(
        tensors={"control_model.input_hint_block.0.weight": (2, 3, 3, 3),
                 f"control_model.input_blocks.1.1.{TO_K}": (2, 768)},
        role=Role.CONTROLNET, architecture="controlnet", base="stable-diffusion",
    ),
    "controlnet of diffusers": Known(
        tensors={"controlnet_cond_embedding.conv_in.weight": (2, 3, 3, 3),
                 f"down_blocks.1.attentions.0.{TO_K}": (2, 2048)},
        role=Role.CONTROLNET, architecture="controlnet", base="stable-diffusion-xl",
    ),
    "controlnet union": Known(
        tensors={"controlnet_cond_embedding.conv_in.weight": (2, 3, 3, 3),
                 "task_embedding": (6, 2), f"down_blocks.1.attentions.0.{TO_K}": (2, 2048)},
        role=Role.CONTROLNET, architecture="controlnet-union", base="stable-diffusion-xl",
    ),
    "controlnet flux": Known(
        tensors={"controlnet_blocks.0.weight": (2, 2), "controlnet_x_embedder.weight": (2, 64),
                 "single_transformer_blocks.0.proj_mlp.weight": (2, 2)},
        role=Role.CONTROLNET, architecture="controlnet", base="flux",
    ),
    "controlnet sd3": Known(
        tensors={"controlnet_blocks.0.weight": (2, 2), "pos_embed_input.proj.weight": (2, 16, 2, 2),
                 "transformer_blocks.0.attn.add_k_proj.weight": (2, 2)},
        role=Role.CONTROLNET, architecture="controlnet", base="stable-diffusion-3",
    ),
    "control lora": Known(
        tensors={**HINT, "lora_controlnet": (1,), f"input_blocks.4.1.{TO_K}": (2, 2048)},
        role=Role.CONTROLNET, architecture="control-lora", base="stable-diffusion-xl",
    ),
    "ip adapter": Known(
        tensors={"image_proj.proj.weight": (2, 1024), "ip_adapter.1.to_k_ip.weight": (2, 2048)},
        role=Role.IP_ADAPTER, architecture="ip-adapter", base="stable-diffusion-xl",
    ),
    "t2i adapter": Known(
        tensors={"conv_in.weight": (2, 192, 3, 3), "body.0.block1.weight": (2, 2, 3, 3)},
        role=Role.T2I_ADAPTER, architecture="t2i-adapter", base="stable-diffusion",
    ),
    "t2i adapter sdxl": Known(
        tensors={"adapter.conv_in.weight": (2, 768, 3, 3),
                 "adapter.body.0.resnets.0.block1.weight": (2, 2, 3, 3)},
        role=Role.T2I_ADAPTER, architecture="t2i-adapter", base="stable-diffusion-xl",
    ),
    "clip l": Known(
        tensors={"text_model.embeddings.token_embedding.weight": (9, 768),
                 "text_model.final_layer_norm.weight": (768,)},
        role=Role.TEXT_ENCODER, architecture="clip-l",
    ),
    "clip g": Known(
        tensors={"text_model.embeddings.token_embedding.weight": (9, 1280),
                 "text_model.final_layer_norm.weight": (1280,)},
        role=Role.TEXT_ENCODER, architecture="clip-g",
    ),
    "t5": Known(
        tensors={"encoder.block.0.layer.0.SelfAttention.q.weight": (2, 4096),
                 "shared.weight": (2, 4096)},
        role=Role.TEXT_ENCODER, architecture="t5-xxl",
    ),
    "umt5": Known(
        tensors={
            "encoder.block.0.layer.0.SelfAttention.q.weight": (2, 4096),
            "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight": (2, 4),
        },
        role=Role.TEXT_ENCODER, architecture="umt5-xxl",
    ),
    "clip vision": Known(
        tensors={"vision_model.embeddings.patch_embedding.weight": (2, 3, 14, 14)},
        role=Role.IMAGE_ENCODER, architecture="clip-vision",
    ),
    "esrgan": Known(
        tensors={"model.0.weight": (2, 3, 3, 3), "model.1.sub.0.RDB1.conv1.0.weight": (2, 2, 3, 3)},
        role=Role.UPSCALER, architecture="esrgan", kind=Kind.UPSCALE,
    ),
    "real esrgan": Known(
        tensors={"params_ema.conv_first.weight": (2, 3, 3, 3),
                 "params_ema.body.0.rdb1.conv1.weight": (2, 2, 3, 3)},
        role=Role.UPSCALER, architecture="esrgan", kind=Kind.UPSCALE,
    ),
    "compact": Known(
        tensors={"body.0.weight": (8, 3, 3, 3), "body.1.weight": (8,),
                 "body.2.weight": (8, 8, 3, 3)},
        role=Role.UPSCALER, architecture="compact", kind=Kind.UPSCALE,
    ),
    "swinir": Known(
        tensors={"layers.0.residual_group.blocks.0.attn.relative_position_bias_table": (9, 2)},
        role=Role.UPSCALER, architecture="swinir", kind=Kind.UPSCALE,
    ),
    "rgt": Known(
        tensors={"layers.0.blocks.0.gamma": (2,), "layers.0.blocks.0.attn.qkv.weight": (6, 2)},
        role=Role.UPSCALER, architecture="rgt", kind=Kind.UPSCALE,
    ),
    "dat": Known(
        tensors={"layers.0.blocks.0.attn.qkv.weight": (6, 2)},
        role=Role.UPSCALER, architecture="dat", kind=Kind.UPSCALE,
    ),
    "rcan": Known(
        tensors={"head.0.weight": (2, 3, 3, 3),
                 "body.0.body.0.body.3.conv_du.0.weight": (1, 2, 1, 1)},
        role=Role.UPSCALER, architecture="rcan", kind=Kind.UPSCALE,
    ),
}  # fmt: skip

FILES: dict[str, Known] = {
    **CHECKPOINTS,
    **{
        f"lora {name}": Known(tensors=shapes, role=Role.LORA, architecture="lora", base=base)
        for name, (shapes, base) in LORAS.items()
    },
    **PARTS,
}
