"""A music model without training, and scores made by hand."""

from __future__ import annotations

import torch

from engines.music.model import tokens
from engines.music.model.decoder import Decoder, Shape
from engines.music.score import Meter, Note, Score, Tempo, Track

SHAPE = Shape(
    width=32, layers=2, heads=2, context=2048, vocabulary=tokens.SIZE,
    norm_epsilon=1e-6, rope_base=10000.0,
)  # fmt: skip


def weights(seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights by the names that transformers gives them."""
    generator = torch.Generator().manual_seed(seed)

    def noise(*size: int) -> torch.Tensor:
        return torch.randn(*size, generator=generator) / size[-1] ** 0.5

    width, inner = SHAPE.width, 48
    made = {
        "model.embed_tokens.weight": noise(tokens.SIZE, width),
        "model.norm.weight": torch.ones(width),
    }
    for layer in range(SHAPE.layers):
        start = f"model.layers.{layer}."
        for name in "qkvo":
            made[f"{start}self_attn.{name}_proj.weight"] = noise(width, width)
        for name in ("gate", "up"):
            made[f"{start}mlp.{name}_proj.weight"] = noise(inner, width)
        made[f"{start}mlp.down_proj.weight"] = noise(width, inner)
        made[f"{start}input_layernorm.weight"] = torch.ones(width)
        made[f"{start}post_attention_layernorm.weight"] = torch.ones(width)
    return made


def decoder(seed: int = 0) -> Decoder:
    return Decoder(SHAPE, weights(seed))


def small_score() -> Score:
    """Two bars of violin, piano chords and drums in 3/4, then two in 4/4, with two tempos."""
    bar = 72
    violin = (
        Note(0, 67, 24, 90),
        Note(24, 69, 48, 76),
        Note(bar, 72, 72, 104),
        Note(144, 60, 96, 62),
    )
    piano = tuple(Note(at, p, 72, 62) for at in (0, bar) for p in (48, 52, 55))
    drums = (Note(0, 36, 6, 104), Note(24, 42, 6, 62), Note(240, 38, 6, 90))
    return Score(
        tracks=(
            Track(program=40, notes=violin, name="violin"),
            Track(program=0, notes=piano, name="piano"),
            Track(program=0, notes=drums, is_drum=True, name="drums"),
        ),
        meters=(Meter(beats=3, unit=4), Meter(start_tick=144, beats=4, unit=4)),
        tempos=(Tempo(bpm=90.0), Tempo(start_tick=144, bpm=120.0)),
    )
