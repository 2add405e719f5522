"""Name the shared libraries of the system that Qt needs and a bare Linux lacks."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library and the packages that carry it on Debian and on Fedora."""

    soname: str
    apt: str
    dnf: str


DRAWING = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
    Library("libX11.so.6", "libx11-6", "libX11"),
)
"""Needed to draw anything, on a screen or not."""

WINDOW = (
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb"),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", "xcb-util-renderutil"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb"),
    Library("libpulse.so.0", "libpulse0", "pulseaudio-libs"),
)
"""Needed besides for a window under X11 and for sound."""


def _is_there(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def missing(
    libraries: tuple[Library, ...], is_there: Callable[[str], bool] = _is_there
) -> tuple[Library, ...]:
    """Return those of `libraries` that the loader does not find; none outside Linux."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(library for library in libraries if not is_there(library.soname))


def install_command(
    libraries: tuple[Library, ...], which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...]:
    """Return the command that installs them, to be run as root; empty if the system is unknown."""
    if which("apt-get"):
        packages = dict.fromkeys(library.apt for library in libraries)
        return ("apt-get", "install", "-y", "--no-install-recommends", *packages)
    if which("dnf"):
        return ("dnf", "install", "-y", *dict.fromkeys(library.dnf for library in libraries))
    return ()


def sentence(libraries: tuple[Library, ...], purpose: str = "draw") -> str:
    """Return one sentence that names what is missing and the command that mends it."""
    names = ", ".join(library.soname for library in libraries)
    command = install_command(libraries)
    if not command:
        return f"To {purpose}, Triptych needs system libraries that are missing: {names}."
    return (
        f"To {purpose}, Triptych needs system libraries that are missing ({names}): "
        f"install them with: sudo {' '.join(command)}"
    )


def why_no_window() -> str:
    """Return one sentence that says why no window can open here; nothing if one can."""
    platform = os.environ.get("QT_QPA_PLATFORM", "xcb")
    if not sys.platform.startswith("linux") or platform != "xcb":
        return ""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return (
            "There is no screen here for the window; the command line works without one: "
            "python3 main.py --help"
        )
    lacking = missing(WINDOW)
    return sentence(lacking, "open its window") if lacking else ""
