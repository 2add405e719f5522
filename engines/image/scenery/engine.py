"""The engine of the backgrounds: no weights, an instant answer."""

from __future__ import annotations

from typing import ClassVar

from engines.api import BackgroundRequest, ImageResult, Kind, Run
from engines.image.png import picture
from engines.image.scenery import backgrounds
from engines.memory.lease import Working
from engines.services import Services

MODEL = "backgrounds"
BYTES_PER_PIXEL = 64
"""Of working memory: the picture, a few noise fields and a mask, as float32."""


class BackgroundEngine:
    """Draws procedural backgrounds at the size asked for."""

    kind: ClassVar[Kind] = Kind.BACKGROUND

    def __init__(self, services: Services) -> None:
        self._memory = services.memory

    def run(self, request: BackgroundRequest, run: Run) -> ImageResult:
        """Draw one background."""
        run.step(0, 2, stage="drawing")
        pixels = request.width_px * request.height_px
        # The drawing lies in main memory; on a card its budget is not touched.
        bytes_per_pixel = BYTES_PER_PIXEL if self._memory.device == "cpu" else 0
        working = Working(
            operation="background.draw", estimate_bytes=bytes_per_pixel * pixels, size=pixels
        )
        with self._memory.lease(working=working, run=run):
            image = backgrounds.draw(
                request.prompt, request.seed, request.width_px, request.height_px, request.palette
            )
            run.step(1, 2, stage="writing")
            done = picture(image, request.seed)
        run.step(2, 2, stage="done")
        return ImageResult(pictures=(done,), model=MODEL)
