"""Answer a text request: words that stream, can be stopped and repeat with their seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from engines.api import BadRequest, Kind, ModelSpec, Run, TextRequest, TextResult
from engines.sampling import Sampling
from engines.services import Services
from engines.text import needs
from engines.text.chat import Conversation, render
from engines.text.components import language_component
from engines.text.constraint import Constraint
from engines.text.language_model import LanguageModel, read_shape
from engines.text.reading import Climb, ladder
from engines.text.writing import Order, Writing, check_fits, write

_PREVIEW_S = 1 / 15


class TextEngine:
    """Words from an instruct model of the library."""

    kind: ClassVar[Kind] = Kind.TEXT

    def __init__(self, services: Services) -> None:
        self._catalog = services.catalog
        self._memory = services.memory

    def run(self, request: TextRequest, run: Run) -> TextResult:
        """Write; the text of the result begins with the request's prefix.

        Raises:
            BadRequest: prompt and answer do not fit the model, or the schema
                is not usable.
        """
        spec = self._catalog.get(request.model, Kind.TEXT)
        shape = read_shape(Path(spec.path))
        run.step(0, request.max_tokens, stage="loading")
        component = language_component(spec, self._memory.device)
        working = needs.writing(spec.id, shape, needs.most_tokens(request, shape))
        with self._memory.lease(component, working=working, run=run) as (model,):
            climb = ladder(self._memory, run, working, component, model)
            return _answer(model, spec, request, run, climb)


def _answer(
    model: LanguageModel, spec: ModelSpec, request: TextRequest, run: Run, climb: Climb
) -> TextResult:
    talk = Conversation(prompt=request.prompt, system=request.system, prefix=request.prefix)
    prompt_ids = render(model, talk)
    check_fits(model, len(prompt_ids), request.max_tokens)
    order = Order(
        prompt_ids=prompt_ids,
        seed=request.seed,
        max_tokens=request.max_tokens,
        sampling=Sampling(
            temperature=request.temperature,
            top_p=request.top_p,
            min_p=request.min_p,
            repetition_penalty=request.repetition_penalty,
        ),
        stops=request.stop,
        constraint=Constraint(model, request.json_schema) if request.json_schema else None,
        prefix=request.prefix,
    )
    writing = write(model, order, _previews(request, run), climb)[0]
    if order.constraint is not None and writing.stopped == "length":
        raise BadRequest(f"an answer of this form does not fit into {request.max_tokens:,} tokens")
    text = request.prefix + writing.text
    run.step(request.max_tokens, request.max_tokens, text, stage="writing")
    return TextResult(
        text=text,
        tokens=writing.tokens,
        stopped=writing.stopped,
        seed=request.seed,
        model=spec.id,
    )


def _previews(request: TextRequest, run: Run) -> Callable[[int, Sequence[Writing]], None]:
    """Show the text so far, 15 times a second at most; a cancel is looked for at each token."""
    last_s = 0.0

    def on_token(done: int, writings: Sequence[Writing]) -> None:
        nonlocal last_s
        run.token.check()
        now_s = time.monotonic()
        if now_s - last_s < _PREVIEW_S:
            return
        last_s = now_s
        text = request.prefix + (writings[0].stream.preview if writings else "")
        run.step(done, request.max_tokens, text, stage="writing")

    return on_token
