"""What can be said of music before it is written; all of it may be left open."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from desktop.panels.controls import (
    Chips,
    Choice,
    Count,
    Foldout,
    Number,
    field,
    label,
    pair,
)

MOODS = (
    "calm", "playful", "tense", "triumphant", "melancholy", "mysterious", "romantic", "dark",
    "epic", "hopeful",
)  # fmt: skip
"""The moods that the music engine knows."""

SOURCES = (
    ("orchestra", "Orchestra"), ("quartet", "String quartet"), ("song", "Songs"),
    ("game", "Games"), ("film", "Films"), ("drums", "Drums"), ("own", "Plain pieces"),
)  # fmt: skip
"""The styles that the music engine knows, by the collections that it learned from."""

INSTRUMENTS = (
    "piano", "violin", "cello", "strings", "flute", "clarinet", "oboe", "trumpet", "horn", "harp",
    "guitar", "bass", "choir", "drums",
)  # fmt: skip
KEYS = tuple(
    f"{tonic} {mode}"
    for mode in ("major", "minor")
    for tonic in ("C", "D", "E", "F", "G", "A", "B", "Bb", "Eb", "Ab", "Db", "F#")
)
METERS = ("4/4", "3/4", "2/4", "6/8", "5/4")
LEVELS = ("Least", "Little", "Some", "Much", "More", "Most")
"""The steps of energy and of density, from 0."""

ANY = ("", "Any")


class MusicControls(QWidget):
    """The fields of mood, key, time and players, and in a foldout those of form and style."""

    def __init__(self) -> None:
        super().__init__()
        self.mood = Choice((ANY, *((mood, mood.capitalize()) for mood in MOODS)))
        self.energy = level_choice("As the mood")
        self.key = Choice((ANY, *((key, key) for key in KEYS)))
        self.tempo = Number(0, 240, 0, digits=0, suffix=" bpm")
        self.tempo.setSpecialValueText("Any")
        self.meter = Choice((ANY, *((meter, meter) for meter in METERS)))
        self.instruments = Chips(INSTRUMENTS)
        self.form = QLineEdit()
        self.form.setPlaceholderText("AABA")
        self.form.setToolTip("A letter for each section; equal letters begin alike")
        self.source = Choice((ANY, *SOURCES))
        self.density = level_choice("As the mood")
        self.polyphony = Count(0, 8, 0, auto="Any")
        self.polyphony.setToolTip("The most notes that a part strikes at once")
        self.key_lock = QCheckBox("Stay in the key")
        self.key_lock.setChecked(True)
        self.loop = QCheckBox("A loop")
        self.loop.setToolTip("The end leads back to the beginning")
        self._each = QWidget()
        self._densities: dict[str, Choice] = {}
        self._titles: dict[str, QWidget] = {}
        self._lay_out()
        self.instruments.changed.connect(self._show_densities)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self._mood_row = _boxed(pair(field("Mood", self.mood), field("Energy", self.energy)))
        self._key_field, self._tempo_field = field("Key", self.key), field("Tempo", self.tempo)
        self._meter_field = field("Meter", self.meter)
        self._time_row = _boxed(pair(self._key_field, self._meter_field))
        self._players = field("Instruments", self.instruments)
        layout.addWidget(self._mood_row)
        layout.addWidget(self._time_row)
        layout.addWidget(self._players)
        inside = QWidget()
        more = QVBoxLayout(inside)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(12)
        self._form_field = field("Form", self.form)
        more.addLayout(pair(self._tempo_field, self._form_field))
        more.addLayout(pair(field("Style", self.source), field("Notes at once", self.polyphony)))
        more.addLayout(pair(field("Density", self.density)))
        grid = QGridLayout(self._each)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        more.addWidget(self._each)
        more.addWidget(self.key_lock)
        more.addWidget(self.loop)
        self._more = Foldout("Form and style", inside)
        layout.addWidget(self._more)
        self._show_densities()

    def show_verb(self, verb: str) -> None:
        """Show what counts for something to do."""
        new = verb == "compose"
        self.setVisible(verb != "fit")
        self._mood_row.setVisible(verb != "accompany")
        self._meter_field.setVisible(new)
        self._tempo_field.setVisible(new or verb == "continue")
        self._players.setVisible(new or verb == "accompany")
        self._form_field.setVisible(new)
        self.loop.setVisible(new)
        self._show_densities()

    def values(self, verb: str) -> dict[str, Any]:
        """Return the fields of a request that count for something to do."""
        if verb == "fit":
            return {"key": self.key.value}
        values: dict[str, Any] = {
            "mood": self.mood.value,
            "energy": level_of(self.energy),
            "key": self.key.value,
            "key_lock": self.key_lock.isChecked(),
            "density": level_of(self.density),
            "polyphony": self.polyphony.value(),
            "source": self.source.value,
        }
        if verb in ("compose", "continue") and self.tempo.value():
            values["tempo_bpm"] = max(30.0, self.tempo.value())
        if verb in ("compose", "accompany"):
            chosen = self.instruments.values
            levels = tuple(level_of(self._densities[name]) for name in chosen)
            values["instruments"] = chosen
            values["densities"] = levels if any(level >= 0 for level in levels) else ()
        if verb == "compose":
            values["meter"] = self.meter.value
            values["form"] = self.form.text().strip()
            values["loop"] = self.loop.isChecked()
        return values

    def _show_densities(self) -> None:
        """Give each chosen instrument a density of its own."""
        grid = self._each.layout()
        assert isinstance(grid, QGridLayout)
        chosen = self.instruments.values if not self._players.isHidden() else ()
        for name in chosen:
            if name not in self._densities:
                choice = level_choice("As all")
                choice.setAccessibleName(f"Density of {name}")
                title = label(name.capitalize(), "muted")
                at = grid.rowCount()
                grid.addWidget(title, at, 0)
                grid.addWidget(choice, at, 1, Qt.AlignmentFlag.AlignVCenter)
                self._densities[name], self._titles[name] = choice, title
        before: QWidget = self.density
        for name in chosen:  # by keyboard they are reached in the order in which they are seen
            QWidget.setTabOrder(before, self._densities[name])
            before = self._densities[name]
        for name, choice in self._densities.items():
            choice.setVisible(name in chosen)
            self._titles[name].setVisible(name in chosen)
        self._each.setVisible(bool(chosen))


def level_choice(none: str) -> Choice:
    """Return a choice of a level, or none."""
    return Choice((("", none), *((str(i), f"{i}  {name}") for i, name in enumerate(LEVELS))))


def level_of(choice: Choice) -> int:
    """Return the level that is chosen, -1 for none."""
    return int(choice.value) if choice.value else -1


def _boxed(layout: Any) -> QWidget:
    box = QWidget()
    box.setLayout(layout)
    return box
