"""Many texts from one prompt, what they cost in memory, and meanings."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.api import BadRequest, Kind, ModelRefused
from engines.sampling import Sampling
from engines.text.candidates import Draft, draft
from engines.text.chat import Conversation, render
from engines.text.language_model import read_shape
from engines.text.writing import Order, write
from tests.engines.text.models import language_model, sentence_encoder, services

TALK = Conversation(
    prompt="Write a line about bees.", examples=[("A line about cats.", "Soft paws.")]
)


def asked(count: int, seed: int = 1) -> Draft:
    return Draft(talk=TALK, seed=seed, count=count, max_tokens=24, sampling=Sampling(min_p=0.05))


def test_candidates_differ_and_repeat_with_their_seed() -> None:
    model = language_model()
    first = draft(model, asked(6), lambda done, text: None)
    again = draft(model, asked(6), lambda done, text: None)
    assert first == again
    assert len({candidate.text for candidate in first}) > 1
    assert all(candidate.mean_log_probability < 0 for candidate in first)


def test_the_likeliest_words_score_best() -> None:
    order = Order(
        prompt_ids=render(language_model(), TALK),
        seed=1,
        max_tokens=6,
        rows=2,
        sampling=Sampling(temperature=0.0),
    )
    greedy, same = write(language_model(), order, lambda done, writings: None)
    bold = write(
        language_model(),
        Order(prompt_ids=order.prompt_ids, seed=1, max_tokens=6, sampling=Sampling(temperature=4)),
        lambda done, writings: None,
    )[0]
    assert greedy.text == same.text
    assert greedy.mean_log_probability > bold.mean_log_probability


def test_examples_and_question_reach_the_model_in_order() -> None:
    model = language_model()
    text = model.tokenizer.decode(render(model, TALK))
    places = [text.index(part) for part in ("about cats", "Soft paws", "about bees")]
    assert places == sorted(places)


def test_a_template_that_fails_is_a_bad_request(monkeypatch: pytest.MonkeyPatch) -> None:
    model = language_model()
    monkeypatch.setattr(model.tokenizer, "chat_template", "{{ raise_exception('no') }}")
    with pytest.raises(BadRequest, match="chat template"):
        render(model, TALK)


def test_a_template_cannot_reach_python(monkeypatch: pytest.MonkeyPatch) -> None:
    model = language_model()
    hostile = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    monkeypatch.setattr(model.tokenizer, "chat_template", hostile)
    with pytest.raises(BadRequest, match="chat template"):
        render(model, TALK)


def test_the_shape_says_what_the_context_costs() -> None:
    shape = read_shape(Path(services().catalog.get("smollm2-135m-instruct", Kind.TEXT).path))
    assert shape.cache_bytes_per_token == 2 * 30 * 3 * 64 * 2
    assert shape.working_bytes(2000) - shape.working_bytes(1000) >= 1000 * 23040
    assert shape.context_tokens == 8192


def test_a_folder_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused):
        read_shape(tmp_path)
    (tmp_path / "config.json").write_text('{"hidden_size": "wide"}')
    with pytest.raises(ModelRefused):
        read_shape(tmp_path)


def test_near_meanings_are_near() -> None:
    encoder = sentence_encoder()
    jazz, tax = encoder.similarity("a jazz concert", ("music at night", "a tax return"))
    assert jazz > tax + 0.2
    vectors = encoder.encode(("one", "a much longer text about the sea"))
    assert vectors.norm(dim=-1).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_common_words_are_known_and_invented_ones_are_not() -> None:
    encoder = sentence_encoder()
    assert all(encoder.is_common(word) for word in ("lantern", "lanterns", "glowing", "sea"))
    assert not any(encoder.is_common(word) for word in ("nouddin", "arerearrered", "xtv"))
