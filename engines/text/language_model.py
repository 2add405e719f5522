"""A language model from a local folder: its size, its loading and its tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engines.api import BadRequest, ModelRefused
from engines.devices import own_default_precision

_LOGIT_BYTES = 4
_COPIES_OF_LOGITS = 6  # penalised, sorted, softmax ... live at once while drawing
_ACTIVATION_ROWS = 12  # hidden states of one layer that live at once, measured on Llama blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a model's config says that memory and context depend on."""

    layers: int
    kv_heads: int
    head_width: int
    hidden_width: int
    vocabulary: int
    context_tokens: int
    value_bytes: int

    @property
    def cache_bytes_per_token(self) -> int:
        """Keys and values of one token in all layers."""
        return 2 * self.layers * self.kv_heads * self.head_width * self.value_bytes

    def working_bytes(self, tokens: int, rows: int = 1) -> int:
        """Cache for `rows` texts of `tokens`, the logits, and one layer's activations."""
        cache = self.cache_bytes_per_token * tokens * rows
        logits = self.vocabulary * _LOGIT_BYTES * _COPIES_OF_LOGITS * rows
        activations = self.hidden_width * _ACTIVATION_ROWS * tokens * self.value_bytes
        return cache + logits + activations


def read_shape(folder: Path) -> Shape:
    """Read config.json without loading anything heavy.

    Raises:
        ModelRefused: the config is missing, broken or not of a causal decoder.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        heads = int(config["num_attention_heads"])
        width = int(config["hidden_size"])
        return Shape(
            layers=int(config["num_hidden_layers"]),
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_width=int(config.get("head_dim") or width // heads),
            hidden_width=width,
            vocabulary=int(config["vocab_size"]),
            context_tokens=int(config["max_position_embeddings"]),
            value_bytes=2,
        )
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError) as error:
        raise ModelRefused(str(folder), "its config.json does not describe a text model") from error


class LanguageModel:
    """A loaded model with its tokenizer; `device` is where it computes.

    bfloat16 everywhere: on a CPU with AMX it is 1.4 to 5 times as fast as
    float32 (measured for SmolLM2-135M, 1 and 8 rows), and elsewhere it halves
    the memory.
    """

    def __init__(self, folder: Path, device: str) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # progress is ours to show
        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(str(folder), **local)
            with own_default_precision():
                network = AutoModelForCausalLM.from_pretrained(
                    str(folder), dtype=torch.bfloat16, use_safetensors=True, **local
                )
        except (OSError, ValueError, KeyError) as error:
            raise ModelRefused(
                str(folder), "transformers cannot load it as a text model"
            ) from error
        self.network = network.to(device).eval()
        self.device = device
        self.shape = read_shape(folder)

    @cached_property
    def end_ids(self) -> frozenset[int]:
        """Tokens that end an answer."""
        ends = self.network.generation_config.eos_token_id
        if ends is None:
            ends = self.tokenizer.eos_token_id
        if ends is None:
            return frozenset()
        return frozenset([ends] if isinstance(ends, int) else ends)

    @cached_property
    def constraint_tokens(self) -> Any:
        """The tokenizer as llguidance wants it; made once, about a second.

        Raises:
            BadRequest: the tokenizer is of a kind that llguidance cannot read.
        """
        from llguidance.hf import from_tokenizer

        try:
            return from_tokenizer(
                self.tokenizer, n_vocab=self.shape.vocabulary, eos_token=sorted(self.end_ids)
            )
        except ValueError as error:
            raise BadRequest("this model's tokenizer cannot be held to a JSON schema") from error

    def encode(self, text: str) -> list[int]:
        """Turn text, with the chat template's marks in it, into tokens."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def decode(self, ids: list[int]) -> str:
        """Turn tokens into text without marks; broken UTF-8 shows as U+FFFD."""
        return str(
            self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )
