"""From an error to one sentence that says what to do, and to the exit code."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from engines.api import (
    BadRequest,
    Cancelled,
    CannotWrite,
    EngineFailed,
    EngineLost,
    ModelMissing,
    ModelRefused,
    OutOfMemory,
)


@dataclass(frozen=True, slots=True)
class Message:
    """What happened, what to do about it, and the command line's exit code."""

    sentence: str
    advice: str
    exit_code: int

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()


def size_text(size_bytes: int) -> str:
    """Write a number of bytes for people: "1.2 GB"."""
    if size_bytes >= 1_000_000_000:
        return f"{size_bytes / 1e9:.1f} GB"
    if size_bytes >= 1_000_000:
        return f"{size_bytes / 1e6:.0f} MB"
    return f"{size_bytes / 1e3:.0f} kB"


def explain(error: BaseException) -> Message:
    """Say in plain words what `error` means to the user."""
    match error:
        case BadRequest():
            return Message(f"Cannot do that: {error.reason}.", "", 2)
        case ModelMissing():
            return Message(
                f"There is no model {error.model!r}.",
                "See `models list` for those that are here, or give the path of one.",
                3,
            )
        case ModelRefused():
            return Message(f"{error.path} is refused: {error.reason}.", "", 3)
        case OutOfMemory():
            return Message(
                f"This needs {size_text(error.needed_bytes)} of memory and "
                f"{size_text(error.free_bytes)} can be had.",
                "Try a smaller size, fewer at once, or a smaller model.",
                4,
            )
        case CannotWrite():
            return Message(f"Cannot write {error.path}: {error.reason}.", "", 5)
        case EngineLost():
            return Message(
                "The engine stopped while it worked; this job is lost, your work is not.",
                "Try again: a new engine starts by itself.",
                6,
            )
        case EngineFailed():
            return Message(
                f"The engine could not do this job: {error.reason}.",
                "Your work is not touched; if it happens again, please report it.",
                6,
            )
        case Cancelled() | KeyboardInterrupt():
            return Message("Stopped.", "", 130)
        case OSError():
            return _explain_file(error)
    return Message(
        f"Something went wrong inside Triptych ({type(error).__name__}: {error}).",
        "Your work is not touched; please report it.",
        6,
    )


def _explain_file(error: OSError) -> Message:
    name = error.filename or "the file"
    if error.errno == errno.ENOSPC:
        return Message("The disk is full.", "Make room and try again.", 5)
    if isinstance(error, FileNotFoundError):
        return Message(f"There is no file {name}.", "", 2)
    if isinstance(error, IsADirectoryError):
        return Message(f"{name} is a folder.", "", 2)
    if isinstance(error, PermissionError):
        return Message(f"{name} may not be opened or written.", "", 5)
    return Message(f"{name}: {error.strerror or error}.", "", 5)
