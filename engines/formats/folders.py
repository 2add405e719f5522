"""Folders that are models: of diffusers, of transformers, and our own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.api import Kind, ModelRefused, ModelSpec, Role
from engines.formats import manifest, safetensors
from engines.formats.content import BASE_OF_WIDTH, FLUX, REFINER, SD1, SD2, SD3, SDXL, Content
from engines.formats.json_reader import read_object
from engines.formats.refusals import PICKLE_SUFFIXES, refuse_pickle
from engines.formats.wording import clean, identifier, restrictions_of

INDEX, CONFIG = "model_index.json", "config.json"

PIPELINES = {
    "StableDiffusionPipeline": SD1,
    "StableDiffusionImg2ImgPipeline": SD1,
    "StableDiffusionInpaintPipeline": f"{SD1}-inpaint",
    "StableDiffusionXLPipeline": SDXL,
    "StableDiffusionXLImg2ImgPipeline": SDXL,
    "StableDiffusionXLInpaintPipeline": f"{SDXL}-inpaint",
    "StableDiffusion3Pipeline": SD3,
    "StableDiffusion3Img2ImgPipeline": SD3,
    "StableDiffusion3InpaintPipeline": SD3,
    "FluxPipeline": FLUX,
    "FluxImg2ImgPipeline": FLUX,
    "FluxInpaintPipeline": FLUX,
    "FluxFillPipeline": FLUX,
    "FluxControlPipeline": FLUX,
}
"""diffusers pipelines of the families that are known here."""

PARTS = {
    "AutoencoderKL": (Role.VAE, "vae"),
    "AutoencoderTiny": (Role.VAE, "taesd"),
    "ControlNetModel": (Role.CONTROLNET, "controlnet"),
    "ControlNetUnionModel": (Role.CONTROLNET, "controlnet-union"),
    "SD3ControlNetModel": (Role.CONTROLNET, "controlnet"),
    "FluxControlNetModel": (Role.CONTROLNET, "controlnet"),
    "T2IAdapter": (Role.T2I_ADAPTER, "t2i-adapter"),
    "UNet2DConditionModel": (Role.DENOISER, ""),
    "SD3Transformer2DModel": (Role.DENOISER, SD3),
    "FluxTransformer2DModel": (Role.DENOISER, FLUX),
}
"""Class of a part that diffusers writes into a folder of its own -> role, architecture."""

ENCODERS = frozenset({"bert", "mpnet", "roberta", "xlm-roberta", "distilbert", "clip_text_model"})
"""transformers models that read words but write none."""

_IMAGE_ENCODERS = frozenset({"clip_vision_model", "siglip_vision_model", "dinov2"})
_DEPTH = frozenset({"depth_anything", "dpt", "glpn", "zoedepth"})
_PICTURE_ENCODERS = frozenset({"t5", "umt5", "clip"})
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_WEIGHT_ENDS = (".safetensors", *sorted(PICKLE_SUFFIXES))
_INDEXES = "*.safetensors.index*.json"
_LIBRARIES = (None, "diffusers", "transformers", "stable_diffusion")


def is_model(names: set[str]) -> bool:
    """Say whether a folder with these names in it is one model rather than a place for many."""
    if INDEX in names or manifest.NAME in names:
        return True
    return CONFIG in names and any(name.lower().endswith(_WEIGHT_ENDS) for name in names)


def recognise(path: Path) -> ModelSpec:
    """Recognise a model's folder; its manifest goes before guesses.

    Raises:
        ModelRefused: it is none, or may not be loaded.
    """
    described = manifest.read(path)
    if not described and not any((path / name).is_file() for name in (INDEX, CONFIG)):
        raise ModelRefused(
            str(path),
            "it is not itself a model, for it has no model_index.json, no config.json and no "
            "model.json; to use the models in it, add it to the library",
        )
    weights = _weights(path)
    if (path / INDEX).is_file():
        layout, found = "diffusers", _pipeline(path)
    elif (path / CONFIG).is_file():
        layout, found = _configured(path, described)
    else:
        assert described is not None
        role = Role.CUTOUT if described.kind is Kind.CUTOUT else Role.MODEL
        found = Content(role=role, kind=described.kind, architecture=described.architecture)
        layout = "folder"
    licence = described.licence if described else ""
    architecture = (described.architecture if described else "") or found.architecture
    return ModelSpec(
        id=described.id if described else identifier(path.name),
        kind=described.kind if described else found.kind,
        name=described.name if described else clean(path.name, 200),
        path=str(path),
        format=layout,
        architecture=architecture,
        size_bytes=sum(file.stat().st_size for file in weights),
        licence=licence,
        source=described.source if described else "",
        restrictions=(described.restrictions if described else "") or restrictions_of(licence),
        role=Role.TEXT_ENCODER if architecture in ENCODERS else found.role,
        base=found.base if architecture == found.architecture else "",
        prediction=found.prediction,
        channels=found.channels,
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
    if (folder / INDEX).is_file():
        served.add(folder)
    bare = [file for file in pickles if file.parent not in served]
    if bare:
        refuse_pickle(min(bare))
    if not files:
        raise ModelRefused(str(folder), "there are no .safetensors weights in it")
    for file in files:
        safetensors.read_header(file)
    for listing in (*folder.glob(_INDEXES), *folder.glob(f"*/{_INDEXES}")):
        _check_shards(listing)
    return files


def _pipeline(folder: Path) -> Content:
    """Check a diffusers folder's index, and read what its parts say of themselves."""
    index = read_object(folder / INDEX)
    pipeline = index.get("_class_name")
    if not isinstance(pipeline, str) or pipeline not in PIPELINES:
        raise ModelRefused(str(folder), f"the pipeline {pipeline!r} is not known here")
    for name, place in index.items():
        if name.startswith("_") or not isinstance(place, list):
            continue
        if len(place) != 2 or place[0] not in _LIBRARIES or Path(name).name != name:
            raise ModelRefused(str(folder), f"its part {name!r} brings code of its own")
        if place[0] is not None and not (folder / name).is_dir():
            raise ModelRefused(str(folder), f"its part {name!r} is missing")
    architecture = PIPELINES[pipeline]
    settings = _settings(folder, "transformer") if architecture in (SD3, FLUX) else {}
    architecture = _member(architecture, settings)
    base = architecture.removesuffix("-inpaint").removesuffix("-schnell").removesuffix(".5")
    unet = settings or _settings(folder, "unet")
    if base == SD1:
        # One pipeline draws with both families; the width of the prompts' states tells.
        width = unet.get("cross_attention_dim")
        base = SD2 if width == 1024 else SD1
        architecture = architecture.replace(SD1, base)
    return Content(
        role=Role.MODEL,
        architecture=architecture,
        base=base,
        prediction="flow" if base in (SD3, FLUX) else _prediction(folder),
        channels=_count(unet.get("in_channels")),
    )


