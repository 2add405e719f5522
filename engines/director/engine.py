"""Answer a plan request: facts by rule, words by the model under rules, the rest by meaning."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from engines.api import BadRequest, Kind, Plan, PlanRequest, PlanResult, Run
from engines.director.check import problems
from engines.director.drafting import Drafter
from engines.director.facts import Reading, read
from engines.director.look import look_of
from engines.director.phrasebook import ranked_topics
from engines.director.shots import shots_of
from engines.director.sorts import content_of_film, sort_of
from engines.director.tone import tone_of
from engines.director.wording import Subject, word
from engines.services import Services
from engines.text import needs
from engines.text.components import ENCODER, encoder_component, language_component
from engines.text.language_model import read_shape
from engines.text.reading import ladder

_LONGEST_BRIEF = 2000
_ROWS_PER_CANDIDATE = 8
_MOST_ROWS = 48
_CONTEXT_TOKENS = 1024  # rules, nine examples, a brief and a line
_PREVIEW_S = 1 / 15
_STEPS = 10
_TOPICS = 3


class DirectorEngine:
    """Makes a checked plan of a brief."""

    kind: ClassVar[Kind] = Kind.PLAN

    def __init__(self, services: Services) -> None:
        self._catalog = services.catalog
        self._memory = services.memory

    def run(self, request: PlanRequest, run: Run) -> PlanResult:
        """Plan; each candidate asked for is a batch of drafts a field, the best line wins.

        Raises:
            BadRequest: the brief is too long, or no plan of it holds.
        """
        if len(request.brief) > _LONGEST_BRIEF:
            raise BadRequest(
                f"the brief has {len(request.brief):,} characters, "
                f"more than the {_LONGEST_BRIEF:,} that are read"
            )
        run.step(0, _STEPS, stage="reading the brief")
        reading = read(request.brief)
        spec = self._catalog.get(request.model, Kind.TEXT)
        rows = min(request.candidates * _ROWS_PER_CANDIDATE, _MOST_ROWS)
        memory, shape = self._memory, read_shape(Path(spec.path))
        words = language_component(spec, memory.device)
        meaning = encoder_component(self._catalog.get(ENCODER, Kind.TEXT), memory.device)
        working = needs.drafting(spec.id, shape, _CONTEXT_TOKENS, rows)
        with memory.lease(words, meaning, working=working, run=run) as (model, encoder):
            tell = _Teller(run, reading)
            climb = ladder(memory, run, working, words, model)
            drafter = Drafter(
                model=model, encoder=encoder, count=rows, on_text=tell.text, climb=climb
            )
            plan = _plan(request, reading, drafter, tell.stage)
        found = problems(plan, request.brief, seconds=_scene_seconds(request))
        if found:
            raise BadRequest(f"no sound plan can be made of this brief ({found[0]})")
        run.step(_STEPS, _STEPS, f"{plan.title}\n{plan.tagline}", stage="planned")
        return PlanResult(plan=plan, model=spec.id, seed=request.seed)


def _scene_seconds(request: PlanRequest) -> float:
    return request.seconds if request.use == "scene" else 0.0


class _Teller:
    """Reports progress and the words so far, 15 times a second at most."""

    def __init__(self, run: Run, reading: Reading) -> None:
        self._run = run
        self._title = reading.facts.title
        self._done = 0
        self._stage = ""
        self._last_s = 0.0

    def stage(self, done: int, name: str) -> None:
        self._done, self._stage = done, name
        self._run.step(done, _STEPS, self._title, stage=name)

    def text(self, words: str) -> None:
        """Show a line that is being written; cancels at every token."""
        self._run.token.check()
        now_s = time.monotonic()
        if now_s - self._last_s >= _PREVIEW_S:
            self._last_s = now_s
            self._run.step(self._done, _STEPS, f"{self._title}\n{words}", stage=self._stage)


def _plan(
    request: PlanRequest,
    reading: Reading,
    drafter: Drafter,
    stage: Callable[[int, str], None],
) -> Plan:
    similarity, seed = drafter.encoder.similarity, request.seed
    stage(1, "choosing the tone")
    sort = sort_of(reading, similarity)
    if sort == "film":
        reading = replace(reading, theme=content_of_film(reading.theme))
    tone = tone_of(reading.theme, seed, similarity)
    look = look_of(reading, tone, seed, similarity)
    subject = Subject(
        reading=reading,
        sort=sort,
        mood=tone.mood,
        topics=tuple(ranked_topics(reading.theme, similarity)[:_TOPICS]),
    )
    stage(2, "writing the words")
    wording = word(subject, drafter, seed)
    stage(7, "planning the shots" if request.use == "scene" else "checking the plan")
    shots = (
        shots_of(subject, look, wording, drafter, seconds=request.seconds, seed=seed)
        if request.use == "scene"
        else ()
    )
    return Plan(
        facts=reading.facts,
        title=reading.facts.title,
        tagline=wording.tagline,
        body=wording.body,
        call_to_action=wording.call_to_action,
        picture_prompt=look.picture_prompt,
        background_prompt=look.background_prompt,
        palette=look.colours,
        mood=tone.mood,
        tempo_bpm=tone.tempo_bpm,
        key=tone.key,
        meter=tone.meter,
        instruments=tone.instruments,
        shots=shots,
    )
