"""Samplers by the names of each tool, brought to the ones that are familiar from A1111."""

from __future__ import annotations

FAMILIAR = {
    "dpm++ 2m": "DPM++ 2M",
    "dpm++ 2m karras": "DPM++ 2M Karras",
    "dpm++ 2m sde": "DPM++ 2M SDE",
    "dpm++ sde": "DPM++ SDE",
    "euler": "Euler",
    "euler a": "Euler a",
    "heun": "Heun",
    "ddim": "DDIM",
    "lms": "LMS",
    "pndm": "PLMS",
    "unipc": "UniPC",
    "lcm": "LCM",
}
"""Our engine's samplers, and how other tools write them in a picture's words."""

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
