"""What the pointer does on the timeline between press and release; each is one undo step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from desktop.canvas.timescale import Hit, Part
from desktop.canvas.timing import (
    moved_caption,
    on_frame,
    snapped,
    trimmed_caption,
    with_caption,
    with_cut,
    with_duration,
    with_shot_at,
)
from desktop.document.model import Document


@dataclass(frozen=True, slots=True)
class Pull:
    """How far a drag went; `roll` keeps what follows in place, `free` does not click."""

    by_s: float
    reach_s: float
    roll: bool
    free: bool


class TimeGesture(Protocol):
    """A drag on its way: each move gives the document as it would be."""

    text: str

    def move(self, pull: Pull) -> Document: ...


@dataclass
class EndGesture:
    """Drags the end of a shot: all that follows moves, or with `roll` only the cut does."""

    document: Document
    index: int
    lines_s: tuple[float, ...]
    text: str = "Trim shot"

    def move(self, pull: Pull) -> Document:
        document, index = self.document, self.index
        start_s = document.shot_start_s(index)
        end_s = start_s + document.shots[index].duration_s + pull.by_s
        if not pull.free:
            end_s = snapped(end_s, self.lines_s, pull.reach_s)
        end_s = on_frame(document, end_s)
        if pull.roll and index + 1 < len(document.shots):
            return with_cut(document, index, end_s)
        return with_duration(document, index, end_s - start_s)


@dataclass
class ShotGesture:
    """Drags a shot to another place in the order."""

    document: Document
    index: int
    text: str = "Move shot"

    def move(self, pull: Pull) -> Document:
        document, index = self.document, self.index
        middles_s = [
            document.shot_start_s(i) + shot.duration_s / 2 for i, shot in enumerate(document.shots)
        ]
        own_s = middles_s.pop(index) + pull.by_s
        goal = sum(middle_s < own_s for middle_s in middles_s)
        return document if goal == index else with_shot_at(document, index, goal)


@dataclass
class CaptionGesture:
    """Drags a caption, its start or its end."""

    document: Document
    index: int
    part: Part
    lines_s: tuple[float, ...]
    text: str = "Move caption"

    def move(self, pull: Pull) -> Document:
        document, caption = self.document, self.document.captions[self.index]

        def placed(time_s: float) -> float:
            if not pull.free:
                time_s = snapped(time_s, self.lines_s, pull.reach_s)
            return on_frame(document, time_s)

        if self.part is Part.CAPTION:
            caption = moved_caption(document, caption, placed(caption.start_s + pull.by_s))
        elif self.part is Part.CAPTION_START:
            start_s = placed(caption.start_s + pull.by_s)
            caption = trimmed_caption(document, caption, start_s=start_s)
        else:
            caption = trimmed_caption(document, caption, end_s=placed(caption.end_s + pull.by_s))
        return with_caption(document, caption)


def gesture_for(
    hit: Hit, document: Document, lines: Callable[[], tuple[float, ...]]
) -> TimeGesture | None:
    """Return what a press begins; None for what only seeks."""
    if hit.part is Part.SHOT_END:
        return EndGesture(document, hit.index, lines())
    if hit.part is Part.SHOT:
        return ShotGesture(document, hit.index)
    if hit.part in (Part.CAPTION, Part.CAPTION_START, Part.CAPTION_END):
        text = "Move caption" if hit.part is Part.CAPTION else "Trim caption"
        return CaptionGesture(document, hit.index, hit.part, lines(), text)
    return None
