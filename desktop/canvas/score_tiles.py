"""Pictures of stretches of a score, kept, so that scrolling only puts them side by side."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from desktop.canvas import palette
from desktop.canvas.music_lane import track_color
from desktop.canvas.score_grid import PITCHES, Grid
from desktop.canvas.score_layout import Placed, ScoreLayout
from desktop.document.notes import HIGHEST_PITCH
from desktop.document.score_edits import Choice, in_scale

TILE_PX = 256
MOST_TILES = 24
LEAST_BEAT_PX = 6.0
LEAST_BAR_PX = 5.0
BLACK_KEYS = (1, 3, 6, 8, 10)
ASIDE_ALPHA = 70
"""Notes of parts that are not worked on are drawn this faintly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that the pictures depend on besides notes and geometry.

    `part` is worked on, the others are faint; -1 makes all alike. `key` is
    (tonic, mode) for the shading of its scale, or None.
    """

    part: int = -1
    silent: frozenset[int] = frozenset()
    key: tuple[int, str] | None = None
    px_per_s: float = 60.0
    row_px: float = 9.0


class ScoreTiles:
    """Tiles of one score; each is `TILE_PX` wide and all 128 pitches high."""

    def __init__(self, ratio: Callable[[], float]) -> None:
        self._ratio = ratio
        self._layout: ScoreLayout | None = None
        self._look = Look()
        self._lifted: Choice = frozenset()
        self._tiles: OrderedDict[int, QPixmap] = OrderedDict()
        self.painted = 0
        """How many tiles were painted so far; a measure of work."""

    def show(self, layout: ScoreLayout | None, look: Look, lifted: Choice = frozenset()) -> None:
        """Set what is drawn; `lifted` notes are left out, being drawn above by others."""
        if look != self._look:
            self._tiles.clear()
        elif layout is not self._layout or lifted != self._lifted:
            self._forget_changed(layout, lifted)
        self._layout, self._look, self._lifted = layout, look, lifted

    def paint(self, painter: QPainter, grid: Grid) -> None:
        """Draw what is in view."""
        tile_s = TILE_PX / self._look.px_per_s
        first = int(grid.left_s // tile_s)
        last = int(grid.right_s // tile_s)
        painter.save()
        painter.setClipRect(grid.notes)
        for number in range(first, last + 1):
            x = grid.x(number * tile_s)
            painter.drawPixmap(
                QRectF(x, grid.y(HIGHEST_PITCH), TILE_PX, self._height()).topLeft(),
                self._tile(number),
            )
        painter.restore()

    def _height(self) -> int:
        return round(PITCHES * self._look.row_px)

    def _tile(self, number: int) -> QPixmap:
        tile = self._tiles.get(number)
        if tile is None:
            tile = self._tiles[number] = self._draw(number)
            self.painted += 1
            while len(self._tiles) > MOST_TILES:
                self._tiles.popitem(last=False)
        else:
            self._tiles.move_to_end(number)
        return tile

    def _forget_changed(self, layout: ScoreLayout | None, lifted: Choice) -> None:
        """Drop the tiles on which something differs."""
        before = self._layout
        if layout is None or before is None or len(layout.score.parts) != len(before.score.parts):
            self._tiles.clear()
            return
        if layout.score.tempos != before.score.tempos:
            self._tiles.clear()
            return
        differing = self._lifted ^ lifted
        for index, part in enumerate(layout.score.parts):
            old = before.score.parts[index]
            if old is not part:
                differing |= {(index, x) for x in set(old.notes) ^ set(part.notes)}
        tile_s = TILE_PX / self._look.px_per_s
        for _, note in differing:
            first = layout.score.seconds(note.start_tick) // tile_s
            last = layout.score.seconds(note.end_tick) // tile_s
            for number in range(int(first) - 1, int(last) + 2):
                self._tiles.pop(number, None)
        if layout.score.end_tick != before.score.end_tick:
            edge = min(layout.score.end_tick, before.score.end_tick)
            first = int(layout.score.seconds(edge) // tile_s)
            for number in [x for x in self._tiles if x >= first]:
                del self._tiles[number]

    def _draw(self, number: int) -> QPixmap:
        ratio = self._ratio()
        tile = QPixmap(round(TILE_PX * ratio), round(self._height() * ratio))
        tile.setDevicePixelRatio(ratio)
        tile.fill(palette.LANE)
        layout = self._layout
        if layout is None:
            return tile
        start_s = number * TILE_PX / self._look.px_per_s
        grid = Grid(
            px_per_s=self._look.px_per_s,
            row_px=self._look.row_px,
            left_s=start_s,
            width_px=TILE_PX,
            height_px=self._height(),
        )
        painter = QPainter(tile)
        painter.translate(-grid.x(start_s), -grid.y(HIGHEST_PITCH))
        self._draw_rows(painter, grid)
        self._draw_lines(painter, grid, layout)
        end_s = start_s + TILE_PX / self._look.px_per_s
        self._draw_notes(painter, grid, list(layout.between(start_s, end_s)))
        painter.end()
        return tile

    def _draw_rows(self, painter: QPainter, grid: Grid) -> None:
        left = grid.x(grid.left_s)
        for pitch in range(PITCHES):
            row = QRectF(left, grid.y(pitch), TILE_PX, grid.row_px)
            if self._look.key is not None:
                if not in_scale(pitch, *self._look.key):
                    painter.fillRect(row, palette.BLACK_KEY)
                if (pitch - self._look.key[0]) % 12 == 0:
                    painter.fillRect(row, palette.faint(palette.MUSIC, 22))
            elif pitch % 12 in BLACK_KEYS:
                painter.fillRect(row, palette.BLACK_KEY)
            if pitch % 12 == 0:
                painter.fillRect(QRectF(left, row.bottom() - 1, TILE_PX, 1), palette.LINE_STRONG)

    def _draw_lines(self, painter: QPainter, grid: Grid, layout: ScoreLayout) -> None:
        score = layout.score
        bottom, top = grid.y(-1), grid.y(HIGHEST_PITCH)
        end_s = grid.left_s + TILE_PX / grid.px_per_s
        for ticks, color, least in (
            (score.beat_ticks, palette.LINE, LEAST_BEAT_PX),
            (score.bar_ticks, palette.LINE_STRONG, LEAST_BAR_PX),
        ):
            if len(ticks) < 2:
                continue
            if (score.seconds(ticks[1]) - score.seconds(ticks[0])) * grid.px_per_s < least:
                continue
            painter.setPen(QPen(color, 1.0))
            for tick in _within(ticks, score.tick(grid.left_s) - 1, score.tick(end_s) + 1):
                x = round(grid.x(score.seconds(tick))) + 0.5
                painter.drawLine(round(x), round(top), round(x), round(bottom))

    def _draw_notes(self, painter: QPainter, grid: Grid, notes: list[Placed]) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        own = self._look.part
        for placed in sorted(notes, key=lambda x: x.part == own):
            if (placed.part, placed.note) in self._lifted:
                continue
            painter.setBrush(note_color(placed, own, self._look.silent))
            painter.drawRect(grid.rect(placed.note, placed.start_s, placed.end_s))


def note_color(placed: Placed, own: int, silent: frozenset[int]) -> QColor:
    """Return how a note is drawn: faint in another part, fainter if it does not sound."""
    if placed.part in silent:
        return track_color(placed.part, ASIDE_ALPHA // 2)
    if own not in (-1, placed.part):
        return track_color(placed.part, ASIDE_ALPHA)
    return track_color(placed.part, 120 + placed.note.velocity)


def _within(ticks: tuple[int, ...], first: float, last: float) -> tuple[int, ...]:
    return ticks[bisect_left(ticks, first) : bisect_right(ticks, last)]
