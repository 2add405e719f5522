"""The material of the picture training: packages, licences, captions and put-together pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.api import BadRequest
from engines.image.words.vocabulary import OBJECTS, caption
from engines.training.image import bank, captions, concepts, packages, pictures, sources
from engines.training.image.captions import Ground
from engines.training.image.colour_words import colour_word
from tests.engines.image import training_material as material

RED, BLUE = (220, 30, 30), (30, 60, 220)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bank.Bank:
    monkeypatch.setattr(bank, "HELD_SCENES", 6)
    return material.tiny_bank(tmp_path)


@pytest.fixture
def drawn_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw every SVG as a red square, so that no rasteriser is needed."""
    monkeypatch.setattr(sources, "rasterise", lambda svg: material.cutout(RED))


def test_what_the_director_asks_for_is_taught_and_never_held_out() -> None:
    for thing in OBJECTS:
        assert not concepts.BY_NAME[thing.name].held
        assert concepts.BY_NAME[thing.name].weight > 1
    held = [concept for concept in concepts.CONCEPTS if concept.held]
    assert 30 < len(held) < 70
    assert len(concepts.CONCEPTS) > 500


def test_a_title_names_the_longest_concept_in_it() -> None:
    found = {title: concepts.named_in(title) for title in ("hot_dog_01", "Big fox", "no such")}
    assert {title: concept and concept.name for title, concept in found.items()} == {
        "hot_dog_01": "hot dog",
        "Big fox": "fox",
        "no such": None,
    }


def test_emoji_are_found_by_slug_with_all_their_styles(tmp_path: Path, drawn_red: None) -> None:
    noto = material.icons("noto", "Apache-2.0", ("fox", "cat-face", "abacus"))
    chars = {"1f98a": "fox", "1f436": "dog-face"}
    noto["package/chars.json"] = json.dumps(chars).encode()
    material.write_tgz(tmp_path / "iconify-json-noto-1.0.0.tgz", noto)
    fxemoji = material.icons("fxemoji", "Apache-2.0", ("redapple", "x"))
    material.write_tgz(tmp_path / "iconify-json-fxemoji-1.0.0.tgz", fxemoji)
    webp = material.png_bytes(material.cutout(BLUE), "WEBP")
    solid = {"package/assets/1f98a.webp": webp, "package/assets/1f000.webp": webp}
    material.write_tgz(tmp_path / "lobehub-fluent-emoji-3d-1.0.0.tgz", solid)
    found = [(cutout.name, cutout.style) for cutout in sources.cutouts((str(tmp_path),))]
    assert sorted(found) == [
        ("apple", "icon"), ("cat", "cartoon"), ("fox", "3d"), ("fox", "cartoon"),
    ]  # fmt: skip


def test_a_set_under_another_licence_is_refused(tmp_path: Path, drawn_red: None) -> None:
    files = material.icons("noto", "CC-BY-SA-4.0", ("fox",))
    material.write_tgz(tmp_path / "iconify-json-noto-9.9.9.tgz", files)
    with pytest.raises(BadRequest, match="CC-BY-SA"):
        list(sources.cutouts((str(tmp_path),)))


def test_only_clip_art_in_the_public_domain_is_taken(tmp_path: Path, drawn_red: None) -> None:
    free = b'<svg><license rdf:resource="http://web.resource.org/cc/PublicDomain"/></svg>'
    files = {
        "./svg/animals/red_fox_01.svg": free,
        "./svg/animals/owl.svg": b"<svg>GPL</svg>",
        "./svg/computer/icons/cat.svg": free,
        "./svg/animals/nothing_known.svg": free,
    }
    material.write_deb(tmp_path / "openclipart-svg_1_all.deb", files)
    found = [(cutout.name, cutout.style) for cutout in sources.cutouts((str(tmp_path),))]
    assert found == [("fox", "clip art")]


def test_only_photographs_in_the_public_domain_are_taken(tmp_path: Path) -> None:
    rules = (
        "Files: *\nLicense: GPL-3+\n\n"
        "Files: images/land/*\nCopyright: A\nLicense: public-domain\n\n"
        "Files:\n images/land/beach0*\n images/land/fog2*\nCopyright: B\nLicense: CC-BY-SA-4.0\n"
    )
    jpeg = material.png_bytes(Image.new("RGB", (90, 45), BLUE), "JPEG")
    names = ("beach0", "beach1", "fog2-b", "station1")
    files = {f"./games/images/land/{name}.jpg": jpeg for name in names}
    files["./doc/copyright"] = rules.encode()
    material.write_deb(tmp_path / "endless-sky-data_1_all.deb", files)
    assert [photo.name for photo in sources.photographs((str(tmp_path),))] == ["a beach"]


@pytest.mark.parametrize("content", [b"", b"!<arch>\nx", b"not a package" * 50])
@pytest.mark.parametrize("suffix", [".deb", ".tgz"])
def test_a_broken_package_is_a_bad_request(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadRequest, match="broken"):
        list(packages.members(path, (".svg",)))


