"""From a path to a `ModelSpec`, by content; or to a refusal that says why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engines.api import Kind, ModelMissing, ModelRefused, ModelSpec
from engines.formats import gguf, manifest, safetensors
from engines.formats.families import family
from engines.formats.json_reader import read_object
from engines.formats.refusals import PICKLE_SUFFIXES, first_bytes, refuse_pickle

PIPELINES = {
    "StableDiffusionPipeline": "stable-diffusion",
    "StableDiffusionImg2ImgPipeline": "stable-diffusion",
    "StableDiffusionInpaintPipeline": "stable-diffusion-inpaint",
    "StableDiffusionXLPipeline": "stable-diffusion-xl",
    "StableDiffusionXLImg2ImgPipeline": "stable-diffusion-xl",
    "StableDiffusionXLInpaintPipeline": "stable-diffusion-xl-inpaint",
}
"""diffusers pipelines the picture engine runs."""

ENCODERS = frozenset({"bert", "mpnet", "roberta", "xlm-roberta", "distilbert", "clip_text_model"})
"""transformers models that read words but write none."""

PARTS = frozenset({"lora", "vae"}) | ENCODERS
"""Architectures that are not a whole model by themselves."""

_PICTURE_GGUF = frozenset({"clip", "sd1", "sd3", "sdxl", "flux", "wan", "ltxv", "qwen_image"})
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")


def recognise(path: Path) -> ModelSpec:
    """Read what lies at `path` without loading it.

    Raises:
        ModelMissing: nothing is there.
        ModelRefused: it is not a model that may be loaded.
    """
    path = path.absolute()
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise ModelMissing(str(path))
    if not path.is_file():
        raise ModelRefused(str(path), "it is neither a file nor a folder")
    return _file(path)


def identifier(text: str) -> str:
    """Make an id out of a file's name: small letters, digits, dots and hyphens."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:80] or "model"


def _file(path: Path) -> ModelSpec:
    refuse_pickle(path)
    if first_bytes(path).startswith(gguf.MAGIC):
        return _gguf(path)
    if path.suffix.lower() != ".safetensors":
        raise ModelRefused(
            str(path), "models are .safetensors or .gguf files, or folders; this is neither"
        )
    header = safetensors.read_header(path)
    found = family(header.tensors)
    if found is None:
        raise ModelRefused(
            str(path),
            "its tensors are of no model known here; if it belongs to a folder with a "
            "config.json, choose the folder",
        )
    kind, architecture = found
    return ModelSpec(
        id=identifier(path.stem),
        kind=kind,
        name=header.metadata.get("modelspec.title", "")[:200] or path.stem,
        path=str(path),
        format="safetensors",
        architecture=architecture,
        size_bytes=path.stat().st_size,
        licence=header.metadata.get("modelspec.license", "")[:500],
    )


def _gguf(path: Path) -> ModelSpec:
    values = gguf.read_header(path).values
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise ModelRefused(str(path), "it does not say what model it is")
    if architecture in _PICTURE_GGUF:
        raise ModelRefused(str(path), f"GGUF files of {architecture} are not read here")
    return ModelSpec(
        id=identifier(path.stem),
        kind=Kind.TEXT,
        name=_words(values.get("general.name")) or path.stem,
        path=str(path),
        format="gguf",
        architecture=architecture,
        size_bytes=path.stat().st_size,
        licence=_words(values.get("general.license")),
    )


def _folder(path: Path) -> ModelSpec:
    """Recognise a diffusers, transformers or own folder; its manifest goes before guesses."""
    described = manifest.read(path)
    weights = _weights(path)
    if (path / "model_index.json").is_file():
        layout, kind, architecture = "diffusers", Kind.IMAGE, _pipeline(path)
    elif (path / "config.json").is_file():
        layout, kind, architecture = "transformers", Kind.TEXT, _transformer(path, described)
    elif described is not None:
        layout, kind, architecture = "folder", described.kind, described.architecture
    else:
        raise ModelRefused(
            str(path), "it has no model_index.json, no config.json and no model.json"
        )
    return ModelSpec(
        id=described.id if described else identifier(path.name),
        kind=described.kind if described else kind,
        name=described.name if described else path.name,
        path=str(path),
        format=layout,
        architecture=(described.architecture if described else "") or architecture,
        size_bytes=sum(file.stat().st_size for file in weights),
        licence=described.licence if described else "",
        source=described.source if described else "",
        restrictions=described.restrictions if described else "",
    )


def weight_files(path: Path) -> tuple[Path, ...]:
    """List the weights of a model's file or folder, sorted by name within it."""
    if path.is_file():
        return (path,)
    files = (*path.glob("*.safetensors"), *path.glob("*/*.safetensors"))
    return tuple(sorted(files, key=lambda file: file.relative_to(path).as_posix()))


def _weights(folder: Path) -> tuple[Path, ...]:
    """Return the folder's weights, each with a checked header."""
    files = weight_files(folder)
    pickles = [
        file
        for file in (*folder.glob("*"), *folder.glob("*/*"))
        if file.suffix.lower() in PICKLE_SUFFIXES and file.is_file()
    ]
    # Loaders take safetensors where there are any; in the root of a pipeline they take nothing.
    served = {file.parent for file in files}
    if (folder / "model_index.json").is_file():
        served.add(folder)
    bare = [file for file in pickles if file.parent not in served]
    if bare:
        refuse_pickle(min(bare))
    if not files:
        raise ModelRefused(str(folder), "there are no .safetensors weights in it")
    for file in files:
        safetensors.read_header(file)
    return files


def _pipeline(folder: Path) -> str:
    """Check a diffusers folder's index; return the architecture."""
    index = read_object(folder / "model_index.json")
    pipeline = index.get("_class_name")
    if not isinstance(pipeline, str) or pipeline not in PIPELINES:
        raise ModelRefused(str(folder), f"the pipeline {pipeline!r} is not known here")
    for name, place in index.items():
        if name.startswith("_") or not isinstance(place, list):
            continue
        if len(place) != 2 or place[0] not in (
            None,
            "diffusers",
            "transformers",
            "stable_diffusion",
        ):
            raise ModelRefused(str(folder), f"its part {name!r} brings code of its own")
        if place[0] is not None and not (folder / name).is_dir():
            raise ModelRefused(str(folder), f"its part {name!r} is missing")
    return PIPELINES[pipeline]


def _transformer(folder: Path, described: manifest.Manifest | None) -> str:
    """Check a transformers folder; return its model type."""
    config = read_object(folder / "config.json")
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        raise ModelRefused(str(folder / "config.json"), "it does not say what model it is")
    shards = folder / "model.safetensors.index.json"
    if shards.is_file():
        _check_shards(folder, read_object(shards))
    words = described is None or described.kind is Kind.TEXT
    if words and not any((folder / name).is_file() for name in _TOKENIZERS):
        raise ModelRefused(str(folder), "it has no tokenizer")
    return model_type


def _check_shards(folder: Path, index: dict[str, Any]) -> None:
    places = index.get("weight_map")
    if not isinstance(places, dict) or not places:
        raise ModelRefused(str(folder), "its index of weights is empty")
    for name in {str(value) for value in places.values()}:
        if Path(name).name != name or "\\" in name:
            raise ModelRefused(str(folder), f"its index points outside, to {name[:80]!r}")
        if not (folder / name).is_file():
            raise ModelRefused(str(folder), f"its part {name[:80]!r} is missing")


def _words(value: object) -> str:
    return value[:500] if isinstance(value, str) else ""
