"""The text engine with the real starter model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engines.api import BadRequest, Cancelled, CancelToken, Progress, Run, TextRequest, TextResult
from engines.text.engine import TextEngine
from tests.engines.text.models import services

REQUEST = TextRequest(prompt="Write one sentence about the sea.", seed=4, max_tokens=24)


def answer(request: TextRequest, run: Run | None = None) -> TextResult:
    return TextEngine(services()).run(request, run or Run())


def test_same_seed_gives_the_same_words_and_another_seed_others() -> None:
    first, again = answer(REQUEST), answer(REQUEST)
    assert first == again
    assert first.model == "smollm2-135m-instruct"
    assert first.text.strip()
    assert answer(replace(REQUEST, seed=5)).text != first.text


def test_temperature_zero_does_not_depend_on_the_seed() -> None:
    calm = replace(REQUEST, temperature=0.0, max_tokens=8)
    assert answer(calm).text == answer(replace(calm, seed=99)).text


def test_the_answer_begins_with_the_prefix() -> None:
    result = answer(replace(REQUEST, prefix="The harbour at night is", max_tokens=12))
    assert result.text.startswith("The harbour at night is ")
    assert len(result.text) > len("The harbour at night is ")


def test_previews_grow_into_the_answer() -> None:
    seen: list[Progress] = []
    result = answer(REQUEST, Run(CancelToken(), seen.append))
    texts = [step.preview for step in seen if isinstance(step.preview, str)]
    assert texts[-1] == result.text
    assert all(result.text.startswith(text) for text in texts)
    assert seen[0].stage == "loading"


def test_a_stop_string_ends_the_answer_and_is_left_out() -> None:
    whole = answer(replace(REQUEST, max_tokens=20))
    stop = whole.text[len(whole.text) // 2 :][:3]
    cut = answer(replace(REQUEST, max_tokens=20, stop=(stop,)))
    assert cut.stopped == "stop"
    assert stop not in cut.text
    assert whole.text.startswith(cut.text)


def test_the_length_limit_is_kept() -> None:
    result = answer(replace(REQUEST, prompt="Tell a very long story.", max_tokens=5))
    assert (result.tokens, result.stopped) == (5, "length")


def test_a_cancel_stops_within_a_few_tokens() -> None:
    token = CancelToken()
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "writing":
            token.cancel()

    with pytest.raises(Cancelled):
        answer(replace(REQUEST, max_tokens=400), Run(token, report))
    assert len([step for step in seen if step.stage == "writing"]) == 1
    assert not any(resident.leased for resident in services().memory.status().residents)


SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 40},
        "mood": {"enum": ["calm", "dark"]},
        "bars": {"type": "integer", "minimum": 4, "maximum": 64},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
    "required": ["title", "mood", "bars", "tags"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(("seed", "max_tokens"), [(1, 120), (2, 120), (3, 40)])
def test_json_obeys_its_schema(seed: int, max_tokens: int) -> None:
    request = replace(REQUEST, json_schema=json.dumps(SCHEMA), seed=seed, max_tokens=max_tokens)
    found = json.loads(answer(request).text)
    assert set(found) == {"title", "mood", "bars", "tags"}
    assert isinstance(found["title"], str)
    assert len(found["title"]) <= 40
    assert found["mood"] in ("calm", "dark")
    assert 4 <= found["bars"] <= 64
    assert len(found["tags"]) <= 3


def test_json_goes_on_from_its_prefix() -> None:
    prefix = '{"title":"The Last'
    result = answer(replace(REQUEST, json_schema=json.dumps(SCHEMA), prefix=prefix, max_tokens=120))
    assert json.loads(result.text)["title"].startswith("The Last")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"json_schema": "{not json"}, "schema"),
        ({"json_schema": "[1, 2]"}, "not a JSON object"),
        ({"json_schema": '{"type": "nonsense"}'}, "schema"),
        ({"json_schema": json.dumps(SCHEMA), "max_tokens": 3}, "does not fit"),
        ({"json_schema": json.dumps(SCHEMA), "prefix": "Dear"}, "does not obey"),
        ({"max_tokens": 9000}, "8,192"),
        ({"prompt": "word " * 9000}, "8,192"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    change: dict[str, object], reason: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        answer(replace(REQUEST, **change))  # type: ignore[arg-type]
    assert reason in caught.value.reason
