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
"""What leans are given for; all are counted in steps from a neutral piece."""

LEANS: Final[dict[str, tuple[float, ...]]] = {
    "calm": (1.1, -1.6, -1.5, 0.0, -1.5, -0.8, -0.3),
    "playful": (1.0, 0.9, 0.1, 0.6, -0.2, -0.5, 2.3),
    "tense": (-1.0, 1.2, 0.9, -0.3, 0.5, 1.1, 1.5),
    "triumphant": (1.1, 0.4, 0.1, 0.1, 2.0, -0.6, 0.1),
    "melancholy": (-1.1, -1.5, -1.0, 0.0, -1.2, -0.7, -0.5),
    "mysterious": (-0.8, -1.0, -1.4, 0.4, -1.6, 1.5, -0.9),
    "romantic": (0.7, -0.4, -0.5, 0.2, -0.1, 0.4, -1.8),
    "dark": (-1.1, -1.0, -0.6, -2.0, 0.1, 0.3, -0.5),
    "epic": (-0.9, 0.2, 0.3, -0.6, 2.0, -0.6, 0.1),
    "hopeful": (1.1, 0.0, 0.3, 0.2, -0.2, -0.9, 0.3),
}
"""Mood to where its typical piece lies on each of `FEATURES`."""

EASE: Final[dict[str, float]] = {
    "calm": 1.0, "playful": 0.0, "tense": -0.5, "triumphant": 0.0, "melancholy": 1.0,
    "mysterious": 0.6, "romantic": 0.0, "dark": 0.5, "epic": -0.2, "hopeful": 0.0,
}  # fmt: skip
"""Added to a mood's fit, so that each is found in 4 to 15% of the corpus."""
