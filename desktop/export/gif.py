"""A scene as an animated GIF: small, silent, one palette."""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

from desktop.export.atomic import goal
from desktop.export.frames import frame_count, frames
from desktop.export.job import ExportJob
from desktop.export.still import as_pillow, still_time_s
from desktop.render.renderer import Renderer

_WIDEST_PX = 640
_FPS = 12.5  # 8 hundredths of a second, which GIF can say exactly
_COLORS = 256
_SAMPLES = 12


def write_gif(job: ExportJob) -> None:
    """Write the scene at 12.5 frames a second, at most 640 px wide."""
    width_px, height_px = job.size_px()
    factor = min(1.0, _WIDEST_PX / width_px)
    size_px = max(1, round(width_px * factor)), max(1, round(height_px * factor))
    frame_count(job.document, _FPS)
    palette = _palette(job, size_px)
    pictures = _indexed(job, size_px, palette)
    with goal(job.path) as part:
        next(pictures).save(
            part,
            "GIF",
            save_all=True,
            append_images=pictures,
            duration=round(1000 / _FPS),
            loop=0,
            optimize=False,
        )


def _palette(job: ExportJob, size_px: tuple[int, int]) -> Image.Image:
    """Return one palette for the whole scene, from frames spread over it."""
    renderer = Renderer(job.assets)
    sheet = Image.new("RGB", (size_px[0] // 4 * _SAMPLES or _SAMPLES, max(1, size_px[1] // 4)))
    small = (max(1, size_px[0] // 4), max(1, size_px[1] // 4))
    for index in range(_SAMPLES):
        job.run.step(index, _SAMPLES, stage="choosing colours")
        time_s = job.document.duration_s * (index + 0.5) / _SAMPLES
        frame = as_pillow(renderer.image(job.document, time_s or still_time_s(job.document), small))
        sheet.paste(frame, (index * small[0], 0))
    return sheet.quantize(_COLORS, method=Image.Quantize.MEDIANCUT)


def _indexed(
    job: ExportJob, size_px: tuple[int, int], palette: Image.Image
) -> Iterator[Image.Image]:
    for image in frames(job, size_px, _FPS):
        yield as_pillow(image).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
