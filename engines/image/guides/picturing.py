"""A control as it was asked for: its model, its picture, and when it counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engines.api import ControlUse, ModelSpec
from engines.catalog import Catalog
from engines.image import png
from engines.image.guides import depth
from engines.image.guides.preprocessors import PREPROCESSORS
from engines.image.guiding import Call
from engines.image.sitting import Sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Picturing:
    """One control of a request.

    Attributes:
        picture: As it was sent, without anything see-through.
        depth: What tells its depth, if that steers.
    """

    use: ControlUse
    spec: ModelSpec
    picture: Image.Image
    depth: depth.DepthModel | None = None

    def drawn(self, sitting: Sitting, size_px: tuple[int, int]) -> Image.Image:
        """Return the RGB picture that steers, of a size in pixels; a depth model has its lease."""
        image = sitting.settled.frame.laid(self.picture, "RGB", size_px)
        if self.depth is not None:
            return depth.measure(self.depth, image, sitting.memory, sitting.run)
        preprocess = PREPROCESSORS.get(self.use.preprocessor)
        return preprocess(image) if preprocess else image

    def counts(self, call: Call) -> bool:
        """Say whether it steers a call: one that lies wholly within its share of the steps."""
        if self.use.weight == 0:
            return False
        begin, end = call.step / call.steps, (call.step + 1) / call.steps
        return begin >= self.use.start and end <= self.use.end


def picturing(use: ControlUse, catalog: Catalog, device: str) -> Picturing:
    """Read what a control needs.

    Raises:
        BadRequest: its picture cannot be read.
        ModelMissing: there is no depth model, and it needs one.
        ModelRefused: what is named as one is none.
    """
    needs_depth = use.preprocessor == "depth"
    return Picturing(
        use=use,
        spec=catalog.check(use.path),
        picture=opaque(png.decode(use.picture, "the picture of a control")),
        depth=depth.find(use.depth_model, catalog, device) if needs_depth else None,
    )


def opaque(image: Image.Image) -> Image.Image:
    """Return a picture as RGB; what is see-through becomes white, as paper under a drawing."""
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image)
        image = ground
    return image.convert("RGB")


def unit_tensor(image: Image.Image) -> Tensor:
    """Turn an RGB or grey picture into (1, 3 or 1, height, width) from 0 to 1, channels last."""
    values = torch.from_numpy(np.asarray(image, np.float32) / 255)
    return values.view(1, image.height, image.width, -1).permute(0, 3, 1, 2)
