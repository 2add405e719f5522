"""Posters and scenes of all sorts of content can be read and keep their margins."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from desktop.document.assets import AssetStore
from desktop.document.codec import from_dict, to_dict
from desktop.document.contrast import contrast
from desktop.document.layout import (
    PosterContent,
    SceneContent,
    ShotContent,
    lay_out_poster,
    lay_out_scene,
)
from desktop.document.model import Document, PictureLayer, TextLayer
from desktop.document.scoring import score
from desktop.document.templates import TEMPLATES, choose
from desktop.render.captions import SAFE, caption_layer
from desktop.render.eyes import Eyes
from desktop.render.text import measure
from tests.desktop.pages import flat, png

pytestmark = pytest.mark.usefixtures("qapp")

TITLES = (
    "Jazz",
    "A",
    "Night Market",
    "夜市爵士音乐节",
    "Привет мир",
    "Ça ira! Théâtre de l’Été",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "Überführungsmaßnahmen im Straßenverkehr",
    "Rust & Bone: a photographic retrospective, 1974–2024",
    "An Evening of Nordic Folk Songs and Winter Stories by the Fire in the Old Harbour Church",
    "the quick brown fox jumps over the lazy dog and then again since the dog did not mind at all",
)
TAGLINES = (
    "",
    "Quiet.",
    "Brass, lanterns and the tide",
    "灯火与潮水之间",
    "Eine Überfahrt mit Musik und sehr vielen ungewöhnlichen Geschichten aus der Nachbarschaft",
)
BODIES = (
    "",
    "Three stages between the food stalls, open until the last boat leaves.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 8,
    "三个舞台，从黄昏到深夜。欢迎带上朋友。",
)
FACTS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("day", "Friday"),),
    (("day", "Friday"), ("hour", "9 pm"), ("place", "harbour square")),
    (
        ("day", "Saturday 14 December 2026"),
        ("hour", "19:30–23:00 Uhr"),
        ("place", "Veranstaltungszentrum St. Nikolai am Hafenbecken"),
    ),
    (("day", "a"), ("hour", "b"), ("place", "c"), ("names", "Anna, Bob & Company")),
)
CALLS = ("", "Free entry", "Tickets at the door and online from October", "免费入场")
PALETTES = (
    (),
    ("#0b1026", "#27306b", "#c2527a", "#f2b56b", "#ffe9c4"),
    ("#888888", "#999999"),
    ("#ff0000",),
    ("#fff0f0", "#ffffff"),
    ("#000000", "#111111"),
)
PAGES = ((297.0, 420.0), (420.0, 297.0), (300.0, 300.0), (100.0, 300.0), (841.0, 1189.0))
MOODS = ("", "calm", "playful", "tense", "epic")


def backgrounds(assets: AssetStore) -> list[str]:
    """Soft, white, black, and a checkerboard that no ink can be read on."""
    import io

    import numpy as np
    from PIL import Image

    board = (np.indices((60, 40)).sum(axis=0) % 2 * 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(board).resize((400, 600), Image.Resampling.NEAREST).save(buffer, "PNG")
    made = (png(), flat((255, 255, 255)), flat((0, 0, 0)), buffer.getvalue())
    return ["", *(assets.add(data, "png") for data in made)]


def test_a_hundred_and_twenty_posters_pass_every_check() -> None:
    dice, assets = random.Random(11), AssetStore()
    eyes, backs = Eyes(assets), backgrounds(assets)
    pictures = ("", assets.add(png(128, 128, seed=4), "png"))
    templates = itertools.cycle(TEMPLATES)
    for number in range(120):
        content = PosterContent(
            title=dice.choice(TITLES),
            tagline=dice.choice(TAGLINES),
            body=dice.choice(BODIES),
            facts=dice.choice(FACTS),
            call_to_action=dice.choice(CALLS),
            palette=dice.choice(PALETTES),
            mood=dice.choice(MOODS),
            background_asset=dice.choice(backs),
            picture_asset=dice.choice(pictures),
        )
        width_mm, height_mm = dice.choice(PAGES)
        document = lay_out_poster(
            content,
            width_mm=width_mm,
            height_mm=height_mm,
            template=next(templates),
            measure=measure,
            luminance=eyes.luminance,
        )
        result = score(document, measure=measure, luminance=eyes.luminance)
        assert result.passed, (number, content, result)


def laid_out(template: str = "", seed: int = 0, **changes: object) -> tuple[Document, AssetStore]:
    assets = AssetStore()
    content = PosterContent(
        title="Night Market Jazz Festival",
        tagline="Brass, lanterns and the tide",
        body="Three stages between the food stalls.",
        facts=FACTS[2],
        call_to_action="Come early",
        palette=PALETTES[1],
        background_asset=assets.add(png(), "png"),
        picture_asset=assets.add(png(128, 128, seed=2), "png"),
    )
    document = lay_out_poster(
        replace(content, **changes),  # type: ignore[arg-type]
        template=template,
        seed=seed,
        measure=measure,
        luminance=Eyes(assets).luminance,
    )
    return document, assets


def words_of(document: Document) -> str:
    layers = [layer for layer in document.all_layers() if isinstance(layer, TextLayer)]
    return " ".join(" ".join(layer.text for layer in layers).split())


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_shows_all_that_it_is_given(template: str) -> None:
    document, _ = laid_out(template)
    shown = words_of(document)
    for part in ("Night", "Market", "Festival", "lanterns and the tide", "food stalls.", "Friday"):
        assert part in shown
    for part in ("9 pm", "harbour square", "Come early"):
        assert part in shown
    assert sum(isinstance(layer, PictureLayer) for layer in document.all_layers()) == 2
    assert from_dict(to_dict(document)) == document


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_same_content_gives_the_same_page(template: str) -> None:
    assert laid_out(template)[0] == laid_out(template)[0]


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_title_leads(template: str) -> None:
    document, _ = laid_out(template)
    sizes = {x.role: x.size_mm for x in document.all_layers() if isinstance(x, TextLayer)}
    assert sizes["title"] >= 3 * sizes["body"]
    assert max(sizes, key=lambda role: sizes[role]) == "title"


def test_the_seed_varies_the_template_and_the_mood_limits_it() -> None:
    assert len({choose("", seed, wide=False) for seed in range(30)}) > 2
    assert {choose("calm", seed, wide=False) for seed in range(30)} == {"gallery", "arch", "split"}
    assert choose("calm", 1, wide=True) == "split"


def test_an_unknown_template_is_an_error() -> None:
    with pytest.raises(ValueError, match="no template"):
        laid_out("brochure")


def scene_of(count: int, assets: AssetStore, **changes: object) -> Document:
    cameras = itertools.cycle(("in", "left", "right", "out", "still"))
    shots = tuple(
        ShotContent(
            caption=f"What happens in shot {i}, told in one line",
            duration_s=4.0,
            camera=next(cameras),
            picture_asset=assets.add(png(64, 64, seed=i), "png"),
            background_asset=assets.add(png(320, 180, seed=i + 9), "png"),
        )
        for i in range(count)
    )
    content = SceneContent(
        title="The Keeper of the Light", tagline="One night", shots=shots, palette=PALETTES[1]
    )
    return lay_out_scene(
        replace(content, **changes),  # type: ignore[arg-type]
        measure=measure,
        luminance=Eyes(assets).luminance,
    )


def test_a_scene_lasts_its_shots_and_dissolves_between_them() -> None:
    document = scene_of(4, AssetStore())
    assert document.duration_s == 16.0
    assert [shot.dissolve_s for shot in document.shots] == [0.0, 0.5, 0.5, 0.5]
    assert from_dict(to_dict(document)) == document


def test_captions_do_not_overlap_in_time_and_can_be_read_in_it() -> None:
    document = scene_of(4, AssetStore())
    for before, after in itertools.pairwise(document.captions):
        assert before.end_s <= after.start_s
    for caption in document.captions[1:]:
        assert len(caption.text) / (caption.end_s - caption.start_s) < 17
    assert document.captions[-1].end_s <= document.duration_s
    style = document.caption_style
    assert contrast(style.color, style.scrim) >= 7


@pytest.mark.parametrize("title", TITLES)
def test_the_title_card_can_be_read_and_stays_in_the_frame(title: str) -> None:
    assets = AssetStore()
    document = scene_of(2, assets, title=title)
    first = document.shots[0]
    card = replace(
        Document.poster(width_mm=document.width_mm, height_mm=document.height_mm),
        layers=first.layers,
    )
    result = score(card, measure=measure, luminance=Eyes(assets).luminance)
    assert result.passed, result


def test_a_long_caption_gets_smaller_until_it_fits() -> None:
    document = scene_of(1, AssetStore())
    long = replace(document.captions[0], text="many words in a row " * 14)
    layer = caption_layer(document, long)
    assert layer.size_mm < document.caption_style.size_mm
    assert measure(layer).fits(layer)
    assert layer.box.y_mm + layer.box.height_mm <= document.height_mm * (1 - SAFE) + 0.01


def test_an_empty_scene_is_a_scene() -> None:
    assert scene_of(0, AssetStore()).shots == ()
