"""Stand-ins for the engines, for tests of the window only: they can be held, fail, and tell
on which thread they ran."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from engines.api import (
    BackgroundRequest,
    CutoutRequest,
    EngineLost,
    Facts,
    Fit,
    FitRequest,
    GridRequest,
    ImageRequest,
    ImageResult,
    MemoryOptions,
    MemoryStatus,
    MusicRequest,
    MusicResult,
    Picture,
    Pixels,
    Plan,
    PlanRequest,
    PlanResult,
    Request,
    Resident,
    Run,
    ShotPlan,
    SoundRequest,
    SoundResult,
    TextRequest,
    TextResult,
    TraceRequest,
    UpscaleRequest,
    Verdict,
    cells,
)

WORDS = ("The ", "harbour ", "hums ", "at ", "night.")


def tiny_png(width_px: int = 8, height_px: int = 6, color: str = "#3366aa") -> bytes:
    """Return a picture of one colour."""
    from PySide6.QtCore import QBuffer, QByteArray
    from PySide6.QtGui import QColor, QImage

    image = QImage(width_px, height_px, QImage.Format.Format_RGB32)
    image.fill(QColor(color))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(data.data())


def tiny_midi() -> bytes:
    """Return a score of two notes at 120 bpm, written by hand from the standard."""
    events = (
        b"\x00\xff\x51\x03\x07\xa1\x20"  # 500,000 microseconds a quarter
        b"\x00\x90\x3c\x50\x60\x80\x3c\x00"  # C4, one quarter of 96 ticks
        b"\x00\x90\x40\x50\x60\x80\x40\x00"  # E4
        b"\x00\xff\x2f\x00"
    )
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01\x00\x60"
    return header + b"MTrk" + len(events).to_bytes(4, "big") + events


class FakeHost:
    """Answers requests at once, or when `gate` is opened; `fail_with` is raised instead."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.started = threading.Event()
        self.fail_with: Exception | None = None
        self.asked: list[Request] = []
        self.threads: list[int] = []
        self.freed = 0
        self.ended = 0
        self.wishes: list[MemoryOptions] = []
        self.expected: list[tuple[str, ...]] = []
        self.status = MemoryStatus(
            device="cpu",
            budget_bytes=4_000_000_000,
            used_bytes=1_200_000_000,
            working_bytes=200_000_000,
            residents=(
                Resident(key="text:fake:model:float32", size_bytes=1_000_000_000, leased=False),
            ),
        )
        self.closed = False

    def run(self, request: Request, run: Run) -> Any:
        self.asked.append(request)
        self.threads.append(threading.get_ident())
        run.step(0, 4, stage="working")
        self.started.set()
        while not self.gate.wait(0.005):
            run.token.check()
        run.token.check()
        if self.fail_with is not None:
            raise self.fail_with
        return _ANSWERS[type(request)](request, run)

    def lose_engine(self) -> None:
        self.fail_with = EngineLost()

    def memory(self) -> MemoryStatus:
        return self.status

    def free_memory(self) -> None:
        self.freed += 1

    def configure_memory(self, options: MemoryOptions) -> None:
        self.wishes.append(options)

    def expect(self, labels: Sequence[str]) -> None:
        self.expected.append(tuple(labels))

    def end_engines(self) -> None:
        self.ended += 1
        self.lose_engine()

    def close(self) -> None:
        self.closed = True


def _write(request: TextRequest, run: Run) -> TextResult:
    text = ""
    for i, word in enumerate(WORDS):
        text += word
        run.step(i + 1, len(WORDS), text)
    return TextResult(
        text=text, tokens=len(WORDS), stopped="end", seed=request.seed, model="fake-text"
    )


def _paint(request: ImageRequest, run: Run) -> ImageResult:
    run.step(2, 4, Pixels(width_px=2, height_px=1, rgb=b"\xff\x00\x00\x00\xff\x00"))
    pictures = tuple(
        Picture(png=tiny_png(), width_px=8, height_px=6, seed=request.seed + i)
        for i in range(request.count)
    )
    return ImageResult(pictures=pictures, model="fake-image")


