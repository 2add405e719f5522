"""Upscalers of random weights, written as the programs that train them do."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

WIDTH = 8


def _compact(factor: int, blocks: int = 2) -> dict[str, torch.Tensor]:
    """Real-ESRGAN's small network: convolutions with one slope each between."""
    generator = torch.Generator().manual_seed(factor)

    def layer(number: int, outside: int, inside: int) -> dict[str, torch.Tensor]:
        weight = torch.randn(outside, inside, 3, 3, generator=generator) * 0.05
        return {f"body.{number}.weight": weight, f"body.{number}.bias": torch.zeros(outside)}

    tensors = layer(0, WIDTH, 3)
    for number in range(blocks + 1):
        tensors[f"body.{2 * number + 1}.weight"] = torch.full((WIDTH,), 0.1)
        last = number == blocks
        tensors |= layer(2 * number + 2, 3 * factor**2 if last else WIDTH, WIDTH)
    return tensors


def _esrgan() -> dict[str, torch.Tensor]:
    """The large network in its older names, with one block of dense layers, four times."""
    generator = torch.Generator().manual_seed(4)
    tensors: dict[str, torch.Tensor] = {}

    def layer(name: str, outside: int, inside: int) -> None:
        weight = torch.randn(outside, inside, 3, 3, generator=generator) * 0.02
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = weight, torch.zeros(outside)

    layer("model.0", WIDTH, 3)
    grown = 32  # the same in all of them
    for dense in (1, 2, 3):
        for number in range(1, 6):
            outside = WIDTH if number == 5 else grown
            name = f"model.1.sub.0.RDB{dense}.conv{number}.0"
            layer(name, outside, WIDTH + (number - 1) * grown)
    layer("model.1.sub.1", WIDTH, WIDTH)
    for number, outside in ((3, WIDTH), (6, WIDTH), (8, WIDTH), (10, 3)):
        layer(f"model.{number}", outside, WIDTH)
    return tensors


def write(path: Path, sort: str, factor: int = 4) -> Path:
    """Write an upscaler: "compact" or "esrgan"."""
    save_file(_compact(factor) if sort == "compact" else _esrgan(), path)
    return path
