"""The music model at work: a Llama-style decoder with a fixed cache, for many rows at once.

Own code beside transformers' LlamaForCausalLM, which trains it and which it
equals to rounding: here every row goes at its own pace, so that tokens that
the grammar forces are read together with the drawn one before them, and no
step is spent on them (ARCHITECTURE.md has the ratio). The shapes: B rows,
T new tokens, S tokens seen, H heads, D width of a head.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engines.api import ModelRefused
from engines.music import tokens

WEIGHTS: Final = "model.safetensors"
MAX_WIDTH: Final = 4096
MAX_LAYERS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a decoder, as in its config.json."""

    width: int
    layers: int
    heads: int
    context: int
    vocabulary: int
    norm_epsilon: float
    rope_base: float

    def cache_bytes(self, rows: int, length: int, width_bytes: int = 4) -> int:
        """Bytes of keys and values for `rows` sequences of `length` tokens."""
        return 2 * self.layers * rows * length * self.width * width_bytes


def read_shape(folder: Path) -> Shape:
    """Read and check config.json of a model folder.

    Raises:
        ModelRefused: it is not a music model of this program's vocabulary.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        rope = config.get("rope_parameters") or {}
        shape = Shape(
            width=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            context=int(config["max_position_embeddings"]),
            vocabulary=int(config["vocab_size"]),
            norm_epsilon=float(config["rms_norm_eps"]),
            rope_base=float(rope.get("rope_theta", config.get("rope_theta", 10000.0))),
        )
        stamp = config["triptych_vocabulary"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelRefused(str(folder), "its config.json cannot be read") from error
    if stamp != [[name, block.size] for name, block in tokens.BLOCKS.items()]:
        raise ModelRefused(str(folder), "its vocabulary is not this program's")
    sane = 0 < shape.width <= MAX_WIDTH and 0 < shape.layers <= MAX_LAYERS
    if not sane or shape.heads < 1 or shape.width % (2 * shape.heads):
        raise ModelRefused(str(folder), "its sizes are not sound")
    if shape.vocabulary != tokens.SIZE or not 64 <= shape.context <= 65536:
        raise ModelRefused(str(folder), "its sizes are not sound")
    return shape


class Cache:
    """Keys and values of all layers, (layers, 2, B, context, H, D), and how many a row has."""

    def __init__(self, shape: Shape, rows: int, length: int, like: Tensor) -> None:
        head = shape.width // shape.heads
        self.store = like.new_zeros(shape.layers, 2, rows, length, shape.heads, head)
        self.filled = torch.zeros(rows, dtype=torch.long, device=like.device)

    @property
    def length(self) -> int:
        """The most tokens a row can have."""
        return self.store.shape[3]


class Decoder:
    """Weights as plain tensors, with the three projections of attention in one."""

    def __init__(self, shape: Shape, weights: dict[str, Tensor]) -> None:
        self.shape = shape
        self.embedding = weights["model.embed_tokens.weight"]
        self.norm = weights["model.norm.weight"]
        self.blocks = [_block(weights, f"model.layers.{i}.") for i in range(shape.layers)]
        head = shape.width // shape.heads
        inverse = shape.rope_base ** (-torch.arange(0, head, 2, dtype=torch.float32) / head)
        angles = torch.outer(torch.arange(shape.context, dtype=torch.float32), inverse)
        angles = torch.cat((angles, angles), dim=1)  # (context, D)
        self.cos = angles.cos().to(self.embedding)
        self.sin = angles.sin().to(self.embedding)

    @property
    def size_bytes(self) -> int:
        tables = (self.embedding, self.norm, self.cos, self.sin)
        parts = [*tables, *(w for block in self.blocks for w in block.tensors())]
        return sum(p.numel() * p.element_size() for p in parts)

    def cache(self, rows: int, length: int) -> Cache:
        return Cache(self.shape, rows, min(length, self.shape.context), self.embedding)

    @torch.inference_mode()
    def step(self, ids: Tensor, counts: Tensor, cache: Cache) -> Tensor:
        """Read new tokens after what the cache holds of each row.

        Args:
            ids: (B, T); of row b the first `counts[b]` are read.
            counts: (B,), from 0 to T.

        Returns:
            The logits after the last token read of each row, (B, vocabulary)
            float32; of a row that read nothing they mean nothing.
        """
        rows, new = ids.shape
        heads, width = self.shape.heads, self.shape.width
        at = cache.filled[:, None] + torch.arange(new, device=ids.device)  # (B, T)
        at = at.clamp(max=cache.length - 1)
        row = torch.arange(rows, device=ids.device)[:, None]
        seen = int(at.max()) + 1
        mask = torch.arange(seen, device=ids.device) <= at[..., None]  # (B, T, S)
        cos, sin = self.cos[at][:, :, None], self.sin[at][:, :, None]  # (B, T, 1, D)
        x = functional.embedding(ids, self.embedding)  # (B, T, width)
        for layer, block in enumerate(self.blocks):
            h = functional.rms_norm(x, (width,), block.norm_in, self.shape.norm_epsilon)
            qkv = functional.linear(h, block.qkv).view(rows, new, 3, heads, -1)
            q, k, v = qkv.unbind(2)  # each (B, T, H, D)
            keys, values = cache.store[layer]
            keys[row, at] = _turn(k, cos, sin)
            values[row, at] = v
            mixed = functional.scaled_dot_product_attention(
                _turn(q, cos, sin).transpose(1, 2),
                keys[:, :seen].transpose(1, 2),
                values[:, :seen].transpose(1, 2),
                attn_mask=mask[:, None],
            )  # (B, H, T, D)
            x = x + functional.linear(mixed.transpose(1, 2).reshape(rows, new, width), block.out)
            h = functional.rms_norm(x, (width,), block.norm_mid, self.shape.norm_epsilon)
            gate, up = functional.linear(h, block.gate_up).chunk(2, dim=-1)
            x = x + functional.linear(functional.silu(gate) * up, block.down)
        cache.filled = cache.filled + counts
        last = x[row[:, 0], (counts - 1).clamp(min=0)]
        last = functional.rms_norm(last, (width,), self.norm, self.shape.norm_epsilon)
        return functional.linear(last, self.embedding).float()


@dataclass(frozen=True, slots=True)
class _Block:
    norm_in: Tensor
    qkv: Tensor
    out: Tensor
    norm_mid: Tensor
    gate_up: Tensor
    down: Tensor

    def tensors(self) -> tuple[Tensor, ...]:
        return self.norm_in, self.qkv, self.out, self.norm_mid, self.gate_up, self.down


def _block(weights: dict[str, Tensor], prefix: str) -> _Block:
    attention, mlp = f"{prefix}self_attn.", f"{prefix}mlp."
    return _Block(
        norm_in=weights[f"{prefix}input_layernorm.weight"],
        qkv=torch.cat([weights[f"{attention}{n}_proj.weight"] for n in "qkv"]),
        out=weights[f"{attention}o_proj.weight"],
        norm_mid=weights[f"{prefix}post_attention_layernorm.weight"],
        gate_up=torch.cat([weights[f"{mlp}{n}_proj.weight"] for n in ("gate", "up")]),
        down=weights[f"{mlp}down_proj.weight"],
    )


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate by position, Su et al. 2021, arXiv:2104.09864, in halves as Llama does it."""
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-high, low), dim=-1) * sin


def load_decoder(folder: Path, device: str, dtype: torch.dtype) -> Decoder:
    """Load a model folder onto a device.

    Raises:
        ModelRefused: the weights are not what config.json says.
    """
    shape = read_shape(folder)
    try:
        weights = load_file(folder / WEIGHTS, device=device)
        weights = {name: w.to(dtype) for name, w in weights.items()}
        decoder = Decoder(shape, weights)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ModelRefused(str(folder), "its weights do not fit its config.json") from error
    if decoder.embedding.shape != (shape.vocabulary, shape.width):
        raise ModelRefused(str(folder), "its weights do not fit its config.json")
    return decoder
