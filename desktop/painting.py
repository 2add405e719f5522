"""The `image` command: the request that its options make, and the files it writes."""

from __future__ import annotations

import argparse
import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from desktop.document.picture_metadata import (
    MetadataError,
    Named,
    PictureSettings,
    read_settings,
    with_settings,
)
from desktop.image_options import BACKGROUNDS, CONTROL_KEYS, REFERENCE_KEYS
from desktop.picture_recipes import Likeness, found, hashes, likeness, settings_of, settled
from desktop.recipes import recipe_of, types_of
from desktop.settings import history_folder
from engines.api import (
    Axis,
    BackgroundRequest,
    BadRequest,
    ControlUse,
    GridRequest,
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelSpec,
    ReferenceUse,
    RegionPrompt,
    Role,
)

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_OPTIONS = (
    *("negative", "model", "steps", "guidance", "sampler", "count", "strength", "upscale"),
    *("tiling", "clip_skip", "cutout"),
)
"""Options that are fields of a request as they stand."""

_RANGE = re.compile(r"(-?\d+)\s*-\s*(\d+)(?:\s*\(\s*\+\s*(\d+)\s*\))?")
MOST_VALUES = 32

Read = Callable[[Path | None], bytes]
Asked = ImageRequest | BackgroundRequest | GridRequest


def like(path: Path, data: bytes, specs: Sequence[ModelSpec]) -> Likeness:
    """Return what a picture's file says about its making, as fields of a request.

    Raises:
        BadRequest: it does not say, or cannot be understood.
    """
    from desktop.gallery import Gallery

    try:
        settings = read_settings(data)
    except MetadataError as problem:
        raise BadRequest(f"{path.name} cannot be understood: {problem.reason}") from None
    if settings is None:
        raise BadRequest(f"{path.name} does not say how it was made")
    return likeness(settings, specs, Gallery(history_folder()).read)


def image_request(
    arguments: argparse.Namespace,
    alike: Likeness | None,
    *,
    seed: int,
    size_px: tuple[int, int] | None,
    read: Read,
    specs: Sequence[ModelSpec] = (),
) -> Asked:
    """Return what the options say, and what they leave open as in `alike`.

    Args:
        seed: The one asked for, else a fresh one, which a found one replaces.
        size_px: None if it was not said.
        read: gives a picture's file as PNG; none gives none.
        specs: The library, to find parts by name.
    """
    fields: dict[str, Any] = dict(alike.fields) if alike is not None else {}
    if arguments.seed is not None or "seed" not in fields:
        fields["seed"] = seed
    if arguments.prompt is not None or "prompt" not in fields:
        fields["prompt"] = arguments.prompt or ""
    if size_px is not None:
        fields["width_px"], fields["height_px"] = size_px
    is_background = alike is not None and alike.kind == Kind.BACKGROUND
    if arguments.model == BACKGROUNDS or (is_background and arguments.model is None):
        return BackgroundRequest(
            prompt=fields["prompt"],
            seed=fields["seed"],
            width_px=fields.get("width_px") or 1024,
            height_px=fields.get("height_px") or 1024,
        )
    for name in _OPTIONS:
        if getattr(arguments, name) is not None:
            fields[name] = getattr(arguments, name)
    if arguments.init is not None:
        fields.pop("mask", None)
        fields["init"] = read(arguments.init)
    if arguments.mask is not None:
        fields["mask"] = read(arguments.mask)
    fields |= _drawn(arguments)
    fields |= _parts(arguments, read, specs)
    axes = fields.pop("axes", ())
    if arguments.grid:
        axes = tuple(_axis(text) for text in arguments.grid)
    request = ImageRequest(**fields)
    return GridRequest(base=request, axes=axes) if axes else request


