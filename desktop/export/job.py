"""What every writer of a file is given."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desktop.document.assets import AssetStore
from desktop.document.model import Document
from engines.api import BadRequest, Run

_LEAST_PX, _MOST_PX = 16, 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """One file to write: of what, where to, how large, and who asked."""

    document: Document
    assets: AssetStore
    path: Path
    run: Run
    ask: Callable[[Any, Run], Any]
    scale: float = 1.0

    @property
    def suffix(self) -> str:
        """The kind of file, with its dot and in small letters."""
        return self.path.suffix.lower()

    def size_px(self) -> tuple[int, int]:
        """Return the size of the export.

        Raises:
            BadRequest: a side is outside what can be drawn.
        """
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise BadRequest(f"the scale is {self.scale:g}, not above 0")
        width, height = self.document.size_px
        width_px, height_px = round(width * self.scale), round(height * self.scale)
        if not (_LEAST_PX <= width_px <= _MOST_PX and _LEAST_PX <= height_px <= _MOST_PX):
            raise BadRequest(
                f"a size of {width_px} x {height_px} px is outside {_LEAST_PX} to {_MOST_PX} px"
            )
        return width_px, height_px
