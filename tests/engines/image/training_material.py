"""Packages, banks and recipes of seconds for the tests of the picture training."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from engines.training.image import bank, train
from engines.training.image.rate import Rate
from engines.training.image.unet import UnetShape
from engines.training.image.vae import VaeShape

SIDE_PX = 64
TINY_VAE = VaeShape(
    channels=(16, 48, 48, 64), batch=4, rate=Rate(highest=1e-3, steps=6, steady=4, warm=2)
)
TINY_UNET = UnetShape(
    channels=(16, 32, 32),
    heads=(1, 2, 2),
    latent_side=SIDE_PX // 8,
    batch=4,
    rate=Rate(highest=1e-3, steps=3, steady=2, warm=2),
    closing=Rate(highest=1e-3, steps=2, steady=2, warm=2),
)
TINY = train.Recipe(scenes=12, side_px=SIDE_PX, vae=TINY_VAE, unet=TINY_UNET, working_bytes=1000)


def cutout(colour: tuple[int, int, int]) -> Image.Image:
    """Return a square of one colour with transparency around it."""
    image = Image.new("RGBA", (48, 48))
    image.paste((*colour, 255), (8, 12, 40, 40))
    return image


def cutouts_in(folder: Path) -> Path:
    """Write a folder of loose cut-outs, one of them of a concept that is held out."""
    folder.mkdir()
    cutout((250, 120, 20)).save(folder / "fox.webp")
    cutout((20, 60, 220)).save(folder / "red-kite.png")
    cutout((90, 90, 200)).save(folder / "moon.png")
    return folder


def png_bytes(image: Image.Image, form: str) -> bytes:
    """Encode a picture."""
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def write_tgz(path: Path, files: dict[str, bytes]) -> None:
    """Write an npm package."""
    with tarfile.open(path, "w:gz") as archive:
        _add(archive, files)


def write_deb(path: Path, files: dict[str, bytes]) -> None:
    """Write a Debian package, an `ar` archive with a tar archive in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        _add(archive, files)
    content = b"!<arch>\n"
    for name, part in (("debian-binary", b"2.0"), ("data.tar.xz", buffer.getvalue())):
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(part):<10}`\n"
        content += header.encode() + part + b"\n" * (len(part) % 2)
    path.write_bytes(content)


def _add(archive: tarfile.TarFile, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))


def icons(prefix: str, licence: str, slugs: tuple[str, ...]) -> dict[str, bytes]:
    """Return the files of an Iconify package."""
    body = {slug: {"body": f"<!--{slug}-->"} for slug in slugs}
    info = {"prefix": prefix, "license": {"spdx": licence}}
    return {
        "package/icons.json": json.dumps({"icons": body, "width": 32, "height": 32}).encode(),
        "package/info.json": json.dumps(info).encode(),
    }


def tiny_bank(folder: Path) -> bank.Bank:
    """Make a bank of a few scenes, two things and one held out."""
    data = cutouts_in(folder / "cutouts")
    made = bank.open_or_make(folder / "bank", (str(data),), 12, side_px=SIDE_PX)
    return made


def noise_pictures(count: int) -> np.ndarray:
    """Return pictures of noise."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
