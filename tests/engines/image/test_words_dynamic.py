"""Choices and lists of words: each picture draws its own, the same for the same seed."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.api import BadRequest, ImageRequest, RegionPrompt
from engines.catalog import Catalog
from engines.image.words.dynamic_prompts import expand, wordings
from engines.image.words.wildcards import MOST_BYTES, Wildcards

NONE = Wildcards()


def drawn(text: str, lists: Wildcards = NONE, count: int = 300) -> Counter[str]:
    return Counter(expand(text, str(seed), lists) for seed in range(count))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "wildcards"
    (place / "people").mkdir(parents=True)
    (place / "colours.txt").write_text("# remark\nred\n\n3::blue\n", encoding="utf-8")
    (place / "people" / "jobs.txt").write_text("a {tall|small} baker in __colours__\n")
    return place


def test_one_of_several() -> None:
    found = drawn("a {red|blue|} fox")
    assert found.keys() == {"a red fox", "a blue fox", "a  fox"}
    assert min(found.values()) > 60


def test_several_different_ones_and_what_joins_them() -> None:
    assert drawn("{2$$a|b|c}").keys() == {"a, b", "b, a", "a, c", "c, a", "b, c", "c, b"}
    assert drawn("{2$$ and $$a|b}").keys() == {"a and b", "b and a"}
    assert drawn("{1-2$$+$$a|b}").keys() == {"a", "b", "a+b", "b+a"}
    assert drawn("{9$$a|b}").keys() == {"a, b", "b, a"}
    assert drawn("{-2$$a|b}").keys() == {"a", "b", "a, b", "b, a"}
    assert drawn("{0-1$$a|b}").keys() == {"", "a", "b"}
    assert drawn("{2-$$a|b|c}").keys() >= {"a, b", "a, b, c"}


def test_odds() -> None:
    found = drawn("{3::red|blue|0::green}", count=2_000)
    assert found.keys() == {"red", "blue"}
    assert 2.4 < found["red"] / found["blue"] < 3.7


def test_choices_nest() -> None:
    assert drawn("{a {b|c}|{d|e}{f|g}}").keys() == {"a b", "a c", "df", "dg", "ef", "eg"}


def test_lists_are_taken_by_name_and_hold_choices(folder: Path) -> None:
    lists = Wildcards([folder])
    colours = drawn("__colours__ sky", lists, 1_000)
    assert colours.keys() == {"red sky", "blue sky"}
    assert 2.2 < colours["blue sky"] / colours["red sky"] < 4
    assert "a tall baker in red" in drawn("__people/jobs__", lists)
    assert drawn("{2$$__colours__}", lists).keys() == {"red, blue", "blue, red"}


def test_a_star_takes_all_lists_it_fits(folder: Path) -> None:
    (folder / "people" / "kings.txt").write_text("Arthur\n")
    lists = Wildcards([folder])
    assert drawn("__people/k*__", lists).keys() == {"Arthur"}
    assert {"Arthur", "a small baker in blue"} <= drawn("__people/*__", lists).keys()
    assert "Arthur, red" in drawn("{1-$$__*__}", lists, 2_000)
    with pytest.raises(BadRequest, match="no list"):
        expand("__animals/*__", "1", lists)


def test_what_is_not_there_is_told(folder: Path) -> None:
    lists = Wildcards([folder])
    (folder / "empty.txt").write_text("\n# only a remark\n")
    (folder / "large.txt").write_bytes(b"a\n" * MOST_BYTES)
    (folder / "round.txt").write_text("__round__\n")
    (folder.parent / "secret.txt").write_text("secret\n")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    for name, reason in {
        "none": "no list none.txt", "empty": "is empty", "large": "larger than",
        "round": "back to themselves", "../secret": "no list", "link": "no list",
    }.items():  # fmt: skip
        if name.startswith("."):
            assert expand(f"__{name}__", "1", lists) == f"__{name}__"
            name = f"people/{name}/../secret"
        with pytest.raises(BadRequest, match=reason):
            expand(f"a __{name}__", "1", lists)


def test_what_is_not_closed_is_no_choice() -> None:
    for text in ("a { b", "a } b", "} {", "__ a __", "__init", "a_b__c", "a::b|c"):
        assert expand(text, "1", NONE) == text
    assert drawn("{ {a|b}").keys() == {"{ a", "{ b"}


@given(st.text().filter(lambda text: "{" not in text and "__" not in text), st.integers(0, 9))
def test_a_prompt_without_choices_stays_as_it_is(text: str, seed: int) -> None:
    assert expand(text, str(seed), NONE) == text


@given(st.text(alphabet="{}|$:1-a, "))
def test_any_braces_end_in_words(text: str) -> None:
    assert expand(text, "1", NONE) == expand(text, "1", NONE)


@pytest.mark.parametrize("text", ["{" * 50_000, "{a}" * 20_000, "__a -" * 20_000, "{a|" * 30_000])
def test_hostile_texts_end_soon(text: str) -> None:
    start_s = time.process_time()
    try:
        expand(text, "1", NONE)
    except BadRequest as error:
        assert "choices" in str(error)
    assert time.process_time() - start_s < 2


def test_each_picture_draws_by_its_own_seed() -> None:
    region = RegionPrompt(prompt="{a|b|c|d}", mask=b"")
    asked = {"prompt": "{a|b|c|d} fox", "negative": "{x|y|z}", "regions": (region,)}
    whole = wordings(ImageRequest(**asked, seed=5, count=8), NONE)
    assert len({one.prompt for one in whole}) > 1
    assert len({one.negative for one in whole}) > 1
    assert len({one.regions for one in whole}) > 1
    assert wordings(ImageRequest(**asked, seed=7), NONE) == whole[2:3]
    changed = wordings(ImageRequest(**{**asked, "prompt": "a {x|y} fox"}, seed=5, count=8), NONE)
    assert [one.negative for one in changed] == [one.negative for one in whole]


def test_the_library_knows_where_the_lists_lie(tmp_path: Path) -> None:
    theirs = tmp_path / "webui"
    places = [theirs / "wildcards", theirs / "extensions" / "sd-dynamic-prompts" / "wildcards"]
    for place in places:
        place.mkdir(parents=True)
    catalog = Catalog((), library=tmp_path / "library")
    assert catalog.wildcards() == (tmp_path / "library" / "wildcards",)
    catalog.add_folder(theirs)
    assert catalog.wildcards() == (tmp_path / "library" / "wildcards", *places)
