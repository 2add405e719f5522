"""What a model wrote is thrown out for a reason, or ordered."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engines.director.ranking import Ground, Measures, objection, rank
from engines.text.candidates import Candidate

GROUND = Ground(
    text="Night market jazz festival", title="Night Market Jazz Festival", examples=("Turn it up.",)
)
MEASURES = Measures(shortest=10, longest=60, best=30)


def common(word: str) -> bool:
    return not word.startswith("zz")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Follow the music through the lights.", ""),
        ("Let it.", "length"),
        ("follow the music home.", "form"),
        ("Follow the music through 9 lights.", "figures"),
        ("Music and lights, tickets included.", "invented fact"),
        ("The summer begins with music.", "invented fact"),
        ("Follow the music to Paris.", "invented fact"),
        ("Hear the music of Ella now.", "invented name"),
        ("Music for the music lovers.", "repeats itself"),
        ("Follow the lights with the.", "unfinished"),
        ("The night market jazz festival.", "copies"),
        ("Follow the zzmusic to the lights.", "odd word"),
        ("Give me music and lights.", "speaks of itself"),
        ("Music for people who cry alone.", "gloom"),
        ("Come to www.music lights.", "invented fact"),
    ],
)
def test_a_line_is_refused_for_the_right_reason(line: str, reason: str) -> None:
    assert objection(line, GROUND, MEASURES, common) == reason


def test_what_the_brief_says_may_be_said() -> None:
    ground = Ground(text="Summer party in Paris", title="Summer Party", examples=())
    assert objection("The summer belongs to Paris.", ground, MEASURES, common) == ""


def test_the_nearer_and_likelier_line_wins() -> None:
    def similarity(text: str, others: Sequence[str]) -> list[float]:
        return [0.5 if "music" in other else 0.1 for other in others]

    lines = [
        Candidate(text="A table stands behind the house.", mean_log_probability=-1.0),
        Candidate(text="Follow the music through the lights.", mean_log_probability=-1.0),
        Candidate(text="Let music find the quiet corners.", mean_log_probability=-3.0),
        Candidate(text="broken", mean_log_probability=0.0),
    ]
    ranked = rank(lines, GROUND, MEASURES, similarity, common)
    assert ranked[0].text == "Follow the music through the lights."
    assert "broken" not in [line.text for line in ranked]
    assert len(ranked) == 3
