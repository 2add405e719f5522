"""A poster as a page for printing or editing: PDF with real text, SVG with outlines.

Qt's PDF and SVG writers lose blend modes and see-through gradients. So all
layers up to the highest that needs them, pictures among these, are drawn as
one picture at the document's resolution; what lies above stays vectors.
"""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from desktop.document.model import Blend, Document, GroupLayer, Layer, PictureLayer, ShapeLayer
from desktop.export.job import ExportJob
from desktop.render.colors import color, is_translucent
from desktop.render.flat import prepare
from desktop.render.renderer import Renderer, page_transform

_PDF_UNITS_PER_INCH = 1200
_DATE = re.compile(rb"/(CreationDate|ModDate) ?\(D:[^)]*\)")
_FILE_ID = re.compile(rb"/ID ?\[[^\]]*\]")
_XMP = re.compile(rb"<x:xmpmeta.*?</x:xmpmeta>", re.DOTALL)
_XMP_CLOCK = re.compile(
    rb"(20\d\d-\d\d-\d\dT[0-9:+.Z-]*|uuid:[0-9a-f-]{36}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


def pdf_bytes(job: ExportJob) -> bytes:
    """Return the poster as a one-page PDF; the same document gives the same bytes."""
    document = job.document
    base, above = _split(document)
    picture = _picture(job, base) if base else None
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setCreator("Triptych")
    writer.setTitle(document.title)
    writer.setResolution(_PDF_UNITS_PER_INCH)
    size_mm = QSizeF(document.width_mm, document.height_mm)
    size = QPageSize(size_mm, QPageSize.Unit.Millimeter, "", QPageSize.SizeMatchPolicy.ExactMatch)
    layout = QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF())
    layout.setMode(QPageLayout.Mode.FullPageMode)
    writer.setPageLayout(layout)
    painter = QPainter(writer)
    _draw(job, painter, (writer.width(), writer.height()), picture, above)
    painter.end()
    return _without_clock(bytes(buffer.data().data()))


def svg_bytes(job: ExportJob) -> bytes:
    """Return the poster as an SVG whose words are outlines and whose pictures are inside it."""
    document = job.document
    base, above = _split(document)
    picture = _picture(job, base) if base else None
    width_px, height_px = job.size_px()
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(width_px, height_px))
    generator.setViewBox(QRectF(0, 0, width_px, height_px))
    generator.setTitle(document.title)
    generator.setDescription("Made with Triptych")
    painter = QPainter(generator)
    _draw(job, painter, (width_px, height_px), picture, above)
    painter.end()
    return bytes(buffer.data().data())


def _draw(
    job: ExportJob,
    painter: QPainter,
    size: tuple[int, int],
    picture: QImage | None,
    above: tuple[Layer, ...],
) -> None:
    document = job.document
    painter.setTransform(page_transform(document, size))
    prepare(painter)
    page = QRectF(0, 0, document.width_mm, document.height_mm)
    if picture is None:
        painter.fillRect(page, color(document.background))
    else:
        painter.drawImage(page, picture)
    Renderer(job.assets).render_layers(above, painter)


def _split(document: Document) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """Return the layers that become one picture and those above that stay vectors."""
    flat = [i for i, layer in enumerate(document.layers) if layer.visible and _needs_pixels(layer)]
    at = flat[-1] + 1 if flat else 0
    return document.layers[:at], document.layers[at:]


def _needs_pixels(layer: Layer) -> bool:
    if layer.blend is not Blend.NORMAL or isinstance(layer, PictureLayer):
        return True
    if isinstance(layer, GroupLayer):
        return layer.opacity < 1.0 or any(map(_needs_pixels, layer.layers))
    fill = layer.fill if isinstance(layer, ShapeLayer) else None
    return fill is not None and len(fill.stops) > 1 and (is_translucent(fill) or layer.opacity < 1)


def _picture(job: ExportJob, layers: tuple[Layer, ...]) -> QImage:
    flat = replace(job.document, layers=layers)
    return Renderer(job.assets).image(flat, 0.0, job.size_px())


def _without_clock(pdf: bytes) -> bytes:
    """Put zeros for dates and random ids, each as long as before so that offsets still hold."""

    def zeros(match: re.Match[bytes]) -> bytes:
        return re.sub(rb"[1-9a-f](?=[^(\[]*$)", b"0", match[0])

    def plain_date(match: re.Match[bytes]) -> bytes:
        text = match[0]
        start = text.index(b"D:") + 2
        date = b"20000101000000Z00'00'"[: len(text) - start - 1]
        return text[:start] + date + b" " * (len(text) - start - 1 - len(date)) + b")"

    def plain_id(match: re.Match[bytes]) -> bytes:
        return re.sub(rb"<[0-9a-fA-F]*>", lambda x: b"<" + b"0" * (len(x[0]) - 2) + b">", match[0])

    def plain_xmp(match: re.Match[bytes]) -> bytes:
        return _XMP_CLOCK.sub(lambda x: re.sub(rb"[1-9a-f]", b"0", x[0]), match[0])

    pdf = _DATE.sub(plain_date, pdf)
    pdf = _FILE_ID.sub(plain_id, pdf)
    return _XMP.sub(plain_xmp, pdf)
