"""What the library's models are called, for people; no Qt in it, the command line says it too."""

from __future__ import annotations

from collections.abc import Iterable

from engines.api import Kind, ModelSpec, Role

ROLES = {
    Role.DENOISER: "Diffusion part",
    Role.LORA: "LoRA",
    Role.TEXTUAL_INVERSION: "Textual inversion",
    Role.VAE: "VAE",
    Role.CONTROLNET: "ControlNet",
    Role.T2I_ADAPTER: "T2I adapter",
    Role.IP_ADAPTER: "IP-Adapter",
    Role.TEXT_ENCODER: "Text encoder",
    Role.IMAGE_ENCODER: "Image encoder",
    Role.UPSCALER: "Upscaler",
    Role.CUTOUT: "Cut-out model",
    Role.DEPTH: "Depth model",
}

WHOLE = {Kind.TEXT: "Language model", Kind.IMAGE: "Picture model", Kind.MUSIC: "Music model"}

BASES = {
    "stable-diffusion": "Stable Diffusion 1.5",
    "stable-diffusion-2": "Stable Diffusion 2",
    "stable-diffusion-xl": "Stable Diffusion XL",
    "stable-diffusion-xl-refiner": "SDXL refiner",
    "stable-diffusion-3": "Stable Diffusion 3",
    "flux": "Flux",
}

VARIANTS = {
    "stable-diffusion-3.5": "Stable Diffusion 3.5",
    "flux-schnell": "Flux schnell",
    "taesd": "small, for previews",
    "control-lora": "as a LoRA",
    "controlnet-lllite": "LLLite",
    "controlnet-union": "for several guides",
    "lycoris": "LyCORIS",
}
"""What an architecture adds to the words for its kind and family."""

PREDICTIONS = {
    "epsilon": "noise",
    "v_prediction": "velocity (v)",
    "flow": "flow",
    "edm": "noise, EDM schedule",
}

UNKNOWN_LICENCE = "Unknown: see its source"

_FILLING = {"stable-diffusion": 9, "stable-diffusion-2": 9, "stable-diffusion-xl": 9, "flux": 384}


def kind_words(spec: ModelSpec) -> str:
    """Say what a model is for: "LoRA", "Picture model"."""
    if spec.role is Role.MODEL:
        return WHOLE.get(spec.kind, str(spec.kind).capitalize())
    words = ROLES[spec.role]
    return f"{words} for words" if spec.role is Role.LORA and spec.kind is Kind.TEXT else words


def base_words(spec: ModelSpec) -> str:
    """Name the family a model is of or belongs to; empty if that is not known."""
    if spec.architecture in VARIANTS and spec.architecture.startswith((spec.base or " ", "flux")):
        return VARIANTS[spec.architecture]
    return BASES.get(spec.base, spec.base)


def variant_words(spec: ModelSpec) -> str:
    """Say what sets a model apart from the others of its kind and family."""
    said: list[str] = []
    if spec.role in (Role.MODEL, Role.DENOISER):
        if _FILLING.get(spec.base) == spec.channels or spec.architecture.endswith("-inpaint"):
            said.append("fills in")
        elif spec.base == "flux" and spec.channels == 128:
            said.append("takes a guide")
        if spec.prediction in ("v_prediction", "edm"):
            said.append(f"predicts {PREDICTIONS[spec.prediction]}")
    elif spec.architecture in VARIANTS:
        said.append(VARIANTS[spec.architecture])
    elif spec.role is Role.VAE and spec.channels:
        said.append(f"{spec.channels} channels")
    elif spec.role in (Role.TEXT_ENCODER, Role.UPSCALER):
        said.append(spec.architecture)
    if spec.kind is Kind.TEXT and spec.role is Role.MODEL:
        said.append(spec.architecture)
    return ", ".join(said)


def facts(spec: ModelSpec) -> str:
    """Say kind, family and variant in one line."""
    return "  ·  ".join(x for x in (kind_words(spec), base_words(spec), variant_words(spec)) if x)


def licence_words(spec: ModelSpec) -> str:
    return spec.licence or UNKNOWN_LICENCE


def searched(spec: ModelSpec) -> str:
    """Return all the words by which a model is found, in small letters."""
    return " ".join((spec.name, spec.id, facts(spec), spec.path, licence_words(spec))).lower()


def counted(specs: Iterable[ModelSpec]) -> str:
    """Say how many there are of each kind: "3 models: 2 LoRAs, 1 VAE"."""
    numbers: dict[str, int] = {}
    for spec in specs:
        numbers[kind_words(spec)] = numbers.get(kind_words(spec), 0) + 1
    said = number_of(sum(numbers.values()), "model")
    if len(numbers) < 2:
        return said
    most = sorted(numbers.items(), key=lambda pair: -pair[1])
    return f"{said}: " + ", ".join(number_of(number, _inside(kind)) for kind, number in most)


def number_of(number: int, thing: str) -> str:
    """Write "1 model" or "2 models"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _inside(kind: str) -> str:
    """Write a kind as within a sentence; names keep their capitals."""
    return f"{kind[0].lower()}{kind[1:]}" if kind[1:].islower() else kind
