"""The backgrounds: every family at any size, the same for the same seed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engines.api import BackgroundRequest, Run
from engines.catalog import Catalog
from engines.image.scenery import backgrounds
from engines.image.scenery.engine import BackgroundEngine
from engines.image.scenery.palettes import BY_NAME, custom, luminance, rgb_of
from engines.image.words import vocabulary
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services


def small(image: Image.Image) -> np.ndarray:
    """Return a picture as 24 x 24 values, to compare what is on it and not its pixels."""
    return np.asarray(image.resize((24, 24), Image.Resampling.BOX), np.float32)


@pytest.mark.parametrize("family", backgrounds.families())
def test_a_family_is_the_same_drawing_at_two_sizes(family: str) -> None:
    prompt = backgrounds.BY_FAMILY[family].name
    low, high = (backgrounds.draw(prompt, 5, side, side) for side in (96, 240))
    assert low.size == (96, 96) and high.size == (240, 240)
    assert np.abs(small(low) - small(high)).mean() < 8
    assert small(high).std() > 2


@pytest.mark.parametrize("family", backgrounds.families())
@pytest.mark.parametrize("size", [(160, 90), (88, 124)])
def test_a_family_fits_any_format(family: str, size: tuple[int, int]) -> None:
    assert backgrounds.draw(family, 1, *size).size == size


def test_same_seed_same_picture_and_another_seed_another() -> None:
    one, again, other = (backgrounds.draw("mountains", seed, 64, 64) for seed in (3, 3, 4))
    assert one.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    ("prompt", "family"),
    [
        ("A lighthouse keeper waits out a storm", "lighthouse"),
        ("Night market jazz festival, harbour square", "skyline"),
        ("autumn hike in the alps", "mountains"),
        ("a whale in the ocean", "sea"),
        ("polished marble", "marble"),
    ],
)
def test_words_find_the_family(prompt: str, family: str) -> None:
    assert backgrounds.family_of(prompt, np.random.default_rng(0)).name == family


def test_a_prompt_names_its_palette() -> None:
    family = backgrounds.BY_FAMILY["mountains"]
    found = backgrounds.palette_of("mountains at sunset", family, np.random.default_rng(0))
    assert found.name == "sunset"


def test_a_given_palette_rules_the_colours() -> None:
    image = backgrounds.draw("gradient", 2, 64, 64, ("#200000", "#ff3030", "#ffd0d0"))
    red, green, blue = np.asarray(image, np.float32).mean((0, 1))
    assert red > green + 20 and red > blue + 20


def test_a_custom_palette_is_sorted_from_dark_to_light() -> None:
    made = custom(("#ffffff", "#000000", "#808080"))
    assert made.colours == ("#000000", "#808080", "#ffffff")
    assert made.at(0.0).max() < 0.01 and made.at(1.0).min() > 0.99


def test_the_named_palettes_run_from_dark_to_light() -> None:
    for palette in BY_NAME.values():
        assert luminance(palette.colours[0]) < luminance(palette.colours[-1])
        assert rgb_of(palette.colours[0]) == pytest.approx(tuple(palette.at(0.0)), abs=0.01)


def test_a_feature_asked_for_is_drawn() -> None:
    family, night = backgrounds.BY_FAMILY["mountains"], BY_NAME["night"]
    drawn = backgrounds.draw_family(family, night, 1, (64, 64), wanted=frozenset({"moon", "lake"}))
    assert {"moon", "lake"} <= set(drawn.caption.split(", "))
    assert drawn.caption.startswith("layered mountains, night colours")


def test_the_engine_answers_with_a_png_of_that_size() -> None:
    memory = MemoryManager(SimulatedDevice(2**31, name="cpu"))
    services = Services(Catalog(()), memory, lambda request, run: None)
    request = BackgroundRequest(prompt="waves", seed=1, width_px=120, height_px=80)
    answer = BackgroundEngine(services).run(request, Run())
    with Image.open(io.BytesIO(answer.pictures[0].png)) as image:
        assert image.size == (120, 80) and image.format == "PNG" and not image.info
    assert memory.status().working_bytes == 0


def test_captions_are_in_the_words_of_the_generator() -> None:
    words = vocabulary.caption("mountains", "sunset", thing="fox", features=("sun",))
    assert words == "a fox before layered mountains, sunset colours, sun"
    assert backgrounds.family_of(words, np.random.default_rng(0)).name == "mountains"


@pytest.mark.parametrize(
    ("text", "thing"),
    [("Night market jazz festival", "saxophone"), ("the steam train leaves", "steam train")],
)
def test_a_text_finds_its_thing(text: str, thing: str) -> None:
    found = vocabulary.thing_of(text)
    assert found is not None and found.name == thing


def test_a_text_without_a_thing_finds_none() -> None:
    assert vocabulary.thing_of("quarterly numbers") is None
