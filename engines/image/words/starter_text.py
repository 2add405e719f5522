"""The starter's reader of prompts: MiniLM's token states in place of CLIP's.

24 tokens of 384 values from `all-minilm-l6-v2` (Apache-2.0), zero after the
prompt's end, as the starter's UNet was trained with.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertModel
from transformers.utils import logging

from engines import devices

TOKENS = 24
WIDTH = 384


class PromptReader:
    """Reads prompts with a local MiniLM; `bert` is the model itself."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        # The file also holds a pooler, which is not read here; transformers warns of it.
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        with devices.own_default_precision():
            self.bert = BertModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, add_pooling_layer=False
            )
        self.bert.eval().requires_grad_(False).to(device)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(TOKENS)
        self._tokenizer.enable_padding(length=TOKENS)
        self._device = device

    @torch.no_grad()
    def read(self, prompts: list[str], weights: Sequence[Sequence[float]] = ()) -> Tensor:
        """Return the token states, (len(prompts), TOKENS, WIDTH), float32.

        Args:
            weights: How much each letter of each prompt counts; a token's states are
                taken so many times as its first letter says. All alike if empty.
        """
        rows = self._tokenizer.encode_batch(prompts)
        ids = torch.tensor([row.ids for row in rows], device=self._device)
        mask = torch.tensor([row.attention_mask for row in rows], device=self._device)
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        states = states * mask[..., None]
        if not weights:
            return states
        counts = [
            [letters[begin] if end > begin else 1.0 for begin, end in row.offsets]
            for row, letters in zip(rows, weights, strict=True)
        ]
        return states * torch.tensor(counts, device=self._device)[..., None]
