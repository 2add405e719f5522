"""Writing on the canvas: a text is edited in its place, in its own letters."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMimeData, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QFocusEvent,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPen,
    QTextBlockFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import (
    QGraphicsSceneContextMenuEvent,
    QGraphicsSceneDragDropEvent,
    QGraphicsTextItem,
    QStyle,
    QStyleOptionGraphicsItem,
    QWidget,
)

from desktop.canvas import palette
from desktop.canvas.items import frame_of
from desktop.document.model import Align, TextLayer, VAlign
from desktop.render.colors import color

EM_PX = 100
"""The size letters are laid out at before they are scaled to the page."""

ALIGNMENTS = {
    Align.LEFT: Qt.AlignmentFlag.AlignLeft,
    Align.CENTER: Qt.AlignmentFlag.AlignHCenter,
    Align.RIGHT: Qt.AlignmentFlag.AlignRight,
}


class TextEditor(QGraphicsTextItem):
    """The words of one layer while they are written; plain text only.

    `done` gets the words once, when the focus leaves or Escape is pressed.
    """

    def __init__(self, layer: TextLayer, done: Callable[[str], None]) -> None:
        super().__init__(layer.text)
        self._layer = layer
        self._done: Callable[[str], None] | None = done
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction)
        self.setDefaultTextColor(color(layer.color))
        self.setFont(_font(layer))
        self.document().setDocumentMargin(0.0)
        self.setTextWidth(layer.box.width_mm / layer.size_mm * EM_PX)
        self._style()
        self._place()
        self.document().contentsChanged.connect(self._place)

    def finish(self) -> None:
        """Hand over the words; later calls do nothing."""
        done, self._done = self._done, None
        if done is not None:
            done(self.toPlainText())

    def select_all(self) -> None:
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        self.setTextCursor(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.finish()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self._insert(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.finish()

    def dropEvent(self, event: QGraphicsSceneDragDropEvent) -> None:
        self._insert(event.mimeData())

    def contextMenuEvent(self, event: QGraphicsSceneContextMenuEvent) -> None:
        # Qt's own menu would paste rich text.
        event.accept()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        # Qt would draw a dashed frame of its own around what has the focus.
        option.state &= ~QStyle.StateFlag.State_HasFocus  # type: ignore[attr-defined]
        super().paint(painter, option, widget)  # type: ignore[arg-type]  # it may be None
        pen = QPen(palette.ACCENT, 1.5)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(QBrush())
        painter.drawRect(self._own_box())

    def _insert(self, data: QMimeData | None) -> None:
        """Put in plain words; a page's markup could name files to load."""
        if data is not None and data.hasText():
            self.textCursor().insertText(data.text())

    def _own_box(self) -> QRectF:
        scale = EM_PX / self._layer.size_mm
        box = self._layer.box
        return QRectF(0, -self._lead_px(), box.width_mm * scale, box.height_mm * scale)

    def _lead_px(self) -> float:
        """Return how far below the top of its box the text begins."""
        room = self._layer.box.height_mm * EM_PX / self._layer.size_mm
        room -= self.document().size().height()
        part = {VAlign.TOP: 0.0, VAlign.MIDDLE: 0.5, VAlign.BOTTOM: 1.0}[self._layer.valign]
        return room * part

    def _style(self) -> None:
        option = QTextOption(ALIGNMENTS[self._layer.align])
        self.document().setDefaultTextOption(option)
        block = QTextBlockFormat()
        block.setLineHeight(
            self._layer.line_height * EM_PX,
            QTextBlockFormat.LineHeightTypes.FixedHeight.value,
        )
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(block)

    def _place(self) -> None:
        """Stand where the layer stands: turned about the middle of its box."""
        box, scale = self._layer.box, self._layer.size_mm / EM_PX
        place = frame_of(box)
        place.translate(-box.width_mm / 2, -box.height_mm / 2 + self._lead_px() * scale)
        place.scale(scale, scale)
        self.setTransform(place)


def _font(layer: TextLayer) -> QFont:
    font = QFont(layer.family)
    font.setPixelSize(EM_PX)
    font.setWeight(QFont.Weight(layer.weight))
    font.setItalic(layer.italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, layer.tracking * EM_PX)
    if layer.uppercase:
        font.setCapitalization(QFont.Capitalization.AllUppercase)
    return font
