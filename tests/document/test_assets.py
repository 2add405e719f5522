"""Assets are kept by content, in memory and in a folder."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desktop.document.assets import AssetStore


@pytest.mark.parametrize("in_folder", [False, True])
def test_the_same_bytes_are_kept_once(tmp_path: Path, in_folder: bool) -> None:
    store = AssetStore(tmp_path / "assets" if in_folder else None)
    name = store.add(b"pixels", ".PNG")
    assert name == hashlib.sha256(b"pixels").hexdigest()
    assert store.add(b"pixels", "jpg") == name
    assert (store.read(name), store.suffix(name), len(store)) == (b"pixels", "png", 1)
    assert name in store
    assert "0" * 64 not in store


def test_a_folder_is_found_again(tmp_path: Path) -> None:
    name = AssetStore(tmp_path).add(b"score", "mid")
    (tmp_path / "notes.txt").write_text("not an asset")
    again = AssetStore(tmp_path)
    assert list(again) == [name]
    assert again.read(name) == b"score"


def test_suffixes_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    for suffix in ("", "../x", "a/b", "p n g", "toolongsuffix"):
        with pytest.raises(ValueError, match="suffix"):
            AssetStore(tmp_path).add(b"x", suffix)


def test_what_is_unknown_raises_key_error() -> None:
    with pytest.raises(KeyError):
        AssetStore().read("0" * 64)


def test_threads_may_add_at_once(tmp_path: Path) -> None:
    store = AssetStore(tmp_path)
    data = [bytes([i % 20]) * 100 for i in range(200)]
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda x: store.add(x, "png"), data))
    assert len(store) == 20
    assert all(store.read(name) == x for name, x in zip(names, data, strict=True))
