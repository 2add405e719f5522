"""Set words for a page: the largest size that fits, lines of even length, exact baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from desktop.document.linebreaks import balanced, has_cjk, is_cjk, joined, pieces
from desktop.document.measuring import Measure
from desktop.document.model import Align, Box, TextLayer

_TRIAL_MM = 10.0
_ENDLESS_MM = 100000.0
_TIGHT = 0.992  # a line's share of its box, so that rounding never breaks it
_FEWER_LINES = 0.93  # fewer lines win if they are at least this large
_ELLIPSIS = "…"
_EVENED_LINES = 5
_EVENED_PIECES = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A font and how it is set."""

    family: str = "Inter"
    weight: int = 400
    tracking: float = 0.0
    line_height: float = 1.2
    uppercase: bool = False
    italic: bool = False

    def for_text(self, text: str) -> Face:
        """Return the face as it suits the text: Chinese needs air between the lines."""
        if not has_cjk(text):
            return self
        return replace(
            self,
            line_height=max(self.line_height, 1.18),
            tracking=min(self.tracking, 0.08),
            italic=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Words in lines at a size. Heights count from the first line's capitals to the last baseline.

    `cap_top_mm` is from the top of the line box to the capitals' top,
    `cap_mm` the capitals' height.
    """

    text: str
    face: Face
    size_mm: float
    lines: int
    width_mm: float
    cap_top_mm: float
    cap_mm: float

    @property
    def pitch_mm(self) -> float:
        return self.size_mm * self.face.line_height

    @property
    def height_mm(self) -> float:
        return (self.lines - 1) * self.pitch_mm + self.cap_mm

    @property
    def descent_mm(self) -> float:
        """Room for what hangs below the last baseline."""
        flat = self.face.uppercase or has_cjk(self.text)
        return self.size_mm * (0.1 if flat else 0.24)

    def layer(
        self,
        *,
        x_mm: float,
        y_mm: float,
        width_mm: float,
        align: Align,
        color: str,
        role: str,
        layer_id: str,
    ) -> TextLayer:
        """Return the words as a layer, the top of the first capitals at `y_mm`."""
        return TextLayer(
            id=layer_id,
            name=role.capitalize(),
            role=role,
            text=self.text,
            family=self.face.family,
            weight=self.face.weight,
            italic=self.face.italic,
            tracking=self.face.tracking,
            line_height=self.face.line_height,
            uppercase=self.face.uppercase,
            size_mm=self.size_mm,
            align=align,
            color=color,
            box=Box(
                x_mm=x_mm,
                y_mm=y_mm - self.cap_top_mm,
                width_mm=width_mm,
                height_mm=self.lines * self.pitch_mm,
            ),
        )


class Typesetter:
    """Sets words with what `measure` says of them."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    def width_mm(self, text: str, face: Face, size_mm: float) -> float:
        """Return the width of one line."""
        return self._measure(_trial(text, face, size_mm, _ENDLESS_MM)).width_mm

    def title(
        self,
        text: str,
        face: Face,
        *,
        width_mm: float,
        height_mm: float,
        most_mm: float,
        max_lines: int = 4,
    ) -> Block:
        """Set a short text as large as its room allows, in lines of even length.

        A text that would be far too small is cut at a word, with an ellipsis.
        """
        face = face.for_text(text)
        text = " ".join(text.split())
        best = self._best(text, face, width_mm, height_mm, most_mm, max_lines)
        while best.size_mm < most_mm * 0.12 and len(pieces(text)) > 3:
            parts = pieces(text.rstrip(_ELLIPSIS))
            text = joined(parts[: len(parts) * 4 // 5]) + _ELLIPSIS
            best = self._best(text, face, width_mm, height_mm, most_mm, max_lines)
        return best

    def _best(
        self,
        text: str,
        face: Face,
        width_mm: float,
        height_mm: float,
        most_mm: float,
        max_lines: int,
    ) -> Block:
        parts = pieces(text)
        best: Block | None = None
        # Where Chinese words end is not known here, so a break must pay well.
        fewer = 0.55 if has_cjk(text) else _FEWER_LINES
        for count in range(1, min(max_lines, len(parts)) + 1):
            lines = balanced(parts, count, lambda line: self._summed_mm(line, face))
            block = self.lines(lines, face, width_mm=width_mm, height_mm=height_mm, most_mm=most_mm)
            if best is None or best.size_mm < block.size_mm * fewer:
                best = block
        return best or self.lines(
            ("",), face, width_mm=width_mm, height_mm=height_mm, most_mm=most_mm
        )

    def lines(
        self,
        lines: Sequence[str],
        face: Face,
        *,
        width_mm: float,
        height_mm: float,
        most_mm: float,
    ) -> Block:
        """Set lines that are broken already, as large as their room allows."""
        widest = max(self.width_mm(line, face, _TRIAL_MM) for line in lines) / _TRIAL_MM
        cap_top, cap = self._capitals(face, "".join(lines))
        tall = (len(lines) - 1) * face.line_height + cap
        size_mm = min(most_mm, height_mm / tall)
        if widest > 0:
            size_mm = min(size_mm, width_mm * _TIGHT / widest)
        return Block(
            text="\n".join(lines),
            face=face,
            size_mm=size_mm,
            lines=len(lines),
            width_mm=widest * size_mm,
            cap_top_mm=cap_top * size_mm,
            cap_mm=cap * size_mm,
        )

    def running(
        self,
        text: str,
        face: Face,
        *,
        width_mm: float,
        height_mm: float,
        size_mm: float,
        least_mm: float,
    ) -> Block:
        """Set running text at `size_mm`, smaller if it must be, then cut at a sentence or word."""
        face = face.for_text(text)
        text = " ".join(text.split())
        size = size_mm
        block = self._run(text, face, width_mm, size)
        while block.height_mm > height_mm and size > least_mm:
            size = max(least_mm, size * 0.95)
            block = self._run(text, face, width_mm, size)
        while block.height_mm > height_mm and len(pieces(text)) > 1:
            text = _shortened(text)
            block = self._run(text, face, width_mm, size)
        while self._measure(_trial(text, face, size, width_mm)).broken and size > 0.5:
            size *= 0.92
            block = self._run(text, face, width_mm, size)
        return self._evened(block, width_mm)

    def _evened(self, block: Block, width_mm: float) -> Block:
        """Break a few lines evenly, so that no word stands alone on the last."""
        parts = pieces(block.text)
        if not 1 < block.lines <= _EVENED_LINES or len(parts) > _EVENED_PIECES:
            return block
        face = block.face
        lines = balanced(parts, block.lines, lambda line: self._summed_mm(line, face))
        even = self._run("\n".join(lines), face, width_mm, block.size_mm)
        return even if even.lines == block.lines else block

    def _run(self, text: str, face: Face, width_mm: float, size_mm: float) -> Block:
        size = self._measure(_trial(text, face, size_mm, width_mm))
        cap_top, cap = self._capitals(face, text)
        return Block(
            text=text,
            face=face,
            size_mm=size_mm,
            lines=size.lines,
            width_mm=size.width_mm,
            cap_top_mm=cap_top * size_mm,
            cap_mm=cap * size_mm,
        )

    def overhang_mm(self, block: Block) -> tuple[float, float]:
        """Return how far one line's ink stands above its capitals and below its baseline."""
        size = self._measure(_trial(block.text, block.face, block.size_mm, _ENDLESS_MM))
        above = block.cap_top_mm - size.ink_top_mm
        below = size.ink_bottom_mm - block.cap_top_mm - block.cap_mm
        return max(0.0, above), max(0.0, below)

    def _capitals(self, face: Face, text: str) -> tuple[float, float]:
        """Return the top of capitals or characters in the line box and their height, in em."""
        probe = "\u56fd" if has_cjk(text) else "H"
        size = self._measure(_trial(probe, face, _TRIAL_MM, _ENDLESS_MM))
        top, bottom = size.ink_top_mm / _TRIAL_MM, size.ink_bottom_mm / _TRIAL_MM
        return top, bottom - top

    def _summed_mm(self, line: str, face: Face) -> float:
        """Return about a line's width from its parts', which are measured once each."""
        total = 0.0
        for word in line.split(" "):
            if has_cjk(word):
                total += sum(1.0 if is_cjk(char) else 0.5 for char in word) * _TRIAL_MM
            else:
                total += self.width_mm(word, face, _TRIAL_MM)
        return total + line.count(" ") * _TRIAL_MM * (0.25 + face.tracking)


def _trial(text: str, face: Face, size_mm: float, width_mm: float) -> TextLayer:
    return TextLayer(
        id="",
        name="",
        box=Box(x_mm=0.0, y_mm=0.0, width_mm=width_mm, height_mm=_ENDLESS_MM),
        text=text,
        family=face.family,
        weight=face.weight,
        italic=face.italic,
        tracking=face.tracking,
        line_height=face.line_height,
        uppercase=face.uppercase,
        size_mm=size_mm,
        color="#000000",
    )


def _shortened(text: str) -> str:
    """Return a text without its last sentence, or without its last word if it has but one."""
    text = text.rstrip(_ELLIPSIS)
    body = text.rstrip(".!?。！？ ")
    ends = [body.rfind(mark) for mark in ".!?。！？"]
    if max(ends) > 20:
        return body[: max(ends) + 1]
    parts = pieces(text)
    return joined(parts[: max(1, len(parts) * 9 // 10 - (len(parts) < 10))]) + _ELLIPSIS
