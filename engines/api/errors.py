"""All that can go wrong in an engine.

An error carries facts; `desktop/messages.py` makes the sentence. Every class
rebuilds itself from its arguments, so that it can cross to another process.
"""

from __future__ import annotations


class EngineError(Exception):
    """The parent of all; never raised itself."""


class BadRequest(EngineError):
    """What was asked cannot be done as asked; `reason` says why in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ModelMissing(EngineError):
    """No model answers to `model` (an id or a path).

    With `lacking` the model is there, but neither it nor the library has these
    things, without which it cannot be used.
    """

    def __init__(self, model: str, lacking: tuple[str, ...] = ()) -> None:
        super().__init__(model, lacking)
        self.model = model
        self.lacking = lacking


class ModelRefused(EngineError):
    """A file is there, but is not a model that may be loaded."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


class OutOfMemory(EngineError):
    """The work needs more than the device can give, in bytes.

    With `at_least` the work had all of `needed_bytes` and ran short all the same.
    """

    def __init__(self, needed_bytes: int, free_bytes: int, at_least: bool = False) -> None:
        super().__init__(needed_bytes, free_bytes, at_least)
        self.at_least = at_least
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes


class Cancelled(EngineError):
    """The user asked to stop."""


class CannotWrite(EngineError):
    """An output could not be written to `path`; the file that was there is whole."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


class EngineLost(EngineError):
    """The engine process ended while it worked."""


class EngineFailed(EngineError):
    """The engine met an error it does not know; `reason` is for the log and a bug report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
