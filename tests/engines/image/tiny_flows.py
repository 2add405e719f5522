"""Random Stable Diffusion 3 and Flux of a few hundred kilobytes, as diffusers folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from engines.image.words import clip_words
from tests.engines.image import flow_layout, original_layout
from tests.engines.image.tiny_families import WORDS

Models = dict[str, Any]

CLIP_L, CLIP_G, T5 = 16, 24, 40
"""Widths of what reads prompts; T5 is at least as wide as both CLIPs beside each other."""

SCHEDULERS: dict[str, dict[str, Any]] = {
    "stable-diffusion-3": {"shift": 3.0},
    "stable-diffusion-3.5": {"shift": 3.0},
    "flux": {
        "shift": 3.0, "use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15,
        "base_image_seq_len": 256, "max_image_seq_len": 4096,
    },
    "flux-schnell": {"shift": 1.0, "use_dynamic_shifting": False},
}  # fmt: skip


def build(architecture: str) -> Models:
    """Make random models of a family's kind."""
    torch.manual_seed(0)
    if architecture.startswith("flux"):
        models: Models = {
            "transformer": _flux(guided=architecture == "flux"),
            "text_encoder": transformers.CLIPTextModel(_clip(CLIP_L)),
            "text_encoder_2": transformers.T5EncoderModel(_t5()),
        }
    else:
        models = {
            "transformer": _sd3(normed=architecture.endswith(".5")),
            "text_encoder": transformers.CLIPTextModelWithProjection(_clip(CLIP_L)),
            "text_encoder_2": transformers.CLIPTextModelWithProjection(_clip(CLIP_G, "gelu")),
            "text_encoder_3": transformers.T5EncoderModel(_t5()),
        }
        # Such files keep no projection of the small CLIP; it is read as it is.
        models["text_encoder"].text_projection.weight.data = torch.eye(CLIP_L)
    models["vae"] = vae()
    return {name: model.eval() for name, model in models.items()}


def vae() -> Any:
    """Make an autoencoder of 16 channels."""
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 16), norm_num_groups=8, layers_per_block=1, latent_channels=16,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False, use_post_quant_conv=False,
    )  # fmt: skip


def write_folder(folder: Path, architecture: str, built: Models, *, t5: bool = True) -> None:
    """Write models as diffusers does."""
    is_flux = architecture.startswith("flux")
    last = "2" if is_flux else "3"
    kept = {n: m for n, m in built.items() if t5 or n != f"text_encoder_{last}"}
    index: dict[str, Any] = {
        "_class_name": "FluxPipeline" if is_flux else "StableDiffusion3Pipeline",
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    }
    for name, model in kept.items():
        model.save_pretrained(folder / name)
        library = "transformers" if name.startswith("text") else "diffusers"
        index[name] = [library, type(model).__name__]
        if name.startswith("text"):
            tokenizer = name.replace("text_encoder", "tokenizer")
            is_t5 = name.endswith(last)
            fill = clip_words.NOTHING if name.endswith("2") else clip_words.END
            words = t5_words() if is_t5 else clip_words.tokenizer(fill)
            words.save_pretrained(folder / tokenizer)
            index[tokenizer] = ["transformers", "T5TokenizerFast" if is_t5 else "CLIPTokenizer"]
    made = diffusers.FlowMatchEulerDiscreteScheduler(**SCHEDULERS[architecture])
    made.save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(index))


def t5_words() -> Any:
    """Make a tokenizer of letters in T5's form."""
    signs = ["<pad>", "</s>", "<unk>", "\u2581", *"abcdefghijklmnopqrstuvwxyz"]
    made = Tokenizer(models.Unigram([(sign, -1.0) for sign in signs], unk_id=2))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="</s>", pad_token="<pad>", unk_token="<unk>",
        model_max_length=512,
    )  # fmt: skip


def _sd3(*, normed: bool) -> Any:
    return diffusers.SD3Transformer2DModel(
        sample_size=32, patch_size=2, in_channels=16, out_channels=16, num_layers=2,
        attention_head_dim=64, num_attention_heads=1, joint_attention_dim=T5,
        caption_projection_dim=64, pooled_projection_dim=CLIP_L + CLIP_G, pos_embed_max_size=48,
        dual_attention_layers=(0,) if normed else (), qk_norm="rms_norm" if normed else None,
    )  # fmt: skip


def _flux(*, guided: bool) -> Any:
    return diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=64, num_layers=1, num_single_layers=2, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=T5, pooled_projection_dim=CLIP_L,
        guidance_embeds=guided, axes_dims_rope=(4, 6, 6),
    )  # fmt: skip


def _clip(width: int, act: str = "quick_gelu") -> transformers.CLIPTextConfig:
    return transformers.CLIPTextConfig(
        hidden_act=act,
        vocab_size=WORDS, hidden_size=width, intermediate_size=16, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=77, projection_dim=width,
        bos_token_id=WORDS - 2, eos_token_id=WORDS - 1, pad_token_id=WORDS - 1,
    )  # fmt: skip


def _t5() -> transformers.T5Config:
    return transformers.T5Config(
        vocab_size=40, d_model=T5, d_kv=8, d_ff=32, num_layers=2, num_heads=2,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip


def write_family(folder: Path, architecture: str, built: Models) -> None:
    """Write a family's configuration for these models, as it is shipped for the real ones."""
    for name, model in built.items():
        settings = model.config.to_dict() if name.startswith("text") else dict(model.config)
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "config.json").write_text(json.dumps(settings, default=list))
    # What distils Flux is told apart from its family by the engine.
    usual = architecture.removesuffix("-schnell").removesuffix(".5")
    made = diffusers.FlowMatchEulerDiscreteScheduler(**SCHEDULERS[usual])
    made.save_pretrained(folder / "scheduler")


def transformer(architecture: str, built: Models, prefix: str = "") -> flow_layout.Weights:
    """Name the transformer's weights as in the original."""
    name = flow_layout.flux if architecture.startswith("flux") else flow_layout.sd3
    return name(built["transformer"], prefix)


def whole(architecture: str, built: Models) -> flow_layout.Weights:
    """Name all weights as a file that brings everything has them."""
    named = transformer(architecture, built, "model.diffusion_model.")
    named |= original_layout.vae(built["vae"])
    large = () if architecture.startswith("flux") else ("clip_g",)
    encoders = [model for part, model in built.items() if part.startswith("text")]
    for prefix, model in zip(("clip_l", *large, "t5xxl"), encoders, strict=True):
        named |= encoder(model, f"text_encoders.{prefix}.transformer.")
    return named


def encoder(model: Any, prefix: str = "") -> flow_layout.Weights:
    """Name a text encoder's weights as in a file of its own."""
    state = dict(model.state_dict())
    if isinstance(model, transformers.T5EncoderModel):
        del state["encoder.embed_tokens.weight"]
        return {prefix + name: tensor for name, tensor in state.items()}
    small = model.config.hidden_act == "quick_gelu"
    kept = {n: t for n, t in state.items() if not (small and n.startswith("text_projection"))}
    outside = ("text_model.", "text_projection.")
    return {
        prefix + (name if name.startswith(outside) else f"text_model.{name}"): tensor
        for name, tensor in kept.items()
    }


def save(path: Path, weights: flow_layout.Weights) -> None:
    """Write a file of weights."""
    save_file({n: t.detach().clone().contiguous() for n, t in weights.items()}, path)
