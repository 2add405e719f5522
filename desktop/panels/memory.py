"""The memory meter: what the engines hold of the device's memory."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.messages import size_text
from desktop.panels.controls import button, label, row
from desktop.session import Session
from engines.api import MemoryStatus

LOOK_INTERVAL_MS = 500
"""The status is one value that the host keeps at hand; looking costs nothing."""


class MemoryMeter(QWidget):
    """Used of budget, who holds it, and a button to give back what lies idle."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._seen: MemoryStatus | None = None
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setProperty("media", "memory")
        self._bar.setFixedWidth(96)
        self._bar.setRange(0, 1000)
        self._words = label("", "number")
        self._free = button("Free memory", "quiet", "", "Give back the models that lie idle")
        self._free.clicked.connect(session.free_memory)
        self.setLayout(row(self._words, self._bar, self._free, spacing=10))
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        self.look()

    def look(self) -> None:
        """Show the memory as it is now."""
        status = self._session.host.memory()
        if status == self._seen:
            return
        self._seen = status
        used = status.used_bytes + status.working_bytes
        device = "GPU" if status.device.startswith("cuda") else "Memory"
        if status.budget_bytes:
            self._words.setText(f"{device}  {size_text(used)} of {size_text(status.budget_bytes)}")
            self._bar.setValue(round(1000 * min(1.0, used / status.budget_bytes)))
        else:
            self._words.setText(f"{device}  at rest")
            self._bar.setValue(0)
        self._free.setEnabled(any(not resident.leased for resident in status.residents))
        lines = [
            f"{x.key}: {size_text(x.size_bytes)}" + (", at work" if x.leased else "")
            for x in status.residents
        ]
        self.setToolTip("\n".join(lines) or "No model is in memory.")
