"""How large the parts of a picture model are, from headers and settings alone.

Neither torch nor diffusers is imported, so a model can be weighed before
anything of it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.api import ModelRefused, ModelSpec
from engines.formats.json_reader import read_object
from engines.formats.safetensors import Tensor, read_header
from engines.image.card import Card
from engines.memory.weights.footprints import Footprint, footprint, together

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
"""What has weights."""

TOKENIZERS = ("tokenizer", "tokenizer_2")
TOKENIZER_BYTES = 20_000_000

UNET_PREFIX = "model.diffusion_model."
PREFIXES = {
    "unet": (UNET_PREFIX,),
    "vae": ("first_stage_model.",),
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0."),
    "text_encoder_2": ("conditioner.embedders.1.",),
}
"""How the original programs begin the names of each part's tensors in a single file."""

FAMILIES = Path(__file__).resolve().parents[2] / "resources" / "families"

FOLDERS = {
    "stable-diffusion": "stable-diffusion-1",
    "stable-diffusion-2": "stable-diffusion-2",
    "stable-diffusion-xl": "stable-diffusion-xl",
}
"""Architecture -> folder of its configuration."""

FLOW_FOLDERS = {
    "stable-diffusion-3": "stable-diffusion-3",
    "stable-diffusion-3.5": "stable-diffusion-3",
    "flux": "flux",
    "flux-schnell": "flux",
}
"""The same for transformers; what sets the members of a family apart, their files tell."""

VAE_PREFIXES = ("first_stage_model.", "vae.")
"""How the names of an autoencoder's tensors begin in a file with more than one part."""

_RESOLUTION = re.compile(r"(\d{3,4})x(\d{3,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a picture model consists of, in numbers.

    Attributes:
        model: The library's id.
        config: The folder with the configuration of each part.
        side_px: The side of the pictures it was trained on.
        weights: Part -> its weights.
        packed: Part -> its bytes, if its weights stay packed.
        flow: Which of the flows in `engines.image.flows.flow` it is, or empty.
    """

    model: str
    config: Path
    side_px: int
    weights: Mapping[str, Footprint]
    packed: Mapping[str, int] = field(default_factory=dict)
    flow: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The parts that read prompts."""
        return tuple(part for part in self.weights if part.startswith("text_encoder"))

    def settings(self, part: str) -> dict[str, Any]:
        """Read the configuration of "unet" (a transformer's too) or "vae"."""
        place = "transformer" if self.flow and part == "unet" else part
        return read_object(self.config / place / "config.json")


def layout(spec: ModelSpec, about: Card) -> Layout:
    """Read the headers of a folder or a single file.

    Raises:
        ModelRefused: it is not a picture model that can be drawn with.
    """
    path = Path(spec.path)
    if path.is_dir():
        config, weights, own_side_px = path, _folder_weights(path), default_side_px(path)
    else:
        config = family_folder(spec)
        header = read_header(path)
        weights = file_weights(header.tensors, config)
        own_side_px = stated_side_px(header.metadata) or default_side_px(config)
    return Layout(
        model=spec.id,
        config=config,
        side_px=about.side_px or own_side_px,
        weights=weights,
    )


def part_weights(folder: Path) -> Footprint:
    """Weigh one part of a diffusers folder.

    Raises:
        ModelRefused: there are no weights in it.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelRefused(str(folder), "there are no .safetensors weights in it")
    # A folder may carry a half-precision variant beside the weights; one of them is loaded.
    plain = [file for file in files if ".fp16." not in file.name] or files
    return together(weights_of(file) for file in plain)


def weights_of(path: Path) -> Footprint:
    """Weigh all that is in one file."""
    return footprint(read_header(path).tensors)


def file_weights(tensors: Mapping[str, Tensor], config: Path) -> dict[str, Footprint]:
    """Weigh the parts of a single file, those that its family's configuration has."""
    return {
        part: footprint({n: t for n, t in tensors.items() if n.startswith(PREFIXES[part])})
        for part in PARTS
        if has_settings(config / part)
    }


def family_folder(spec: ModelSpec) -> Path:
    """Return the configuration of a single file's family.

    Raises:
        ModelRefused: there is none.
    """
    folder = FOLDERS.get(spec.architecture)
    if folder is None:
        raise ModelRefused(spec.path, f"single files of {spec.architecture} are not known here")
    return FAMILIES / folder


def flow_family(spec: ModelSpec) -> Path:
    """Return the configuration of a transformer's family."""
    return FAMILIES / FLOW_FOLDERS[spec.architecture]


def default_side_px(folder: Path) -> int:
    """Return the side of the pictures a folder's network was trained on."""
    part, usual = ("unet", 64) if has_settings(folder / "unet") else ("transformer", 128)
    config = read_object(folder / part / "config.json")
    blocks = read_object(folder / "vae" / "config.json").get("block_out_channels", ())
    side = config.get("sample_size", usual)
    side = side[0] if isinstance(side, list) else side
    return int(side) * 2 ** (max(len(blocks), 1) - 1)


def stated_side_px(metadata: Mapping[str, str]) -> int:
    """Return the side of the pictures a file was trained on, or 0 if it does not say."""
    stated = _RESOLUTION.fullmatch(metadata.get("modelspec.resolution", ""))
    side_px = max(int(stated[1]), int(stated[2])) if stated else 0
    return side_px // 8 * 8 if 256 <= side_px <= 2048 else 0


def has_settings(folder: Path) -> bool:
    """Say whether a part is there."""
    return (folder / "config.json").is_file()


def _folder_weights(folder: Path) -> dict[str, Footprint]:
    found = {part: part_weights(folder / part) for part in PARTS if has_settings(folder / part)}
    if not {"unet", "vae"} <= found.keys():
        raise ModelRefused(str(folder), "its unet or its vae is missing")
    return found
