"""What a model is, as seen from outside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a request asks for; each kind has one engine."""

    TEXT = "text"
    IMAGE = "image"
    GRID = "grid"
    BACKGROUND = "background"
    UPSCALE = "upscale"
    CUTOUT = "cutout"
    TRACE = "trace"
    MUSIC = "music"
    SOUND = "sound"
    PLAN = "plan"
    TRAIN = "train"
    FIT = "fit"


class Role(StrEnum):
    """What a model is for; all but a whole model are used beside one."""

    MODEL = "model"
    DENOISER = "denoiser"
    LORA = "lora"
    TEXTUAL_INVERSION = "textual-inversion"
    VAE = "vae"
    CONTROLNET = "controlnet"
    T2I_ADAPTER = "t2i-adapter"
    IP_ADAPTER = "ip-adapter"
    TEXT_ENCODER = "text-encoder"
    IMAGE_ENCODER = "image-encoder"
    UPSCALER = "upscaler"
    CUTOUT = "cutout"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model of the library.

    Attributes:
        architecture: A short name such as "llama", "stable-diffusion", "lora".
        sha256: Of the weights (of the sorted list of files for a folder);
            empty until it was computed.
        base: The family of pictures models it is or belongs to, such as
            "stable-diffusion-xl"; empty if it does not tell, or has none.
        prediction: What its network predicts, "epsilon", "v_prediction",
            "flow" or "edm"; empty if it does not say.
        channels: What its UNet or transformer takes (9 fills in), or how many
            channels the latents of a VAE have; 0 if that means nothing.
        preview: A picture of what it does, a file beside it; or empty.
    """

    id: str
    kind: Kind
    name: str
    path: str
    format: str
    architecture: str
    size_bytes: int
    licence: str = ""
    source: str = ""
    restrictions: str = ""
    sha256: str = ""
    role: Role = Role.MODEL
    base: str = ""
    prediction: str = ""
    channels: int = 0
    preview: str = ""

    @property
    def is_choice(self) -> bool:
        """Whether it can be chosen as the model of a job.

        Besides whole models that is a transformer of Stable Diffusion 3 or
        Flux: encoders and autoencoder are taken from the library.
        """
        follows_flow = self.role is Role.DENOISER and self.prediction == "flow"
        return self.role is Role.MODEL or follows_flow
