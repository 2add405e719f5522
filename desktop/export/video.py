"""A scene as MP4 (H.264 and AAC) or WebM (VP9 and Opus), the sound as long as the picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PySide6.QtGui import QImage

from desktop.export.atomic import goal
from desktop.export.frames import frame_count, frames
from desktop.export.job import ExportJob
from desktop.export.sound import SAMPLE_RATE_HZ, Samples, music
from engines.api import BadRequest

_THREADS = 2  # fixed: the same file from every machine
_BT709 = 1
_LIMITED = 1

_KINDS: dict[str, dict[str, Any]] = {
    ".mp4": {
        "format": "mp4",
        "options": {"movflags": "+faststart", "fflags": "+bitexact"},
        "video": ("libx264", {"preset": "veryfast", "crf": "18", "profile": "high"}),
        "audio": ("aac", "fltp", 192_000),
    },
    ".webm": {
        "format": "webm",
        "options": {"fflags": "+bitexact"},
        "video": (
            "libvpx-vp9",
            {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"},
        ),
        "audio": ("libopus", "flt", 128_000),
    },
}


def write_video(job: ExportJob) -> None:
    """Encode every frame and the music.

    Raises:
        BadRequest: no shots, or a size that cannot be.
        CannotWrite: the disk does not take it.
        Cancelled: the user asked to stop; nothing is left behind.
    """
    kind = _KINDS[job.suffix]
    width_px, height_px = _even(job.size_px())
    fps = job.document.fps
    count = frame_count(job.document, fps)
    samples = None
    if job.document.music is not None:
        samples = music(job, frames=round(count * SAMPLE_RATE_HZ / fps))
    with goal(job.path) as part:
        try:
            _encode(job, str(part), kind, (width_px, height_px), samples)
        except av.error.FFmpegError as problem:
            if isinstance(problem, OSError) and problem.errno:
                raise OSError(problem.errno, problem.strerror) from problem
            raise BadRequest(f"the video cannot be written ({problem})") from problem


def _encode(
    job: ExportJob,
    place: str,
    kind: dict[str, Any],
    size_px: tuple[int, int],
    samples: Samples | None,
) -> None:
    fps = job.document.fps
    container: Any = av.open(place, "w", format=kind["format"], options=kind["options"])
    with container:
        picture = _picture_stream(container, kind, size_px, fps)
        sound: Any = None
        blocks: Iterator[Any] = iter(())
        if samples is not None:
            sound = _sound_stream(container, kind)
            blocks = _sound_blocks(samples, sound)
        sent_s = 0.0
        for index, image in enumerate(frames(job, size_px, fps)):
            for packet in picture.encode(_as_frame(image, index, fps)):
                container.mux(packet)
            # Sound goes in as the picture does, so that players need no long look-ahead.
            while sent_s <= index / fps and (block := next(blocks, None)) is not None:
                container.mux(sound.encode(block))
                sent_s = (block.pts + block.samples) / SAMPLE_RATE_HZ
        container.mux(picture.encode(None))
        for block in blocks:
            container.mux(sound.encode(block))
        if sound is not None:
            container.mux(sound.encode(None))


def _picture_stream(
    container: Any, kind: dict[str, Any], size_px: tuple[int, int], fps: int
) -> Any:
    codec, options = kind["video"]
    stream = container.add_stream(codec, rate=fps, options=dict(options))
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, fps)
    context = stream.codec_context
    context.time_base = Fraction(1, fps)
    context.thread_count = _THREADS
    context.gop_size = 2 * fps
    context.color_range = _LIMITED
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    return stream


def _sound_stream(container: Any, kind: dict[str, Any]) -> Any:
    codec, sample_format, bit_rate = kind["audio"]
    stream = container.add_stream(codec, rate=SAMPLE_RATE_HZ, layout="stereo")
    stream.codec_context.format = sample_format
    stream.bit_rate = bit_rate
    return stream


def _sound_blocks(samples: Samples, stream: Any) -> Iterator[Any]:
    stream.codec_context.open(strict=False)
    size = stream.codec_context.frame_size or 1024
    planar = stream.codec_context.format.is_planar
    for start in range(0, len(samples), size):
        block = samples[start : start + size]
        data = np.ascontiguousarray(block.T if planar else block.reshape(1, -1))
        name = "fltp" if planar else "flt"
        frame = av.AudioFrame.from_ndarray(data, format=name, layout="stereo")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = start
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        yield frame


def _as_frame(image: QImage, index: int, fps: int) -> Any:
    pixels = np.frombuffer(image.constBits(), np.uint8)
    pixels = pixels.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width()]
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="bgra")
    frame = frame.reformat(
        format="yuv420p",
        src_colorspace=_BT709,
        dst_colorspace=_BT709,
        dst_color_range=_LIMITED,
    )
    frame.pts = index
    frame.time_base = Fraction(1, fps)
    return frame


def _even(size_px: tuple[int, int]) -> tuple[int, int]:
    """Return sides that halve, as 4:2:0 colour needs."""
    return max(16, size_px[0] // 2 * 2), max(16, size_px[1] // 2 * 2)
