"""LoRAs on the first three families draw bit for bit as diffusers' own loader puts them on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from PIL import Image

from engines.api import LoraUse
from engines.image import png, samplers
from tests.engines.image.cabinet import DIFFUSION, SEED, SIDE_PX, Cabinet

STEPS, GUIDANCE, WEIGHT = 3, 6.0, 0.6
START = Image.effect_noise((SIDE_PX, SIDE_PX), 60).convert("RGB").quantize(64).convert("RGB")


def plain(folder: Path, family: str, task: str) -> Any:
    name = f"StableDiffusion{'XL' if family.endswith('xl') else ''}{task}Pipeline"
    pipeline = getattr(diffusers, name).from_pretrained(folder, local_files_only=True)
    pipeline.scheduler = samplers.make(dict(pipeline.scheduler.config), "euler a")
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.mark.parametrize("family", DIFFUSION)
@pytest.mark.parametrize("task", ["", "Img2Img"])
def test_a_lora_counts_as_much_as_its_weight_says(cabinet: Cabinet, family: str, task: str) -> None:
    pipeline = plain(cabinet.root / f"{family}-folder", family, task)
    pipeline.load_lora_weights(
        cabinet.root, weight_name=f"{family}-lora.safetensors", adapter_name="one"
    )
    pipeline.set_adapters(["one"], [WEIGHT])
    given: dict[str, Any] = {"image": START, "strength": 0.7}
    if not task:
        given = {"width": SIDE_PX, "height": SIDE_PX}
    with torch.inference_mode():
        wanted = pipeline(
            prompt="a cat", negative_prompt="of", num_inference_steps=STEPS,
            guidance_scale=GUIDANCE, generator=torch.Generator().manual_seed(SEED), **given,
        ).images[0]  # fmt: skip
    asked: dict[str, Any] = {"init": png.encode(START), "strength": 0.7} if task else {}
    asked |= {"negative": "of", "steps": STEPS, "guidance": GUIDANCE, "sampler": "euler a"}
    lora = LoraUse(path=cabinet.path(f"{family}-lora.safetensors"), weight=WEIGHT)
    worn = cabinet.run(f"{family}-folder", loras=(lora,), **asked).pictures[0]
    without = cabinet.run(f"{family}-folder", **asked).pictures[0]
    assert Image.open(io.BytesIO(worn.png)).tobytes() == wanted.tobytes()
    assert without.png != worn.png
