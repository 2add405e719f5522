"""What the text model and the sentence encoder ask of the memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engines.api import ModelSpec
from engines.formats.safetensors import read_header
from engines.memory.lease import Component, Smaller
from engines.memory.weights.footprints import Footprint, footprint, together
from engines.memory.weights.modules import mover, offloaded, smaller_ways
from engines.text.embedding import SentenceEncoder
from engines.text.language_model import LanguageModel

ENCODER = "all-minilm-l6-v2"
"""The library's id of the sentence encoder."""

HOST = "cpu"
MODEL_WIDTH_BYTES = 2
ENCODER_WIDTH_BYTES = 4


def language_component(spec: ModelSpec, device: str) -> Component[LanguageModel]:
    """Return the model and its tokenizer as one thing to lease.

    Args:
        device: Where it will lie, "cpu" or "cuda".
    """
    folder, weights = Path(spec.path), _weights(spec)
    component = Component(
        key=f"text:{spec.id}:model:bfloat16",
        size_bytes=weights.whole_bytes(MODEL_WIDTH_BYTES),
        load=lambda device: LanguageModel(folder, device),
    )
    if device == HOST:
        return component

    def load_offloaded(device: str) -> LanguageModel:
        model = LanguageModel(folder, HOST)
        model.network, model.device = offloaded(model.network, device), device
        return model

    # In 8 bits the words change, and embeddings that share the last layer's weights break.
    ways: tuple[Smaller[LanguageModel], ...] = tuple(
        replace(way, load=load_offloaded)
        for way in smaller_ways(weights, MODEL_WIDTH_BYTES, load_offloaded)
        if way.exact
    )
    return replace(component, move=mover(lambda model: (model.network,)), smaller=ways)


def encoder_component(spec: ModelSpec, device: str) -> Component[SentenceEncoder]:
    """Return the sentence encoder as one thing to lease.

    Args:
        device: Where it will lie, "cpu" or "cuda".
    """
    folder = Path(spec.path)
    return Component(
        key=f"text:{spec.id}:encoder:float32",
        size_bytes=_weights(spec).whole_bytes(ENCODER_WIDTH_BYTES),
        load=lambda device: SentenceEncoder(folder, device),
        move=None if device == HOST else mover(lambda encoder: (encoder.network,)),
    )


def _weights(spec: ModelSpec) -> Footprint:
    """Count the weights of a folder from its headers."""
    files = sorted(Path(spec.path).glob("*.safetensors"))
    return together(footprint(read_header(file).tensors) for file in files)
