"""Moments that are typed, such as "3.5, 8, 1:12.25", and written again."""

from __future__ import annotations

import re

_MOMENT = re.compile(
    r"(?:(\d{1,3}):(?=[0-5]?\d(?:\.|$)))?(\d{1,5}(?:\.\d{1,6})?|\.\d{1,6})", re.ASCII
)
_BETWEEN = re.compile(r"[\s,;]+")


def read_moments(text: str) -> tuple[float, ...]:
    """Return the moments in seconds, in order, each once.

    Commas, semicolons and blanks stand between them; a moment is seconds or
    minutes and seconds.

    Raises:
        ValueError: one is neither; the message is a part of a sentence.
    """
    found: set[float] = set()
    for word in filter(None, _BETWEEN.split(text)):
        match = _MOMENT.fullmatch(word)
        if match is None:
            shown = repr(word[:20])
            raise ValueError(f"{shown} is not seconds such as 4.5 or minutes such as 1:04.5")
        found.add(60.0 * int(match[1] or 0) + float(match[2]))
    return tuple(sorted(found))


def written_moments(moments_s: tuple[float, ...]) -> str:
    """Return moments as they can be typed, to a millisecond."""
    return ", ".join(f"{moment:.3f}".rstrip("0").rstrip(".") for moment in moments_s)
