"""PNG files of drawn images: the same image gives the same bytes."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage, QImageWriter

_COMPRESSION = 30  # a third of the default's time for a tenth more bytes


def png_bytes(image: QImage, *, dots_per_m: int = 0) -> bytes:
    """Return an opaque image as a PNG; `dots_per_m` is its resolution, 0 says nothing."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    if dots_per_m:
        image.setDotsPerMeterX(dots_per_m)
        image.setDotsPerMeterY(dots_per_m)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, b"png")
    writer.setCompression(_COMPRESSION)
    if not writer.write(image):
        raise MemoryError(writer.errorString())
    return bytes(buffer.data().data())
