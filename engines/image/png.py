"""PNG bytes in and out: no clock, no metadata, hostile files refused."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from engines.api import BadRequest, Picture

MOST_PIXELS = 120_000_000
FORMATS = ("PNG", "JPEG", "WEBP")


def encode(image: Image.Image) -> bytes:
    """Write a PNG; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def decode(data: bytes, name: str) -> Image.Image:
    """Read a picture of a known format, as RGB or RGBA.

    Args:
        name: What it is to the user, such as "the picture to start from".

    Raises:
        BadRequest: it is none, is broken or has too many pixels.
    """
    try:
        with warnings.catch_warnings():
            # Our own limit is checked below; Pillow's warning would only come before it.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise BadRequest(f"{name} has more than {MOST_PIXELS // 1_000_000} million pixels")
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadRequest(f"{name} is no picture that can be read") from error
    see_through = "A" in image.getbands() or "transparency" in image.info
    return image.convert("RGBA" if see_through else "RGB")


def picture(image: Image.Image, seed: int, prompt: str = "") -> Picture:
    """Wrap a finished image as an answer."""
    return Picture(
        png=encode(image), width_px=image.width, height_px=image.height, seed=seed, prompt=prompt
    )
