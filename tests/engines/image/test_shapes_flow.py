"""Samplers, variations and second drawings with the models that follow a flow: SD3 and Flux."""

from __future__ import annotations

import diffusers
import pytest
import torch
from PIL import Image

from engines.image import png, samplers
from tests.engines.image import test_flow_pipelines as flows
from tests.engines.image.flow_studio import (
    FAMILIES,
    GUIDANCE,
    NEGATIVE,
    PROMPT,
    SEED,
    STEPS,
    Studio,
    drawn,
    plain,
)
from tests.engines.image.test_flow_pipelines import MASK, START, place

pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")

studio = flows.studio
BOTH = ("stable-diffusion-3", "flux")
PLAIN = [name for name in samplers.MATCHING_SAMPLERS if name.split()[-1] not in samplers.SCHEDULES]
SOLVERS = {
    "dpm++ 2m": ("DPMSolverMultistepScheduler", {}),
    "dpm++ 3m": ("DPMSolverMultistepScheduler", {"solver_order": 3}),
    "unipc": ("UniPCMultistepScheduler", {}),
}
TASKS = {
    "words": {},
    "picture": {"init": png.encode(START), "strength": 0.7},
    "part": {"init": png.encode(START), "mask": png.encode(MASK), "strength": 0.7},
}


@pytest.mark.parametrize("family", BOTH)
@pytest.mark.parametrize("name", SOLVERS)
def test_a_solver_draws_bit_for_bit_as_diffusers(studio: Studio, family: str, name: str) -> None:
    pipeline = plain(place(studio, family), family)
    class_name, changes = SOLVERS[name]
    own = pipeline.scheduler.config
    pipeline.scheduler = getattr(diffusers, class_name)(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=own.shift,
        use_dynamic_shifting=own.use_dynamic_shifting,
        **changes,
    )
    assert studio.draw(family, sampler=name) == [drawn(pipeline).tobytes()]


@pytest.mark.parametrize("family", BOTH)
@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("task", TASKS)
def test_each_sampler_does_each_task(studio: Studio, family: str, name: str, task: str) -> None:
    pictures = studio.draw(family, sampler=name, **TASKS[task])
    assert len(set(pictures[0])) > 16
    assert studio.draw(family, sampler=name, **TASKS[task]) == pictures


@pytest.mark.parametrize("family", BOTH)
@pytest.mark.parametrize("task", TASKS)
def test_a_small_variation_is_near_the_picture(studio: Studio, family: str, task: str) -> None:
    own = studio.draw(family, **TASKS[task])[0]

    def away(share: float) -> float:
        other = studio.draw(family, variation=share, variation_seed=99, **TASKS[task])[0]
        return sum(abs(a - b) for a, b in zip(own, other, strict=True)) / len(own)

    assert 0 < away(0.05) < away(0.6)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_second_drawing_starts_from_the_enlarged_picture(studio: Studio, family: str) -> None:
    first = drawn(plain(place(studio, family), family))
    large = first.resize((96, 96), Image.Resampling.LANCZOS)
    again = plain(place(studio, family), family, "Img2Img")
    negative = {} if family.startswith("flux") else {"negative_prompt": NEGATIVE}
    with torch.inference_mode():
        wanted = again(
            prompt=PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE, image=large,
            strength=0.5, width=96, height=96, generator=torch.Generator().manual_seed(SEED),
            **negative,
        ).images[0]  # fmt: skip
    assert studio.draw(family, hires=1.5, hires_strength=0.5) == [wanted.tobytes()]
