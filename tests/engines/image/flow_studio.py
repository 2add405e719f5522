"""The engine over tiny models of Stable Diffusion 3 and Flux, beside diffusers' pipelines."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import diffusers
import torch
from PIL import Image

from engines.api import ImageRequest, Run
from engines.catalog import Catalog
from engines.image.engine import ImageEngine
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services

FAMILIES = ("stable-diffusion-3", "stable-diffusion-3.5", "flux", "flux-schnell")
SIDE_PX, SEED, STEPS, GUIDANCE = 64, 7, 3, 4.5
PROMPT, NEGATIVE = "a cat at noon", "of"


class Studio:
    """The engine over the models in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog = Catalog((folder / "models",), library=folder / "library")
        memory = MemoryManager(SimulatedDevice(2**33))
        self.engine = ImageEngine(Services(self.catalog, memory, lambda request, run: None))

    def draw(self, model: str, run: Run | None = None, **wishes: Any) -> list[bytes]:
        """Draw with the engine; returns the pixels of each picture."""
        asked = {
            "prompt": PROMPT, "negative": NEGATIVE, "seed": SEED, "steps": STEPS,
            "guidance": GUIDANCE, "width_px": SIDE_PX, "height_px": SIDE_PX,
        }  # fmt: skip
        done = self.engine.run(ImageRequest(**{**asked, **wishes}, model=model), run or Run())
        return [Image.open(io.BytesIO(one.png)).tobytes() for one in done.pictures]


def plain(place: Path, family: str, task: str = "", **parts: Any) -> Any:
    """Load a whole diffusers pipeline of a folder."""
    name = "Flux" if family.startswith("flux") else "StableDiffusion3"
    maker = getattr(diffusers, f"{name}{task}Pipeline")
    pipeline = maker.from_pretrained(place, local_files_only=True, **parts)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def drawn(pipeline: Any, seed: int = SEED, **asked: Any) -> Any:
    """Draw with a plain pipeline."""
    if "Flux" not in type(pipeline).__name__:
        asked["negative_prompt"] = NEGATIVE
    with torch.inference_mode():
        return pipeline(
            prompt=PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE, width=SIDE_PX,
            height=SIDE_PX, generator=torch.Generator().manual_seed(seed), **asked,
        ).images[0]  # fmt: skip
