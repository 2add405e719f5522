"""From a path to a `ModelSpec`, by content; or to a refusal that says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engines.api import Kind, ModelMissing, ModelRefused, ModelSpec, Role
from engines.formats import cutouts, folders, gguf, onnx, safetensors
from engines.formats.content import Content
from engines.formats.families import content
from engines.formats.refusals import first_bytes, refuse_pickle
from engines.formats.wording import LONGEST_LICENCE, clean, identifier, restrictions_of

SUFFIXES = frozenset({".safetensors", ".sft", ".gguf", onnx.SUFFIX})
"""How the names of files end that may be models."""

_PICTURE_GGUF = frozenset(
    {"clip", "sd1", "sdxl", "sd3", "flux", "t5", "t5encoder", "aura", "chroma", "cosmos", "flux2",
     "hidream", "hyvid", "ltxv", "lumina2", "qwen_image", "wan"}
)  # fmt: skip
"""Architectures of GGUF files that belong to pictures (or films) and not to words."""

_LICENCE_KEYS = ("modelspec.license", "license", "ss_license")


def recognise(path: Path) -> ModelSpec:
    """Read what lies at `path` without loading it.

    Raises:
        ModelMissing: nothing is there.
        ModelRefused: it is not a model that may be loaded.
    """
    path = path.absolute()
    try:
        if path.is_dir():
            return folders.recognise(path)
        if not path.exists():
            raise ModelMissing(str(path))
        if not path.is_file():
            raise ModelRefused(str(path), "it is neither a file nor a folder")
        return _file(path)
    except OSError as error:
        raise ModelRefused(str(path), f"it cannot be read ({error.strerror})") from error


def _file(path: Path) -> ModelSpec:
    refuse_pickle(path)
    suffix = path.suffix.lower()
    if first_bytes(path).startswith(gguf.MAGIC):
        return _gguf(path)
    if suffix == ".gguf":
        raise ModelRefused(str(path), "in spite of its name it is not a GGUF file, or it is empty")
    if suffix not in SUFFIXES:
        raise ModelRefused(
            str(path), "models are .safetensors, .gguf or .onnx files, or folders; this is none"
        )
    if suffix == onnx.SUFFIX:
        return _onnx(path)
    header = safetensors.read_header(path)
    found = content(header.tensors, header.metadata, str(path))
    words = header.metadata
    licence = next((words[key] for key in _LICENCE_KEYS if words.get(key)), "")
    return _spec(path, "safetensors", found, words.get("modelspec.title", ""), licence)


def _onnx(path: Path) -> ModelSpec:
    """Recognise a network that cuts subjects out, the only kind that comes as ONNX."""
    header = onnx.read_header(path)
    found = cutouts.content(header, str(path))
    licence, restrictions = cutouts.licence_of(header, path.stem)
    spec = _spec(path, "onnx", found, "", licence)
    return replace(spec, restrictions=restrictions or spec.restrictions)


def _gguf(path: Path) -> ModelSpec:
    header = gguf.read_header(path)
    values = header.values
    architecture = values.get("general.architecture")
    if architecture is not None and architecture not in _PICTURE_GGUF:
        if not isinstance(architecture, str) or not architecture:
            raise ModelRefused(str(path), "it does not say what model it is")
        found = Content(role=Role.MODEL, kind=Kind.TEXT, architecture=clean(architecture, 80))
    else:
        found = _picture_gguf(path, header, architecture)
    return _spec(
        path, "gguf", found, _word(values, "general.name"), _word(values, "general.license")
    )


def _picture_gguf(path: Path, header: gguf.Header, architecture: str | None) -> Content:
    """Recognise a picture model by its tensors, which no writer of such files renames."""
    try:
        return content(header.tensors, None, str(path))
    except ModelRefused as refusal:
        if architecture is None:
            raise ModelRefused(str(path), "it does not say what model it is") from refusal
        if "another family" in refusal.reason:
            raise
        raise ModelRefused(
            str(path), f"it says that it is {architecture}, but its tensors are not those of one"
        ) from refusal


def _spec(path: Path, form: str, found: Content, name: str, licence: str) -> ModelSpec:
    licence = clean(licence, LONGEST_LICENCE)
    return ModelSpec(
        id=identifier(path.stem),
        kind=found.kind,
        name=clean(name, 200) or clean(path.stem, 200),
        path=str(path),
        format=form,
        architecture=found.architecture,
        size_bytes=path.stat().st_size,
        licence=licence,
        restrictions=restrictions_of(licence),
        role=found.role,
        base=found.base,
        prediction=found.prediction,
        channels=found.channels,
    )


def _word(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""
