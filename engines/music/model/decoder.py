"""The music model at work: a Llama-style decoder with a fixed cache, for many rows at once.

Own code beside transformers' LlamaForCausalLM, which trains it and which it
equals to rounding: here every row goes at its own pace, so that tokens that
the grammar forces are read together with the drawn one before them, and no
step is spent on them (ARCHITECTURE.md has the ratio). The shapes: B rows,
T new tokens, S tokens seen, H heads, D width of a head, N tokens read in all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from engines.api import ModelRefused
from engines.memory.ladder import Rung
from engines.music.model.shape import Shape, read_shape

T = TypeVar("T")

WEIGHTS: Final = "model.safetensors"


class Cache:
    """Keys and values of all layers, (layers, 2, B, context, H, D), and how many a row has."""

    def __init__(self, store: Tensor, filled: Tensor) -> None:
        self.store = store
        self.filled = filled

    @property
    def length(self) -> int:
        """The most tokens a row can have."""
        return self.store.shape[3]

    @property
    def rows(self) -> int:
        return self.store.shape[2]

    def only(self, rows: Sequence[int]) -> Cache:
        """Return a cache of some of the rows."""
        index = torch.tensor(rows, device=self.store.device)
        return Cache(self.store[:, :, index], self.filled[index])

    def rewind(self, filled: Sequence[int]) -> None:
        """Forget the last tokens of each row, so that `filled` are left."""
        self.filled = torch.tensor(filled, device=self.store.device)


class Decoder:
    """Weights as plain tensors, with the three projections of attention in one.

    Matrices lie as (in, out): with the few rows of a step a processor
    multiplies by them in two thirds of the time that (out, in) takes. Its
    steps can be repeated: what one that failed wrote to a cache is
    overwritten by the next.
    """

    def __init__(self, shape: Shape, weights: dict[str, Tensor]) -> None:
        self.shape = shape
        self.embedding = weights["model.embed_tokens.weight"]
        self.head = _turned(self.embedding)
        self.norm = weights["model.norm.weight"]
        self.blocks = [_block(weights, f"model.layers.{i}.") for i in range(shape.layers)]
        turns = torch.arange(0, shape.width // shape.heads, 2, dtype=torch.float32)
        inverse = shape.rope_base ** (-turns * shape.heads / shape.width)
        angles = torch.outer(torch.arange(shape.context, dtype=torch.float32), inverse)
        self.cos = torch.cat((angles.cos(), angles.cos()), dim=1).to(self.embedding)  # (context, D)
        self.sin = torch.cat((-angles.sin(), angles.sin()), dim=1).to(self.embedding)
        self._attempt: Callable[[Callable[[], object]], object] = _once
        self._halvings = 0

    @property
    def size_bytes(self) -> int:
        return sum(p.numel() * p.element_size() for p in self.tensors())

    def tensors(self) -> tuple[Tensor, ...]:
        """Return all that lies on the device."""
        tables = (self.embedding, self.head, self.norm, self.cos, self.sin)
        return *tables, *(w for block in self.blocks for w in block.tensors())

    def enduring(
        self, climb: Callable[[Sequence[Rung]], Callable[[Callable[[], object]], object]]
    ) -> Decoder:
        """Return a decoder over the same weights for one job, which goes on after a shortage.

        Args:
            climb: Makes the job's ladder of the rungs that it is given.
        """
        mine = copy.copy(self)
        mine._attempt = climb([Rung(name="fewer candidates at once", climb=mine._halve)] * 2)
        return mine

    def attempt(self, call: Callable[[], T]) -> T:
        """Make a call that can be repeated; it is, after a shortage, if the decoder is enduring."""
        done: T = self._attempt(call)  # type: ignore[assignment]
        return done

    def cache(self, rows: int, length: int) -> Cache:
        shape, like = self.shape, self.embedding
        sizes = (min(length, shape.context), shape.heads, shape.width // shape.heads)
        return Cache(
            like.new_zeros(shape.layers, 2, rows, *sizes),
            torch.zeros(rows, dtype=torch.long, device=like.device),
        )

    def _halve(self) -> bool:
        """Work on half as many rows at once as before."""
        self._halvings += 1
        return True

    @torch.inference_mode()
    def step(self, ids: Tensor, counts: Tensor, cache: Cache, looks: int = 1) -> Tensor:
        """Read new tokens after what the cache holds of each row.

        Args:
            ids: (B, T); of row b the first `counts[b]` are read.
            counts: (B,), from 0 to T.
            looks: K, how many of the last tokens it is told after.

        Returns:
            The logits after each of the last K tokens read of each row, in
            order, (B, K, vocabulary) float32; where a row read fewer, the first
            ones mean nothing.
        """
        at_once = max(1, -(-len(ids) // 2**self._halvings))
        logits = torch.cat(
            [
                self._read(
                    ids[rows], counts[rows], cache.store[:, :, rows], cache.filled[rows], looks
                )
                for rows in _slices(len(ids), at_once)
            ]
        )
        cache.filled = cache.filled + counts  # only now, so that a step can be repeated
        return logits

    def _read(
        self, ids: Tensor, counts: Tensor, store: Tensor, filled: Tensor, looks: int
    ) -> Tensor:
        """Read some of the rows; `store` is their part of the cache, and is written to.

        All but attention works on the N tokens that are read, without what
        fills up the rows.
        """
        rows, new = ids.shape
        heads, width = self.shape.heads, self.shape.width
        row = torch.arange(rows, device=ids.device).repeat_interleave(counts)  # (N,)
        ends = counts.cumsum(0)
        step = torch.arange(len(row), device=ids.device) - (ends - counts)[row]  # (N,)
        at = (filled[row] + step).clamp(max=store.shape[3] - 1)
        reach = filled[:, None] + torch.arange(new, device=ids.device)  # (B, T)
        seen = int(at.max()) + 1
        later = torch.arange(seen, device=ids.device) > reach[..., None]  # (B, T, S)
        # As numbers: attention would turn a mask of truths into them in every layer.
        mask = self.cos.new_zeros(later.shape).masked_fill_(later, -torch.inf)
        cos, sin = self.cos[at][:, None, None], self.sin[at][:, None, None]  # (N, 1, 1, D)
        x = functional.embedding(ids[row, step], self.embedding)  # (N, width)
        asking = x.new_zeros(rows, new, heads, width // heads)  # (B, T, H, D)
        for layer, block in enumerate(self.blocks):
            h = functional.rms_norm(x, (width,), block.norm_in, self.shape.norm_epsilon)
            qkv = (h @ block.qkv).view(len(row), 3, heads, -1)
            q, k = _turn(qkv[:, :2], cos, sin).unbind(1)  # each (N, H, D)
            keys, values = store[layer]
            keys[row, at] = k
            values[row, at] = qkv[:, 2]
            asking[row, step] = q
            mixed = functional.scaled_dot_product_attention(
                asking.transpose(1, 2),
                keys[:, :seen].transpose(1, 2),
                values[:, :seen].transpose(1, 2),
                attn_mask=mask[:, None],
            ).transpose(1, 2)  # (B, T, H, D)
            x = x + mixed[row, step].flatten(1) @ block.out
            h = functional.rms_norm(x, (width,), block.norm_mid, self.shape.norm_epsilon)
            gate, up = (h @ block.gate_up).chunk(2, dim=-1)
            x = x + (functional.silu(gate) * up) @ block.down
        last = x[(ends[:, None] + torch.arange(-looks, 0, device=ids.device)).clamp(min=0)]
        last = functional.rms_norm(last, (width,), self.norm, self.shape.norm_epsilon)
        return (last @ self.head).float()  # (B, K, vocabulary)


def _once(call: Callable[[], object]) -> object:
    return call()


def _slices(rows: int, at_once: int) -> Iterator[slice]:
    return (slice(first, first + at_once) for first in range(0, rows, at_once))


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
        qkv=_turned(torch.cat([weights[f"{attention}{n}_proj.weight"] for n in "qkv"])),
        out=_turned(weights[f"{attention}o_proj.weight"]),
        norm_mid=weights[f"{prefix}post_attention_layernorm.weight"],
        gate_up=_turned(torch.cat([weights[f"{mlp}{n}_proj.weight"] for n in ("gate", "up")])),
        down=_turned(weights[f"{mlp}down_proj.weight"]),
    )


def _turned(weight: Tensor) -> Tensor:
    """Lay (out, in) as (in, out)."""
    return weight.t().contiguous()


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate by position, Su et al. 2021, arXiv:2104.09864, in halves as Llama does it."""
    return x * cos + x.roll(x.shape[-1] // 2, dims=-1) * sin  # the first half of `sin` is negative


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
