"""The facts of a brief are read by rule and never altered."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.director.facts import read
from engines.director.titles import title_of
from tests.engines.director.briefs import BRIEFS, Stated


@pytest.mark.parametrize("stated", BRIEFS, ids=lambda stated: stated.brief[:40])
def test_facts_are_found(stated: Stated) -> None:
    facts = read(stated.brief).facts
    assert facts.title == stated.title
    assert (facts.day, facts.hour, facts.place) == (stated.day, stated.hour, stated.place)
    assert set(stated.names) <= set(facts.names)


@pytest.mark.parametrize("stated", BRIEFS, ids=lambda stated: stated.brief[:40])
def test_every_fact_stands_in_the_brief(stated: Stated) -> None:
    facts = read(stated.brief).facts
    for fact in (facts.day, facts.hour, facts.place, *facts.names):
        assert fact in stated.brief


def test_no_word_of_a_brief_is_lost() -> None:
    brief = "Quiz evening about space, 19:30, planetarium, free entry, teams of four"
    reading = read(brief)
    assert reading.details == ("free entry", "teams of four")


@pytest.mark.parametrize(
    ("brief", "language"),
    [
        ("A lighthouse keeper waits out a storm", "en"),
        ("Jazzfestival auf dem Nachtmarkt, Freitag 21 Uhr, Hafenplatz", "de"),
        ("Festival de jazz au marché de nuit, vendredi 21h", "fr"),
        ("Taller de cerámica para niños, sábado 11:00", "es"),
        ("夜市爵士音乐节，周五晚上9点", "zh"),
    ],
)
def test_the_language_is_known(brief: str, language: str) -> None:
    assert read(brief).language == language


def test_a_brief_in_chinese_has_an_english_theme() -> None:
    theme = read("夜市爵士音乐节，周五晚上9点，海港广场").theme
    assert {"jazz", "market", "harbour"} <= set(theme.split())


def test_a_long_title_is_cut_between_its_parts() -> None:
    title = title_of("a very large and rather long festival of songs for people who like to sing")
    assert title == "Very Large and Rather Long Festival"


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=120))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text or "x")
    for fact in (reading.facts.day, reading.facts.hour, reading.facts.place):
        assert fact in reading.brief