def _member(family: str, transformer: dict[str, Any]) -> str:
    """Tell the members of a flow's family apart by the configuration of the transformer."""
    if family == SD3 and transformer.get("qk_norm"):
        return f"{SD3}.5"
    if family == FLUX and transformer.get("guidance_embeds") is False:
        return f"{FLUX}-schnell"
    return family


def _prediction(folder: Path) -> str:
    place = folder / "scheduler" / "scheduler_config.json"
    settings = read_object(place, endless=True) if place.is_file() else {}
    stated = settings.get("prediction_type")
    return stated if stated in ("epsilon", "v_prediction") else ""


def _settings(folder: Path, part: str) -> dict[str, Any]:
    place = folder / part / CONFIG
    return read_object(place) if place.is_file() else {}


def _configured(folder: Path, described: manifest.Manifest | None) -> tuple[str, Content]:
    """Recognise a folder with one configuration: a part of diffusers, or a transformers model."""
    config = read_object(folder / CONFIG)
    made_by = config.get("_class_name")
    if isinstance(made_by, str) and made_by in PARTS:
        return "diffusers", _part(config, made_by)
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or not model_type:
        reason = "it does not say what model it is"
        if isinstance(made_by, str):
            reason = f"it is a {clean(made_by, 80)}, which is not known here"
        raise ModelRefused(str(folder / CONFIG), reason)
    return "transformers", _transformer(folder, clean(model_type, 80), described)


def _part(config: dict[str, Any], made_by: str) -> Content:
    """Tell the family of a part by what it takes."""
    role, architecture = PARTS[made_by]
    channels = config.get("latent_channels" if role is Role.VAE else "in_channels")
    base = ""
    if role in (Role.CONTROLNET, Role.DENOISER):
        width = config.get("cross_attention_dim")
        base = BASE_OF_WIDTH.get(width, "") if isinstance(width, int) else ""
        for mark, family in (("SD3", SD3), ("Flux", FLUX)):
            base = family if made_by.startswith(mark) else base
    if role is Role.DENOISER:
        architecture = _member(architecture, config)
    if role is Role.T2I_ADAPTER:
        base = SDXL if config.get("downscale_factor") == 16 else SD1
    return Content(
        role=role,
        architecture=architecture or base or REFINER,
        base=base,
        prediction="flow" if role is Role.DENOISER and base in (SD3, FLUX) else "",
        channels=_count(channels),
    )


def _transformer(folder: Path, model_type: str, described: manifest.Manifest | None) -> Content:
    """Recognise a transformers folder; one that writes words needs its tokenizer."""
    if model_type in _IMAGE_ENCODERS:
        return Content(role=Role.IMAGE_ENCODER, architecture=model_type)
    if model_type in _DEPTH:
        return Content(role=Role.DEPTH, architecture=model_type)
    if model_type in _PICTURE_ENCODERS and described is None:
        return Content(role=Role.TEXT_ENCODER, architecture=model_type)
    words = described is None or described.kind is Kind.TEXT
    if words and not any((folder / name).is_file() for name in _TOKENIZERS):
        raise ModelRefused(str(folder), "it has no tokenizer")
    return Content(role=Role.MODEL, kind=Kind.TEXT, architecture=model_type)


def _check_shards(listing: Path) -> None:
    """Demand that an index of weights names whole files beside it, and nothing but safetensors.

    The libraries open whatever such an index names: a pickle, or a file outside the folder.
    """
    places = read_object(listing).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise ModelRefused(str(listing), "its index of weights is empty")
    for name in {str(value) for value in places.values()}:
        if Path(name).name != name or "\\" in name:
            raise ModelRefused(str(listing), f"its index points outside, to {name[:80]!r}")
        shard = listing.parent / name
        if shard.suffix != ".safetensors":
            if shard.suffix.lower() in PICKLE_SUFFIXES:
                refuse_pickle(shard)
            raise ModelRefused(str(listing), f"its part {name[:80]!r} is no safetensors file")
        if not shard.is_file():
            raise ModelRefused(str(listing), f"its part {name[:80]!r} is missing")


def _count(value: object) -> int:
    return value if type(value) is int and 0 < value < 2**16 else 0