def test_a_missing_folder_is_a_bad_request(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no folder"):
        list(sources.cutouts((str(tmp_path / "none"),)))


def test_a_bank_is_made_once(tiny: bank.Bank, tmp_path: Path) -> None:
    again = bank.open_or_make(tmp_path / "bank", ("/nowhere",), 99, side_px=1)
    assert again.grounds == tiny.grounds and again.things == tiny.things
    assert (tiny.side_px, tiny.scenes.shape) == (64, (12, 72, 72, 3))
    assert [thing.name for thing in tiny.things if thing.held] == ["moon"]
    colours = {thing.name: thing.colour for thing in tiny.things}
    assert colours == {"fox": "orange", "moon": "blue", "red kite": "blue"}


def test_held_out_things_are_only_on_held_out_pictures(tiny: bank.Bank) -> None:
    known, held = pictures.Pictures(tiny), pictures.Pictures(tiny, held=True)
    rng = np.random.default_rng(0)
    seen = [known.draw(rng, "thing")[1] for _ in range(40)]
    unseen = [held.draw(rng, "thing")[1] for _ in range(40)]
    assert not any("moon" in words for words in seen)
    assert all("moon" in words for words in unseen)


def test_pictures_differ_each_time_and_repeat_by_seed(tiny: bank.Bank) -> None:
    source = pictures.Pictures(tiny)
    assert set(source.shares) == {"thing on a scene", "thing", "scene"}
    assert sum(source.shares.values()) == pytest.approx(1)
    one, same = source.many(6, seed=1), source.many(6, seed=1)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, source.many(6, seed=2))
    assert one.shape == (6, 64, 64, 3)


def test_a_colour_in_a_caption_is_on_the_picture(tiny: bank.Bank) -> None:
    source, rng = pictures.Pictures(tiny), np.random.default_rng(3)
    checked = 0
    for _ in range(200):
        pixels, words = source.draw(rng, "thing")
        said = [word for word in ("green", "purple", "pink", "blue") if f"a {word} fox" in words]
        if said:
            assert colour_word(pixels[24:40, 24:40].reshape(-1, 3)) == said[0]
            checked += 1
    assert checked > 5


def test_the_closing_phase_favours_what_posters_are_made_of(tiny: bank.Bank) -> None:
    asked = tuple(replace(thing, style="3d") for thing in tiny.things)
    known = pictures.Pictures(replace(tiny, things=asked))
    closing = replace(known, closing=True)
    others, coloured = [], []
    for source in (known, closing):
        rng = np.random.default_rng(1)
        said = [source.draw(rng, "thing")[1] for _ in range(600)]
        others.append(sum("fox" not in words for words in said))
        colours = ("orange", "green", "purple", "pink", "blue", "teal", "red", "yellow")
        coloured.append(sum(any(f"{c} fox" in words for c in colours) for words in said))
    assert others[1] < 0.75 * others[0] and coloured[1] > 1.5 * coloured[0]


@pytest.mark.parametrize(
    ("rgb", "word"),
    [
        ((220, 30, 30), "red"), ((250, 140, 30), "orange"), ((250, 220, 60), "yellow"),
        ((40, 160, 60), "green"), ((20, 150, 150), "teal"), ((40, 90, 210), "blue"),
        ((120, 60, 190), "purple"), ((250, 150, 190), "pink"), ((120, 75, 45), "brown"),
        ((10, 10, 12), "black"), ((128, 130, 128), "grey"), ((250, 250, 248), "white"),
    ],
)  # fmt: skip
def test_colours_have_the_names_people_use(rgb: tuple[int, int, int], word: str) -> None:
    assert colour_word(np.full((9, 3), rgb, np.uint8)) == word


def test_no_word_for_many_colours_or_none() -> None:
    many = np.array([RED, BLUE, (40, 160, 60), (250, 220, 60)], np.uint8)
    assert colour_word(many) == ""
    assert colour_word(many[:0]) == ""


def test_most_captions_have_the_form_that_the_director_writes() -> None:
    ground = Ground("forest", "a forest of firs", "green", ("sun",))
    rng = np.random.default_rng(0)
    written = [captions.on_scene("a fox", ground, rng) for _ in range(200)]
    fixed = caption("forest", "green", thing="fox", features=("sun",))
    assert written.count(fixed) > 80
    assert len(set(written)) > 4


def test_articles_suit_plurals_and_stuffs() -> None:
    said = [captions.with_article(name) for name in ("fox", "owl", "skis", "bus", "rice", "dress")]
    assert said == ["a fox", "an owl", "skis", "a bus", "rice", "a dress"]


def test_the_solid_style_comes_unasked_and_others_are_named() -> None:
    rng = np.random.default_rng(0)
    solid = [captions.styled("a fox", "3d", rng) for _ in range(100)]
    other = [captions.styled("a fox", "cartoon", rng) for _ in range(100)]
    assert solid.count("a fox") > 60
    assert sum("cartoon" in words for words in other) > 80
