"""A library of tiny random models, a host over it, and one short request for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from engines.api import ImageRequest, LoraUse, MusicRequest, Request, TextRequest
from engines.catalog import Catalog
from engines.host import LocalHost
from engines.hosting.core import HostOptions
from engines.image import png
from engines.memory.manager import MemoryManager
from tests.engines import tiny_music, tiny_text
from tests.engines.image import tiny_models
from tests.engines.shortages import Processor

GIB = 2**30
STYLE = "style.safetensors"
"""A LoRA for the picture model."""


def write_models(root: Path) -> None:
    """Write one model of each kind."""
    tiny_text.write(root / "tiny-text")
    tiny_music.write(root / "tiny-music")
    tiny_models.write_stable_diffusion(root / "tiny-sd")
    tiny_models.write_lora(root / STYLE, root / "tiny-sd")


def memory(capacity_bytes: int = GIB) -> MemoryManager:
    """Return a manager of a made-up processor memory."""
    return MemoryManager(Processor(capacity_bytes))


def host(root: Path, library: Path, manager: MemoryManager) -> LocalHost:
    """Return a host over the models in `root` and the memory of `manager`."""
    catalog = Catalog((root,), library=library)
    return LocalHost(options=HostOptions(device="cpu"), catalog=catalog, memory=manager)


def text(seed: int = 3, **wishes: Any) -> TextRequest:
    """Ask for eight letters."""
    asked = {"prompt": "hello there", "model": "tiny-text", "max_tokens": 8}
    return TextRequest(**{**asked, **wishes}, seed=seed)


def image(seed: int = 7, **wishes: Any) -> ImageRequest:
    """Ask for a picture in one step."""
    asked = {"prompt": "a fox", "width_px": 32, "height_px": 32, "steps": 1, "model": "tiny-sd"}
    return ImageRequest(**{**asked, **wishes}, seed=seed)


def music(seed: int = 3, **wishes: Any) -> MusicRequest:
    """Ask for one bar."""
    asked = {"prompt": "calm piano", "candidates": 2, "bars": 1, "model": "tiny-music"}
    return MusicRequest(**{**asked, **wishes}, seed=seed)


ASKS: dict[str, Callable[..., Request]] = {"text": text, "image": image, "music": music}


def filled(root: Path) -> ImageRequest:
    """Ask for a picture of which half is redrawn, in a style."""
    start = Image.effect_noise((32, 32), 60).convert("RGB")
    mask = Image.new("L", (32, 32))
    mask.paste(255, (16, 0, 32, 32))
    return image(
        init=png.encode(start),
        mask=png.encode(mask),
        strength=1.0,
        loras=(LoraUse(path=str(root / STYLE), weight=0.7),),
    )


def substance(result: Any) -> bytes:
    """Return what a result is about as bytes, to compare."""
    if hasattr(result, "pictures"):
        return b"".join(picture.png for picture in result.pictures)
    return result.midi if hasattr(result, "midi") else str(result.text).encode()
