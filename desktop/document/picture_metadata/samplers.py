"""Samplers by the names of each tool, brought to the ones that are familiar from A1111."""

from __future__ import annotations

SCHEDULES = {"karras": "Karras", "exponential": "Exponential", "beta": "Beta"}
"""How the noise of the steps is spaced, as the last word of a name."""

_PLAIN = {
    "euler a": "Euler a",
    "ddim": "DDIM",
    "ddpm": "DDPM",
    "pndm": "PLMS",
    "lcm": "LCM",
    "tcd": "TCD",
}
_SPACED = {
    "dpm++ 2m": "DPM++ 2M",
    "dpm++ 2m sde": "DPM++ 2M SDE",
    "dpm++ sde": "DPM++ SDE",
    "euler": "Euler",
    "unipc": "UniPC",
    "heun": "Heun",
    "dpm++ 3m": "DPM++ 3M",
    "dpm++ 3m sde": "DPM++ 3M SDE",
    "dpm++ 2s": "DPM++ 2S",
    "dpm2": "DPM2",
    "dpm2 a": "DPM2 a",
    "lms": "LMS",
    "deis": "DEIS",
    "sa solver": "SA Solver",
}


def _spaced(name: str, familiar: str) -> dict[str, str]:
    """Return a sampler by itself and with each spacing."""
    with_words = {f"{name} {x}": f"{familiar} {words}" for x, words in SCHEDULES.items()}
    return {name: familiar, **with_words}


_WITH_SPACINGS = {name: _spaced(name, familiar) for name, familiar in _SPACED.items()}
FAMILIAR = {
    **_SPACED,
    **_PLAIN,
    **{name: words for names in _WITH_SPACINGS.values() for name, words in names.items()},
}
"""Our engine's samplers, and how other tools write them in a picture's words."""

FLOW = (
    *("dpm++ 2m", "dpm++ 2m sde", "dpm++ 3m", "dpm++ 3m sde", "dpm++ 2s", "dpm++ sde"),
    *("euler", "unipc", "deis", "sa solver"),
)
"""Those that can follow a flow in a model made like one for noise."""

MATCHING = (
    *_WITH_SPACINGS["euler"],
    *("heun", "dpm++ 2m", "dpm++ 3m", "dpm++ 2s", "unipc", "deis"),
)
"""Those of models that are made for a flow: SD3, Flux."""

_COMFY = {
    "euler": "euler",
    "euler_ancestral": "euler a",
    "heun": "heun",
    "lms": "lms",
    "dpmpp_2m": "dpm++ 2m",
    "dpmpp_2m_sde": "dpm++ 2m sde",
    "dpmpp_3m_sde": "dpm++ 3m sde",
    "dpmpp_sde": "dpm++ sde",
    "dpmpp_2s_ancestral": "dpm++ 2s a",
    "dpm_2": "dpm2",
    "dpm_2_ancestral": "dpm2 a",
    "ddim": "ddim",
    "uni_pc": "unipc",
    "uni_pc_bh2": "unipc",
    "lcm": "lcm",
    "ddpm": "ddpm",
    "ipndm": "pndm",
}
_INVOKE = {
    "euler": "euler",
    "euler_a": "euler a",
    "heun": "heun",
    "lms": "lms",
    "dpmpp_2m": "dpm++ 2m",
    "dpmpp_2m_sde": "dpm++ 2m sde",
    "dpmpp_3m": "dpm++ 3m",
    "dpmpp_sde": "dpm++ sde",
    "dpmpp_2s": "dpm++ 2s",
    "dpmpp_2": "dpm++ 2m",
    "dpm_2": "dpm2",
    "kdpm_2": "dpm2",
    "kdpm_2_a": "dpm2 a",
    "ddim": "ddim",
    "ddpm": "ddpm",
    "pndm": "pndm",
    "plms": "pndm",
    "unipc": "unipc",
    "lcm": "lcm",
    "tcd": "tcd",
}
_PLAIN_SCHEDULES = ("", "normal", "automatic", "simple", "uniform", "none", "sgm_uniform")


def of_a1111(sampler: str, schedule: str = "") -> str:
    """Return our name for "DPM++ 2M Karras", or for "DPM++ 2M" with its schedule apart."""
    ours = " ".join(sampler.lower().split())
    ours = {"plms": "pndm"}.get(ours, ours)
    return _scheduled(ours, schedule)


def of_comfy(sampler: str, schedule: str = "") -> str:
    """Return our name for ComfyUI's and Fooocus's sampler and scheduler."""
    plain = sampler.lower().removesuffix("_gpu")
    return _scheduled(_COMFY.get(plain, plain.replace("_", " ")), schedule)


def of_invoke(scheduler: str) -> str:
    """Return our name for InvokeAI's scheduler, of its old names too ("k_euler_a")."""
    plain = scheduler.lower()
    plain, karras = plain.removesuffix("_k"), plain.endswith("_k")
    ours = _INVOKE.get(plain) or _INVOKE.get(plain.removeprefix("k_"))
    ours = ours or plain.replace("_", " ")
    return f"{ours} karras" if karras else ours


def _scheduled(ours: str, schedule: str) -> str:
    plain = schedule.lower().strip()
    if not ours or plain in _PLAIN_SCHEDULES or ours.endswith(plain):
        return ours
    return f"{ours} {plain}"
