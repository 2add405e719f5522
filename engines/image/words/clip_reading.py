"""Reading a prompt with CLIP's text encoders, as diffusers' pipelines do and somewhat more.

A prompt without weights that fits one chunk has bit for bit the states of
diffusers' `encode_prompt`. A word's weight moves its states away from those of
the empty prompt at the same place, or towards them, as in ComfyUI:
`empty + weight * (state - empty)`. The mean of all states is not restored, as
AUTOMATIC1111's web UI does by default: it lies near nothing for SDXL, and one
heavy word would make all others lighter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.utils.torch_utils import get_module_execution_device
from torch import Tensor

from engines.api import BadRequest
from engines.image.pipelines import States
from engines.image.words.chunking import Chunk, Cutter
from engines.image.words.dynamic_prompts import Wording
from engines.image.words.inversions import Inversion
from engines.image.words.mixing import mixed
from engines.image.words.prompt_syntax import Part, parse

ENCODERS = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2"}
"""The text encoders that a pipeline may have, and the tokenizer of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A prompt that was read: the states of its chunks by encoder, each (1, tokens, width)."""

    chunks: Mapping[str, Sequence[Tensor]]
    pooled: Tensor | None
    skipped: int

    @property
    def length(self) -> int:
        return max(map(len, self.chunks.values()))


class ClipReader:
    """Reads with the encoders that a pipeline holds at the time."""

    def __init__(
        self, pipeline: Any, *, is_xl: bool, learnt: Sequence[Inversion], skip: int
    ) -> None:
        """Read nothing yet.

        Args:
            pipeline: With encoders and tokenizers; they are left as they were.
            is_xl: The states are those before the last layer, without its norm.
            learnt: Words that the tokenizers do not know.
            skip: How many of the last layers are left out for the prompt; never
                for what is not wanted, as in diffusers.
        """
        self._pipeline = pipeline
        self._is_xl = is_xl
        self._skip = skip
        self._known: dict[tuple[Part, int], _Read] = {}
        self._cutters = {
            name: Cutter(
                getattr(pipeline, tokenizer),
                getattr(pipeline, name).config.max_position_embeddings,
                {one.word: one.vectors[name] for one in learnt},
            )
            for name, tokenizer in ENCODERS.items()
            if getattr(pipeline, name, None) is not None
        }

    def read(self, wording: Wording, *, guided: bool) -> States:
        """Return the states of a picture's words, all of one length.

        Args:
            guided: What is not wanted is read too.
        """
        prompt = self._parts(wording.prompt, self._skip)
        negative = self._parts(wording.negative, 0) if guided else []
        regions = [self._parts(words, self._skip) for words in wording.regions]
        length = max(
            read.length for parts in (prompt, negative, *regions) for _share, read in parts
        )
        prompted, pooled = self._mixed(prompt, length)
        empty, pooled_empty = self._mixed(negative, length) if guided else (None, None)
        apart = (self._mixed(region, length) for region in regions)
        return States(
            prompted=prompted,
            empty=empty,
            pooled=pooled,
            pooled_empty=pooled_empty,
            regions=tuple(States(prompted=states, pooled=whole) for states, whole in apart),
        )

    def _parts(self, text: str, skip: int) -> list[tuple[float, _Read]]:
        """Read the parts of a prompt, with the share of each."""
        return [(part.share, self._of_part(part, skip)) for part in parse(text)]

    def _mixed(
        self, parts: Sequence[tuple[float, _Read]], length: int
    ) -> tuple[Tensor, Tensor | None]:
        """Return the states of all parts together, as long as so many chunks, and the pooled."""
        shares = [share for share, _read in parts]
        states = [self._whole(read, length) for _share, read in parts]
        pooled = [read.pooled for _share, read in parts if read.pooled is not None]
        return mixed(shares, states), mixed(shares, pooled) if pooled else None

    def _of_part(self, part: Part, skip: int) -> _Read:
        key = Part(part.sections), skip
        if key not in self._known:
            self._known[key] = self._read(part, skip)
        return self._known[key]

    def _read(self, part: Part, skip: int) -> _Read:
        chunks: dict[str, list[Tensor]] = {}
        pooled: Tensor | None = None
        for name, cutter in self._cutters.items():
            read = [self._encode(name, chunk, skip) for chunk in cutter.cut(part.sections)]
            chunks[name] = [states for states, _pooled in read]
            pooled = read[0][1] if read[0][1] is not None else pooled
        return _Read(chunks=chunks, pooled=pooled, skipped=skip)

    def _whole(self, read: _Read, length: int) -> Tensor:
        """Join the chunks and the encoders; what is short goes on with chunks of no words."""
        sides: list[Tensor] = []
        for name, chunks in read.chunks.items():
            short = length - len(chunks)
            more = [self._nothing(name, read.skipped)] * short if short else []
            sides.append(torch.cat([*chunks, *more], dim=1))
        return torch.cat(sides, dim=-1)

    def _nothing(self, name: str, skip: int) -> Tensor:
        """Return the states of the empty chunk."""
        empty = Part(((),))
        return self._of_part(empty, skip).chunks[name][0]

    def _encode(self, name: str, chunk: Chunk, skip: int) -> tuple[Tensor, Tensor | None]:
        """Return the states of a chunk and, from an encoder that has it, the pooled."""
        encoder = getattr(self._pipeline, name)
        check_skip(encoder, skip)
        device = get_module_execution_device(encoder)
        asked: dict[str, Any] = {"output_hidden_states": True}
        if getattr(encoder.config, "use_attention_mask", False) and not self._is_xl:
            last = chunk.ids.index(self._pipeline.tokenizer.eos_token_id, 1)
            mask = [int(place <= last) for place in range(len(chunk.ids))]
            asked["attention_mask"] = torch.tensor([mask], device=device)
        with torch.inference_mode(), _standing_in(encoder, chunk.learnt):
            read = encoder(torch.tensor([chunk.ids], device=device), **asked)
            states = self._layer(encoder, read, skip)
            if chunk.is_weighted:
                empty = self._nothing(name, skip).to(states)
                weights = torch.tensor(chunk.weights).to(states)[None, :, None]
                states = torch.where(weights == 1, states, empty + weights * (states - empty))
            pooled = read[0].cpu() if read[0].ndim == 2 else None
            return states.cpu(), pooled

    def _layer(self, encoder: Any, read: Any, skip: int) -> Tensor:
        """Choose the layer whose states are taken."""
        states: Tensor
        if self._is_xl:
            states = read.hidden_states[-(skip + 2)]
        elif not skip:
            states = read[0]
        else:
            inner = getattr(encoder, "text_model", encoder)
            states = inner.final_layer_norm(read.hidden_states[-(skip + 1)])
        return states


def check_skip(encoder: Any, skip: int) -> None:
    """Raise `BadRequest` if a text encoder has no layer left to take."""
    layers = encoder.config.num_hidden_layers
    if skip >= layers:
        raise BadRequest(f"{skip} layers of CLIP cannot be skipped: this one has {layers}")


@contextmanager
def _standing_in(encoder: Any, learnt: Mapping[int, Tensor]) -> Iterator[None]:
    """Read learnt vectors at some places of the next chunk; the encoder's own words stay."""
    if not learnt:
        yield
        return

    def put_in(_module: Any, _asked: Any, embedded: Tensor) -> Tensor:
        embedded = embedded.clone()
        for place, vector in learnt.items():
            embedded[:, place] = vector.to(embedded)
        return embedded

    hook = encoder.get_input_embeddings().register_forward_hook(put_in)
    try:
        yield
    finally:
        hook.remove()
