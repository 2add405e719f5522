"""Shots and captions are added, moved, trimmed and split as values."""

from __future__ import annotations

import pytest

from desktop.document import timing
from desktop.document.assets import AssetStore
from desktop.document.codec import from_dict, to_dict
from desktop.document.model import Caption, Document, Shot
from tests.document.samples import scene


@pytest.fixture
def film() -> Document:
    return scene(AssetStore())


def starts(document: Document) -> list[float]:
    return [caption.start_s for caption in document.captions]


def test_trimming_moves_what_comes_later(film: Document) -> None:
    longer = timing.trimmed(film, "shot0", 6.0)
    assert longer.duration_s == film.duration_s + 2.0
    assert starts(longer) == [0.5, 6.5, 9.25]
    assert film.duration_s == 9.0, "the old document is as it was"


def test_a_shot_never_becomes_shorter_than_can_be_seen(film: Document) -> None:
    short = timing.trimmed(film, "shot1", 0.0)
    assert short.shots[1].duration_s == timing.LEAST_SHOT_S
    assert short.shots[1].dissolve_s <= short.shots[1].duration_s


def test_removing_a_shot_takes_its_captions_and_moves_the_rest(film: Document) -> None:
    rest = timing.without_shot(film, "shot1")
    assert [shot.id for shot in rest.shots] == ["shot0", "shot2"]
    assert starts(rest) == [0.5, 4.25]


def test_splitting_keeps_length_and_the_camera_runs_through(film: Document) -> None:
    cut = timing.split(film, 1.0)
    first, second = cut.shots[:2]
    assert cut.duration_s == film.duration_s
    assert (first.duration_s, second.duration_s) == (1.0, 3.0)
    assert first.camera.end == second.camera.start
    assert second.camera.end == film.shots[0].camera.end
    assert from_dict(to_dict(cut)) == cut, "ids stay unique"


@pytest.mark.parametrize("time_s", [0.0, 0.1, 3.9, 4.0])
def test_splitting_at_an_edge_does_nothing(film: Document, time_s: float) -> None:
    assert timing.split(film, time_s) is film


def test_moving_a_shot_keeps_all(film: Document) -> None:
    moved = timing.with_shot_at(film, "shot2", 0)
    assert [shot.id for shot in moved.shots] == ["shot2", "shot0", "shot1"]
    assert moved.duration_s == film.duration_s


def test_inserting_puts_a_shot_at_its_place(film: Document) -> None:
    more = timing.with_shot_inserted(film, Shot(id="new", name="New", duration_s=1.0), 1)
    assert [shot.id for shot in more.shots] == ["shot0", "new", "shot1", "shot2"]


def test_captions_stay_in_order(film: Document) -> None:
    early = Caption(id="early", text="first", start_s=0.1, end_s=0.4)
    more = timing.with_caption(film, early)
    assert [caption.id for caption in more.captions] == ["early", "c0", "c1", "c2"]
    assert timing.with_caption(more, early).captions == more.captions
    assert timing.without_captions(more, frozenset({"c1"})).captions == (
        more.captions[0],
        more.captions[1],
        more.captions[3],
    )


def test_an_unknown_shot_raises(film: Document) -> None:
    with pytest.raises(KeyError):
        timing.trimmed(film, "nobody", 1.0)