def axis_of(name: str, text: str) -> Axis:
    """Return an axis of values as people write them: "10, 20", "1-4", "10-30 (+10)".

    Raises:
        BadRequest: there is no value, or there are too many.
    """
    is_number = types_of(ImageRequest).get(name) in (int, float) or name.startswith("lora:")
    values: list[str] = []
    for part in _split(text):
        match = _RANGE.fullmatch(part) if is_number else None
        if match is None:
            values.append(part)
            continue
        step = max(1, int(match[3] or 1))
        spread = range(int(match[1]), int(match[2]) + 1, step)
        values += [str(value) for value in spread[: MOST_VALUES + 1]]
    return Axis(name=name, values=tuple(values))


def values_text(values: Sequence[str]) -> str:
    """Write values so that `axis_of` reads the same."""
    return ", ".join(f'"{x}"' if "," in x or x != x.strip() else x for x in values)


def described(
    request: Asked, result: ImageResult, sha256_of: Callable[[str], str]
) -> list[PictureSettings]:
    """Return what the file of each picture of a result says about its making."""
    numbers = range(len(result.pictures))
    asked = (settled(request, result, number) for number in numbers)
    return [settings_of(recipe_of(one, result.model), sha256_of) for one in asked]


def write_pictures(
    out: Path, request: Asked, result: ImageResult, write: Callable[[Path, bytes], None]
) -> list[Path]:
    """Write pictures, each with how it was made; a grid's sheets first, its pictures beside them.

    Raises:
        CannotWrite: as `write`.
    """
    sha256_of = hashes()
    files: list[tuple[Path, bytes, PictureSettings]] = []
    pictures = [picture.png for picture in result.pictures]
    paths = _numbered(out, len(pictures))
    if isinstance(request, GridRequest):
        whole = settings_of(recipe_of(request, result.model), sha256_of)
        sheets = zip(_numbered(out, len(result.sheets)), result.sheets, strict=True)
        files += [(path, png, whole) for path, png in sheets]
        numbers = range(1, len(pictures) + 1)
        paths = [out.with_name(f"{out.stem}-{number:03}{out.suffix}") for number in numbers]
    said = described(request, result, sha256_of)
    files += zip(paths, pictures, said, strict=True)
    for path, png, settings in files:
        write(path, file_of(png, settings, path.suffix.lower()))
    return [path for path, _, _ in files]


def remember(request: Asked, result: ImageResult, *, most_bytes: int) -> None:
    """Put pictures into the history that the window shows.

    Raises:
        OSError: it cannot be written.
    """
    from desktop.gallery import Gallery, enter

    gallery = Gallery(history_folder(), most_bytes=most_bytes)
    try:
        enter(gallery, request, result)
    finally:
        gallery.close()


def file_of(png: bytes, settings: PictureSettings, suffix: str) -> bytes:
    """Return a picture as a file of the kind that a suffix asks for, with how it was made."""
    if suffix != ".png":
        from desktop.render.pictures import convert

        png = convert(png, suffix)
    return with_settings(png, settings)


def _numbered(path: Path, count: int) -> list[Path]:
    if count == 1:
        return [path]
    return [path.with_name(f"{path.stem}-{i + 1}{path.suffix}") for i in range(count)]


