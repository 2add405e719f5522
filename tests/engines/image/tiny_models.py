"""Random picture models of a few kilobytes: one like the starter, one like Stable Diffusion."""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import numpy as np
import peft
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from engines.image.scenery import backgrounds
from engines.training.image import transform
from engines.training.image.export import export
from engines.training.image.unet import UnetShape, build_unet
from engines.training.image.vae import VaeShape, build_vae

PREVIEW = (*[(0.1, 0.2, 0.3)] * 16, (0.0, 0.0, 0.0))
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def write_reader(folder: Path) -> None:
    """Write a MiniLM with random weights and a tokenizer of letters."""
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=64, hidden_size=384, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=32,
    )  # fmt: skip
    transformers.BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *LETTERS, "a fox"])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    manifest = {"version": 1, "id": "all-minilm-l6-v2", "kind": "text", "name": "MiniLM"}
    (folder / "model.json").write_text(json.dumps({**manifest, "architecture": "bert"}))


def write_starter(folder: Path) -> None:
    """Write a picture model built as the starter is, untrained."""
    torch.manual_seed(0)
    shape = UnetShape(channels=(16, 32, 32), heads=(1, 2, 2))
    pictures = [np.asarray(backgrounds.draw("a forest", seed, 128, 128)) for seed in range(2)]
    code = transform.fit(np.stack(pictures))
    vae = build_vae(VaeShape(channels=(16, 48, 48, 64)), code)
    export(folder, vae, build_unet(shape), PREVIEW, side_px=128, steps=3)


def write_stable_diffusion(folder: Path) -> None:
    """Write a Stable Diffusion with its own small CLIP, untrained."""
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=16, attention_head_dim=2,
    )  # fmt: skip
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 16), norm_num_groups=8, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    words = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    clip = transformers.CLIPTextConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=77, bos_token_id=52, eos_token_id=53,
    )  # fmt: skip
    tokenizer = folder / "tokenizer"
    tokenizer.mkdir(parents=True)
    vocabulary = {word: number for number, word in enumerate(words)}
    (tokenizer / "vocab.json").write_text(json.dumps(vocabulary))
    (tokenizer / "merges.txt").write_text("#version: 0.2\n")
    settings = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    (tokenizer / "tokenizer_config.json").write_text(json.dumps(settings))
    transformers.CLIPTextModel(clip).save_pretrained(folder / "text_encoder")
    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    diffusers.PNDMScheduler(skip_prk_steps=True).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))


def write_lora(path: Path, model: Path) -> None:
    """Write a strong LoRA for the UNet of `write_stable_diffusion`."""
    torch.manual_seed(1)
    unet = diffusers.UNet2DConditionModel.from_pretrained(model / "unet")
    unet.add_adapter(peft.LoraConfig(r=2, target_modules=["to_q", "to_v"]))
    weights = peft.get_peft_model_state_dict(unet)
    weights = {name: torch.randn_like(value) for name, value in weights.items()}
    diffusers.StableDiffusionPipeline.save_lora_weights(
        path.parent, unet_lora_layers=weights, weight_name=path.name
    )
