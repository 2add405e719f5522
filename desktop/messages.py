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
    Fit,
    ModelMissing,
    ModelRefused,
    OutOfMemory,
    Verdict,
)

LESS = {
    "text": "a shorter answer or a smaller model",
    "plan": "a smaller language model",
    "image": "a smaller picture, fewer at once, or a smaller model",
    "grid": "smaller pictures or a smaller model",
    "upscale": "enlarging it less",
    "cutout": "a smaller picture",
    "background": "a smaller picture",
    "music": "a shorter piece or fewer candidates",
    "sound": "a shorter piece",
    "poster": "a smaller page or smaller models",
    "scene": "a smaller frame or smaller models",
    "train": "the preset for the processor",
}
"""What takes less memory, by kind of job."""


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


def fit_text(fit: Fit) -> str:
    """Say whether a model fits, and how soon it would be ready."""
    if fit.verdict is Verdict.NO:
        return (
            f"does not fit: needs {size_text(fit.needed_bytes)}, "
            f"{size_text(fit.budget_bytes)} can be had"
        )
    ready = f"ready in about {fit.load_s:.0f} s" if fit.load_s >= 1 else "ready in under 1 s"
    if fit.verdict is Verdict.OFFLOAD:
        return f"fits with {fit.how or 'offload'}, slower, {ready}"
    return f"fits, {ready}"


def _shortage(error: OutOfMemory) -> str:
    needed = size_text(error.needed_bytes)
    if error.at_least:
        return f"This needs more than {needed} of memory, and that is all that can be had."
    return f"This needs {needed} of memory and {size_text(error.free_bytes)} can be had."


def explain(error: BaseException, kind: str = "") -> Message:
    """Say in plain words what `error` means to the user.

    `kind` is the job's or the command's, if it is known: "image", "poster".
    """
    match error:
        case BadRequest():
            return Message(f"Cannot do that: {error.reason}.", "", 2)
        case ModelMissing() if error.lacking:
            return Message(
                f"{error.model} needs {_listed(error.lacking)}, which the library does not have.",
                "Put it into a folder of the library, or name its place with `models add`.",
                3,
            )
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
                _shortage(error),
                f"Try {LESS.get(kind, 'a smaller size or a smaller model')}; close other programs, "
                "free memory, or keep less of it free in the memory settings.",
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


def _listed(things: tuple[str, ...]) -> str:
    """Return "a; b; and c": the things have commas of their own."""
    *first, last = things
    return f"{'; '.join(first)}; and {last}" if first else last


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
