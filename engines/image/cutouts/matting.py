"""Our own network that tells a subject from what is behind it: a small U-Net.

It looks at 256 x 256 pixels and answers with the share of the subject in each.
A U-Net after Ronneberger et al. 2015, arXiv:1505.04597, with residual blocks,
group norms, and at its bottom the mean of the whole picture, without which a
small network cannot tell a subject from a large piece of the ground.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from engines.api import ModelRefused
from engines.image.cutouts.needs import FILE

SIDE_PX: Final = 256
"""The side of what it looks at; it was trained on this, a multiple of 32."""

WIDTHS: Final = (24, 48, 80, 104, 128)
"""Channels at a half, a quarter, ... of the side."""

BLOCKS: Final = (2, 2, 2, 1)
"""On the way down, after each halving but the first."""

UPWARD: Final = (24, 32, 48, 64)
"""Channels on the way up, of the same sides."""

GROUPS: Final = 8


class Block(nn.Module):
    """Two convolutions beside a shortcut; keeps its shape."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.first_norm = nn.GroupNorm(GROUPS, width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.GroupNorm(GROUPS, width)

    def forward(self, given: Tensor) -> Tensor:
        inner = functional.relu(self.first_norm(self.first(given)))
        return functional.relu(given + self.second_norm(self.second(inner)))


class Down(nn.Module):
    """Half the side, then some blocks."""

    def __init__(self, width: int, wider: int, blocks: int) -> None:
        super().__init__()
        self.halve = nn.Conv2d(width, wider, 3, stride=2, padding=1, bias=False)
        self.norm = nn.GroupNorm(GROUPS, wider)
        self.blocks = nn.Sequential(*(Block(wider) for _ in range(blocks)))

    def forward(self, given: Tensor) -> Tensor:
        answer: Tensor = self.blocks(functional.relu(self.norm(self.halve(given))))
        return answer


class Up(nn.Module):
    """Twice the side, joined with what was seen at that side on the way down."""

    def __init__(self, width: int, beside: int, narrower: int) -> None:
        super().__init__()
        self.join = nn.Conv2d(width + beside, narrower, 1, bias=False)
        self.norm = nn.GroupNorm(GROUPS, narrower)
        self.block = Block(narrower)

    def forward(self, given: Tensor, beside: Tensor) -> Tensor:
        larger = functional.interpolate(given, scale_factor=2.0, mode="nearest")
        joined = self.join(torch.cat([larger, beside], 1))
        answer: Tensor = self.block(functional.relu(self.norm(joined)))
        return answer


class CutoutNet(nn.Module):
    """From pictures (n, 3, side, side) of -1 to 1 to logits (n, 1, side, side)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTHS[0], 5, stride=2, padding=2, bias=False)
        self.stem_norm = nn.GroupNorm(GROUPS, WIDTHS[0])
        self.stem_block = Block(WIDTHS[0])
        self.down = nn.ModuleList(
            Down(*pair, blocks) for pair, blocks in zip(pairwise(WIDTHS), BLOCKS, strict=True)
        )
        self.whole = nn.Linear(WIDTHS[-1], WIDTHS[-1])
        from_below = (*UPWARD[1:], WIDTHS[-1])
        self.up = nn.ModuleList(
            Up(below, beside, width)
            for below, beside, width in zip(from_below, WIDTHS, UPWARD, strict=False)
        )
        # Four values for each pixel of half the side: the four pixels that it covers.
        self.last = nn.Conv2d(UPWARD[0], 4, 3, padding=1)

    def forward(self, picture: Tensor) -> Tensor:
        """Answer with logits: 0 is half subject, half ground."""
        seen = [self.stem_block(functional.relu(self.stem_norm(self.stem(picture))))]
        for step in self.down:
            seen.append(step(seen[-1]))
        below = seen.pop()
        below = below + self.whole(below.mean((2, 3)))[:, :, None, None]
        for step, beside in zip(reversed(self.up), reversed(seen), strict=True):
            below = step(below, beside)
        return functional.pixel_shuffle(self.last(below), 2)


def load(folder: Path, device: str) -> CutoutNet:
    """Read the network of a folder.

    Raises:
        ModelRefused: its weights are missing, broken or of another network.
    """
    path = folder / FILE
    network = CutoutNet()
    try:
        network.load_state_dict({k: v.float() for k, v in load_file(path).items()})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelRefused(str(path), "it does not hold the weights of our network") from error
    return network.eval().to(device)
