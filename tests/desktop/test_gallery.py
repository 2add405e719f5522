"""The history's store: it lasts, is found by words and stars, stays within its room, and mends."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from desktop.document.model import Recipe
from desktop.document.picture_metadata import read_settings
from desktop.gallery import Gallery
from desktop.recipes import recipe_of, request_of
from engines.api import ImageRequest, LoraUse
from tests.fakes import tiny_png

PNG = tiny_png(40, 30)


def recipe(prompt: str, seed: int = 1, **fields: object) -> Recipe:
    return recipe_of(ImageRequest(prompt=prompt, seed=seed, **fields), "fake")  # type: ignore[arg-type]


def kept_of(gallery: Gallery, *prompts: str) -> list[int]:
    """Add a picture of its own for each prompt."""
    return [
        gallery.add(tiny_png(8, 8, f"#0000{i:02x}"), recipe(prompt, i), name=prompt)
        for i, prompt in enumerate(prompts, 1)
    ]


def test_pictures_last_with_their_recipes(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    made = gallery.add(PNG, recipe("boats", loras=(LoraUse(path="/x/ink.safetensors"),)), name="b")
    gallery.rate(made, 4)
    gallery.close()
    again = Gallery(tmp_path)
    kept = again.get(again.find()[0])
    assert kept is not None
    assert (kept.rating, kept.width_px, kept.height_px, kept.name) == (4, 40, 30, "b")
    assert kept.recipe == recipe("boats", loras=(LoraUse(path="/x/ink.safetensors"),))
    assert again.read(kept.asset) == PNG
    assert again.thumbnail(kept.id).startswith(b"\xff\xd8")
    again.close()


def test_the_file_of_a_picture_says_how_it_was_made(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    gallery.add(PNG, recipe("boats", 77), name="boats")
    [path] = tmp_path.glob("??/*.png")
    settings = read_settings(path.read_bytes())
    assert settings is not None
    assert (settings.prompt, settings.seed) == ("boats", 77)
    gallery.close()


def test_a_search_finds_all_words_and_the_newest_first() -> None:
    gallery = Gallery()
    boats, night, mixed = kept_of(gallery, "Paper boats", "Night market", "Boats at NIGHT 100%")
    assert gallery.find() == [mixed, night, boats]
    assert gallery.find("boats") == [mixed, boats]
    assert gallery.find("night BOATS") == [mixed]
    assert gallery.find("100%") == [mixed]
    assert gallery.find("_") == gallery.find("%%") == []
    gallery.rate(night, 3)
    assert gallery.find(least_rating=3) == [night]
    assert gallery.find("boats", least_rating=1) == []
    gallery.close()


def test_the_same_picture_is_kept_once_and_comes_first_again() -> None:
    gallery = Gallery()
    first, other = kept_of(gallery, "one", "two")
    again = gallery.add(tiny_png(8, 8, "#000001"), recipe("one", 1), name="one")
    assert again == first
    assert gallery.find() == [first, other]
    gallery.close()


def test_what_is_removed_takes_its_files_along_unless_another_shows_them(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    start = tiny_png(6, 6, "#ff0000")
    gallery.keep_start(start)
    one = gallery.add(PNG, recipe("one", init=start), name="one")
    other = gallery.add(PNG, recipe("other", init=start), name="other")
    gallery.remove([one])
    assert gallery.read(hashlib.sha256(PNG).hexdigest()) == PNG
    assert gallery.read(hashlib.sha256(start).hexdigest()) == start
    gallery.remove([other, 12345])
    assert gallery.find() == []
    assert list(tmp_path.rglob("*.png")) == []
    with pytest.raises(KeyError):
        gallery.read(hashlib.sha256(PNG).hexdigest())
    gallery.close()


def test_beyond_its_room_the_oldest_with_the_fewest_stars_go(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    old, starred, newer, newest = kept_of(gallery, "old", "starred", "newer", "newest")
    gallery.rate(starred, 5)
    sizes = sum(path.stat().st_size for path in tmp_path.rglob("*.png"))
    assert gallery.trim() == 0
    gallery.most_bytes = sizes // 2 + 10
    assert gallery.trim() == 2
    assert gallery.find() == [newest, starred]
    assert gallery.get(old) is None
    assert gallery.get(newer) is None
    gallery.close()


@pytest.mark.parametrize(
    "damage", [b"not a database at all", b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_broken_database_is_made_anew_from_the_files(tmp_path: Path, damage: bytes) -> None:
    gallery = Gallery(tmp_path)
    two = kept_of(gallery, "first words", "second words")[1]
    gallery.rate(two, 5)
    gallery.close()
    (tmp_path / "pictures.db").write_bytes(damage)
    mended = Gallery(tmp_path)
    assert mended.find() == []  # at once: nobody waits for the mending
    mended.mend()
    found = [mended.get(picture) for picture in mended.find()]
    assert {kept.recipe.seed for kept in found if kept is not None} == {1, 2}
    [starred] = mended.find(least_rating=5)
    kept = mended.get(starred)
    assert kept is not None
    again = request_of(kept.recipe, lambda sha256: b"")
    assert again == ImageRequest(prompt="second words", seed=2, model="fake")
    assert (tmp_path / "pictures.db.broken").exists()
    mended.close()


def test_a_history_of_a_newer_version_is_put_aside_not_overwritten(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path)
    kept_of(gallery, "words")
    gallery.close()
    base = sqlite3.connect(tmp_path / "pictures.db")
    base.execute("PRAGMA user_version = 99")
    base.close()
    older = Gallery(tmp_path)
    assert older.find() == []
    older.mend()
    assert len(older.find("words")) == 1
    assert (tmp_path / "pictures.db.broken").exists()
    older.close()


def test_two_windows_share_one_history(tmp_path: Path) -> None:
    one, other = Gallery(tmp_path), Gallery(tmp_path)
    kept_of(one, "from the first")
    assert len(other.find("first")) == 1
    other.add(PNG, recipe("from the other"), name="o")
    assert len(one.find()) == 2
    one.close()
    other.close()


def test_a_locked_history_is_an_error_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery(tmp_path)
    kept_of(gallery, "words")
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def fail(base: object) -> None:
        raise locked

    with pytest.raises(OSError, match="locked"):
        gallery._ask(fail)
    assert len(gallery.find()) == 1
    assert not (tmp_path / "pictures.db.broken").exists()
    gallery.close()


def test_only_names_of_pictures_are_read(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "history")
    kept_of(gallery, "words")
    (tmp_path / "secret.png").write_bytes(b"secret")
    for name in ("../secret", "starts/../../secret", "", "a" * 63, "A" * 64):
        with pytest.raises(KeyError):
            gallery.read(name)
    gallery.close()
