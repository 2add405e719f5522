"""What InvokeAI writes: "invokeai_metadata", before that "sd-metadata", before that "Dream"."""

from __future__ import annotations

import re
import shlex
from typing import Any

from desktop.document.picture_metadata import samplers, values
from desktop.document.picture_metadata.described import Guide, Named, PictureSettings

KEYWORDS = ("invokeai_metadata", "sd-metadata", "Dream")
_TOOL = "InvokeAI"
_NEGATIVE = re.compile(r"\[([^\[\]]{0,4000})\]")


def read(keyword: str, text: str) -> PictureSettings | None:
    """Read the text of one of `KEYWORDS`.

    Raises:
        MetadataError: it is JSON, but damaged.
    """
    if keyword == "Dream":
        return _dream(text)
    said = values.json_object(text)
    return old_settings(said) if keyword == "sd-metadata" else settings(said)


def is_ours(said: dict[str, Any]) -> bool:
    """Say whether an object is InvokeAI's, of a file that does not name the tool."""
    return "positive_prompt" in said and ("cfg_scale" in said or "app_version" in said)


def settings(said: dict[str, Any]) -> PictureSettings | None:
    """Read what InvokeAI 3 and later say."""
    start = values.table(said.get("init_image")) or said.get("init_image")
    return PictureSettings(
        tool=_TOOL,
        version=values.words(said.get("app_version"), 60),
        prompt=values.words(said.get("positive_prompt")),
        negative=values.words(said.get("negative_prompt")),
        seed=values.whole(said.get("seed")),
        steps=values.positive(said.get("steps")),
        sampler=samplers.of_invoke(values.words(said.get("scheduler"), 60)),
        guidance=values.number(said.get("cfg_scale")),
        width_px=values.positive(said.get("width")),
        height_px=values.positive(said.get("height")),
        model=_model(said.get("model")),
        loras=tuple(lora for x in values.items(said.get("loras")) if (lora := _lora(x))),
        strength=values.number(said.get("strength")) if start else None,
        clip_skip=_clip_skip(said.get("clip_skip")),
        vae=_model(said.get("vae")).name,
        hires=_hires(said),
        hires_strength=values.number(said.get("hrf_strength")) if _hires(said) else None,
        tiling=bool(said.get("seamless_x") and said.get("seamless_y")),
        controls=tuple(
            _guide(x, "control_model", "t2i_adapter_model")
            for name in ("controlnets", "t2iAdapters")
            for x in values.items(said.get(name), values.MOST_GUIDES)
        ),
        references=tuple(
            _guide(x, "ip_adapter_model")
            for x in values.items(said.get("ipAdapters"), values.MOST_GUIDES)
        ),
    )


def old_settings(said: dict[str, Any]) -> PictureSettings | None:
    """Read what InvokeAI 2 said."""
    image = values.table(said.get("image"))
    if not image:
        return None
    parts = values.items(image.get("prompt"))
    words = ", ".join(values.words(values.table(part).get("prompt")) for part in parts)
    prompt, negative = _parted(words or values.words(image.get("prompt")))
    return PictureSettings(
        tool=_TOOL,
        version=values.words(said.get("app_version"), 60),
        prompt=prompt,
        negative=negative,
        seed=values.whole(image.get("seed")),
        steps=values.positive(image.get("steps")),
        sampler=samplers.of_invoke(values.words(image.get("sampler"), 60)),
        guidance=values.number(image.get("cfg_scale")),
        width_px=values.positive(image.get("width")),
        height_px=values.positive(image.get("height")),
        model=Named(
            name=values.name(said.get("model_weights")),
            digest=values.digest(said.get("model_hash")),
        ),
        strength=values.number(image.get("strength")) if image.get("type") == "img2img" else None,
    )


def _dream(text: str) -> PictureSettings | None:
    """Read the command that made a picture: "words" -s50 -S42 -W512 -H512 -C7.5 -Ak_lms."""
    try:
        words = shlex.split(text[: values.MOST_LETTERS])
    except ValueError:
        words = text[: values.MOST_LETTERS].split()
    if not words:
        return None
    said: dict[str, str] = {}
    spoken: list[str] = []
    flag = ""
    for word in words[:2000]:
        if re.fullmatch(r"-[A-Za-z].*", word):
            flag, value = word[1], word[2:].lstrip("=")
            if value:
                said.setdefault(flag, value)
                flag = ""
        elif flag:
            said.setdefault(flag, word)
            flag = ""
        else:
            spoken.append(word)
    if not said:
        return None
    prompt, negative = _parted(" ".join(spoken))
    return PictureSettings(
        tool=_TOOL,
        prompt=prompt,
        negative=negative,
        seed=values.whole(said.get("S")),
        steps=values.positive(said.get("s")),
        sampler=samplers.of_invoke(values.words(said.get("A"), 60)),
        guidance=values.number(said.get("C")),
        width_px=values.positive(said.get("W")),
        height_px=values.positive(said.get("H")),
        strength=values.number(said.get("f")),
    )


def _parted(words: str) -> tuple[str, str]:
    """Take what stands in brackets, which the old versions kept away, out of a prompt."""
    negative = ", ".join(found.strip() for found in _NEGATIVE.findall(words) if found.strip())
    return values.words(_NEGATIVE.sub("", words)), values.words(negative)


def _model(value: Any) -> Named:
    if isinstance(value, str):
        return Named(name=values.name(value))
    said = values.table(value)
    # Its own hashes are BLAKE3 unless they say otherwise: no use for finding a file by sha256.
    written = values.words(said.get("hash"), 200)
    named = said.get("name") or said.get("model_name")
    return Named(
        name=values.name(named),
        digest=values.digest(written) if written.startswith("sha256") else "",
    )


def _clip_skip(value: Any) -> int | None:
    """Return the count as A1111 has it; here 1 leaves one layer out."""
    skipped = values.positive(value)
    return skipped + 1 if skipped is not None else None


def _hires(said: dict[str, Any]) -> float | None:
    """Return by how much the second drawing was larger: always twice, if there was one."""
    return 2.0 if said.get("hrf_enabled") is True else None


def _guide(value: Any, *names: str) -> Guide:
    said = values.table(value)
    model = next((said[name] for name in names if name in said), None)
    weights = said.get("control_weight", said.get("weight"))
    # A list has a weight for each part of the steps.
    weight = values.number(weights[0] if isinstance(weights, list) and weights else weights)
    end = values.number(said.get("end_step_percent"))
    return Guide(
        model=_model(model),
        weight=1.0 if weight is None else weight,
        start=values.number(said.get("begin_step_percent")) or 0.0,
        end=1.0 if end is None else end,
    )


def _lora(value: Any) -> Named:
    said = values.table(value)
    model = _model(said.get("model") or said.get("lora"))
    weight = values.number(said.get("weight"))
    return Named(name=model.name, digest=model.digest, weight=1.0 if weight is None else weight)
