"""How close two texts are in meaning, by a MiniLM sentence encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.api import ModelRefused
from engines.devices import own_default_precision

if TYPE_CHECKING:
    from torch import Tensor

_BATCH = 64
_TOKENS = 128
_ENDINGS = frozenset(("##s", "##es", "##ed", "##d", "##ing", "##ly", "##er", "##ers", "##y"))
WORKING_BYTES = 64 * 2**20
"""Room for a batch of 64 texts of 128 tokens: 6 layers' states and attention."""


class SentenceEncoder:
    """all-MiniLM-L6-v2: token states averaged over the text, then normalised.

    `network` is the model itself. Source: Reimers and Gurevych 2019,
    arXiv:1908.10084; the pooling is the model card's.
    """

    def __init__(self, folder: Path, device: str) -> None:
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # progress is ours to show
        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), **local)
            with own_default_precision():
                network = AutoModel.from_pretrained(str(folder), use_safetensors=True, **local)
        except (OSError, ValueError, KeyError) as error:
            raise ModelRefused(str(folder), "transformers cannot load it as an encoder") from error
        self.network = network.float().to(device).eval()
        self._device = device
        self._cached = lru_cache(maxsize=64)(self._encode)

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Return unit vectors on the CPU, (texts, width); the same texts are encoded once."""
        return self._cached(tuple(texts))

    def _encode(self, texts: tuple[str, ...]) -> Tensor:
        import torch

        with torch.inference_mode():
            parts = [
                self._encode_batch(list(texts[at : at + _BATCH]))
                for at in range(0, len(texts), _BATCH)
            ]
        return torch.cat(parts)

    def _encode_batch(self, texts: list[str]) -> Tensor:
        batch = self._tokenizer(
            texts, padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt"
        ).to(self._device)
        states = self.network(**batch).last_hidden_state  # (texts, tokens, width)
        weights = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return (mean / mean.norm(dim=-1, keepdim=True).clamp(min=1e-9)).cpu()

    def similarity(self, text: str, others: Sequence[str]) -> list[float]:
        """Return the cosine of `text` with each of `others`, -1 to 1."""
        vector = self.encode((text,))[0]
        return [float(x) for x in self.encode(tuple(others)) @ vector]

    def is_common(self, word: str) -> bool:
        """Say whether a word is one piece of the encoder's vocabulary: its 30,000 commonest.

        Endings of inflection count with the word ("lanterns", "glowing").
        """
        pieces = self._tokenizer.tokenize(word.replace("’", "'"))
        if "'" in word or "-" in word:
            return not any(piece.startswith("##") for piece in pieces)
        return len(pieces) == 1 or (len(pieces) == 2 and pieces[1] in _ENDINGS)
