"""Samplers by their familiar names, fitted to what a model was trained to predict."""

from __future__ import annotations

import inspect
from typing import Any

import diffusers

from engines.api import BadRequest

SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "dpm++ 2m": ("DPMSolverMultistepScheduler", {}),
    "dpm++ 2m karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "dpm++ 2m sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "dpm++ sde": ("DPMSolverSinglestepScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler a": ("EulerAncestralDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "ddim": ("DDIMScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "pndm": ("PNDMScheduler", {"skip_prk_steps": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}
"""Name -> diffusers class and what sets it apart."""

FLOW_SAMPLERS: dict[str, tuple[str, dict[str, Any]]] = {
    "dpm++ 2m": ("DPMSolverMultistepScheduler", {}),
    "dpm++ 2m sde": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "euler": ("DPMSolverMultistepScheduler", {"solver_order": 1}),
    "unipc": ("UniPCMultistepScheduler", {}),
}
"""Those that can follow a flow; Euler's step is the solver's first order."""


def names(config: dict[str, Any]) -> tuple[str, ...]:
    """Return the samplers a model with this scheduler can use."""
    return tuple(FLOW_SAMPLERS if _is_flow(config) else SAMPLERS)


def make(config: dict[str, Any], name: str) -> Any:
    """Make the scheduler `name` from a model's own `config`; "" keeps the model's choice.

    Raises:
        BadRequest: there is no such sampler for this model.
    """
    own = str(config.get("_class_name", ""))
    if not name:
        if own not in {scheduler for scheduler, _ in SAMPLERS.values()}:
            own = "DPMSolverMultistepScheduler"
        return _build(own, config)
    table = FLOW_SAMPLERS if _is_flow(config) else SAMPLERS
    if name.lower() not in table:
        raise BadRequest(f"the sampler is {', '.join(table)}, not {name!r}")
    scheduler, changes = table[name.lower()]
    kept = {key: value for key, value in config.items() if not key.startswith("_")}
    return _build(scheduler, {**kept, **changes})


def _build(class_name: str, config: dict[str, Any]) -> Any:
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
    except (ValueError, TypeError, NotImplementedError) as error:
        raise BadRequest("this model does not work with that sampler") from error


def _is_flow(config: dict[str, Any]) -> bool:
    return config.get("prediction_type") == "flow_prediction"
