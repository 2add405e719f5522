"""Every sampler, by its familiar name, draws what diffusers draws with its class."""

from __future__ import annotations

import diffusers
import pytest

from desktop.document.picture_metadata import samplers as written
from engines.api import BadRequest
from engines.image import png, samplers
from tests.engines.image import test_plain_pipelines as plain
from tests.engines.image.test_plain_pipelines import START, Studio, drawn

pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")

studio = plain.studio
SIZE = {"width": plain.SIDE_PX, "height": plain.SIDE_PX}
OURS = {"steps_offset": 1}
"""What the pipelines insist on."""

EXPECTED: dict[str, tuple[str, dict[str, object]]] = {
    "euler": ("EulerDiscreteScheduler", {}),
    "euler karras": ("EulerDiscreteScheduler", {"use_karras_sigmas": True}),
    "euler a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "dpm2": ("KDPM2DiscreteScheduler", {}),
    "dpm2 a karras": ("KDPM2AncestralDiscreteScheduler", {"use_karras_sigmas": True}),
    "lms exponential": ("LMSDiscreteScheduler", {"use_exponential_sigmas": True}),
    "dpm++ 2m beta": ("DPMSolverMultistepScheduler", {"use_beta_sigmas": True}),
    "dpm++ 2m sde karras": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True},
    ),
    "dpm++ 3m sde": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 3},
    ),
    "dpm++ 2s": ("DPMSolverSinglestepScheduler", {}),
    "dpm++ sde": ("DPMSolverSinglestepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "ddim": ("DDIMScheduler", {"clip_sample": False}),
    "ddpm": ("DDPMScheduler", {"clip_sample": False}),
    "plms": ("PNDMScheduler", {"skip_prk_steps": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "deis": ("DEISMultistepScheduler", {}),
    "sa solver": ("SASolverScheduler", {}),
    "lcm": ("LCMScheduler", {"clip_sample": False}),
    "tcd": ("TCDScheduler", {"clip_sample": False}),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_draws_bit_for_bit_as_diffusers(studio: Studio, name: str) -> None:
    pipeline = plain.plain(studio, "tiny-sd", "StableDiffusionPipeline")
    class_name, changes = EXPECTED[name]
    own = diffusers.PNDMScheduler.from_pretrained(studio.parts("tiny-sd").config / "scheduler")
    pipeline.scheduler = getattr(diffusers, class_name).from_config(own.config, **OURS, **changes)
    wanted = drawn(pipeline, **SIZE).tobytes()
    assert studio.draw("tiny-sd", sampler=name) == [wanted]


@pytest.mark.parametrize("name", samplers.SAMPLERS)
def test_each_name_draws_from_a_picture_too(studio: Studio, name: str) -> None:
    pictures = studio.draw("tiny-sd", sampler=name, init=png.encode(START), strength=0.7)
    assert len(set(pictures[0])) > 16


def test_the_names_are_the_familiar_ones() -> None:
    plain_names = {"euler", "euler a", "heun", "dpm2", "dpm2 a", "lms", "dpm++ 2m", "dpm++ 2m sde",
                   "dpm++ 3m sde", "dpm++ sde", "ddim", "ddpm", "pndm", "unipc", "deis", "lcm",
                   "tcd"}  # fmt: skip
    known = set(samplers.names({"_class_name": "PNDMScheduler"}))
    assert plain_names <= known
    assert {f"dpm++ 2m {schedule}" for schedule in samplers.SCHEDULES} <= known
    assert "ddim karras" not in known


def test_a_name_overrules_the_spacing_that_a_model_came_with() -> None:
    own = {"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": True}
    assert samplers.make(own, "").config.use_karras_sigmas
    assert not samplers.make(own, "euler").config.use_karras_sigmas
    beta = samplers.make(own, "Euler  Beta").config
    assert beta.use_beta_sigmas and not beta.use_karras_sigmas


def test_a_spacing_that_a_sampler_cannot_have_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="the sampler is"):
        samplers.make({"_class_name": "PNDMScheduler"}, "ddim karras")


def test_the_window_and_the_metadata_know_the_same_names() -> None:
    assert set(written.FAMILIAR) == set(samplers.SAMPLERS)
    assert set(written.FLOW) == set(samplers.FLOW_SAMPLERS)
    assert set(written.MATCHING) == set(samplers.MATCHING_SAMPLERS)


def test_what_other_tools_wrote_is_a_sampler_of_ours() -> None:
    for sampler in ("Euler a", "DPM++ 2M Karras", "DPM++ 3M SDE Exponential", "DPM2 a", "PLMS"):
        assert written.of_a1111(sampler) in samplers.SAMPLERS
    for sampler in ("dpmpp_2m_sde_gpu", "uni_pc", "ddim", "lms", "dpm_2_ancestral"):
        assert written.of_comfy(sampler) in samplers.SAMPLERS
    for sampler in ("dpmpp_2m_k", "euler_a", "kdpm_2", "tcd", "deis"):
        assert written.of_invoke(sampler) in samplers.SAMPLERS
