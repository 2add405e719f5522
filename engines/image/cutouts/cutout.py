"""The cut-out engine: what is behind a subject is left out.

The model's small matte is refined at the picture's own size, see `refining`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageChops

from engines import devices
from engines.api import (
    BadRequest,
    CutoutRequest,
    ImageResult,
    Kind,
    ModelRefused,
    ModelSpec,
    Run,
)
from engines.image import png
from engines.image.cutouts import files as cutout_files
from engines.image.cutouts import matting, refining
from engines.image.cutouts import needs as cutout_needs
from engines.image.cutouts.needs import OURS
from engines.memory.lease import Component
from engines.memory.weights.modules import itself, mover
from engines.services import Services

Floats = npt.NDArray[np.floating[Any]]
Look = Callable[[Any, Image.Image], Floats]

LEAST_SHARE = 0.002
"""Of a picture that a subject takes; less is none."""

STEPS = 3


class CutoutEngine:
    """Cuts subjects out."""

    kind: ClassVar[Kind] = Kind.CUTOUT

    def __init__(self, services: Services) -> None:
        self._catalog = services.catalog
        self._memory = services.memory

    def run(self, request: CutoutRequest, run: Run) -> ImageResult:
        """Return the picture with alpha.

        Raises:
            BadRequest: it is no picture, or nothing stands out in it.
            ModelMissing, ModelRefused: there is no such model, or it cannot be used.
        """
        image = png.decode(request.png, "the picture to cut out of")
        spec = self._catalog.get(request.model, Kind.CUTOUT)
        network, look = self._ours(spec) if spec.architecture == OURS else self._file(spec)
        working = cutout_needs.looking(spec, self._memory.device, image.width * image.height)
        devices.fix_threads()
        run.step(0, STEPS, stage="loading")
        colours = image.convert("RGB")
        with self._memory.lease(network, working=working, run=run) as (loaded,):
            run.step(1, STEPS, stage="looking")
            matte = look(loaded, colours)
        run.step(2, STEPS, stage="cutting out")
        if float(matte.mean()) < LEAST_SHARE:
            raise BadRequest("nothing in the picture stands out from what is behind it")
        done = refining.refine(colours, refining.without_haze(matte))
        if image.mode == "RGBA":
            both = ImageChops.multiply(done.getchannel("A"), image.getchannel("A"))
            done.putalpha(both)
        run.step(STEPS, STEPS, stage="cutting out")
        return ImageResult(pictures=(png.picture(done, 0),), model=spec.id)

    def _ours(self, spec: ModelSpec) -> tuple[Component[Any], Look]:
        """Return our own network, which works wherever the manager's device is."""
        device = self._memory.device
        folder = Path(spec.path)
        component = Component(
            key=f"cutout:{spec.id}:network:float32",
            size_bytes=cutout_needs.weights_bytes(spec, device),
            load=lambda place: matting.load(folder, place),
            move=mover(itself) if device != "cpu" else None,
        )
        return component, _look

    def _file(self, spec: ModelSpec) -> tuple[Component[Any], Look]:
        """Return a network of the user's, which works on the processor."""
        if spec.format != "onnx":
            raise ModelRefused(spec.path, "it is no cut-out network that is known here")
        component = Component(
            key=f"cutout:{spec.id}:network:onnx",
            size_bytes=cutout_needs.weights_bytes(spec, self._memory.device),
            load=lambda _device: cutout_files.load(spec),
        )
        return component, lambda network, image: cutout_files.matte(network, spec, image)


@torch.inference_mode()
def _look(network: matting.CutoutNet, image: Image.Image) -> Floats:
    """Ask our network, for a picture and its mirror image, and take the mean."""
    side = matting.SIDE_PX
    small = np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32)
    given = torch.from_numpy(small / 127.5 - 1).permute(2, 0, 1)[None]
    place = next(network.parameters()).device
    both = torch.cat([given, given.flip(3)]).to(place)
    first, second = torch.sigmoid(network(both).float())[:, 0]
    answer: Floats = ((first + second.flip(1)) / 2).cpu().numpy()
    return answer
