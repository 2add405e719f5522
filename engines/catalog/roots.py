"""Where the studio keeps models and what it knows of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs


def data_folder() -> Path:
    """Return the user's folder for models and the library's own files."""
    return platformdirs.user_data_path("triptych", appauthor=False)


def cache_folder() -> Path:
    """Return the folder for what can be made again: `TRIPTYCH_CACHE`, or the user's own."""
    named = os.environ.get("TRIPTYCH_CACHE", "")
    return Path(named) if named else platformdirs.user_cache_path("triptych", appauthor=False)


def default_roots() -> tuple[Path, ...]:
    """Return where models lie: ours, the fetched ones, the user's, and `TRIPTYCH_MODELS`."""
    extra = os.environ.get("TRIPTYCH_MODELS", "")
    return (
        Path(__file__).resolve().parents[2] / "resources" / "models",
        Path(sys.prefix) / "share" / "triptych" / "models",
        data_folder() / "models",
        *(Path(root) for root in extra.split(os.pathsep) if root),
    )


def wildcard_folders(library: Path, folders: Sequence[str]) -> tuple[Path, ...]:
    """Return where lists of words for prompts lie: the library's, then those in other folders.

    A1111's web UI keeps them with an extension, ComfyUI's users beside their models.
    """
    places = ("wildcards", "extensions/sd-dynamic-prompts/wildcards", "../wildcards")
    theirs = (Path(folder) / place for folder in folders for place in places)
    return (library / "wildcards", *(place for place in theirs if place.is_dir()))
