"""Samplers by their familiar names, fitted to what a model was trained to predict."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import diffusers

from engines.api import BadRequest

SCHEDULES = {
    "karras": "use_karras_sigmas",
    "exponential": "use_exponential_sigmas",
    "beta": "use_beta_sigmas",
}
"""How the noise of the steps is spaced, as the last word of a name -> diffusers' switch."""

FLOW_MATCHING = "FlowMatchEulerDiscreteScheduler"
"""The sampler of models whose pipelines follow a flow by themselves: Flux, SD3."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """A class of diffusers', what sets it apart, and whether its noise can be spaced otherwise."""

    scheduler: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    spaced: bool = True


_PLAIN = {"algorithm_type": "dpmsolver++", "solver_order": 2}
_SDE = {"algorithm_type": "sde-dpmsolver++", "solver_order": 2}
_DATA = {"algorithm_type": "data_prediction"}

_NOISE = {
    "dpm++ 2m": Sampler("DPMSolverMultistepScheduler", _PLAIN),
    "dpm++ 2m sde": Sampler("DPMSolverMultistepScheduler", _SDE),
    "dpm++ 3m": Sampler("DPMSolverMultistepScheduler", {**_PLAIN, "solver_order": 3}),
    "dpm++ 3m sde": Sampler("DPMSolverMultistepScheduler", {**_SDE, "solver_order": 3}),
    "dpm++ 2s": Sampler("DPMSolverSinglestepScheduler", _PLAIN),
    "dpm++ sde": Sampler("DPMSolverSinglestepScheduler", _SDE),
    "euler": Sampler("EulerDiscreteScheduler"),
    "euler a": Sampler("EulerAncestralDiscreteScheduler", spaced=False),
    "heun": Sampler("HeunDiscreteScheduler"),
    "dpm2": Sampler("KDPM2DiscreteScheduler"),
    "dpm2 a": Sampler("KDPM2AncestralDiscreteScheduler"),
    "lms": Sampler("LMSDiscreteScheduler"),
    "ddim": Sampler("DDIMScheduler", spaced=False),
    "ddpm": Sampler("DDPMScheduler", spaced=False),
    "pndm": Sampler("PNDMScheduler", {"skip_prk_steps": True}, spaced=False),
    "unipc": Sampler("UniPCMultistepScheduler"),
    "deis": Sampler("DEISMultistepScheduler"),
    "sa solver": Sampler("SASolverScheduler", _DATA),
    "lcm": Sampler("LCMScheduler", spaced=False),
    "tcd": Sampler("TCDScheduler", spaced=False),
}

_FLOW = {
    "dpm++ 2m": Sampler("DPMSolverMultistepScheduler", _PLAIN),
    "dpm++ 2m sde": Sampler("DPMSolverMultistepScheduler", _SDE),
    "dpm++ 3m": Sampler("DPMSolverMultistepScheduler", {**_PLAIN, "solver_order": 3}),
    "dpm++ 3m sde": Sampler("DPMSolverMultistepScheduler", {**_SDE, "solver_order": 3}),
    "dpm++ 2s": Sampler("DPMSolverSinglestepScheduler", _PLAIN),
    "dpm++ sde": Sampler("DPMSolverSinglestepScheduler", _SDE),
    "euler": Sampler("DPMSolverMultistepScheduler", {**_PLAIN, "solver_order": 1}),
    "unipc": Sampler("UniPCMultistepScheduler"),
    "deis": Sampler("DEISMultistepScheduler"),
    "sa solver": Sampler("SASolverScheduler", _DATA),
}
"""Those that can follow a flow in a pipeline made for noise; Euler's step is the solver's
first order. Their spacing is the flow's own."""

_MATCHING = {
    "euler": Sampler(FLOW_MATCHING),
    "heun": Sampler("FlowMatchHeunDiscreteScheduler", spaced=False),
}
"""Those made for the pipelines that follow a flow by themselves."""

_STEADY = ("dpm++ 2m", "dpm++ 3m", "dpm++ 2s", "unipc", "deis")
"""Those of the flow that these pipelines can use too. They give a sampler no source of random
numbers, so those that add noise at each step would draw another picture each time."""


def _with_schedules(table: Mapping[str, Sampler]) -> dict[str, Sampler]:
    """Give each sampler its names with the spacings that it can have."""
    named: dict[str, Sampler] = {}
    for name, sampler in table.items():
        named[name] = sampler
        if sampler.spaced:
            for schedule, switch in SCHEDULES.items():
                changes = {**sampler.changes, switch: True}
                named[f"{name} {schedule}"] = Sampler(sampler.scheduler, changes)
    return named


