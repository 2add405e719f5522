"""Pictures and music come from one brief, by rule and by meaning."""

from __future__ import annotations

import pytest

from engines.director.facts import read
from engines.director.look import LEAST_CONTRAST, contrast, daytime, look_of, readable
from engines.director.phrasebook import ranked_topics, topics
from engines.director.sorts import CALLS, sort_of
from engines.director.tone import STYLES, Tone, tone_of
from engines.image.scenery.palettes import PALETTES
from engines.music.instruments import programs_of
from engines.music.moods import MOODS
from engines.music.theory import parse_key
from tests.engines.director.briefs import BRIEFS
from tests.engines.text.models import sentence_encoder


def tone(brief: str, seed: int = 1) -> Tone:
    return tone_of(read(brief).theme, seed, sentence_encoder().similarity)


def test_jazz_is_played_by_a_jazz_band() -> None:
    found = tone("Night market jazz festival, Friday 9 pm, harbour square")
    assert found.style == "jazz"
    assert "drums" in found.instruments
    assert 90 <= found.tempo_bpm <= 150


@pytest.mark.parametrize(
    ("brief", "mood"),
    [
        ("A ghost haunts an old ship, a horror film", "dark"),
        ("Yoga and meditation in the garden", "calm"),
        ("A knight and a dragon fight a battle for the kingdom", "epic"),
        ("Wedding of two people in love", "romantic"),
        ("Charity run for the children's hospital", "hopeful"),
    ],
)
def test_the_mood_follows_the_brief(brief: str, mood: str) -> None:
    assert tone(brief).mood == mood


def test_every_mood_and_instrument_is_known_to_the_music_engine() -> None:
    for stated in BRIEFS:
        found = tone(stated.brief)
        assert found.mood in MOODS
        assert parse_key(found.key).name == found.key
    for style in STYLES:
        assert all(programs_of(name) for name in style.instruments)


def test_the_seed_varies_the_tone_and_repeats_it() -> None:
    brief = "Violin recital in the old church"
    tones = [tone(brief, seed) for seed in range(8)]
    assert len({(found.key, found.tempo_bpm) for found in tones}) > 2
    assert tones[3] == tone(brief, 3)


@pytest.mark.parametrize(
    ("brief", "time"),
    [
        ("Concert, Friday 9 pm", "night"),
        ("Flea market Sat 10am to 4pm", "day"),
        ("Konzert, Freitag 21 Uhr, Hafenplatz", "night"),
        ("音乐会，周五晚上9点", "night"),
        ("A walk by the sea", ""),
        ("Friday night jazz", "night"),
        ("Lunch at noon, town hall", "day"),
    ],
)
def test_the_time_of_day_is_read(brief: str, time: str) -> None:
    assert daytime(read(brief)) == time


def test_a_lighthouse_in_a_storm_is_painted_so() -> None:
    reading = read("A lighthouse keeper waits out a storm")
    similarity = sentence_encoder().similarity
    look = look_of(reading, tone_of(reading.theme, 1, similarity), 1, similarity)
    assert look.family == "lighthouse"
    assert "lighthouse" in look.background_prompt
    assert "sun" not in look.features


def test_a_jazz_festival_shows_a_saxophone_by_night() -> None:
    reading = read("Night market jazz festival, Friday 9 pm, harbour square")
    similarity = sentence_encoder().similarity
    for seed in range(5):
        look = look_of(reading, tone_of(reading.theme, seed, similarity), seed, similarity)
        assert look.thing == "saxophone"
        assert look.palette not in ("day", "dawn", "pastel")


def test_every_palette_can_be_read() -> None:
    for palette in PALETTES:
        colours = readable(palette.colours)
        assert contrast(colours[0], colours[-1]) >= LEAST_CONTRAST
        assert colours[1:] == palette.colours[1:]


def test_the_phrasebook_states_no_fact_and_fits_its_places() -> None:
    for topic in topics():
        beats = (*topic.openings, *topic.middles, *topic.endings)
        for line in (*topic.taglines, *topic.bodies, *beats):
            assert not any(letter.isdigit() for letter in line)
            assert line[0].isupper()
            assert line[-1] in ".!?"
        assert all(len(line) <= 42 for line in beats)
        assert all(len(line) <= 56 for line in topic.taglines)
        assert len(topic.middles) >= 3


@pytest.mark.parametrize(
    ("brief", "topic", "sort"),
    [
        ("Night market jazz festival, Friday 9 pm, harbour square", "jazz", "concert"),
        ("A lighthouse keeper waits out a storm", "sea", "film"),
        ("Beginner's course in watercolour painting, Tuesday 7 pm", "art", "lesson"),
        ("a calm puzzle game about bees", "game", "game"),
        ("Handmade soap from a mountain farm", "shop", "product"),
    ],
)
def test_topic_and_sort_follow_the_brief(brief: str, topic: str, sort: str) -> None:
    reading = read(brief)
    similarity = sentence_encoder().similarity
    assert ranked_topics(reading.theme, similarity)[0].name == topic
    assert sort_of(reading, similarity) == sort
    assert sort in CALLS
