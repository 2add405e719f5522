"""What the window remembers between runs: a small JSON file in the user's settings folder."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path

from desktop.document.replacing import replacing
from engines.api import MemoryOptions

log = logging.getLogger(__name__)

VERSION = 1
RECENT_LIMIT = 8
GB = 1_000_000_000
LARGEST_NUMBER = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The user's choices.

    `geometry` is Qt's saved window geometry as hexadecimal text. Of the
    memory's, 0 means: headroom as the device needs, no limit, models never
    leave for being idle. A score of no height was never open.
    """

    version: int = VERSION
    geometry: str = ""
    recent: tuple[str, ...] = ()
    folder: str = ""
    use: str = "poster"
    poster_size: str = "A3"
    scene_seconds: float = 12.0
    left_width_px: int = 344
    right_width_px: int = 296
    timeline_height_px: int = 248
    score_height_px: int = 0
    memory_headroom_gb: float = 0.0
    memory_limit_gb: float = 0.0
    memory_idle_minutes: float = 10.0
    memory_prefetch: bool = True
    jobs_change_places: bool = False
    hear_notes: bool = True
    soundfont: str = ""
    history_gb: float = 4.0

    def with_recent(self, path: Path) -> Settings:
        """Put a project first on the list of recent ones."""
        name = str(path)
        others = tuple(x for x in self.recent if x != name)
        return replace(self, recent=(name, *others)[:RECENT_LIMIT], folder=str(path.parent))

    @property
    def memory_options(self) -> MemoryOptions:
        """Return what the engines are told about the memory."""
        return MemoryOptions(
            headroom_bytes=round(self.memory_headroom_gb * GB) or -1,
            limit_bytes=round(max(0.0, self.memory_limit_gb) * GB),
            idle_s=max(0.0, self.memory_idle_minutes) * 60.0,
            prefetch=self.memory_prefetch,
        )


def settings_path() -> Path:
    return user_config_path("triptych", appauthor=False) / "settings.json"


def recovery_folder() -> Path:
    """Return where copies of unsaved work lie; never a temporary folder, those are cleared."""
    return user_data_path("triptych", appauthor=False) / "recovery"


def history_folder() -> Path:
    """Return where the pictures made here are remembered."""
    return user_data_path("triptych", appauthor=False) / "history"


def queue_folder() -> Path:
    """Return where the jobs that wait are written down."""
    return user_data_path("triptych", appauthor=False) / "queue"


def memory_store() -> Path:
    """Return where the engines keep what they learned about the memory."""
    return user_data_path("triptych", appauthor=False) / "memory"


def load_settings(path: Path) -> Settings:
    """Read the settings; a file that is missing, broken or of a newer version gives the defaults.

    Settings are a convenience: nothing in them may keep the window from opening.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        log.warning("The settings %s cannot be read: %s", path, error)
        return Settings()
    if not isinstance(data, dict) or data.get("version") != VERSION:
        return Settings()
    defaults = Settings()
    known = {field.name: getattr(defaults, field.name) for field in fields(Settings)}
    values = {
        name: checked
        for name, default in known.items()
        if (checked := _checked(data.get(name), default)) is not None
    }
    return Settings(**values)


def save_settings(path: Path, settings: Settings) -> None:
    """Write the settings whole or not at all; a full disk is only logged."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_text(json.dumps(asdict(settings), indent=1), encoding="utf-8")
    except OSError as error:
        log.warning("The settings %s cannot be written: %s", path, error)


def _checked(value: Any, default: Any) -> Any:
    """Return the value if it has the default's type and is finite, else None."""
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(x, str) for x in value):
            return tuple(value[:RECENT_LIMIT])
        return None
    if isinstance(default, float) and type(value) in (int, float):
        return float(value) if abs(value) < LARGEST_NUMBER else None
    return value if type(value) is type(default) else None
