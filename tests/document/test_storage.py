"""Project files: what is saved is read back, and an old one is never lost."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.document import migrations, storage
from desktop.document.assets import AssetStore
from desktop.document.backups import backups
from desktop.document.storage import DocumentError, SaveError, load, save
from tests.document.samples import poster, scene

OLD_FILES = Path(__file__).parent / "data"


def test_a_project_reads_back_with_its_assets(tmp_path: Path) -> None:
    assets = AssetStore()
    document = scene(assets)
    save(tmp_path / "s.triptych", document, assets, b"thumb")
    again, stored = load(tmp_path / "s.triptych")
    assert again == document
    assert document.music is not None
    assert stored.read(document.music.midi_asset) == b"MThd"
    assert stored.suffix(document.music.midi_asset) == "mid"


def test_the_mimetype_comes_first_and_plain(tmp_path: Path) -> None:
    assets = AssetStore()
    save(tmp_path / "p.triptych", poster(assets), assets, b"thumb")
    data = (tmp_path / "p.triptych").read_bytes()
    assert data[30:38] == b"mimetype"
    assert data[38 : 38 + len(storage.MIMETYPE)] == storage.MIMETYPE
    with zipfile.ZipFile(tmp_path / "p.triptych") as archive:
        assert archive.read("thumbnail.png") == b"thumb"
        described = json.loads(archive.read("document.json"))
    assert described["version"] == migrations.VERSION
    assert described["min_reader"] == migrations.MIN_READER


def test_the_same_document_gives_the_same_bytes(tmp_path: Path) -> None:
    assets = AssetStore()
    document = poster(assets)
    save(tmp_path / "a.triptych", document, assets)
    save(tmp_path / "b.triptych", document, assets)
    assert (tmp_path / "a.triptych").read_bytes() == (tmp_path / "b.triptych").read_bytes()


def test_assets_that_nothing_uses_are_left_out(tmp_path: Path) -> None:
    assets = AssetStore()
    document = poster(assets)
    stray = assets.add(b"stray", "png")
    save(tmp_path / "p.triptych", document, assets)
    assert stray not in load(tmp_path / "p.triptych")[1]


def test_three_backups_are_kept_and_the_folder_stays_clean(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    path, assets = folder / "p.triptych", AssetStore()
    for number in range(6):
        save(path, replace(poster(assets), title=f"state {number}"), assets)
    assert [load(x)[0].title for x in backups(path)] == ["state 4", "state 3", "state 2"]
    assert [x.name for x in folder.iterdir()] == ["p.triptych"]


def test_a_save_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, assets = tmp_path / "p.triptych", AssetStore()
    save(path, poster(assets), assets)
    old = path.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "_write", full)
    with pytest.raises(SaveError, match="No space left"):
        save(path, replace(poster(assets), title="new"), assets)
    assert path.read_bytes() == old
    assert [x.name for x in tmp_path.iterdir() if x.suffix == ".part"] == []


def test_a_missing_folder_is_said_in_words(tmp_path: Path) -> None:
    assets = AssetStore()
    with pytest.raises(SaveError, match="No such file"):
        save(tmp_path / "nowhere" / "p.triptych", poster(assets), assets)


def test_a_document_without_its_assets_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="not at hand"):
        save(tmp_path / "p.triptych", poster(AssetStore()), AssetStore())


@pytest.mark.parametrize("path", sorted(OLD_FILES.glob("*.triptych")), ids=lambda x: x.stem)
def test_files_of_every_older_version_still_open(path: Path) -> None:
    document, assets = load(path)
    assert document.title == "Sample"
    assert len(document.layers) == 4
    assert document.assets() <= set(assets)


def test_a_newer_reader_is_asked_for_in_words(tmp_path: Path) -> None:
    assets = AssetStore()
    path = tmp_path / "p.triptych"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "MIN_READER", migrations.VERSION + 1)
        patch.setattr(storage, "load", lambda part: (poster(assets), assets))
        save(path, poster(assets), assets)
    with pytest.raises(DocumentError, match="newer Triptych"):
        load(path)


def test_migrations_run_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "VERSION", 3)
    monkeypatch.setattr(migrations, "_STEPS", {})

    @migrations.migration(1)
    def name_units(data: dict[str, object]) -> None:
        data["width_mm"] = data.pop("width")

    @migrations.migration(2)
    def wrap(data: dict[str, object]) -> None:
        data["document"] = {"width_mm": data.pop("width_mm")}

    data = migrations.migrate({"version": 1, "min_reader": 1, "width": 7})
    assert data == {"version": 3, "min_reader": 1, "document": {"width_mm": 7}}
