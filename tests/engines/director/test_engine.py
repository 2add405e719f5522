"""The director with the real small models."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    ModelMissing,
    Plan,
    PlanRequest,
    Progress,
    Run,
)
from engines.director.check import problems
from engines.director.engine import DirectorEngine
from engines.director.facts import read
from engines.director.shots import durations_s
from engines.director.wording import with_remarks
from tests.engines.text.models import services

POSTER = PlanRequest(
    brief="Night market jazz festival, Friday 9 pm, harbour square", seed=3, candidates=1
)
SCENE = PlanRequest(
    brief="A lighthouse keeper waits out a storm", seed=3, use="scene", candidates=1
)


def plan_of(request: PlanRequest, run: Run | None = None) -> Plan:
    return DirectorEngine(services()).run(request, run or Run()).plan


def test_a_poster_plan_keeps_the_facts_and_repeats_with_its_seed() -> None:
    seen: list[Progress] = []
    plan = plan_of(POSTER, Run(CancelToken(), seen.append))
    assert problems(plan, POSTER.brief) == ()
    assert plan.title == "Night Market Jazz Festival"
    assert (plan.facts.day, plan.facts.hour, plan.facts.place) == (
        "Friday", "9 pm", "harbour square",
    )  # fmt: skip
    assert plan.shots == ()
    assert seen[-1].done == seen[-1].total
    assert {"reading the brief", "writing the words"} <= {step.stage for step in seen}
    assert isinstance(seen[-1].preview, str)
    assert plan_of(POSTER) == plan


def test_a_scene_plan_tells_the_brief_in_time() -> None:
    plan = plan_of(SCENE)
    assert problems(plan, SCENE.brief, seconds=12.0) == ()
    assert 3 <= len(plan.shots) <= 5
    assert sum(shot.duration_s for shot in plan.shots) == 12.0
    captions = [shot.caption for shot in plan.shots]
    assert "A lighthouse keeper waits out a storm." in captions
    assert len(set(captions)) == len(captions)
    assert len({shot.background_prompt for shot in plan.shots}) > 1
    assert len({shot.camera for shot in plan.shots}) > 1


def test_a_brief_in_german_gets_german_words() -> None:
    plan = plan_of(
        replace(POSTER, brief="Jazzfestival auf dem Nachtmarkt, Freitag 21 Uhr, Hafenplatz")
    )
    assert plan.facts.hour == "21 Uhr"
    assert "jazz" in plan.title.lower()
    assert plan.call_to_action in ("Wir freuen uns auf Sie.", "Kommen Sie vorbei.",
                                   "Seien Sie dabei.")  # fmt: skip


def test_a_cancel_leaves_no_lease() -> None:
    token = CancelToken()

    def report(progress: Progress) -> None:
        if progress.stage == "writing the words":
            token.cancel()

    with pytest.raises(Cancelled):
        plan_of(POSTER, Run(token, report))
    assert not any(resident.leased for resident in services().memory.status().residents)


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(BadRequest, match="2,000"):
        plan_of(replace(POSTER, brief="word " * 1000))
    with pytest.raises(ModelMissing):
        plan_of(replace(POSTER, model="no-such-model"))


@pytest.mark.parametrize("seconds", [1.0, 2.5, 5.0, 7.4, 12.0, 13.7, 20.0, 60.0, 600.0])
def test_shots_fill_the_scene_exactly(seconds: float) -> None:
    lengths = durations_s(seconds)
    assert sum(lengths) == pytest.approx(seconds, abs=1e-9)
    assert len(lengths) <= 8
    assert min(lengths) >= min(2.5, seconds) - 0.2


def test_remarks_of_the_brief_stand_in_the_body_once() -> None:
    reading = read("Violin recital, Anna Weber, Sunday 5 pm, St. Mary's Church, free entry")
    body = with_remarks("Listen closely.", reading, first=False)
    assert body == "Listen closely. With Anna Weber. Free entry."
    assert with_remarks("Free entry for all.", reading, first=False).count("ree entry") == 1
