"""What `main.py doctor` tells: this machine, its memory, the models, fonts and licences.

Answers from what can be read without torch and without a card being woken:
the NVIDIA driver is asked for by name, installed packages by their metadata.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from desktop.render.fonts import FAMILIES, FONT_FOLDER
from desktop.settings import load_settings, memory_store, recovery_folder, settings_path
from engines.catalog import Catalog, data_folder, default_roots
from engines.host import HostOptions, outlook

SOUNDFONT_FOLDER = FONT_FOLDER.parent / "soundfonts"
SOUNDFONT_SUFFIXES = (".sf2", ".sf3", ".sfo")
LONGEST_LICENCE = 90
TOLD_EVENTS = 20
"""Of the memory's log, the last."""

NVIDIA_FIELDS = ("name", "driver_version", "memory.total", "memory.free", "compute_cap")

Facts = dict[str, Any]


def examine() -> Facts:
    """Return everything as JSON values; sizes are in bytes."""
    return {
        "system": _system(),
        "memory": _memory(),
        "cards": _cards(),
        "torch": _torch(),
        "device_memory": _device_memory(),
        "models": _models(),
        "fonts": _fonts(),
        "soundfonts": _soundfonts(),
        "folders": _folders(),
        "packages": _packages(),
        "problems": _problems(),
    }


def as_text(facts: Facts) -> str:
    """Return the same for people: headings and aligned columns."""
    system, memory, torch = facts["system"], facts["memory"], facts["torch"]
    parts = [
        _section(
            "System",
            [
                ("system", system["name"]),
                ("processor", f"{system['processor']} ({system['cores']} cores)"),
                ("Python", system["python"]),
                ("memory", f"{_size(memory['total'])}, {_size(memory['free'])} free"),
                ("torch", f"{torch['version']} ({torch['build']})"),
            ],
        ),
        _section("NVIDIA cards", [_card_row(card) for card in facts["cards"]]),
        *_memory_sections(facts["device_memory"]),
        _section(
            "Models",
            [
                (m["id"], m["kind"], _size(m["size"]), m["licence"] or "licence unknown")
                for m in facts["models"]
            ],
        ),
        _section("Fonts", [(font["family"], font["state"]) for font in facts["fonts"]]),
        _section("Soundfonts", [(s["name"], _size(s["size"])) for s in facts["soundfonts"]]),
        _section("Folders", [_folder_row(folder) for folder in facts["folders"]]),
        _section(
            "Licences of the installed packages",
            [(p["name"], p["version"], p["licence"]) for p in facts["packages"]],
        ),
        _section("Problems", [(text,) for text in facts["problems"]]),
    ]
    return "\n\n".join(parts) + "\n"


