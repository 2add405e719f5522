"""What Fooocus writes: its own JSON, or A1111's infotext with a few names of its own."""

from __future__ import annotations

import re
from typing import Any

from desktop.document.picture_metadata import samplers, values
from desktop.document.picture_metadata.described import Named, PictureSettings

_SIZE = re.compile(r"\(?\s*(\d{1,5})\s*[,x×]\s*(\d{1,5})\s*\)?")
_COMBINED = re.compile(r"(.{1,200}?)\s*:\s*(-?[\d.]{1,12})")
_NO_MODEL = ("none", "default (model)", "")


def is_ours(said: dict[str, Any]) -> bool:
    """Say whether an object is Fooocus's."""
    version = values.words(said.get("version"), 100).lower()
    return "base_model" in said or "full_prompt" in said or "fooocus" in version


def settings(said: dict[str, Any]) -> PictureSettings:
    """Read Fooocus's JSON; the full prompt is what was painted, styles and all."""
    size = _SIZE.search(values.words(said.get("resolution"), 40))
    return PictureSettings(
        tool="Fooocus",
        version=values.words(said.get("version"), 60),
        prompt=_full(said, "full_prompt") or values.words(said.get("prompt")),
        negative=_full(said, "full_negative_prompt") or values.words(said.get("negative_prompt")),
        seed=values.whole(said.get("seed")),
        steps=values.positive(said.get("steps")),
        sampler=samplers.of_comfy(
            values.words(said.get("sampler"), 60), values.words(said.get("scheduler"), 40)
        ),
        guidance=values.number(said.get("guidance_scale")),
        width_px=values.positive(size[1]) if size else None,
        height_px=values.positive(size[2]) if size else None,
        model=Named(
            name=values.name(said.get("base_model")),
            digest=values.digest(said.get("base_model_hash")),
        ),
        loras=_loras(said),
        clip_skip=values.positive(said.get("clip_skip")),
        vae=_vae(said),
    )


def _full(said: dict[str, Any], key: str) -> str:
    """Join the prompt's parts: the user's words and those of the styles."""
    parts = [values.words(part) for part in values.items(said.get(key))]
    return values.words(", ".join(part for part in parts if part))


def _loras(said: dict[str, Any]) -> tuple[Named, ...]:
    """Read the LoRAs: a list of name, weight and hash, or lines "name : weight"."""
    found = []
    for entry in values.items(said.get("loras")):
        parts = values.items(entry) or [entry]
        weight = values.number(parts[1]) if len(parts) > 1 else None
        found.append(
            Named(
                name=values.name(parts[0]),
                digest=values.digest(parts[2]) if len(parts) > 2 else "",
                weight=1.0 if weight is None else weight,
            )
        )
    for number in range(1, values.MOST_LORAS):
        match = _COMBINED.fullmatch(values.words(said.get(f"lora_combined_{number}"), 300))
        if match is not None and not found[number - 1 : number]:
            found.append(Named(name=values.name(match[1]), weight=values.number(match[2]) or 0.0))
    return tuple(lora for lora in found if lora.name and lora.name.lower() != "none")


def _vae(said: dict[str, Any]) -> str:
    name = values.name(said.get("vae"))
    return "" if name.lower() in _NO_MODEL else name
