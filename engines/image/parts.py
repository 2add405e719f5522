"""What a picture model is made of: the components that the phases of a drawing lease."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.formats.json_reader import read_object
from engines.memory.lease import Component

if TYPE_CHECKING:
    from engines.image.previews import Rows

READER = "reader"
"""The name of the part that reads prompts for a model without a text encoder."""

FILLING_CHANNELS = 9
"""What a UNet trained to fill in takes: latents, their mask, and the masked start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One model, nothing of it loaded.

    Attributes:
        model: The library's id.
        config: The folder with the configuration of each part.
        words: What reads a prompt, by the names that pipelines know: "tokenizer",
            "text_encoder" and the same with "_2", or `READER` alone.
        unet: Predicts the noise.
        vae: Turns pictures into latents and back.
        scheduler: The settings of its own sampler.
        side_px: The side of the pictures it was trained on.
        channels: What its UNet takes.
        preview: From latents to colours, or empty if that has to be fitted.
        silent: What its UNet predicts is not known before it was measured.
    """

    model: str
    config: Path
    words: Mapping[str, Component[Any]]
    unet: Component[Any]
    vae: Component[Any]
    scheduler: Mapping[str, Any]
    side_px: int
    channels: int
    preview: Rows = ()
    silent: bool = False

    @property
    def is_xl(self) -> bool:
        """It has a second text encoder, and is told the sizes of a picture."""
        return "text_encoder_2" in self.words

    @property
    def fills_in(self) -> bool:
        """Its UNet sees the mask and the start itself."""
        return self.channels == FILLING_CHANNELS

    def settings(self, part: str) -> dict[str, Any]:
        """Read the configuration of "unet" or "vae"."""
        return read_object(self.config / part / "config.json")


def key(model: str, part: str, precision: Any) -> str:
    """Name a component in the memory's books; `precision` is a torch dtype."""
    return f"image:{model}:{part}:{str(precision).removeprefix('torch.')}"
