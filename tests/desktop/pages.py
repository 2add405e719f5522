"""Pictures and documents that the tests of rendering and export share."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import soundfile
from PIL import Image, PngImagePlugin
from PySide6.QtGui import QImage

from desktop.document.assets import AssetStore
from desktop.document.model import (
    Blend,
    Box,
    Camera,
    Caption,
    Document,
    Fill,
    Layer,
    Mask,
    MusicTrack,
    Outline,
    PictureLayer,
    ShapeLayer,
    Shot,
    Stop,
    TextLayer,
)


def box(x: float, y: float, width: float, height: float, turn: float = 0.0) -> Box:
    return Box(x_mm=x, y_mm=y, width_mm=width, height_mm=height, rotation_deg=turn)


def png(width: int = 200, height: int = 300, seed: int = 1, kind: str = "PNG") -> bytes:
    """A picture with soft slopes and one hard edge."""
    dice = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    low, high = dice.integers(0, 120, 3), dice.integers(130, 255, 3)
    share = (np.sin(x * 7) * 0.2 + y)[..., None]
    pixels = low * (1 - share) + high * share
    pixels[height // 2 :, : width // 3] = high
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def flat(color: tuple[int, ...], size: tuple[int, int] = (8, 8)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA" if len(color) == 4 else "RGB", size, color).save(buffer, "PNG")
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG that says it is 60,000 px square."""
    buffer = io.BytesIO()
    Image.new("1", (60000, 60000)).save(buffer, "PNG", pnginfo=PngImagePlugin.PngInfo())
    return buffer.getvalue()


def words(text: str = "Überraschung 夜市 fi", **changes: object) -> TextLayer:
    layer = TextLayer(
        id="words",
        name="Words",
        box=box(10, 60, 80, 40),
        text=text,
        family="Inter",
        size_mm=8,
        color="#101010",
    )
    return replace(layer, **changes)  # type: ignore[arg-type]


def shape(color: str = "#3060c0", **changes: object) -> ShapeLayer:
    layer = ShapeLayer(id="shape", name="Shape", box=box(20, 20, 40, 30), fill=Fill.solid(color))
    return replace(layer, **changes)  # type: ignore[arg-type]


def page(*layers: Layer, width_mm: float = 100.0, height_mm: float = 140.0) -> Document:
    return replace(Document.poster(width_mm=width_mm, height_mm=height_mm), dpi=72.0, layers=layers)


def poster(assets: AssetStore) -> Document:
    """A page with a picture, a see-through gradient, a blend, and words on top."""
    stops = (Stop(at=0.0, color="#00000000"), Stop(at=1.0, color="#000000c0"))
    picture = PictureLayer(
        id="back", name="Background", box=box(0, 0, 100, 140), asset=assets.add(png(), "png")
    )
    window = replace(picture, id="window", box=box(30, 10, 40, 50), mask=Mask.ARCH)
    shade = shape(id="shade", box=box(0, 70, 100, 70), fill=Fill(stops=stops))
    glow = shape("#ff8040", id="glow", outline=Outline.ELLIPSE, blend=Blend.SCREEN)
    title = words("Night market 夜市", id="title", color="#ffffff", box=box(10, 90, 80, 40))
    return replace(page(picture, window, shade, glow, title), title="Night market")


def tone(seconds: float, rate_hz: int = 48000) -> bytes:
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = np.sin(times * 440 * 2 * np.pi) * 0.3
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([wave, wave], 1), rate_hz, format="FLAC")
    return buffer.getvalue()


def scene(assets: AssetStore, *, sound_s: float = 2.5, fps: int = 24) -> Document:
    """Two shots, 1.5 s and 1 s, a dissolve, a moving camera, a caption and music."""
    shots = tuple(
        Shot(
            id=f"shot{i}",
            name=f"Shot {i}",
            duration_s=1.5 - i * 0.5,
            dissolve_s=0.5 * i,
            camera=Camera(end=(0.1, 0.1, 0.8)),
            layers=(
                PictureLayer(
                    id=f"back{i}",
                    name="Background",
                    box=box(0, 0, 320, 180),
                    asset=assets.add(png(320, 180, seed=i + 1), "png"),
                ),
            ),
        )
        for i in range(2)
    )
    music = MusicTrack(
        midi_asset=assets.add(b"MThd", "mid"), sound_asset=assets.add(tone(sound_s), "flac")
    )
    document = Document.scene(width_px=320, height_px=180, fps=fps)
    caption = Caption(id="caption", text="A line to read", start_s=0.2, end_s=1.4)
    return replace(document, shots=shots, captions=(caption,), music=music)


def pixels(image: QImage) -> np.ndarray:
    """Height x width x 3, red first."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return raw[..., 2::-1].astype(int)
