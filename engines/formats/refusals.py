"""Files that are never opened as models, known by name or by their first bytes."""

from __future__ import annotations

from pathlib import Path

from engines.api import ModelRefused

PICKLE_SUFFIXES = frozenset(
    {".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle", ".pt2", ".npz", ".joblib"}
)
"""Formats that can carry Python code; whatever a scanner says, they stay shut."""

PICKLE_REASON = (
    "it is a pickle, which can run hidden code when it is opened; "
    "use the model's .safetensors or .gguf file"
)

_SNIFFED_BYTES = 512


def refuse_pickle(path: Path) -> None:
    """Raise `ModelRefused` if the file is a pickle by its name or by its first bytes."""
    if path.suffix.lower() in PICKLE_SUFFIXES:
        raise ModelRefused(str(path), PICKLE_REASON)
    head = first_bytes(path)
    if head.startswith(b"PK\x03\x04") or _starts_like_pickle(head):
        raise ModelRefused(str(path), f"in spite of its name {PICKLE_REASON}")


def first_bytes(path: Path) -> bytes:
    """Return the first bytes of a file.

    Raises:
        ModelRefused: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_SNIFFED_BYTES)
    except OSError as error:
        raise ModelRefused(str(path), f"it cannot be read ({error.strerror})") from error


def looks_like_web_page(head: bytes) -> bool:
    """Say whether a file's first bytes are those of a web page."""
    return head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def looks_like_text(head: bytes) -> bool:
    """Say whether a file's first bytes are plain text."""
    try:
        text = head[:-4].decode("utf-8") if len(head) == _SNIFFED_BYTES else head.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(text) and all(c.isprintable() or c in "\r\n\t\f" for c in text)


def _starts_like_pickle(head: bytes) -> bool:
    # Protocols 2 to 5 open with PROTO; a safetensors header of 640 to 1,408 bytes
    # opens with 0x80 too, and has zeros where a pickle has its first opcode.
    return (
        len(head) >= 3
        and head[0] == 0x80
        and head[1] in range(2, 6)
        and head[2:8] != b"\0\0\0\0\0\0"
    )