def _system() -> Facts:
    return {
        "name": platform.platform(terse=True),
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count() or 1,
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    match = re.search(r"^model name\s*:\s*(.+)$", described, re.MULTILINE)
    return match[1].strip() if match else platform.machine()


def _memory() -> dict[str, int]:
    memory = psutil.virtual_memory()
    return {"total": memory.total, "free": memory.available}


def _cards() -> list[Facts]:
    """Ask the NVIDIA driver; an empty list without card or driver."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = f"--query-gpu={','.join(NVIDIA_FIELDS)}"
    command = [tool, query, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return list(_read_cards(done.stdout)) if done.returncode == 0 else []


def _read_cards(answer: str) -> Iterator[Facts]:
    for line in answer.splitlines():
        fields = [field.strip() for field in line.rsplit(",", len(NVIDIA_FIELDS) - 1)]
        if len(fields) != len(NVIDIA_FIELDS):
            continue
        name, driver, total, free, capability = fields
        sizes = [int(mib) * 2**20 if mib.isdigit() else 0 for mib in (total, free)]
        yield {
            "name": name,
            "driver": driver,
            "capability": capability,
            "total": sizes[0],
            "free": sizes[1],
        }


def _torch() -> dict[str, str]:
    """Tell the build of torch from its files, since importing it takes seconds."""
    version = _version("torch")
    local = version.partition("+")[2]
    if not local and version != "none":
        local = "cuda" if sys.platform == "linux" and _version("nvidia-cublas") != "none" else "cpu"
    return {"version": version, "build": local or "not installed"}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _device_memory() -> Facts:
    """Tell of the memory that the engines share, and what the store remembers of it."""
    settings = load_settings(settings_path())
    options = HostOptions(memory=settings.memory_options, store=str(memory_store()))
    cards = _cards() if _torch()["build"] not in ("cpu", "not installed") else []
    card_bytes = (cards[0]["total"], cards[0]["free"]) if cards else None
    seen = outlook(options, card_bytes=card_bytes)
    status = seen.status
    return {
        "device": status.device,
        "total": status.total_bytes,
        "free": max(0, status.total_bytes - status.foreign_bytes),
        "foreign": status.foreign_bytes,
        "headroom": status.headroom_bytes,
        "limit": options.memory.limit_bytes,
        "budget": status.budget_bytes,
        "working_sets": [asdict(work) for work in seen.works],
        "events": [asdict(event) for event in seen.events[-TOLD_EVENTS:]],
    }


def _memory_sections(memory: Facts) -> list[str]:
    limit = _size(memory["limit"]) if memory["limit"] else "none"
    figures = [
        ("device", "NVIDIA card" if memory["device"] == "cuda" else "the processor"),
        ("total", f"{_size(memory['total'])}, {_size(memory['free'])} free"),
        ("other programs", _size(memory["foreign"])),
        ("kept free", _size(memory["headroom"])),
        ("limit", limit),
        ("for the engines", _size(memory["budget"])),
    ]
    works = [
        (
            work["operation"],
            work["model"] or "-",
            f"size {work['size']} x {work['batch']}",
            f"{_size(work['predicted_bytes'])} expected",
            f"{_size(work['measured_bytes'])} measured" if work["measured_bytes"] else "",
        )
        for work in memory["working_sets"]
    ]
    events = [
        (
            time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event["at_s"])),
            str(event["change"]),
            event["key"],
            _size(event["size_bytes"]),
            f"{event['seconds']:.1f} s",
            event["reason"],
        )
        for event in memory["events"]
    ]
    return [
        _section("Memory of the engines", figures),
        _section("Working memory", works),
        _section("What happened to the memory", events),
    ]


def _models() -> list[Facts]:
    return [
        {
            "id": spec.id,
            "kind": str(spec.kind),
            "name": spec.name,
            "architecture": spec.architecture,
            "size": spec.size_bytes,
            "licence": spec.licence,
            "restrictions": spec.restrictions,
            "path": spec.path,
        }
        for spec in Catalog().list()
    ]


def _fonts() -> list[dict[str, str]]:
    names = [path.name.lower() for path in _files(FONT_FOLDER)]
    return [
        {"family": family, "state": "here" if _has_font(family, names) else "missing"}
        for family in FAMILIES
    ]


def _has_font(family: str, names: list[str]) -> bool:
    """Say whether a file is named for a family, as in NotoSansCJKsc for "Noto Sans CJK SC"."""
    stem = family.replace(" ", "").lower()
    return any(name.startswith(stem) for name in names)


def _soundfonts() -> list[Facts]:
    return [
        {"name": path.name, "size": path.stat().st_size}
        for path in _files(SOUNDFONT_FOLDER)
        if path.suffix.lower() in SOUNDFONT_SUFFIXES
    ]


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []


def _folders() -> list[Facts]:
    own = [data_folder(), settings_path().parent, recovery_folder(), Path.cwd()]
    return [
        {"path": str(path), "writable": _is_writable(path), "free": _free_bytes(path)}
        for path in dict.fromkeys(own)
    ]


def _existing(path: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _is_writable(path: Path) -> bool:
    return os.access(_existing(path), os.W_OK | os.X_OK)


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(_existing(path)).free


def _packages() -> list[dict[str, str]]:
    found = {
        distribution.name: {
            "name": distribution.name,
            "version": distribution.version,
            "licence": _licence(distribution.metadata),
        }
        for distribution in importlib.metadata.distributions()
        if distribution.name
    }
    return [found[name] for name in sorted(found, key=str.lower)]


def _licence(metadata: Any) -> str:
    """Return a package's licence in a few words: the SPDX expression, else what it calls it."""
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    prefix = "License :: "
    named = [
        line.rpartition(" :: ")[2]
        for line in metadata.get_all("Classifier") or []
        if line.startswith(prefix) and line != "License :: OSI Approved"
    ]
    if named:
        return " or ".join(named)
    text = str(metadata.get("License") or "").strip()
    if text and "\n" not in text and len(text) <= LONGEST_LICENCE:
        return text
    return "see its files"


def _problems() -> list[str]:
    """Return sentences about what is wrong here and what mends it."""
    problems = [
        f"{refused.path} is in the library but cannot be loaded: {refused.reason}."
        for refused in Catalog().refused()
    ]
    problems += [
        f"The font {font['family']} is missing from {FONT_FOLDER}."
        for font in _fonts()
        if font["state"] != "here"
    ]
    if not _soundfonts():
        problems.append(f"No soundfont lies in {SOUNDFONT_FOLDER}: scores cannot be played.")
    problems += [
        f"{folder['path']} cannot be written." for folder in _folders() if not folder["writable"]
    ]
    if not any(root.is_dir() for root in default_roots()):
        problems.append("No model folder is there: run python3 main.py setup.")
    return problems


def _card_row(card: Facts) -> tuple[str, ...]:
    memory = f"{_size(card['total'])}, {_size(card['free'])} free"
    return card["name"], f"driver {card['driver']}", memory


def _folder_row(folder: Facts) -> tuple[str, ...]:
    state = "writable" if folder["writable"] else "cannot be written"
    return folder["path"], state, f"{_size(folder['free'])} free"


def _size(size_bytes: int) -> str:
    for unit, scale in (("GB", 10**9), ("MB", 10**6)):
        if size_bytes >= scale:
            return f"{size_bytes / scale:.1f} {unit}"
    return f"{size_bytes / 1000:.1f} kB"


def _section(title: str, rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return f"{title}\n  none"
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([title, *lines])
