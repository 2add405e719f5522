"""The picture engine: Stable Diffusion and its kin through diffusers, offline.

A picture is drawn in phases, each with its own lease: the prompt is read, the
start is encoded, the UNet draws, the autoencoder decodes. So the most that a
picture takes is the largest of its phases, not their sum.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from PIL import Image

from engines import devices
from engines.api import (
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelRefused,
    ModelSpec,
    Picture,
    Run,
    UpscaleRequest,
)
from engines.catalog import Catalog
from engines.image import (
    autoencoding,
    card,
    denoising,
    loading,
    loras,
    png,
    prompts,
    samplers,
    single_file,
)
from engines.image.parts import Parts
from engines.image.pipelines import States
from engines.image.previews import Rows
from engines.image.recent import Recent
from engines.image.settling import settle
from engines.image.sitting import Sitting
from engines.memory.lease import Component
from engines.services import Services

PROMPTS_KEPT = 32
MODELS_KNOWN = 64


def parts_of(spec: ModelSpec, catalog: Catalog, device: str) -> Parts:
    """Return what a model is made of, without loading any of it.

    Raises:
        ModelRefused: it is not a whole model, or one that cannot be drawn with.
        ModelMissing: what reads its prompts is not there.
    """
    if spec.architecture in ("lora", "vae"):
        raise ModelRefused(spec.path, f"it is a {spec.architecture}, not a whole model")
    if not Path(spec.path).is_dir():
        return single_file.file_parts(spec, device)
    about = card.read(spec)
    reader = catalog.get(about.reader, Kind.TEXT) if about.reader else None
    return loading.folder_parts(spec, about, device, reader)


class ImageEngine:
    """Draws pictures with a model of the library."""

    kind: ClassVar[Kind] = Kind.IMAGE

    def __init__(self, services: Services) -> None:
        self._services = services
        self._prompts: Recent[States] = Recent(PROMPTS_KEPT)
        self._previews: Recent[Rows] = Recent(MODELS_KNOWN)
        self._predictions: Recent[str] = Recent(MODELS_KNOWN)

    def run(self, request: ImageRequest, run: Run) -> ImageResult:
        """Draw all pictures of a request, and enlarge them if it says so."""
        spec = self._services.catalog.get(request.model, Kind.IMAGE)
        run.step(0, 1, stage="loading")
        result = self._draw(request, spec, run)
        if request.upscale > 1:
            large = (self._enlarge(picture, request.upscale, run) for picture in result.pictures)
            return replace(result, pictures=tuple(large))
        return result

    def _draw(self, request: ImageRequest, spec: ModelSpec, run: Run) -> ImageResult:
        """Draw the pictures at the model's size, phase by phase."""
        memory = self._services.memory
        parts = parts_of(spec, self._services.catalog, memory.device)
        settled = settle(request, card.read(spec), parts.side_px)
        samplers.make(dict(parts.scheduler), request.sampler)  # a wrong name is told at once
        worn = tuple(self._lora(use, parts) for use in request.loras)
        sitting = Sitting(
            memory=memory, run=run, parts=parts, settled=settled, uses=request.loras, worn=worn
        )
        devices.fix_threads()
        states = prompts.read(sitting, self._prompts)
        start = autoencoding.look(sitting, self._previews)
        for aid in sitting.aids:
            aid.prepare(sitting)
        latents = denoising.denoise_all(sitting, states, start, self._predictions)
        images = autoencoding.decode_all(sitting, latents)
        pictures = tuple(
            png.picture(_over(settled.start, settled.mask, image), settled.seed(number))
            for number, image in enumerate(images)
        )
        return ImageResult(
            pictures=pictures, model=spec.id, steps=settled.steps, guidance=settled.guidance
        )

    def _lora(self, use: LoraUse, parts: Parts) -> Component[loras.Lora]:
        """Return a LoRA's component; raises `ModelMissing` or `ModelRefused`."""
        spec = self._services.catalog.check(use.path)
        if spec.architecture != "lora" or spec.kind is not Kind.IMAGE:
            raise ModelRefused(use.path, "it is not a LoRA for pictures")
        return loras.component(spec, parts, self._services.memory.device)

    def _enlarge(self, picture: Picture, factor: int, run: Run) -> Picture:
        """Ask the upscaler for a larger copy, outside any lease."""
        request = UpscaleRequest(png=picture.png, factor=factor)
        large: ImageResult = self._services.ask(request, run)
        done = large.pictures[0]
        return Picture(
            png=done.png, width_px=done.width_px, height_px=done.height_px, seed=picture.seed
        )


def _over(start: Image.Image | None, mask: Image.Image | None, image: Image.Image) -> Image.Image:
    """Lay what was redrawn over the start; outside the mask the start's own pixels stay."""
    if start is None or mask is None:
        return image
    return Image.composite(image, start, mask)
