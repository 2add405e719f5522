"""What a picture model is made of: the components that the phases of a drawing lease."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.formats.json_reader import read_object
from engines.image.flows.flow import STEP_PX, is_guided
from engines.memory.lease import Component

if TYPE_CHECKING:
    from engines.image.previews import Rows

READER = "reader"
"""The name of the part that reads prompts for a model without a text encoder."""

FILLING_CHANNELS = 9
"""What a UNet trained to fill in takes: latents, their mask, and the masked start."""

SIDE_STEP_PX = 8
"""Of the autoencoders: so many pixels to a latent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One model, nothing of it loaded.

    Attributes:
        model: The library's id.
        config: The folder with the configuration of each part.
        words: What reads a prompt, by the names that pipelines know: "tokenizer",
            "text_encoder" and the same with "_2", or `READER` alone.
        unet: Predicts the noise, or the flow: then it is a transformer.
        vae: Turns pictures into latents and back.
        scheduler: The settings of its own sampler.
        side_px: The side of the pictures it was trained on.
        channels: What its UNet takes.
        preview: From latents to colours, or empty if that has to be fitted.
        silent: What its UNet predicts is not known before it was measured.
        flow: Which of the flows in `engines.image.flows.flow` it is, or empty.
        vae_settings: The configuration of an autoencoder of the user's own.
        takes_no_guidance: It was distilled to do without.
        notices: What of it is not as it should be, in plain words.
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
    flow: str = ""
    vae_settings: Mapping[str, Any] | None = None
    takes_no_guidance: bool = False
    notices: tuple[str, ...] = ()

    @property
    def is_xl(self) -> bool:
        """It has a second text encoder, and is told the sizes of a picture."""
        return not self.flow and "text_encoder_2" in self.words

    @property
    def fills_in(self) -> bool:
        """Its UNet sees the mask and the start itself."""
        return self.channels == FILLING_CHANNELS

    @property
    def keeps_starts(self) -> bool:
        """Its pipeline itself leaves the start as it is outside a mask."""
        return self.fills_in or bool(self.flow)

    @property
    def step_px(self) -> int:
        """Sides are multiples of it."""
        return STEP_PX if self.flow else SIDE_STEP_PX

    def is_guided(self, guidance: float) -> bool:
        """Say whether it is asked twice at each step: with the prompt and without."""
        return is_guided(self.flow, guidance)

    def settings(self, part: str) -> dict[str, Any]:
        """Read the configuration of "unet" (a transformer's too) or "vae"."""
        if part == "vae" and self.vae_settings is not None:
            return dict(self.vae_settings)
        place = "transformer" if self.flow and part == "unet" else part
        return read_object(self.config / place / "config.json")


def key(model: str, part: str, precision: Any) -> str:
    """Name a component in the memory's books; `precision` is a torch dtype."""
    return f"image:{model}:{part}:{str(precision).removeprefix('torch.')}"
