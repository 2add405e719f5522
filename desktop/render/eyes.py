"""Look at a page without its words: how light are the real pixels where words will stand?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from desktop.document.assets import AssetStore
from desktop.document.measuring import Spread
from desktop.document.model import Box, Document, DocumentKind, GroupLayer, Layer, TextLayer
from desktop.render.renderer import Renderer

_LONGEST_PX = 720
_LEAST_PX = 3
_KEPT = 4

Values = npt.NDArray[np.float32]


class Eyes:
    """Luminance of pages made of one store's pictures; `luminance` is what the layout is given."""

    def __init__(self, assets: AssetStore) -> None:
        self._renderer = Renderer(assets, proxy_px=2 * _LONGEST_PX)
        self._seen: list[tuple[Document, Values]] = []

    def luminance(self, document: Document, box: Box) -> Spread:
        """Return the spread of relative luminance behind a box, the words left out."""
        values = self._values(_wordless(document))
        height, width = values.shape
        across, down = width / document.width_mm, height / document.height_mm
        left, right = _span(box.x_mm * across, (box.x_mm + box.width_mm) * across, width)
        top, bottom = _span(box.y_mm * down, (box.y_mm + box.height_mm) * down, height)
        p10, p50, p90 = np.percentile(values[top:bottom, left:right], (10, 50, 90))
        return Spread(p10=float(p10), p50=float(p50), p90=float(p90))

    def _values(self, document: Document) -> Values:
        for seen, values in self._seen:
            if seen == document:
                return values
        scale = _LONGEST_PX / max(document.width_mm, document.height_mm)
        size_px = (round(document.width_mm * scale) or 1, round(document.height_mm * scale) or 1)
        image = self._renderer.image(document, 0.0, size_px)
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(size_px[1], size_px[0], 4)
        values = relative_luminance(pixels[..., 2::-1])
        self._seen = [*self._seen[-_KEPT + 1 :], (document, values)]
        return values


def relative_luminance(rgb: npt.NDArray[np.uint8]) -> Values:
    """Return the relative luminance of WCAG 2 for 8-bit sRGB, (..., 3) -> (...)."""
    return _LINEAR[rgb] @ np.array([0.2126, 0.7152, 0.0722], np.float32)


_STEPS = np.arange(256, dtype=np.float32) / 255
_LINEAR = np.where(_STEPS <= 0.04045, _STEPS / 12.92, ((_STEPS + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)


def _span(first: float, last: float, size: int) -> tuple[int, int]:
    """Return at least `_LEAST_PX` pixels within 0 to `size`."""
    start = max(0, min(int(first), size - _LEAST_PX))
    return start, max(start + _LEAST_PX, min(size, int(np.ceil(last))))


def _wordless(document: Document) -> Document:
    layers = _without_words(document.layers)
    shots = document.shots[:1]
    shots = tuple(replace(x, layers=_without_words(x.layers), dissolve_s=0.0) for x in shots)
    if document.kind is DocumentKind.POSTER:
        shots = ()
    plain = Document.poster() if document.kind is DocumentKind.POSTER else Document.scene()
    return replace(
        plain,
        width_mm=document.width_mm,
        height_mm=document.height_mm,
        background=document.background,
        layers=layers,
        shots=shots,
    )


def _without_words(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    kept: list[Layer] = []
    for layer in layers:
        if isinstance(layer, GroupLayer):
            kept.append(replace(layer, layers=_without_words(layer.layers)))
        elif not isinstance(layer, TextLayer):
            kept.append(layer)
    return tuple(kept)
