"""Decode pictures of a project for drawing: an allow-list, a limit, and a bounded cache."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections import OrderedDict
from typing import NamedTuple

from PIL import Image, ImageOps
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from desktop.document.assets import AssetStore

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""What Pillow may try; everything else is refused unread."""

MAX_PIXELS = 300_000_000
_ORIENTATION = 0x0112
"""The Exif tag; 5 to 8 stand on their side."""

CACHE_BYTES = 512 * 2**20
THUMBNAIL_GROUND = "#17181c"
THUMBNAIL_QUALITY = 84

_WHAT_READERS_RAISE = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class PictureError(Exception):
    """The bytes are no picture that we draw; the first argument says why."""


def decode(data: bytes, *, longest_px: int = 0) -> QImage:
    """Return a picture in the format that Qt draws fastest, upright.

    Args:
        data: a file of one of `FORMATS`.
        longest_px: the longer side is made at most this; 0 keeps the size.

    Raises:
        PictureError: it is none of `FORMATS`, damaged, or a bomb.
    """
    return _as_qimage(_opened(data, longest_px))


class Sort(NamedTuple):
    """What a picture's header says: its upright size and the suffix of its kind."""

    width_px: int
    height_px: int
    suffix: str


def sort_of(data: bytes) -> Sort:
    """Read a picture's header, without its pixels: fast enough for the window's thread.

    Raises:
        PictureError: as `decode`; what is damaged further in is not seen.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                (width_px, height_px), kind = opened.size, str(opened.format)
                turned = opened.getexif().get(_ORIENTATION, 1) in range(5, 9)
    except _WHAT_READERS_RAISE as problem:
        raise PictureError(f"it is damaged or no picture of a known kind ({problem})") from problem
    if width_px * height_px > MAX_PIXELS:
        raise PictureError("the picture is too large")
    suffix = ".jpg" if kind in ("JPEG", "MPO") else f".{kind.lower()}"
    return Sort(height_px, width_px, suffix) if turned else Sort(width_px, height_px, suffix)


def to_png(data: bytes) -> bytes:
    """Return a picture of any of `FORMATS` as a PNG, upright and without its metadata.

    Raises:
        PictureError: as `decode`.
    """
    return _written(_opened(data), "PNG")


def thumbnail_jpeg(data: bytes, longest_px: int) -> bytes:
    """Return a small copy as a JPEG; what is transparent becomes dark.

    Raises:
        PictureError: as `decode`.
    """
    picture = _opened(data, longest_px)
    if picture.mode == "RGBA":
        ground = Image.new("RGBA", picture.size, THUMBNAIL_GROUND)
        picture = Image.alpha_composite(ground, picture)
    return _written(picture, "JPEG", quality=THUMBNAIL_QUALITY)


def resized(data: bytes, width_px: int, height_px: int) -> bytes:
    """Return a picture as a PNG of exactly this size, its shape changed if need be.

    Raises:
        PictureError: as `decode`.
    """
    return _written(_opened(data).resize((width_px, height_px), Image.Resampling.BOX), "PNG")


def convert(data: bytes, suffix: str) -> bytes:
    """Return a picture as a file of another kind: ".png", ".jpg", ".jpeg" or ".webp".

    Raises:
        PictureError: as `decode`, or the suffix is none of these.
    """
    kinds = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
    if suffix.lower() not in kinds:
        raise PictureError(f"{suffix!r} is no kind of picture that is written")
    return _written(_opened(data), kinds[suffix.lower()])


def _opened(data: bytes, longest_px: int = 0) -> Image.Image:
    """Return the picture as RGB or RGBA, its longer side at most `longest_px` if told."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise PictureError("the picture is too large")
                if longest_px:
                    opened.draft("RGB", (longest_px, longest_px))
                picture = ImageOps.exif_transpose(opened)
                clear = "A" in picture.getbands() or "transparency" in picture.info
                picture = picture.convert("RGBA" if clear else "RGB")
    except _WHAT_READERS_RAISE as problem:
        raise PictureError(f"it is damaged or no picture of a known kind ({problem})") from problem
    if longest_px and max(picture.size) > longest_px:
        picture.thumbnail((longest_px, longest_px), Image.Resampling.BOX, reducing_gap=2.0)
    return picture


def _written(picture: Image.Image, kind: str, quality: int = 94) -> bytes:
    if kind == "JPEG":
        picture = picture.convert("RGB")
    plain = Image.frombytes(picture.mode, picture.size, picture.tobytes())  # no metadata
    buffer = io.BytesIO()
    plain.save(buffer, kind, **{"quality": quality} if kind != "PNG" else {"compress_level": 4})
    return buffer.getvalue()


def _as_qimage(picture: Image.Image) -> QImage:
    width, height = picture.size
    if picture.mode == "RGBA":
        data = picture.tobytes("raw", "BGRA")
        image = QImage(data, width, height, 4 * width, QImage.Format.Format_ARGB32)
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    # RGB32 wants its fourth byte at 255: a textured brush reads it as alpha.
    data = picture.convert("RGBA").tobytes("raw", "BGRA")
    return QImage(data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


class Pictures:
    """Pictures of one store, decoded once, with halved copies for small sizes.

    Drawing a large picture small by one bilinear step drops pixels, so the
    copy just above the wanted size is drawn. Any thread may ask.
    """

    def __init__(
        self, assets: AssetStore, *, proxy_px: int = 0, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._assets = assets
        self._proxy_px = proxy_px
        self._cache_bytes = cache_bytes
        self._used_bytes = 0
        self._kept: OrderedDict[tuple[str, int], QImage | None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """What the decoded pictures take now."""
        return self._used_bytes

    def get(self, asset: str, halvings: int = 0) -> QImage | None:
        """Return a picture, its sides halved so many times; None if it cannot be drawn."""
        with self._lock:
            key = (asset, max(0, halvings))
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        image = self._make(asset, key[1])
        with self._lock:
            if key not in self._kept:
                self._kept[key] = image
                self._used_bytes += _size_bytes(image)
                self._shrink()
        return image

    def _make(self, asset: str, halvings: int) -> QImage | None:
        if halvings:
            larger = self.get(asset, halvings - 1)
            return None if larger is None else _halved(larger)
        try:
            return decode(self._assets.read(asset), longest_px=self._proxy_px)
        except (PictureError, KeyError, OSError):
            return None

    def _shrink(self) -> None:
        while self._used_bytes > self._cache_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._used_bytes -= _size_bytes(oldest)


def _halved(image: QImage) -> QImage:
    return image.scaled(
        max(1, image.width() // 2),
        max(1, image.height() // 2),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _size_bytes(image: QImage | None) -> int:
    return 0 if image is None else int(image.sizeInBytes())
