"""What the text model and the sentence encoder ask of the memory."""

from __future__ import annotations

from pathlib import Path

from engines.api import ModelSpec
from engines.memory.lease import Component
from engines.text.embedding import SentenceEncoder
from engines.text.language_model import LanguageModel, weights_bytes

ENCODER = "all-minilm-l6-v2"
"""The library's id of the sentence encoder."""


def language_component(spec: ModelSpec) -> Component[LanguageModel]:
    """Return the model and its tokenizer as one thing to lease."""
    folder = Path(spec.path)
    return Component(
        key=f"text:{spec.id}:bfloat16",
        size_bytes=weights_bytes(folder),
        load=lambda device: LanguageModel(folder, device),
    )


def encoder_component(spec: ModelSpec) -> Component[SentenceEncoder]:
    """Return the sentence encoder as one thing to lease."""
    folder = Path(spec.path)
    return Component(
        key=f"sentence:{spec.id}:float32",
        size_bytes=weights_bytes(folder),
        load=lambda device: SentenceEncoder(folder, device),
    )
