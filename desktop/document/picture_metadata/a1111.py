"""The infotext of A1111, Forge and their kin, which Civitai reads too.

Lines of the prompt, then "Negative prompt: " and its lines, then one line of
"Name: value" parted by commas, where values with commas stand in quotes.
LoRAs stand in the prompt as <lora:name:weight>.
"""

from __future__ import annotations

import json
import re

from desktop.document.picture_metadata import samplers, values
from desktop.document.picture_metadata.described import Guide, Named, PictureSettings

NEGATIVE = "Negative prompt:"

_MOST_SETTINGS = 200
_SETTING = re.compile(r'\s*(\w[\w \-/]{0,60}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|\Z)')
_FEWEST_SETTINGS = 3
_SIZE = re.compile(r"(\d{1,5})\s*[xX,]\s*(\d{1,5})")
_LORA = re.compile(r"<(?:lora|lyco):([^:<>]{1,200})(?::(-?[\d.]{1,12}))?(?::[^<>]{0,100})?>")
_MUST_QUOTE = re.compile(r'[,:"\n]')


def read(text: str, *, tool: str = "A1111") -> PictureSettings | None:
    """Read an infotext; None if it holds neither a prompt nor settings."""
    text = text.replace("\r\n", "\n").strip()[: 4 * values.MOST_LETTERS]
    prompt, negative, said = _parts(text)
    if not said and NEGATIVE not in text:
        return None
    size = _SIZE.search(said.get("size", ""))
    prompt, loras = _without_loras(prompt, said)
    strength = values.number(said.get("denoising strength"))  # of the last drawing
    return PictureSettings(
        tool=_tool(said, tool),
        version=values.words(said.get("version"), 100),
        prompt=values.words(prompt),
        negative=values.words(_LORA.sub("", negative)),
        seed=values.whole(said.get("seed")),
        steps=values.positive(said.get("steps")),
        sampler=samplers.of_a1111(
            values.words(said.get("sampler"), 60),
            values.words(said.get("schedule type") or said.get("scheduler"), 40),
        ),
        guidance=values.number(said.get("cfg scale")),
        width_px=values.positive(size[1]) if size else None,
        height_px=values.positive(size[2]) if size else None,
        model=Named(
            name=values.name(said.get("model")), digest=values.digest(said.get("model hash"))
        ),
        loras=loras,
        upscale=_times(said.get("postprocess upscale by")),
        clip_skip=values.positive(said.get("clip skip")),
        vae=_unless_none(said.get("vae", "")),
        variation=values.number(said.get("variation seed strength")),
        variation_seed=values.whole(said.get("variation seed")),
        hires=values.number(said.get("hires upscale")),
        tiling=said.get("tiling", "").lower() == "true",
        embeddings=_embeddings(said),
        controls=_controls(said),
        strength=None if "hires upscale" in said else strength,
        hires_strength=strength if "hires upscale" in said else None,
    )


def write(settings: PictureSettings) -> str:
    """Return the infotext of a picture that was made here."""
    loras = "".join(f" <lora:{lora.name}:{lora.weight:g}>" for lora in settings.loras)
    lines = [_one_paragraph(settings.prompt) + loras]
    if settings.negative:
        lines.append(f"{NEGATIVE} {_one_paragraph(settings.negative)}")
    familiar = samplers.FAMILIAR.get(settings.sampler, settings.sampler)
    size = f"{settings.width_px}x{settings.height_px}" if settings.width_px else None
    hashes = _pairs_of(tuple(x for x in settings.loras if x.digest))
    upscaled = settings.upscale if settings.upscale and settings.upscale > 1 else None
    said = (
        ("Steps", settings.steps),
        ("Sampler", familiar or None),
        ("CFG scale", f"{settings.guidance:g}" if settings.guidance is not None else None),
        ("Seed", settings.seed),
        ("Size", size),
        ("Model hash", settings.model.digest[:10] or None),
        ("Model", settings.model.name or None),
        ("VAE", settings.vae or None),
        ("Denoising strength", _denoising(settings)),
        ("Clip skip", settings.clip_skip),
        ("Variation seed", settings.variation_seed if settings.variation else None),
        ("Variation seed strength", _number(settings.variation or None)),
        ("Hires upscale", _number(settings.hires)),
        ("Tiling", settings.tiling or None),
        ("Lora hashes", hashes or None),
        ("TI hashes", _pairs_of(settings.embeddings) or None),
        *((f"ControlNet {n}", _control_words(x)) for n, x in enumerate(settings.controls)),
        ("Postprocess upscale by", upscaled),
        ("Version", f"Triptych {settings.version}".strip()),
    )
    lines.append(", ".join(f"{name}: {_quoted(str(x))}" for name, x in said if x is not None))
    return "\n".join(lines)


def _parts(text: str) -> tuple[str, str, dict[str, str]]:
    """Part an infotext into prompt, negative prompt and settings by lower-case name."""
    *lines, last = text.split("\n")
    said = _settings(last)
    if not said:
        lines.append(last)
    prompt: list[str] = []
    negative: list[str] = []
    into = prompt
    for line in lines:
        if line.strip().startswith(NEGATIVE):
            into = negative
            line = line.strip()[len(NEGATIVE) :]
        into.append(line.strip())
    return "\n".join(prompt), "\n".join(negative), said


