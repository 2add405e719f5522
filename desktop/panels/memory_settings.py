"""What the user wants of the memory; each change holds at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from desktop.panels.controls import Number, field, label, pair
from desktop.settings import Settings

LARGEST_GB = 1024
LONGEST_MINUTES = 240

NAMES = (
    "memory_headroom_gb",
    "memory_limit_gb",
    "memory_idle_minutes",
    "memory_prefetch",
    "jobs_change_places",
)
"""The settings that are changed here."""


class MemorySettings(QWidget):
    """The fields of the memory's settings."""

    changed = Signal(object)  # Settings

    def __init__(self) -> None:
        super().__init__()
        self._settings = Settings()
        self._headroom = Number(0, LARGEST_GB, 0, suffix=" GB")
        self._headroom.setSpecialValueText("As the device needs")
        self._limit = Number(0, LARGEST_GB, 0, suffix=" GB")
        self._limit.setSpecialValueText("No limit")
        self._idle = Number(0, LONGEST_MINUTES, 10, digits=0, suffix=" min")
        self._idle.setSpecialValueText("Never")
        for number in (self._headroom, self._limit):
            number.setSingleStep(0.5)
        self._prefetch = QCheckBox("Load the next job's models while this one works")
        self._change = QCheckBox("Let waiting jobs change places to save loading")
        self._lay_out()
        for number in (self._headroom, self._limit, self._idle):
            number.valueChanged.connect(self._on_change)
        for box in (self._prefetch, self._change):
            box.toggled.connect(self._on_change)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(12)
        layout.addLayout(
            pair(
                field("Leave free for other programs", self._headroom),
                field("At most for the engines", self._limit),
            )
        )
        layout.addLayout(pair(field("Models leave when not used for", self._idle)))
        layout.addWidget(self._prefetch)
        layout.addWidget(self._change)
        hint = label(
            "Jobs of one batch may always change places. No job lets more than four others go "
            "before it.",
            "muted",
        )
        hint.setWordWrap(True)
        layout.addWidget(hint)
        layout.addStretch(1)

    @property
    def choices(self) -> dict[str, Any]:
        """Return what the settings keep."""
        return {name: getattr(self._settings, name) for name in NAMES}

    def show_settings(self, settings: Settings) -> None:
        """Show values without telling that they changed."""
        self._settings = settings
        self._headroom.show_value(settings.memory_headroom_gb)
        self._limit.show_value(settings.memory_limit_gb)
        self._idle.show_value(settings.memory_idle_minutes)
        for box, value in (
            (self._prefetch, settings.memory_prefetch),
            (self._change, settings.jobs_change_places),
        ):
            box.blockSignals(True)
            box.setChecked(value)
            box.blockSignals(False)

    def _on_change(self, _: object) -> None:
        self._settings = replace(
            self._settings,
            memory_headroom_gb=self._headroom.value(),
            memory_limit_gb=self._limit.value(),
            memory_idle_minutes=self._idle.value(),
            memory_prefetch=self._prefetch.isChecked(),
            jobs_change_places=self._change.isChecked(),
        )
        self.changed.emit(self._settings)
