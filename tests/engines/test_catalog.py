"""The library: ids, defaults, what the user registers, and hashes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from engines.api import BadRequest, Kind, ModelMissing, ModelRefused
from engines.catalog import Catalog, default_roots
from tests.engines import model_files
from tests.engines.model_files import gguf


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a default text model, an encoder, and one that is refused."""
    root = tmp_path / "root"
    model_files.language_model(root / "aaa", id="aaa", kind="text", architecture="llama")
    model_files.language_model(
        root / "encoder", id="all-minilm-l6-v2", kind="text", architecture="bert"
    )
    model_files.language_model(
        root / "words", id="smollm2-135m-instruct", kind="text", architecture="llama"
    )
    (root / "broken.safetensors").write_bytes(b"text")
    (root / "README.md").write_text("notes")
    return root


@pytest.fixture
def catalog(root: Path, tmp_path: Path) -> Catalog:
    return Catalog([root, tmp_path / "not there"], library=tmp_path / "library")


def test_the_list_holds_what_can_be_loaded(catalog: Catalog) -> None:
    assert [spec.id for spec in catalog.list()] == [
        "aaa",
        "all-minilm-l6-v2",
        "smollm2-135m-instruct",
    ]
    assert [Path(refusal.path).name for refusal in catalog.refused()] == ["broken.safetensors"]


def test_the_default_is_the_starter_then_any_whole_model(catalog: Catalog, root: Path) -> None:
    assert catalog.get("", Kind.TEXT).id == "smollm2-135m-instruct"
    assert catalog.get("", Kind.PLAN).id == "smollm2-135m-instruct"
    for file in (root / "words").iterdir():
        file.unlink()
    (root / "words").rmdir()
    assert catalog.get("", Kind.TEXT).id == "aaa"


def test_an_encoder_or_a_lora_is_never_the_default(tmp_path: Path) -> None:
    model_files.language_model(tmp_path / "a", id="a", kind="text", architecture="bert")
    lora = model_files.safetensors({"lora_unet.lora_down.weight": (2, 2)})
    (tmp_path / "style.safetensors").write_bytes(lora)
    catalog = Catalog([tmp_path], library=tmp_path / "library")
    for kind, wanted in ((Kind.TEXT, "smollm2-135m-instruct"), (Kind.IMAGE, "triptych-image-1")):
        with pytest.raises(ModelMissing) as caught:
            catalog.get("", kind)
        assert caught.value.model == wanted


def test_an_unknown_model_is_missing_whatever_its_name(catalog: Catalog) -> None:
    for name in ("no-such-model", "/no/such/path", "x" * 5000, "nul\0"):
        with pytest.raises(ModelMissing) as caught:
            catalog.get(name, Kind.TEXT)
        assert caught.value.model == name


def test_a_model_of_another_kind_is_refused(catalog: Catalog) -> None:
    with pytest.raises(ModelRefused, match="for text, not for image"):
        catalog.get("aaa", Kind.IMAGE)


def test_a_refused_model_says_why_when_asked_for(catalog: Catalog, root: Path) -> None:
    for model in ("broken", str(root / "broken.safetensors")):
        with pytest.raises(ModelRefused) as caught:
            catalog.get(model, Kind.IMAGE)
        assert "text file" in caught.value.reason


def test_a_path_in_the_library_has_the_librarys_id(catalog: Catalog, root: Path) -> None:
    assert catalog.get(str(root / "aaa"), Kind.TEXT).id == "aaa"


def test_two_models_of_one_name_are_told_apart(catalog: Catalog, tmp_path: Path) -> None:
    """The memory knows models by id, and must not give one for the other."""
    ids = set()
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "model.gguf"
        path.write_bytes(gguf())
        ids.add(catalog.get(str(path), Kind.TEXT).id)
    path.write_bytes(gguf(data_bytes=96))
    ids.add(catalog.get(str(path), Kind.TEXT).id)
    assert len(ids) == 3