SAMPLERS = _with_schedules(_NOISE)
FLOW_SAMPLERS = dict(_FLOW)
MATCHING_SAMPLERS = _with_schedules(_MATCHING) | {name: _FLOW[name] for name in _STEADY}

ALIASES = {"plms": "pndm", "euler ancestral": "euler a", "dpm2 ancestral": "dpm2 a"}
"""Other familiar names of the same."""


def names(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the samplers a model with this scheduler can use."""
    return tuple(_table(config))


def make(config: dict[str, Any], name: str) -> Any:
    """Make the scheduler `name` from a model's own `config`; "" keeps the model's choice.

    Raises:
        BadRequest: there is no such sampler for this model.
    """
    table = _table(config)
    if not name:
        own = str(config.get("_class_name", ""))
        if own not in {sampler.scheduler for sampler in table.values()}:
            own = FLOW_MATCHING if table is MATCHING_SAMPLERS else "DPMSolverMultistepScheduler"
        return _build(own, config)
    plain = " ".join(name.lower().split())
    sampler = table.get(ALIASES.get(plain, plain))
    if sampler is None:
        raise BadRequest(f"the sampler is {', '.join(table)}, not {name!r}")
    kept = {key: value for key, value in config.items() if not key.startswith("_")}
    if table is MATCHING_SAMPLERS:
        return _matching(sampler, kept)
    # A model may come with a spacing of its own; a name says all of it.
    plainly = dict.fromkeys(SCHEDULES.values(), False)
    return _build(sampler.scheduler, {**kept, **plainly, **sampler.changes})


def _matching(sampler: Sampler, config: Mapping[str, Any]) -> Any:
    """Make a sampler for a pipeline that follows a flow by itself."""
    flow = {
        "prediction_type": "flow_prediction",
        "use_flow_sigmas": True,
        "flow_shift": config.get("shift", 1.0),
    }
    scheduler = _build(sampler.scheduler, {**config, **flow, **sampler.changes})
    if "sigmas" not in inspect.signature(scheduler.set_timesteps).parameters:
        _fit_to_flow(scheduler, is_shifting=bool(config.get("use_dynamic_shifting")))
    if not hasattr(scheduler, "scale_noise"):  # the flows' name for the same
        scheduler.scale_noise = lambda start, time, noise: scheduler.add_noise(start, noise, time)
    return scheduler


def _fit_to_flow(scheduler: Any, *, is_shifting: bool) -> None:
    """Give a solver the calls of those that Flux and SD3 were published with.

    Args:
        is_shifting: The flow's shift follows the picture's size, and comes as its logarithm.
    """
    plain = scheduler.set_timesteps
    takes_shift = "mu" in inspect.signature(plain).parameters
    shift = "shift" if "shift" in scheduler.config else "flow_shift"

    def set_timesteps(
        num_inference_steps: int | None = None,
        device: Any = None,
        sigmas: Sequence[float] = (),
        mu: float | None = None,
    ) -> None:
        given = {}
        if is_shifting and mu is not None and takes_shift:
            given["mu"] = mu
        elif is_shifting and mu is not None:
            scheduler.register_to_config(**{shift: math.exp(mu)})
        # The noise of the steps is the solver's own: a flow's, spaced evenly as they would ask.
        plain(num_inference_steps or len(sigmas), device=device, **given)

    scheduler.set_timesteps = set_timesteps


def _table(config: Mapping[str, Any]) -> dict[str, Sampler]:
    if config.get("_class_name") == FLOW_MATCHING:
        return MATCHING_SAMPLERS
    return FLOW_SAMPLERS if config.get("prediction_type") == "flow_prediction" else SAMPLERS


def _build(class_name: str, config: Mapping[str, Any]) -> Any:
    """Make a scheduler of a known class.

    Raises:
        BadRequest: this model's settings and this sampler do not go together.
    """
    scheduler = getattr(diffusers, class_name)
    known = inspect.signature(scheduler.__init__).parameters
    # What the pipelines insist on anyway, with a warning if it is not so.
    insisted = {"steps_offset": 1, "clip_sample": False}
    settings = {**config, **{key: value for key, value in insisted.items() if key in known}}
    try:
        return scheduler.from_config(
            {key: value for key, value in settings.items() if key in known or key.startswith("_")}
        )
    except (ValueError, TypeError, NotImplementedError, ImportError) as error:
        raise BadRequest("this model does not work with that sampler") from error
