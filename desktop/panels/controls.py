"""Small controls that the panels are made of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRegularExpression, QSize, Qt, Signal
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QRegularExpressionValidator,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.icons import icon
from desktop.seeds import SEEDS, new_seed
from desktop.theme import COLORS

MIN_FIELD_PX = 64
TEXT_MARGIN_PX = 6


def label(text: str, role: str = "") -> QLabel:
    """Return plain words in one of the style sheet's roles."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    return made


def button(text: str, role: str = "", icon_name: str = "", tip: str = "") -> QPushButton:
    made = QPushButton(f" {text}" if icon_name and text else text)
    if role:
        made.setProperty("role", role)
    if icon_name:
        dark = role in ("primary", "big")
        made.setIcon(icon(icon_name, COLORS.on_accent if dark else COLORS.text))
        made.setIconSize(QSize(16, 16))
    if tip:
        made.setToolTip(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def caption(made: QPushButton, text: str) -> None:
    """Change a button's words; Qt leaves too little room between an icon and the words."""
    made.setText(text if made.icon().isNull() else f" {text}")


def tool(
    icon_name: str, tip: str, *, small: bool = False, color: str = COLORS.muted
) -> QToolButton:
    """Return a button that is only an icon; `tip` is its name for all who cannot see it."""
    made = QToolButton()
    made.setIcon(icon(icon_name, color))
    made.setIconSize(QSize(14, 14) if small else QSize(16, 16))
    if small:
        made.setProperty("role", "small")
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    return made


def rule() -> QFrame:
    """Return a thin line across."""
    made = QFrame()
    made.setObjectName("rule")
    return made


def row(*widgets: QWidget | None, spacing: int = 8) -> QHBoxLayout:
    """Lay widgets side by side; None is a stretch."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        else:
            layout.addWidget(widget)
    return layout


def pair(left: QWidget, right: QWidget | None = None) -> QHBoxLayout:
    """Lay two fields side by side, equally wide; without a second its place stays free."""
    layout = row(spacing=8)
    layout.addWidget(left, 1)
    layout.addWidget(right or QWidget(), 1)
    return layout


def field(name: str, widget: QWidget, *, grows: bool = False) -> QWidget:
    """Put a field's name above it; the name is also read to those who cannot see."""
    made = QWidget()
    if not grows:
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
    layout = QVBoxLayout(made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    title = label(name, "field")
    title.setBuddy(widget)
    layout.addWidget(title)
    layout.addWidget(widget)
    if not widget.accessibleName():
        widget.setAccessibleName(name)
    return made


class ElidedLabel(QLabel):
    """One line of words that ends in an ellipsis where the room ends."""

    def __init__(self, text: str = "", role: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)

    def setText(self, text: str) -> None:
        text = " ".join(text.split())
        if text != self.text():
            super().setText(text)
            self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        area = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(self.alignment()) or Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class Segments(QFrame):
    """Two or three choices side by side, one of them taken."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str, str]]) -> None:
        """Take (value, text, icon name or empty) for each choice; the first is taken."""
        super().__init__()
        self.setObjectName("segments")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(3, 3, 3, 3)
        layout.setSpacing(2)
        self._group = QButtonGroup(self)
        self._values: list[str] = []
        for value, text, icon_name in choices:
            choice = button(text, "segment", icon_name)
            choice.setCheckable(True)
            self._group.addButton(choice, len(self._values))
            self._values.append(value)
            layout.addWidget(choice, 1)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(self._on_click)

    @property
    def value(self) -> str:
        return self._values[self._group.checkedId()]

    def choose(self, value: str) -> None:
        """Take a choice and tell, as a click does."""
        self.show_value(value)
        self.chosen.emit(value)

    def show_value(self, value: str) -> None:
        """Take a choice without telling."""
        self._group.button(self._values.index(value)).setChecked(True)

    def offer(self, value: str, offered: bool) -> None:
        """Show or hide one choice; the next one is taken if it was the one."""
        index = self._values.index(value)
        choice = self._group.button(index)
        if choice.isHidden() is not offered:
            return
        choice.setVisible(offered)
        if not offered and self.value == value:
            self.choose(self._values[(index + 1) % len(self._values)])
        elif offered and index == 0:
            self.choose(value)

    def _on_click(self, index: int) -> None:
        self.chosen.emit(self._values[index])


class SeedField(QWidget):
    """A seed: a fresh one each time, or the one that is written here."""

    def __init__(self) -> None:
        super().__init__()
        self._line = QLineEdit()
        self._line.setPlaceholderText("new each time")
        pattern = QRegularExpression(r"\d{0,10}")
        self._line.setValidator(QRegularExpressionValidator(pattern, self._line))
        self._line.setAccessibleName("Seed")
        dice = tool("dices", "Write down a new seed and keep it")
        clear = tool("x", "A new seed each time", small=True)
        dice.clicked.connect(self._on_dice)
        clear.clicked.connect(self._line.clear)
        self.setLayout(row(self._line, dice, clear, spacing=4))
        self._last = 0

    def take(self) -> int:
        """Return the seed for the next job."""
        text = self._line.text()
        self._last = min(int(text), SEEDS - 1) if text else new_seed()
        return self._last

    @property
    def last(self) -> int:
        return self._last

    def keep(self, seed: int) -> None:
        self._line.setText(str(seed))

    def _on_dice(self) -> None:
        self.keep(new_seed())


class Amount(QWidget):
    """A slider with its number beside it."""

    changed = Signal(float)

    def __init__(
        self,
        low: float,
        high: float,
        value: float,
        *,
        step: float = 0.01,
        digits: int = 2,
        suffix: str = "",
    ) -> None:
        super().__init__()
        self._step, self._digits, self._suffix = step, digits, suffix
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(round(low / step), round(high / step))
        self._number = label("", "number")
        self._number.setMinimumWidth(44)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(row(self._slider, self._number))
        self.setFocusProxy(self._slider)
        self._slider.valueChanged.connect(self._on_value)
        self.set(value)

    @property
    def value(self) -> float:
        return round(self._slider.value() * self._step, 6)

    def set(self, value: float) -> None:
        """Show a value without telling that it changed."""
        self._slider.blockSignals(True)
        self._slider.setValue(round(value / self._step))
        self._slider.blockSignals(False)
        self._write()

    def _on_value(self) -> None:
        self._write()
        self.changed.emit(self.value)

    def _write(self) -> None:
        self._number.setText(f"{self.value:.{self._digits}f}{self._suffix}")


class Choice(QComboBox):
    """A list to choose from that a passing wheel does not change."""

    def __init__(self, choices: Sequence[tuple[str, str]] = ()) -> None:
        """Take (value, text) for each choice."""
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setMinimumWidth(MIN_FIELD_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.refill(choices)

    def refill(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer other choices; keeps the one that was taken if it is still there."""
        before = self.value
        self.blockSignals(True)
        self.clear()
        for value, text in choices:
            self.addItem(text, value)
        self.set(before)
        self.blockSignals(False)

    @property
    def value(self) -> str:
        return str(self.currentData() or "")

    def set(self, value: str) -> None:
        self.setCurrentIndex(max(0, self.findData(value)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Number(QDoubleSpinBox):
    """A number that a passing wheel does not change."""

    def __init__(
        self, low: float, high: float, value: float, *, digits: int = 1, suffix: str = ""
    ) -> None:
        super().__init__()
        self.setDecimals(digits)
        self.setRange(low, high)
        self.setValue(value)
        self.setSuffix(suffix)
        self.setMinimumWidth(MIN_FIELD_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        self.lineEdit().setTextMargins(TEXT_MARGIN_PX, 0, 0, 0)

    def show_value(self, value: float) -> None:
        """Show a value without telling that it changed."""
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Count(QSpinBox):
    """A whole number; `auto` is shown instead of the lowest one, if given."""

    def __init__(
        self, low: int, high: int, value: int, *, auto: str = "", suffix: str = ""
    ) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setValue(value)
        self.setSuffix(suffix)
        self.setSpecialValueText(auto)
        self.lineEdit().setTextMargins(TEXT_MARGIN_PX, 0, 0, 0)
        self.setMinimumWidth(MIN_FIELD_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class FlowBox(QWidget):
    """Buttons in lines that break where the room ends."""

    SPACING_PX = 6

    def __init__(self) -> None:
        super().__init__()
        self._buttons: list[QAbstractButton] = []

    @property
    def buttons(self) -> tuple[QAbstractButton, ...]:
        return tuple(self._buttons)

    def add(self, made: QAbstractButton) -> None:
        made.setParent(self)
        self._buttons.append(made)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Place the buttons in lines and take the height of all lines."""
        x = y = line_px = 0
        for made in self._buttons:
            size = made.sizeHint()
            if x and x + size.width() > self.width():
                x, y = 0, y + line_px + self.SPACING_PX
                line_px = 0
            made.setGeometry(x, y, min(size.width(), self.width()), size.height())
            x += size.width() + self.SPACING_PX
            line_px = max(line_px, size.height())
        self.setFixedHeight(y + line_px)


class Chips(FlowBox):
    """Words to switch on and off."""

    changed = Signal()

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self._chips: dict[str, QPushButton] = {}
        for word in words:
            chip = button(word, "chip")
            chip.setCheckable(True)
            chip.toggled.connect(self.changed)
            self._chips[word] = chip
            self.add(chip)

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(word for word, chip in self._chips.items() if chip.isChecked())

    def set(self, words: Sequence[str]) -> None:
        for word, chip in self._chips.items():
            chip.setChecked(word in words)


class Foldout(QWidget):
    """A heading that opens what is below it."""

    def __init__(self, title: str, inside: QWidget) -> None:
        super().__init__()
        self._inside = inside
        self._title = title
        self._head = button(title, "foldout", "chevron-right")
        self._head.setCheckable(True)
        self._head.toggled.connect(self._on_toggle)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self._layout.addWidget(self._head)
        self._layout.addWidget(inside)
        inside.hide()

    def say(self, words: str) -> None:
        """Write beside the heading, in a few words, what is set below it."""
        caption(self._head, f"{self._title}  ·  {words}" if words else self._title)

    def open(self) -> None:
        self._head.setChecked(True)

    def _on_toggle(self, opened: bool) -> None:
        self._head.setIcon(icon("chevron-down" if opened else "chevron-right"))
        self._layout.setContentsMargins(0, 0, 0, 12 if opened else 0)
        self._inside.setVisible(opened)