def _grid(request: GridRequest, run: Run) -> ImageResult:
    """Give each cell a colour of its own, so that the history keeps them apart."""
    pictures = tuple(
        Picture(png=tiny_png(color=f"#0000{i:02x}"), width_px=8, height_px=6, seed=cell.seed)
        for i, cell in enumerate(cells(request), 1)
    )
    return ImageResult(pictures=pictures, model="fake-image", sheets=(tiny_png(20, 20),))


def _enlarge(request: UpscaleRequest, run: Run) -> ImageResult:
    picture = Picture(png=tiny_png(32, 24, "#aa0000"), width_px=32, height_px=24, seed=0)
    return ImageResult(pictures=(picture,), model=request.model or "fast")


def _cut_out(request: CutoutRequest, run: Run) -> ImageResult:
    picture = Picture(png=tiny_png(8, 6, "#00aa00"), width_px=8, height_px=6, seed=0)
    return ImageResult(pictures=(picture,), model="cutout")


def _trace(request: TraceRequest, run: Run) -> ImageResult:
    picture = Picture(png=tiny_png(8, 6, "#ffffff"), width_px=8, height_px=6, seed=0)
    return ImageResult(pictures=(picture,), model="")


def _draw(request: BackgroundRequest, run: Run) -> ImageResult:
    png = tiny_png(16, 12, "#224422")
    picture = Picture(png=png, width_px=16, height_px=12, seed=request.seed)
    return ImageResult(pictures=(picture,), model="backgrounds")


def _score(request: MusicRequest, run: Run) -> MusicResult:
    return MusicResult(
        midi=tiny_midi(),
        seed=request.seed,
        model="fake-music",
        bars=1,
        tempo_bpm=120.0,
        key=request.key or "C major",
        meter="4/4",
        mood=request.mood or "calm",
        length_s=1.0,
        notes=2,
    )


def _play(request: SoundRequest, run: Run) -> SoundResult:
    return SoundResult(
        data=b"fLaC", format=request.format, length_s=1.0, sample_rate_hz=48000, loudness_lufs=-16.0
    )


def _plan(request: PlanRequest, run: Run) -> PlanResult:
    shots = tuple(
        ShotPlan(
            caption=f"Shot {i + 1} begins",
            picture_prompt="a lighthouse",
            background_prompt="sea at night",
            duration_s=request.seconds / 3,
        )
        for i in range(3)
    )
    plan = Plan(
        facts=Facts(title="Night Market Jazz", subject=request.brief, day="Friday", hour="9 pm"),
        title="Night Market Jazz",
        tagline="Music by the water",
        body="Stalls, lanterns and a brass band until the last boat.",
        call_to_action="Come along",
        picture_prompt="a harbour at night",
        background_prompt="harbour skyline at night",
        palette=("#101828", "#344e6f", "#d9a441", "#f4efe6"),
        mood="playful",
        tempo_bpm=112,
        key="G major",
        meter="4/4",
        instruments=("piano", "trumpet"),
        shots=shots if request.use == "scene" else (),
    )
    run.step(1, 1, plan.tagline)
    return PlanResult(plan=plan, model="fake-text", seed=request.seed)


def _weigh(request: FitRequest, run: Run) -> Fit:
    return Fit(
        model=request.model,
        verdict=Verdict.OFFLOAD,
        needed_bytes=9_000_000_000,
        budget_bytes=4_000_000_000,
        load_s=12.4,
        how="unet by offload",
    )


_ANSWERS: dict[type, Callable[[Any, Run], Any]] = {
    TextRequest: _write,
    ImageRequest: _paint,
    GridRequest: _grid,
    UpscaleRequest: _enlarge,
    CutoutRequest: _cut_out,
    TraceRequest: _trace,
    BackgroundRequest: _draw,
    MusicRequest: _score,
    SoundRequest: _play,
    PlanRequest: _plan,
    FitRequest: _weigh,
}
