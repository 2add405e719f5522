"""How much each phase of a picture takes, told from headers alone before anything is loaded.

The phases are those of the engine: words, start, what looks at pictures that
steer, drawing, decoding, once more for a second drawing, and what comes after.
A region asks the network once more after the other, so it takes time and no room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from engines.api import ImageRequest, Kind, ModelSpec, Role
from engines.catalog import Catalog
from engines.formats.content import SDXL
from engines.image import framing, needs, png, sizes, tiny_decoders
from engines.image.card import Card
from engines.image.cutouts import needs as cutout_needs
from engines.image.flows.flow import STEP_PX, is_guided
from engines.image.framing import Frame
from engines.image.sizes import Layout
from engines.image.upscaling import needs as upscaling_needs
from engines.image.upscaling import realesrgan
from engines.memory.lease import Component, Working
from engines.memory.weights.footprints import Footprint
from engines.memory.weights.modules import component

FULL_BYTES, HALF_BYTES = 4, 2
"""Of one weight, on the processor and on a card."""

DIFFUSION_STEP_PX = 8
_ADAPTER_WIDTH, _ADAPTER_FOLDS = 320, {SDXL: 16}
_ENCODER_SIDE_PX, _ENCODER_TOKENS, _ENCODER_WIDTH = 224, 257, 1664
"""Of the largest image encoders that IP-Adapters were published for."""
_DEPTH_PIXELS = 518**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One lease of a model's work: what is loaded together, and the room to work in."""

    components: tuple[Component[Any], ...]
    working: Working


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """A picture to weigh.

    Attributes:
        words: What reads the prompt, from the model itself.
        place: "cpu" or "cuda".
        width_bytes: Of a weight of a part by its name, as it will lie.
    """

    request: ImageRequest
    layout: Layout
    about: Card
    catalog: Catalog
    words: tuple[Component[Any], ...]
    place: str
    width_bytes: Callable[[str], int]

    def phases(self) -> tuple[Phase, ...]:
        """Return all phases, in their order."""
        return tuple(self._phases())

    def _phases(self) -> Iterator[Phase]:
        request, frame = self.request, self.frame()
        words = (*self.words, *self._loras(), *self._inversions())
        yield Phase(components=words, working=needs.reading(self.layout))
        if request.init:
            yield self._encoding(frame)
        yield from self._lookers(frame)
        yield from self._drawing(frame)
        if request.hires > 1:
            frame = frame.enlarged(request.hires)
            yield self._encoding(frame)
            yield from self._drawing(frame)
        yield from self._finish(frame)

    def frame(self) -> Frame:
        """Return the size of the first drawing."""
        request, layout = self.request, self.layout
        step_px = STEP_PX if layout.flow else DIFFUSION_STEP_PX
        start = png.decode(request.init, "the picture to start from") if request.init else None
        if start is not None and any(request.outpaint):
            return framing.extension(request, start.size, step_px, layout.side_px).frame
        return framing.frame(request, start.size if start else None, step_px, layout.side_px)

    def _drawing(self, frame: Frame) -> Iterator[Phase]:
        guidance = self.request.guidance
        guided = is_guided(self.layout.flow, guidance if guidance >= 0 else self.about.guidance)
        working = needs.denoising(self.layout, *frame.drawn_px, guided=guided)
        beside = tuple(self._beside())
        if beside:
            working = needs.aided(working)
        yield Phase(
            components=(self._part("unet"), *self._tiny(), *self._loras(), *beside),
            working=working,
        )
        yield Phase(components=(self._vae(),), working=needs.decoding(self.layout, *frame.drawn_px))

    def _encoding(self, frame: Frame) -> Phase:
        return Phase(
            components=(self._vae(),), working=needs.encoding(self.layout, *frame.drawn_px)
        )

    def _beside(self) -> Iterator[Component[Any]]:
        """Yield what lies beside the network through the whole drawing, each file once."""
        controls = [use.path for use in self.request.controls]
        references = [use.path for use in self.request.references]
        for path in dict.fromkeys((*controls, *references)):
            spec = self.catalog.check(path)
            if spec.role in (Role.CONTROLNET, Role.IP_ADAPTER):
                yield self._file(spec)

    def _lookers(self, frame: Frame) -> Iterator[Phase]:
        """Yield what looks at the pictures that steer, one after the other before the drawing."""
        for use in self.request.controls:
            spec = self.catalog.check(use.path)
            if use.preprocessor == "depth":
                depth = self._first(use.depth_model, Role.DEPTH)
                if depth is not None:
                    working = needs.measuring_depth(depth.id, _DEPTH_PIXELS)
                    yield Phase(components=(self._file(depth),), working=working)
            if spec.role is Role.T2I_ADAPTER:
                fold = _ADAPTER_FOLDS.get(spec.base, DIFFUSION_STEP_PX)
                working = needs.adapting(spec.id, frame.drawn_px, fold, _ADAPTER_WIDTH)
                yield Phase(components=(self._file(spec),), working=working)
        for reference in self.request.references:
            encoder = self._first(reference.encoder, Role.IMAGE_ENCODER)
            if encoder is not None:
                working = needs.regarding(
                    encoder.id, _ENCODER_SIDE_PX, _ENCODER_TOKENS, _ENCODER_WIDTH
                )
                yield Phase(components=(self._file(encoder),), working=working)

    def _finish(self, frame: Frame) -> Iterator[Phase]:
        request = self.request
        width_px, height_px = (side_px * request.upscale for side_px in frame.finished_px)
        if request.upscale > 1:
            yield self._upscaling((width_px, height_px))
        if request.cutout:
            spec = self.catalog.get("", Kind.CUTOUT)
            network = Component(
                key=f"cutout:{spec.id}",
                size_bytes=cutout_needs.weights_bytes(spec, self.place),
                load=never,
            )
            working = cutout_needs.looking(spec, self.place, width_px * height_px)
            yield Phase(components=(network,), working=working)

    def _upscaling(self, size_px: tuple[int, int]) -> Phase:
        bundled = realesrgan.BY_MODEL.get(self.request.upscaler)
        if bundled is not None:
            model = bundled.name
            size_bytes, tile_bytes = upscaling_needs.of_bundled(bundled, self.place)
        else:
            spec = self.catalog.get(self.request.upscaler, Kind.UPSCALE)
            model, tile_bytes = spec.id, upscaling_needs.USER_BYTES
            size_bytes = _weighed(spec).whole_bytes(FULL_BYTES)
        network: Component[Any] = Component(
            key=f"upscale:{model}:network:float32", size_bytes=size_bytes, load=never
        )
        working = upscaling_needs.enlarging(model, tile_bytes, size_px, self.place)
        return Phase(components=(network,), working=working)

    def _loras(self) -> Iterator[Component[Any]]:
        """Yield the LoRAs, each twice its size: it lies there, and its wearer holds a copy."""
        for use in self.request.loras:
            spec = self.catalog.check(use.path)
            size_bytes = 2 * _weighed(spec).whole_bytes(self.width_bytes("lora"))
            yield Component(key=f"image:{spec.id}:lora:any", size_bytes=size_bytes, load=never)

    def _inversions(self) -> Iterator[Component[Any]]:
        for path in self.request.embeddings:
            spec = self.catalog.check(path)
            size_bytes = spec.size_bytes if self.place == "cpu" else 0
            yield Component(key=f"image:{spec.id}:inversion:any", size_bytes=size_bytes, load=never)

    def _tiny(self) -> Iterator[Component[Any]]:
        channels = int(self.layout.settings("vae").get("latent_channels", 4))
        is_xl = not self.layout.flow and "text_encoder_2" in self.layout.words
        spec = tiny_decoders.find(self.catalog.seen(), channels, flow=self.layout.flow, is_xl=is_xl)
        if spec is not None:
            yield self._file(spec)

    def _vae(self) -> Component[Any]:
        if not self.request.vae:
            return self._part("vae")
        weights = _weighed(self.catalog.check(self.request.vae))
        return part("vae", weights, self.width_bytes("vae"), self.place)

    def _part(self, name: str) -> Component[Any]:
        packed = self.layout.packed.get(name)
        if packed is not None:
            return Component(key=name, size_bytes=packed, load=never)
        return part(name, self.layout.weights[name], self.width_bytes(name), self.place)

    def _file(self, spec: ModelSpec) -> Component[Any]:
        """Return a file or folder beside the model, smaller only in ways that change nothing."""
        width_bytes = self.width_bytes(str(spec.role))
        return component(
            f"image:{spec.id}:{spec.role}:any", _weighed(spec), width_bytes, never, self.place,
            exact=True,
        )  # fmt: skip

    def _first(self, path: str, role: Role) -> ModelSpec | None:
        """Return the model of a path, else the largest of that role: more is never taken."""
        if path:
            return self.catalog.check(path)
        known = [spec for spec in self.catalog.list() if spec.role is role]
        return max(known, key=lambda spec: spec.size_bytes, default=None)


def part(name: str, weights: Footprint, width_bytes: int, place: str) -> Component[Any]:
    """Return a part as the engine leases it, by a name for the answer."""
    return component(name, weights, width_bytes, never, place, exact=name == "vae")


def never(device: str) -> NoReturn:
    """Load nothing: what is weighed is never loaded."""
    raise AssertionError("a model that is only weighed is not loaded")


def _weighed(spec: ModelSpec) -> Footprint:
    path = Path(spec.path)
    if not path.is_dir():
        return sizes.weights_of(path)
    return sizes.part_weights(path if any(path.glob("*.safetensors")) else path / "vae")
