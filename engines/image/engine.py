"""The picture engine: Stable Diffusion and its kin through diffusers, offline.

A picture is drawn in phases, each with its own lease: the prompt is read, the
start is encoded, the UNet draws, the autoencoder decodes. So the most that a
picture takes is the largest of its phases, not their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from PIL import Image

from engines import devices
from engines.api import (
    EngineError,
    ImageRequest,
    ImageResult,
    Kind,
    LoraUse,
    ModelRefused,
    ModelSpec,
    Run,
)
from engines.catalog import Catalog
from engines.image import (
    autoencoding,
    card,
    denoising,
    finishing,
    loading,
    loras,
    own_vae,
    png,
    regions,
    samplers,
    single_file,
    tiny_previews,
)
from engines.image.compiling import Compiler
from engines.image.flows import parts as flow_parts
from engines.image.flows.flow import FLOWS
from engines.image.guides import aids_of
from engines.image.notices import notices
from engines.image.parts import Parts
from engines.image.pipelines import States
from engines.image.previews import Rows
from engines.image.recent import Recent
from engines.image.settling import again, settle
from engines.image.sitting import Sitting
from engines.image.textures import Texture
from engines.image.words import dynamic_prompts, inversions, prompts
from engines.image.words.wildcards import Wildcards
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
    if spec.architecture in FLOWS:
        return flow_parts.parts_of(spec, card.read(spec), catalog, device)
    if not Path(spec.path).is_dir():
        return single_file.file_parts(spec, device)
    about = card.read(spec)
    reader = catalog.get(about.reader, Kind.TEXT) if about.reader else None
    return loading.folder_parts(spec, about, device, reader)


def _has_own_settings(spec: ModelSpec) -> bool:
    """Say whether a model comes with settings that are not of this project."""
    return Path(spec.path).is_dir() and not card.read(spec).reader


class ImageEngine:
    """Draws pictures with a model of the library."""

    kind: ClassVar[Kind] = Kind.IMAGE

    def __init__(self, services: Services) -> None:
        self._services = services
        self._prompts: Recent[States] = Recent(PROMPTS_KEPT)
        self._previews: Recent[Rows] = Recent(MODELS_KNOWN)
        self._predictions: Recent[str] = Recent(MODELS_KNOWN)
        self._compiler = Compiler()

    def run(self, request: ImageRequest, run: Run) -> ImageResult:
        """Draw all pictures of a request, and do with them what it says beyond drawing."""
        spec = self._services.catalog.get(request.model, Kind.IMAGE)
        run.step(0, 1, stage="loading")
        try:
            return self._make(request, spec, run)
        except EngineError:
            raise
        except Exception as error:  # the libraries take any setting, and stumble over it later
            if self._services.memory.is_shortage(error) or not _has_own_settings(spec):
                raise
            reason = f"a setting in its folder cannot be drawn with ({error})"
            raise ModelRefused(spec.path, reason) from error

    def _make(self, request: ImageRequest, spec: ModelSpec, run: Run) -> ImageResult:
        sitting = self._sitting(request, spec, run)
        devices.fix_threads()
        states = prompts.read(sitting, self._prompts)
        images = self._draw(sitting, states)
        if sitting.settled.draws_again:
            sitting = replace(sitting, settled=again(sitting.settled, images))
            images = self._draw(sitting, states)
        settled = sitting.settled
        pictures = tuple(
            png.picture(settled.finished(image), settled.seed(number), settled.chosen(number))
            for number, image in enumerate(images)
        )
        return ImageResult(
            pictures=tuple(finishing.finish(one, request, self._services, run) for one in pictures),
            model=spec.id,
            steps=settled.steps,
            guidance=settled.guidance,
            notices=notices(settled, sitting.parts, self._compiler),
        )

    def _sitting(self, request: ImageRequest, spec: ModelSpec, run: Run) -> Sitting:
        """Find all that a request names; whatever is wrong with it is told before any loading."""
        catalog, memory = self._services.catalog, self._services.memory
        parts = parts_of(spec, catalog, memory.device)
        if request.vae:
            parts = own_vae.put_in(request.vae, parts, catalog, memory.device)
        samplers.make(dict(parts.scheduler), request.sampler)
        wordings = dynamic_prompts.wordings(request, Wildcards(catalog.wildcards()))
        return Sitting(
            memory=memory,
            run=run,
            parts=parts,
            settled=replace(settle(request, card.read(spec), parts), wordings=wordings),
            uses=request.loras,
            worn=tuple(self._lora(use, parts) for use in request.loras),
            inversions=inversions.components(request.embeddings, catalog, parts, memory.device),
            aids=(
                *regions.aids(request),
                *((Texture(),) if request.tiling else ()),
                *aids_of(request, parts, catalog, memory.device),
            ),
            tiny=tiny_previews.find(catalog.seen(), parts, memory.device),
            compiler=self._compiler,
        )

    def _draw(self, sitting: Sitting, states: Sequence[States]) -> list[Image.Image]:
        """Draw the pictures once, phase by phase."""
        start = autoencoding.look(sitting, self._previews)
        for aid in sitting.aids:
            sitting.run.token.check()
            aid.prepare(sitting)
        latents = denoising.denoise_all(sitting, states, start, self._predictions)
        return autoencoding.decode_all(sitting, latents)

    def _lora(self, use: LoraUse, parts: Parts) -> Component[loras.Lora]:
        """Return a LoRA's component; raises `ModelMissing` or `ModelRefused`."""
        spec = self._services.catalog.check(use.path)
        if spec.architecture != "lora" or spec.kind is not Kind.IMAGE:
            raise ModelRefused(use.path, "it is not a LoRA for pictures")
        return loras.component(spec, parts, self._services.memory.device)
