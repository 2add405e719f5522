"""A poster, or one frame of a scene, as a picture file."""

from __future__ import annotations

import io

from PIL import Image
from PySide6.QtGui import QImage

from desktop.document.model import Document, DocumentKind
from desktop.export.atomic import write_bytes
from desktop.export.job import ExportJob
from desktop.render.png import png_bytes
from desktop.render.renderer import Renderer
from engines.api import BadRequest

_JPEG_QUALITY = 93
_SCENE_DPI = 96.0
_MM_PER_M = 1000.0


def still_time_s(document: Document) -> float:
    """Return the time whose frame stands for a scene: the middle of its first shot."""
    return document.shots[0].duration_s / 2 if document.shots else 0.0


def write_still(job: ExportJob) -> None:
    """Draw the page and write it as PNG, JPEG, WebP or TIFF, its resolution noted."""
    size_px = job.size_px()
    job.run.step(0, 3, stage="drawing")
    try:
        image = Renderer(job.assets).image(job.document, still_time_s(job.document), size_px)
    except MemoryError as problem:
        raise BadRequest(str(problem)) from problem
    job.run.step(1, 3, stage="packing")
    data = encode(image, job.suffix, dots_per_m=_dots_per_m(job.document, size_px))
    job.run.step(2, 3, stage="writing the file")
    write_bytes(job.path, data)


def encode(image: QImage, suffix: str, *, dots_per_m: int = 0) -> bytes:
    """Return an image as the bytes of a file; the same image gives the same bytes."""
    if suffix == ".png":
        return png_bytes(image, dots_per_m=dots_per_m)
    dpi = round(dots_per_m * 0.0254) or round(_SCENE_DPI)
    picture = as_pillow(image)
    buffer = io.BytesIO()
    if suffix in (".jpg", ".jpeg"):
        picture.save(
            buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, dpi=(dpi, dpi), optimize=False
        )
    elif suffix == ".webp":
        picture.save(buffer, "WEBP", quality=_JPEG_QUALITY, method=2)
    elif suffix == ".tiff":
        picture.save(buffer, "TIFF", compression="tiff_lzw", dpi=(dpi, dpi))
    else:
        raise BadRequest(f"{suffix!r} is no kind of picture that is written")
    return buffer.getvalue()


def as_pillow(image: QImage) -> Image.Image:
    """Return an opaque image's pixels for Pillow."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    size = (image.width(), image.height())
    stride = image.bytesPerLine()
    return Image.frombuffer("RGB", size, bytes(image.constBits()), "raw", "RGB", stride, 1)


def _dots_per_m(document: Document, size_px: tuple[int, int]) -> int:
    if document.kind is DocumentKind.SCENE:
        return round(_SCENE_DPI / 0.0254)
    return round(size_px[0] / document.width_mm * _MM_PER_M)