def _drawn(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what is written as numbers parted by colons or commas."""
    fields: dict[str, Any] = {}
    if arguments.outpaint is not None:
        sides = [_number("--outpaint", part, int) for part in arguments.outpaint.split(",")]
        fields["outpaint"] = tuple(sides)
    if arguments.variation is not None:
        share, _, seed = arguments.variation.partition(":")
        fields["variation"] = _number("--variation", share, float)
        fields["variation_seed"] = _number("--variation", seed, int) if seed else 0
    if arguments.hires is not None:
        factor, _, strength = arguments.hires.partition(":")
        fields["hires"] = _number("--hires", factor, float)
        if strength:
            fields["hires_strength"] = _number("--hires", strength, float)
    return fields


def _parts(arguments: argparse.Namespace, read: Read, specs: Sequence[ModelSpec]) -> dict[str, Any]:
    """Return the files of the library that are used beside the model."""
    fields: dict[str, Any] = {}

    def part(text: str, *roles: Role) -> str:
        spec = None if Path(text).exists() else found(Named(name=text), specs, *roles)
        return spec.path if spec is not None else text

    if arguments.lora is not None:
        uses = (_lora(text) for text in arguments.lora)
        fields["loras"] = tuple(
            LoraUse(path=part(use.path, Role.LORA), weight=use.weight) for use in uses
        )
    if arguments.vae is not None:
        fields["vae"] = part(arguments.vae, Role.VAE) if arguments.vae else ""
    if arguments.upscaler is not None:
        ours = arguments.upscaler in ("", "x4plus")
        fields["upscaler"] = arguments.upscaler if ours else part(arguments.upscaler, Role.UPSCALER)
    if arguments.embedding is not None:
        inverted = (part(text, Role.TEXTUAL_INVERSION) for text in arguments.embedding)
        fields["embeddings"] = tuple(inverted)
    if arguments.control is not None:
        fields["controls"] = tuple(_control(text, part, read) for text in arguments.control)
    if arguments.reference is not None:
        fields["references"] = tuple(_reference(text, part, read) for text in arguments.reference)
    if arguments.region is not None:
        fields["regions"] = tuple(_region(text, read) for text in arguments.region)
    return fields


def _control(text: str, part: Callable[..., str], read: Read) -> ControlUse:
    said = _keys("--control", text, CONTROL_KEYS)
    return ControlUse(
        path=part(said["model"], Role.CONTROLNET, Role.T2I_ADAPTER),
        picture=read(Path(said["picture"])),
        preprocessor=said.get("make", ""),
        weight=_number("--control", said.get("weight", "1"), float),
        start=_number("--control", said.get("start", "0"), float),
        end=_number("--control", said.get("end", "1"), float),
        depth_model=part(said["depth"], Role.DEPTH) if "depth" in said else "",
    )


def _reference(text: str, part: Callable[..., str], read: Read) -> ReferenceUse:
    said = _keys("--reference", text, REFERENCE_KEYS)
    return ReferenceUse(
        path=part(said["model"], Role.IP_ADAPTER),
        picture=read(Path(said["picture"])),
        weight=_number("--reference", said.get("weight", "0.6"), float),
        encoder=part(said["encoder"], Role.IMAGE_ENCODER) if "encoder" in said else "",
    )


def _region(text: str, read: Read) -> RegionPrompt:
    words, equals, mask = text.rpartition("=")
    if not equals or not mask:
        raise BadRequest(f'--region {text!r} is not like "words=MASK.png"')
    return RegionPrompt(prompt=words, mask=read(Path(mask)))


def _axis(text: str) -> Axis:
    name, equals, values = text.partition("=")
    if not equals:
        raise BadRequest(f'--grid {text!r} is not like "steps=10,20"')
    return axis_of(name.strip().replace("-", "_"), values)


def _keys(option: str, text: str, form: str) -> dict[str, str]:
    """Read "key=value,key=value"; a value with a comma stands, key and all, in quotes."""
    known = set(re.findall(r"(\w+)=", form))
    said = {}
    for entry in _split(text):
        key, equals, value = entry.partition("=")
        if not equals or key.strip() not in known:
            raise BadRequest(f"{option} {text!r} is not like {form}")
        said[key.strip()] = value.strip()
    if not {"model", "picture"} <= said.keys():
        raise BadRequest(f"{option} needs model= and picture=")
    return said


def _split(text: str) -> list[str]:
    """Part a text by commas; what stands in quotes stays together."""
    rows = list(csv.reader(io.StringIO(text.replace("\n", " ")), skipinitialspace=True))
    return [part.strip() for row in rows for part in row if part.strip()]


def _number(option: str, text: str, kind: type[int] | type[float]) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise BadRequest(f"{option}: {text!r} is no number that it takes") from None


def _lora(text: str) -> LoraUse:
    path, colon, weight = text.rpartition(":")
    try:
        return LoraUse(path=path, weight=float(weight)) if colon and path else LoraUse(path=text)
    except ValueError:
        return LoraUse(path=text)
