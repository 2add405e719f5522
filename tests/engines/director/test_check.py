"""A plan is checked before anything is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engines.api import Facts, Plan, ShotPlan
from engines.director.check import problems

BRIEF = "Jazz night, Friday 9 pm, harbour square"
SHOT = ShotPlan(caption="The horns begin.", picture_prompt="a horn", background_prompt="sea",
                duration_s=4.0)  # fmt: skip
PLAN = Plan(
    facts=Facts(
        title="Jazz Night", subject="Jazz night", day="Friday", hour="9 pm", place="harbour square"
    ),
    title="Jazz Night",
    tagline="Stay for one more song.",
    body="Warm horns and low lights.",
    call_to_action="Join us.",
    picture_prompt="a saxophone",
    background_prompt="bokeh lights",
    palette=("#040814", "#0d1a3a", "#223f78", "#5f7fb8", "#d5e3f7"),
    mood="playful",
    tempo_bpm=120,
    key="Bb major",
    meter="4/4",
    instruments=("piano", "drums"),
)


def test_a_sound_plan_has_no_problem() -> None:
    assert problems(PLAN, BRIEF) == ()
    scene = replace(PLAN, shots=(SHOT, SHOT, SHOT))
    assert problems(scene, BRIEF, seconds=12.0) == ()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"facts": replace(PLAN.facts, hour="8 pm")}, "'8 pm' is not in the brief"),
        ({"facts": replace(PLAN.facts, names=("Ella",))}, "'Ella' is not in the brief"),
        ({"title": "Summer Party"}, "the title has none of the brief's words"),
        ({"tagline": ""}, "the tagline is empty"),
        ({"tagline": "x" * 90}, "longer than 80"),
        ({"body": "Only 5 euros."}, "5 is not in the brief"),
        ({"call_to_action": "Visit www.jazz.com"}, "an address"),
        ({"palette": ("#000000", "#ffffff")}, "three to eight"),
        ({"palette": ("#000000", "red", "#ffffff")}, "three to eight"),
        ({"palette": ("#777777", "#888888", "#999999")}, "too close"),
        ({"mood": "angry"}, "not a mood"),
        ({"tempo_bpm": 300}, "outside 40 to 200"),
        ({"key": "H dur"}, "is not music"),
        ({"meter": "4"}, "is not music"),
        ({"instruments": ("kazoo choir",)}, "no instrument"),
        ({"picture_prompt": " "}, "no prompt"),
        ({"shots": (SHOT,)}, "the shots last 4 s, not 0 s"),
    ],
)
def test_each_fault_is_named(change: dict[str, Any], found: str) -> None:
    assert any(found in problem for problem in problems(replace(PLAN, **change), BRIEF))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"caption": "x" * 69}, "cannot be read in 4 s"),
        ({"camera": "spin"}, "goes 'spin'"),
        ({"background_prompt": ""}, "has no picture"),
    ],
)
def test_each_fault_of_a_shot_is_named(change: dict[str, Any], found: str) -> None:
    plan = replace(PLAN, shots=(replace(SHOT, **change),))
    assert any(found in problem for problem in problems(plan, BRIEF, seconds=4.0))