def _settings(line: str) -> dict[str, str]:
    """Read the last line; empty if it is words of a prompt."""
    said: dict[str, str] = {}
    for number, match in enumerate(_SETTING.finditer(line)):
        if number >= _MOST_SETTINGS:
            break
        said.setdefault(match[1].strip().lower(), _unquoted(match[2].strip()))
    known = {"steps", "sampler", "seed", "cfg scale", "size", "model", "model hash"} & said.keys()
    return said if len(said) >= _FEWEST_SETTINGS and known else {}


def _without_loras(prompt: str, said: dict[str, str]) -> tuple[str, tuple[Named, ...]]:
    """Take the LoRAs out of a prompt; their hashes stand among the settings."""
    digests = _pairs(said.get("lora hashes", ""))
    weights = _pairs(said.get("lora weights", ""))
    found: dict[str, Named] = {}
    for match in _LORA.finditer(prompt):
        if len(found) < values.MOST_LORAS:
            lora = values.name(match[1])
            weight = values.number(match[2])
            found[lora] = Named(
                name=lora,
                digest=values.digest(digests.get(lora)),
                weight=1.0 if weight is None else weight,
            )
    for lora, weight_text in weights.items():  # Fooocus names them only there
        weight = values.number(weight_text)
        if values.name(lora) not in found and len(found) < values.MOST_LORAS:
            found[values.name(lora)] = Named(
                name=values.name(lora),
                digest=values.digest(digests.get(lora)),
                weight=1.0 if weight is None else weight,
            )
    return _LORA.sub("", prompt).strip(" ,\n"), tuple(found.values())


def _pairs(text: str) -> dict[str, str]:
    """Read "one: a, other: b"."""
    parts = (part.rpartition(":") for part in text.split(",")[: values.MOST_LORAS])
    return {name.strip(): value.strip() for name, colon, value in parts if colon}


def _times(text: str | None) -> int | None:
    """Return by how much a picture was enlarged, if that is a whole number."""
    factor = values.number(text)
    return int(factor) if factor is not None and factor.is_integer() and factor > 0 else None


def _embeddings(said: dict[str, str]) -> tuple[Named, ...]:
    digests = _pairs(said.get("ti hashes", "") or said.get("ti", ""))
    return tuple(Named(name=values.name(x), digest=values.digest(y)) for x, y in digests.items())


def _controls(said: dict[str, str]) -> tuple[Guide, ...]:
    """Read "ControlNet 0: "Module: canny, Model: name [hash], Weight: 1, ...""."""
    texts = (said.get(f"controlnet {number}", "") for number in range(values.MOST_GUIDES))
    found = (_control(text[: values.MOST_NAME_LETTERS * 4]) for text in texts if text)
    return tuple(guide for guide in found if guide.model)


def _control(text: str) -> Guide:
    parts = {
        name.strip().lower(): value.strip()
        for name, colon, value in (part.partition(":") for part in text.split(","))
        if colon
    }
    name, _, digest = parts.get("model", "").partition("[")
    numbers = (parts.get(key) for key in ("weight", "guidance start", "guidance end"))
    weight, start, end = (values.number(number) for number in numbers)
    return Guide(
        model=Named(name=_unless_none(name), digest=values.digest(digest.rstrip("] "))),
        making=_unless_none(parts.get("module", "")),
        weight=1.0 if weight is None else weight,
        start=start or 0.0,
        end=1.0 if end is None else end,
    )


def _unless_none(text: str) -> str:
    """Return a name; empty for what other tools write where there is nothing."""
    name = values.name(text)
    return "" if name.lower() in ("none", "automatic") else name


def _control_words(guide: Guide) -> str:
    model = f"{guide.model.name} [{guide.model.digest[:8]}]"
    said = (
        ("Module", guide.making or "none"),
        ("Model", model if guide.model.digest else guide.model.name),
        ("Weight", _number(guide.weight)),
        ("Guidance Start", _number(guide.start)),
        ("Guidance End", _number(guide.end)),
    )
    return ", ".join(f"{name}: {value}" for name, value in said)


def _denoising(settings: PictureSettings) -> str | None:
    if settings.hires is not None:
        return _number(settings.hires_strength)
    return _number(settings.strength) if settings.init else None


def _number(value: float | None) -> str | None:
    return f"{value:g}" if value is not None else None


def _pairs_of(named: tuple[Named, ...]) -> str:
    return ", ".join(f"{x.name}: {x.digest[:12]}" for x in named)


def _tool(said: dict[str, str], tool: str) -> str:
    version = said.get("version", "").lower()
    if "fooocus" in version:
        return "Fooocus"
    if "forge" in version or version.startswith("f"):
        return "Forge"
    return "Triptych" if "triptych" in version else tool


def _one_paragraph(text: str) -> str:
    """Keep the lines of a prompt from being taken for other parts."""
    lines = (line.strip() for line in text.strip().split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith(NEGATIVE))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if _MUST_QUOTE.search(text) else text


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text
