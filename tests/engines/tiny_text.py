"""A random language model of a few kilobytes, with a tokenizer of letters."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

LETTERS = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'\n"
END = "<end>"
CONTEXT_TOKENS = 512


def write(folder: Path, model_id: str = "tiny-text") -> None:
    """Write the model as transformers does, with the manifest that the library reads."""
    torch.manual_seed(0)
    words = {word: number for number, word in enumerate(["<unk>", END, *LETTERS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = decoders.Fuse()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", eos_token=END
    ).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=CONTEXT_TOKENS,
        bos_token_id=None, eos_token_id=1, tie_word_embeddings=True, initializer_range=0.5,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    manifest = {"version": 1, "id": model_id, "kind": "text", "name": "Tiny text"}
    (folder / "model.json").write_text(json.dumps({**manifest, "architecture": "llama"}))
