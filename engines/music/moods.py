"""The moods a piece can have, and how far each leans on what can be measured.

No clean collection has labels of mood, so a window of music is labelled by
rule (`engines.music.labels`); a request for a mood sets the same controls.
"""

from __future__ import annotations

from typing import Final

MOODS: Final = (
    "calm", "playful", "tense", "triumphant", "melancholy", "mysterious", "romantic", "dark",
    "epic", "hopeful",
)  # fmt: skip

FEATURES: Final = ("major", "tempo", "density", "register", "loudness", "dissonance", "shortness")
"""What leans are given for; all are counted in standard deviations from the corpus' mean."""

LEANS: Final[dict[str, tuple[float, ...]]] = {
    "calm": (0.6, -0.9, -1.2, 0.0, -0.9, -0.8, -0.6),
    "playful": (0.8, 0.8, 0.3, 0.6, -0.3, -0.3, 1.2),
    "tense": (-0.8, 0.7, 0.9, -0.2, 0.4, 1.2, 0.5),
    "triumphant": (1.0, 0.7, 0.8, 0.3, 1.3, -0.5, 0.1),
    "melancholy": (-1.2, -0.8, -0.6, 0.2, -0.6, -0.2, -0.4),
    "mysterious": (-0.5, -0.5, -0.9, -0.3, -0.8, 1.1, 0.0),
    "romantic": (0.3, -0.5, 0.5, 0.3, 0.1, 0.3, -1.1),
    "dark": (-1.1, -0.2, 0.0, -1.4, 0.5, 0.5, -0.2),
    "epic": (-0.5, 0.3, 1.1, -0.2, 1.4, 0.1, -0.2),
    "hopeful": (1.1, 0.1, 0.0, 0.4, 0.1, -0.6, -0.5),
}
"""Mood to its lean on each of `FEATURES`."""
