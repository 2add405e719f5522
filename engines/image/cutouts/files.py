"""Cut-out networks that the user brings, run by onnxruntime (MIT) on the processor.

Facts of the families: U2-Net looks at 320 px and IS-Net at 1024, both answer
with mattes that are stretched to reach from 0 to 1; BiRefNet answers in
logits. U2-Net and BiRefNet were trained on colours less their usual mean over
their usual spread, IS-Net on colours less a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import devices
from engines.api import ModelRefused, ModelSpec
from engines.formats.cutouts import BIREFNET, ISNET, U2NET

Floats = npt.NDArray[np.floating[Any]]

MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
SPREAD: Final = np.array([0.229, 0.224, 0.225], np.float32)

USUAL_SIDE_PX: Final = {U2NET: 320, ISNET: 1024, BIREFNET: 1024}
"""Where a file leaves it open."""

MOST_SIDE_PX: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A loaded network: its session, the name and type of its input, and the side it looks at."""

    session: Any
    name: str
    half: bool
    side_px: int


def load(spec: ModelSpec) -> Network:
    """Load a network for the processor.

    Raises:
        ModelRefused: onnxruntime does not take it.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = devices.threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            spec.path, options, providers=["CPUExecutionProvider"]
        )
    except _errors() as error:
        raise ModelRefused(spec.path, "onnxruntime cannot read it") from error
    given = session.get_inputs()[0]
    stated = given.shape[2] if isinstance(given.shape[2], int) else 0
    side_px = stated or USUAL_SIDE_PX[spec.architecture]
    if not 64 <= side_px <= MOST_SIDE_PX:
        raise ModelRefused(spec.path, f"it looks at pictures of {side_px} px")
    return Network(
        session=session, name=given.name, half=given.type == "tensor(float16)", side_px=side_px
    )


def matte(network: Network, spec: ModelSpec, image: Image.Image) -> Floats:
    """Return the matte of an RGB picture, (side, side) from 0 to 1.

    Raises:
        ModelRefused: what it answers is no matte.
    """
    given = prepared(spec.architecture, image, network.side_px)
    given = given.astype(np.float16 if network.half else np.float32)
    try:
        answers = network.session.run(None, {network.name: given})
    except _errors() as error:
        raise ModelRefused(spec.path, "it fails on a picture") from error
    for answer in (answers[-1], answers[0]) if spec.architecture == BIREFNET else answers:
        plane = np.squeeze(np.asarray(answer, np.float32))
        if plane.ndim == 2 and min(plane.shape) >= 16 and np.isfinite(plane).all():
            return stretched(spec.architecture, plane)
    raise ModelRefused(spec.path, "its answer is no matte of a subject")


def prepared(family: str, image: Image.Image, side_px: int) -> Floats:
    """Return a picture as a family wants it, (1, 3, side, side)."""
    small = image.convert("RGB").resize((side_px, side_px), Image.Resampling.BILINEAR)
    pixels = np.asarray(small, np.float32) / 255
    if family == U2NET:
        pixels = pixels / max(float(pixels.max()), 1e-6)
    pixels = pixels - 0.5 if family == ISNET else (pixels - MEAN) / SPREAD
    return pixels.transpose(2, 0, 1)[None].astype(np.float32)


def stretched(family: str, plane: Floats) -> Floats:
    """Turn an answer into values from 0 to 1."""
    if family == BIREFNET:
        is_matte = plane.min() >= 0 and plane.max() <= 1
        return plane if is_matte else 1 / (1 + np.exp(-np.clip(plane, -50, 50)))
    low, high = float(plane.min()), float(plane.max())
    # A network that sees no subject answers with next to nothing; that is not stretched.
    return (plane - low) / (high - low) if high - low > 0.05 else np.clip(plane, 0, 1)


def _errors() -> tuple[type[Exception], ...]:
    """Return what onnxruntime raises of a file or a picture that it cannot take."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [getattr(state, name) for name in dir(state)]
    raised = [kind for kind in own if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*raised, RuntimeError, ValueError, TypeError, IndexError)
