"""The picture engine: Stable Diffusion and its kin through diffusers, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

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
from engines.image import card, loading, loras, pipelines, png, samplers, single_file, stepping
from engines.image.settling import Settled, settle
from engines.memory.lease import Component
from engines.services import Services


class ImageEngine:
    """Draws pictures with a model of the library."""

    kind: ClassVar[Kind] = Kind.IMAGE

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self, request: ImageRequest, run: Run) -> ImageResult:
        """Draw all pictures of a request, and enlarge them if it says so."""
        spec = self._services.catalog.get(request.model, Kind.IMAGE)
        if spec.architecture in ("lora", "vae"):
            raise ModelRefused(spec.path, f"it is a {spec.architecture}, not a whole model")
        run.step(0, 1, stage="loading")
        pictures = self._draw(request, spec, run)
        if request.upscale > 1:
            pictures = tuple(self._enlarge(picture, request.upscale, run) for picture in pictures)
        return ImageResult(pictures=pictures, model=spec.id)

    def _draw(self, request: ImageRequest, spec: ModelSpec, run: Run) -> tuple[Picture, ...]:
        """Draw the pictures at the model's size inside one lease."""
        about = card.read(spec)
        file = None if Path(spec.path).is_dir() else single_file.read(spec)
        config = file.config if file else Path(spec.path)
        own_side_px = file.side_px if file else loading.default_side_px(config)
        settled = settle(request, about, about.side_px or own_side_px)
        scheduler = loading.scheduler_config(config)
        samplers.make(scheduler, request.sampler)  # a wrong name is told before anything loads
        adapters = tuple(self._lora(use) for use in request.loras)
        parts = self._folder_parts(spec, about) if file is None else self._file_part(file)
        devices.fix_threads()
        with self._services.memory.lease(
            *parts.values(), working_bytes=settled.working_bytes(config), run=run
        ) as loaded:
            named = dict(zip(parts, loaded, strict=True))
            named |= named.pop("file", {})
            pipeline = pipelines.assemble(
                named,
                samplers.make(named.get("scheduler", scheduler), request.sampler),
                from_picture=settled.start is not None,
            )
            with loras.worn(pipeline, adapters):
                return tuple(
                    self._one(pipeline, named, settled, number, run)
                    for number in range(request.count)
                )

    def _one(
        self, pipeline: Any, parts: dict[str, Any], settled: Settled, number: int, run: Run
    ) -> Picture:
        """Draw one of the pictures of a job."""
        drawing = settled.drawing(number, parts.get("reader"))
        rows = parts["vae"].preview
        per_picture = settled.steps_run
        watch = stepping.Watch(run, number * per_picture, settled.count * per_picture, rows)
        seen = pipelines.fills_in(pipeline)  # then the UNet itself keeps what is not redrawn
        if settled.start is not None and settled.mask is not None and not seen:
            watch.kept = stepping.keep(pipeline.vae, settled.start, settled.mask, drawing.seed)
        image = pipelines.draw(pipeline, drawing, watch)
        if settled.start is not None and settled.mask is not None:
            image = Image.composite(image, settled.start, settled.mask)
        return png.picture(image, drawing.seed)

    def _file_part(self, file: single_file.SingleFile) -> dict[str, Component[Any]]:
        """Return the one component that loads all of a single file."""
        return {"file": single_file.component(file, self._services.memory.device)}

    def _folder_parts(self, spec: ModelSpec, about: card.Card) -> dict[str, Component[Any]]:
        """Return the components to lease, by the names pipelines know them by."""
        parts = loading.folder_parts(spec, about.preview, self._services.memory.device)
        if about.reader:
            reader = self._services.catalog.get(about.reader, Kind.TEXT)
            parts["reader"] = loading.reader_part(Path(reader.path))
        elif "text_encoder" not in parts:
            raise ModelRefused(spec.path, "its text encoder is missing")
        return parts

    def _lora(self, use: LoraUse) -> LoraUse:
        """Check a LoRA's file; raises `ModelMissing` or `ModelRefused`."""
        spec = self._services.catalog.check(use.path)
        if spec.architecture != "lora" or spec.kind is not Kind.IMAGE:
            raise ModelRefused(use.path, "it is not a LoRA for pictures")
        return use

    def _enlarge(self, picture: Picture, factor: int, run: Run) -> Picture:
        """Ask the upscaler for a larger copy, outside any lease."""
        request = UpscaleRequest(png=picture.png, factor=factor)
        large: ImageResult = self._services.ask(request, run)
        done = large.pictures[0]
        return Picture(
            png=done.png, width_px=done.width_px, height_px=done.height_px, seed=picture.seed
        )
