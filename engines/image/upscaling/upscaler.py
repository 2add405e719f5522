"""The upscaling engine: the two networks that are always there, and the user's own.

"" is Real-ESRGAN's animevideov3, the fast one; "x4plus" is its large network,
with finer texture and much slower: `engines.api.enlarging_s` says by how much.
Any other name is a model of the library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from engines import devices
from engines.api import ImageResult, Kind, ModelRefused, ModelSpec, Role, Run, UpscaleRequest
from engines.api.checks import check_side
from engines.image import png
from engines.image.sizes import weights_of
from engines.image.upscaling import enlarging, needs, realesrgan, super_resolution
from engines.image.upscaling.enlarging import Enlarger
from engines.image.upscaling.needs import TILE_PX
from engines.image.upscaling.realesrgan import Bundled
from engines.memory.ladder import Ladder, Rung
from engines.memory.lease import Component, Working
from engines.memory.weights.modules import mover
from engines.services import Services

LEAST_TILE_PX = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An upscaler that is not loaded yet.

    Attributes:
        model: How the result and the books call it.
        working_bytes: What a tile takes.
        enlarger: Makes what was loaded into what enlarges tiles.
    """

    model: str
    component: Component[Any]
    working_bytes: int
    enlarger: Callable[[Any], Enlarger]


class UpscaleEngine:
    """Enlarges pictures 2, 4, 8 or 16 times."""

    kind: ClassVar[Kind] = Kind.UPSCALE

    def __init__(self, services: Services) -> None:
        self._memory = services.memory
        self._catalog = services.catalog

    def run(self, request: UpscaleRequest, run: Run) -> ImageResult:
        """Enlarge one picture.

        Raises:
            BadRequest: it is no picture, or would be too large.
            ModelMissing, ModelRefused: there is no such upscaler, or it cannot be used.
        """
        image = png.decode(request.png, "the picture to enlarge")
        width_px, height_px = image.width * request.factor, image.height * request.factor
        check_side(width_px, height_px)
        choice = self._choose(request.model)
        working = needs.enlarging(
            choice.model, choice.working_bytes, (width_px, height_px), self._memory.device
        )
        devices.fix_threads()
        run.step(0, 1, stage="loading")
        with self._memory.lease(choice.component, working=working, run=run) as (loaded,):
            large = self._enlarge(choice.enlarger(loaded), image, request.factor, working, run)
        return ImageResult(pictures=(png.picture(large, 0),), model=choice.model)

    def _enlarge(
        self, by: Enlarger, image: Image.Image, factor: int, working: Working, run: Run
    ) -> Image.Image:
        """Enlarge within the lease; with smaller tiles if the device runs short."""
        tile_px = TILE_PX

        def smaller() -> bool:
            nonlocal tile_px
            tile_px = max(tile_px // 2, LEAST_TILE_PX)
            return True

        ladder = Ladder(
            self._memory,
            run,
            working,
            [Rung(name="smaller tiles", climb=smaller), Rung(name="tiny tiles", climb=smaller)],
        )
        return ladder(lambda: enlarging.whole(by, image, factor, tile_px, run))

    def _choose(self, model: str) -> Choice:
        bundled = realesrgan.BY_MODEL.get(model)
        if bundled is not None:
            return self._bundled(bundled)
        spec = self._catalog.get(model, Kind.UPSCALE)
        if spec.role is not Role.UPSCALER:
            raise ModelRefused(spec.path, f"it is a {spec.role}, not an upscaler")
        super_resolution.check(spec)
        return self._of_user(spec)

    def _bundled(self, bundled: Bundled) -> Choice:
        realesrgan.files(bundled)  # missing files are told before anything is waited for
        weights_bytes, tile_bytes = needs.of_bundled(bundled, self._memory.device)
        component = Component(
            key=f"upscale:{bundled.name}:network:float32",
            size_bytes=weights_bytes,
            load=lambda _device: realesrgan.load(bundled),
        )
        return Choice(
            model=bundled.name,
            component=component,
            working_bytes=tile_bytes,
            enlarger=lambda net: realesrgan.enlarger(bundled, net),
        )

    def _of_user(self, spec: ModelSpec) -> Choice:
        precision = devices.dtype(self._memory.device)
        weights = weights_of(Path(spec.path))
        component = Component(
            key=f"upscale:{spec.id}:network:{str(precision).removeprefix('torch.')}",
            # A network that cannot work in half precision stays in full.
            size_bytes=weights.whole_bytes(4),
            load=lambda device: super_resolution.load(spec, device),
            move=mover(lambda network: (network.described.model,))
            if self._memory.device != "cpu"
            else None,
        )
        return Choice(
            model=spec.id,
            component=component,
            working_bytes=needs.USER_BYTES,
            enlarger=lambda network: super_resolution.enlarger(network, spec),
        )
