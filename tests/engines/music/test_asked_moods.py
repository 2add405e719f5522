"""The card's table of moods: measured, told, and put in its place once."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.api import BadRequest
from engines.music.model.scoring import bits_per_note
from engines.music.moods import MOODS
from engines.training.music.moods import Asked, ask, mood_table, put
from tests.engines.music import tiny


def test_pieces_are_labelled_by_the_rules() -> None:
    asked = ask(tiny.decoder(), "tense", pieces=1)
    assert asked.mood == "tense"
    assert len(asked.heard) == len(asked.energies) == 1
    assert asked.heard[0] in MOODS
    assert 0 <= asked.energies[0] <= 5


def test_the_table_says_what_was_taken_for_what() -> None:
    dark = Asked(mood="dark", heard=("dark", "epic", "epic"), energies=(2, 3, 3))
    calm = Asked(mood="calm", heard=("calm",), energies=(0,))
    rows = mood_table([dark, calm], []).splitlines()
    assert "| dark | 1 of 3 | epic 2 |" in rows
    assert "| calm | 1 of 1 | – |" in rows
    assert rows[-1].startswith("| calm")
    assert mood_table([dark], [calm]).splitlines()[-1] == "| 0 | 0.0 |"


def test_a_card_has_one_table_of_moods() -> None:
    once = put("# Card\n\n## Limits\n\nSmall.\n", "first")
    twice = put(once, "second")
    assert twice == "# Card\n\n## Moods\n\nsecond\n\n## Limits\n\nSmall.\n"


def test_bits_of_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="not a folder"):
        bits_per_note(tmp_path / "nowhere", tmp_path)
