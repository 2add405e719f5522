"""Pictures from outside: what is read, what is refused, what is kept."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from desktop.document.assets import AssetStore
from desktop.render.pictures import PictureError, Pictures, convert, decode, sort_of, to_png
from tests.desktop.pages import bomb, flat, png

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_known_kinds_are_read(kind: str) -> None:
    image = decode(png(40, 30, kind=kind))
    assert (image.width(), image.height()) == (40, 30)


def test_colours_and_clearness_stay() -> None:
    assert decode(flat((200, 100, 50))).pixelColor(3, 3).getRgb() == (200, 100, 50, 255)
    assert decode(flat((200, 100, 50, 0))).pixelColor(3, 3).alpha() == 0


def test_a_photo_stands_upright() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (40, 20)).save(buffer, "JPEG", exif=exif)
    assert decode(buffer.getvalue()).width() == 20


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe", png()[:200]],
    ids=["empty", "cut", "svg", "postscript", "half"],
)
def test_the_rest_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        decode(data)


def test_a_bomb_is_refused_before_it_unpacks() -> None:
    with pytest.raises(PictureError):
        decode(bomb())


def test_proxies_are_small() -> None:
    assert decode(png(400, 200), longest_px=50).width() == 50


def test_a_picture_changes_its_kind() -> None:
    data = png(40, 30, kind="JPEG")
    assert to_png(data).startswith(b"\x89PNG")
    assert convert(to_png(data), ".webp")[8:12] == b"WEBP"
    assert Image.open(io.BytesIO(convert(flat((1, 2, 3, 4)), ".jpg"))).mode == "RGB"
    with pytest.raises(PictureError):
        convert(data, ".exe")


def test_the_cache_stays_within_its_bytes_and_halves() -> None:
    assets = AssetStore()
    names = [assets.add(png(256, 256, seed=i), "png") for i in range(6)]
    pictures = Pictures(assets, cache_bytes=3 * 256 * 256 * 4)
    for name in names:
        image = pictures.get(name)
        assert image is not None
        assert image.width() == 256
    assert pictures.used_bytes <= 3 * 256 * 256 * 4
    halved = pictures.get(names[-1], 2)
    assert halved is not None
    assert halved.width() == 64


def test_what_cannot_be_drawn_is_none_and_remembered() -> None:
    assets = AssetStore()
    pictures = Pictures(assets)
    assert pictures.get(assets.add(b"no picture", "png")) is None
    assert pictures.get("0" * 64) is None


def test_a_header_says_size_and_kind_of_an_upright_picture() -> None:
    picture, exif = Image.new("RGB", (30, 20)), Image.Exif()
    exif[0x0112] = 6  # stands on its side
    lying, turned = io.BytesIO(), io.BytesIO()
    picture.save(lying, "PNG")
    picture.save(turned, "JPEG", exif=exif)
    assert sort_of(lying.getvalue()) == (30, 20, ".png")
    assert sort_of(turned.getvalue()) == (20, 30, ".jpg")


@pytest.mark.parametrize("data", [b"", b"words", b'<svg xmlns="http://www.w3.org/2000/svg"/>'])
def test_what_is_not_on_the_list_has_no_sort(data: bytes) -> None:
    with pytest.raises(PictureError):
        sort_of(data)