def test_a_registered_model_stays_registered(catalog: Catalog, root: Path, tmp_path: Path) -> None:
    path = tmp_path / "My words.gguf"
    path.write_bytes(gguf())
    added = catalog.add(path)
    assert added.id == "my-words"
    assert catalog.add(path) == added
    other = Catalog([root], library=tmp_path / "library")
    assert other.get("my-words", Kind.TEXT).path == str(path)
    assert other.get(str(path), Kind.TEXT).id == "my-words"
    other.remove("my-words")
    assert path.exists()
    with pytest.raises(ModelMissing):
        catalog.get("my-words", Kind.TEXT)


def test_an_id_is_given_once(catalog: Catalog, tmp_path: Path) -> None:
    ids = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "aaa.gguf"
        path.write_bytes(gguf())
        ids.append(catalog.add(path).id)
    assert ids == ["aaa-2", "aaa-3"]


def test_a_registered_model_that_went_away_is_refused_not_fatal(
    catalog: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "gone.gguf"
    path.write_bytes(gguf())
    catalog.add(path)
    path.unlink()
    assert "gone" not in {spec.id for spec in catalog.list()}
    with pytest.raises(ModelRefused, match="not there any more"):
        catalog.get("gone", Kind.TEXT)


def test_what_is_refused_is_not_registered(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(b"x")
    with pytest.raises(ModelRefused):
        catalog.add(path)
    assert not (tmp_path / "library").exists()


def test_the_studios_own_models_are_not_removed(catalog: Catalog) -> None:
    with pytest.raises(BadRequest, match="folder of the studio"):
        catalog.remove("aaa")
    with pytest.raises(ModelMissing):
        catalog.remove("no-such-model")


def test_a_broken_library_file_is_put_aside(catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "library.json").write_text("{broken")
    assert len(catalog.list()) == 3
    path = tmp_path / "w.gguf"
    path.write_bytes(gguf())
    catalog.add(path)
    assert (folder / "library.json.broken").read_text() == "{broken"
    assert sorted(file.name for file in folder.iterdir()) == [
        "library.json",
        "library.json.broken",
        "models.json",
    ]


def test_a_newer_library_is_not_written_over(catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    newer = json.dumps({"version": 99, "models": {}})
    (folder / "library.json").write_text(newer)
    path = tmp_path / "w.gguf"
    path.write_bytes(gguf())
    assert len(catalog.list()) == 3
    with pytest.raises(BadRequest, match="newer version"):
        catalog.add(path)
    assert (folder / "library.json").read_text() == newer


def test_a_hash_is_computed_once_for_each_state_of_the_files(
    catalog: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "w.gguf"
    path.write_bytes(gguf())
    added = catalog.add(path)
    assert added.sha256 == ""
    expected = hashlib.sha256(gguf()).hexdigest()
    assert catalog.sha256(added) == expected
    assert Catalog([], library=tmp_path / "library").get("w", Kind.TEXT).sha256 == expected
    path.write_bytes(gguf(data_bytes=96))
    changed = catalog.get("w", Kind.TEXT)
    assert changed.sha256 == ""
    assert catalog.sha256(changed) == hashlib.sha256(gguf(data_bytes=96)).hexdigest()


def test_a_folders_hash_is_of_its_weights_only(catalog: Catalog, root: Path) -> None:
    spec = catalog.get("aaa", Kind.TEXT)
    before = catalog.sha256(spec)
    (root / "aaa" / "README.md").write_text("a card")
    assert catalog.sha256(spec) == before
    weights = root / "aaa" / "model.safetensors"
    weights.write_bytes(model_files.safetensors({"model.norm.weight": (9,)}))
    assert catalog.sha256(spec) != before


def test_the_environment_may_name_more_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPTYCH_MODELS", os.pathsep.join(("/one", "/two")))
    assert default_roots()[-2:] == (Path("/one"), Path("/two"))
