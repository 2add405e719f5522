"""Weights, BREAK and AND in a prompt; no text is wrong, and a plain one stays as it is."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engines.image.words.prompt_syntax import MOST_WEIGHT, Part, Piece, parse, plain

SIGNS = st.text(alphabet="ab ,:.13()[]\\BREAKND\n")


def pieces(text: str) -> tuple[Piece, ...]:
    """Return the pieces of a prompt of one part and one section."""
    (part,) = parse(text)
    (section,) = part.sections
    return section


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a (cat)", [("a ", 1.0), ("cat", 1.1)]),
        ("((cat))", [("cat", 1.1 * 1.1)]),
        ("[cat]", [("cat", 1 / 1.1)]),
        ("(cat:1.3) b", [("cat", 1.3), (" b", 1.0)]),
        ("(cat : 0.5 )", [("cat ", 0.5)]),
        ("(cat:-1)", [("cat", -1.0)]),
        ("(a (b:2) c:0.5)", [("a ", 0.5), ("b", 1.0), (" c", 0.5)]),
        (r"a \(cat\) \[b\] \\", [(r"a (cat) [b] " + "\\", 1.0)]),
        (r"a \o/", [(r"a \o/", 1.0)]),
        ("(cat, dog", [("cat, dog", 1.1)]),
        ("cat) dog] 16:9", [("cat) dog] 16:9", 1.0)]),
        (":3) cat", [(":3) cat", 1.0)]),
        ("(embedding:style:1.2)", [("embedding:style", 1.2)]),
    ],
)
def test_brackets_weigh(text: str, wanted: list[tuple[str, float]]) -> None:
    found = pieces(text)
    assert [piece.text for piece in found] == [words for words, _weight in wanted]
    assert [piece.weight for piece in found] == pytest.approx([weight for _, weight in wanted])


def test_break_begins_a_new_section_inside_brackets_too() -> None:
    (part,) = parse("a cat BREAK (moon\nBREAK sun:0.5)")
    assert part.sections == ((Piece("a cat"),), (Piece("moon", 0.5),), (Piece("sun", 0.5),))
    assert parse("BREAKFAST") == (Part(((Piece("BREAKFAST"),),)),)


def test_and_mixes_parts_by_their_shares() -> None:
    parts = parse("a red fox AND a (wolf) :0.4")
    assert [part.share for part in parts] == [1.0, 0.4]
    assert parts[0].sections == ((Piece("a red fox"),),)
    assert parts[1].sections == ((Piece("a "), Piece("wolf", 1.1)),)
    assert [part.share for part in parse("a :0 AND b :0")] == [1.0, 1.0]
    assert [part.share for part in parse("a :-3 AND b")] == [0.0, 1.0]
    assert len(parse("LAND AND SANDY")) == 2


def test_words_alone() -> None:
    assert plain("a (red:1.4) \\(fox\\) BREAK [b] AND c :0.2") == "a red (fox) b c"


@given(SIGNS)
@example("(" * 500 + "a" + ")" * 500)
def test_any_text_parses_to_finite_weights(text: str) -> None:
    for part in parse(text):
        assert part.sections and part.share >= 0
        for section in part.sections:
            for piece in section:
                assert piece.text
                assert math.isfinite(piece.weight) and abs(piece.weight) <= MOST_WEIGHT


@given(st.text().filter(lambda text: not set("()[]\\") & set(text)))
def test_a_prompt_without_syntax_stays_as_it_is(text: str) -> None:
    if "BREAK" not in text and "AND" not in text:
        assert parse(text) == (Part(((Piece(text),) if text else (),)),)


@pytest.mark.parametrize(
    "text", ["(" * 50_000, "(a" * 30_000, ":" + "1" * 90_000, " " * 90_000 + "BREAK", "[)" * 40_000]
)
def test_hostile_texts_cost_no_more_than_their_length(text: str) -> None:
    start_s = time.process_time()
    parse(text)
    assert time.process_time() - start_s < 2
