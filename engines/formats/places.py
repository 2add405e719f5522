"""Where models lie: folders of ours and of other programs, walked without touching anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engines.formats import folders
from engines.formats.recognition import SUFFIXES

MOST_DEPTH = 12
MOST_FILES = 200_000

PICKLES = frozenset({".ckpt", ".pt", ".pth", ".bin"})
"""Files that other programs keep models in and that are shown as refused."""

_SHOWN = SUFFIXES | PICKLES

PREVIEW_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_PREVIEW_ENDS = tuple(
    f"{middle}{suffix}" for middle in (".preview", "", ".thumb") for suffix in PREVIEW_SUFFIXES
)
_COVERS = tuple(
    f"{name}{end}" for name in ("preview", "cover", "thumbnail") for end in PREVIEW_SUFFIXES
)

_STATE_FILES = frozenset({"optimizer.bin", "scheduler.bin", "random_states_0.pkl"})
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "outputs", "output"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file or folder that may be a model, and the picture beside it or nothing."""

    path: Path
    preview: str


@dataclass(frozen=True, slots=True)
class Program:
    """How another program lays out its folder: what it is known by, where its models lie."""

    name: str
    marks: tuple[str, ...]
    places: tuple[str, ...]


PROGRAMS = (
    Program("ComfyUI", ("comfy", "nodes.py", "models"), ("models",)),
    Program(
        "Stable Diffusion web UI",
        ("webui.py", "models"),
        ("models", "embeddings", "extensions/sd-webui-controlnet/models"),
    ),
    Program("InvokeAI", ("invokeai.yaml",), ("models", "autoimport")),
)


def program_of(folder: Path) -> Program | None:
    """Return the program whose folder this is, if it is one's."""
    for program in PROGRAMS:
        if all((folder / mark).exists() for mark in program.marks):
            return program
    return None


def places_in(folder: Path) -> tuple[Path, ...]:
    """Return the folders to walk: those for models, if it is another program's own folder."""
    program = program_of(folder)
    if program is None:
        return (folder,)
    return tuple(folder / place for place in program.places if (folder / place).is_dir())


def children(root: Path) -> Iterator[Candidate]:
    """Yield what may be models right in a folder: each folder, and files named as models."""
    listing = _listing(root)
    names = {entry.name for entry in listing}
    for entry in listing:
        path = Path(entry.path)
        if _is_folder(entry):
            yield Candidate(path, _cover(path))
        elif path.suffix.lower() in SUFFIXES:
            yield Candidate(path, _beside(root, path.stem, names))


def walk(folder: Path, keep_on: Callable[[], None] = lambda: None) -> Iterator[Candidate]:
    """Yield what may be models anywhere below a folder, in the order of their names.

    A folder that is itself a model is one candidate. Links are followed, each
    place once. `keep_on` is called for every folder and may raise.
    """
    seen: set[tuple[int, int]] = set()
    left = MOST_FILES
    waiting = [(place, 0) for place in reversed(places_in(folder))]
    while waiting and left > 0:
        keep_on()
        place, depth = waiting.pop()
        listing = _listing(place)
        left -= len(listing)
        names = {entry.name for entry in listing}
        if depth and folders.is_model(names):
            yield Candidate(place, _cover(place, names))
            continue
        below: list[Path] = []
        for entry in listing:
            if _is_folder(entry):
                if entry.name.lower() not in _SKIPPED and _is_new(entry, seen):
                    below.append(Path(entry.path))
                continue
            path = Path(entry.path)
            if path.suffix.lower() in _SHOWN and entry.name not in _STATE_FILES:
                yield Candidate(path, _beside(place, path.stem, names))
        if depth < MOST_DEPTH:
            waiting += [(path, depth + 1) for path in reversed(below)]


def _listing(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder, hidden things aside; a folder that cannot be read is empty."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return sorted(found, key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_new(entry: os.DirEntry[str], seen: set[tuple[int, int]]) -> bool:
    """Say whether a folder was not walked before under another name."""
    try:
        stat = Path(entry.path).stat()
    except OSError:
        return False
    place = (stat.st_dev, stat.st_ino)
    if place in seen:
        return False
    seen.add(place)
    return True


def _beside(folder: Path, stem: str, names: set[str]) -> str:
    return next((str(folder / f"{stem}{end}") for end in _PREVIEW_ENDS if stem + end in names), "")


def _cover(folder: Path, names: set[str] | None = None) -> str:
    names = {entry.name for entry in _listing(folder)} if names is None else names
    return next((str(folder / cover) for cover in _COVERS if cover in names), "")
