"""The engine that shows what a control is shown of a picture."""

from __future__ import annotations

from typing import ClassVar

from PIL import Image

from engines.api import ImageResult, Kind, Run, TraceRequest
from engines.image import png
from engines.image.guides import depth
from engines.image.guides.picturing import opaque
from engines.image.guides.preprocessors import PREPROCESSORS
from engines.services import Services


class TraceEngine:
    """Draws the edges, lines, strokes, coarse colours or depth of a picture."""

    kind: ClassVar[Kind] = Kind.TRACE

    def __init__(self, services: Services) -> None:
        self._catalog = services.catalog
        self._memory = services.memory

    def run(self, request: TraceRequest, run: Run) -> ImageResult:
        """Return it as one picture.

        Raises:
            BadRequest: the picture cannot be read.
            ModelMissing, ModelRefused: depth is asked for, and there is no model for it.
        """
        image = opaque(png.decode(request.png, "the picture of a control"))
        image.thumbnail((request.longest_px, request.longest_px), Image.Resampling.LANCZOS)
        run.step(0, 1, stage="tracing")
        model = ""
        if request.preprocessor == "depth":
            found = depth.find(request.depth_model, self._catalog, self._memory.device)
            traced, model = depth.measure(found, image, self._memory, run), found.model
        else:
            traced = PREPROCESSORS[request.preprocessor](image)
        run.step(1, 1, stage="tracing")
        return ImageResult(pictures=(png.picture(traced, 0),), model=model)
