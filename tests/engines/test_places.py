"""Folders of models, of ours and of other programs: walked, cached, never written to."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.api import BadRequest, Cancelled, Kind, ModelMissing, ModelRefused, Role
from engines.catalog import Catalog
from engines.catalog import scanning as scanning_module
from engines.formats.places import program_of, walk
from tests.engines import model_files
from tests.engines.known_files import FILES
from tests.engines.test_families import write

MANY = 5000
FIRST_S, AGAIN_S = 10.0, 1.0

Tree = dict[str, tuple[int, int]]


def put(path: Path, kind: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, FILES[kind])


def state_of(folder: Path) -> Tree:
    """Return every file and folder with its size and time of change."""
    return {
        str(x): (x.stat().st_size if x.is_file() else 0, x.stat().st_mtime_ns)
        for x in (folder, *folder.rglob("*"))
    }


@pytest.fixture
def comfy(tmp_path: Path) -> Path:
    """A ComfyUI folder with a few models and what else lies in one."""
    root = tmp_path / "ComfyUI"
    (root / "comfy").mkdir(parents=True)
    (root / "nodes.py").write_text("")
    put(root / "output" / "stray.safetensors", "vae")
    put(root / "models" / "checkpoints" / "xl" / "Great XL.safetensors", "sdxl")
    put(root / "models" / "loras" / "ink.safetensors", "lora kohya")
    put(root / "models" / "diffusion_models" / "flux.sft", "flux alone")
    (root / "models" / "loras" / "ink.preview.png").write_bytes(b"a picture")
    (root / "models" / "checkpoints" / "old.ckpt").write_bytes(b"x")
    (root / "models" / "configs").mkdir()
    (root / "models" / "configs" / "v1.yaml").write_text("a: 1")
    model_files.pipeline(root / "models" / "diffusers" / "sd")
    return root


@pytest.fixture
def web_ui(tmp_path: Path) -> Path:
    """A folder of the Stable Diffusion web UI."""
    root = tmp_path / "stable-diffusion-webui"
    root.mkdir()
    (root / "webui.py").write_text("")
    put(root / "models" / "Stable-diffusion" / "a.safetensors", "sd15")
    put(root / "models" / "ESRGAN" / "b.safetensors", "esrgan")
    put(root / "embeddings" / "c.safetensors", "embedding")
    put(root / "extensions" / "sd-webui-controlnet" / "models" / "d.safetensors", "controlnet")
    put(root / "venv" / "e.safetensors", "vae")
    return root


@pytest.fixture
def invoke(tmp_path: Path) -> Path:
    """A folder of InvokeAI: models by family and kind, some in folders named by a number."""
    root = tmp_path / "invokeai"
    root.mkdir()
    (root / "invokeai.yaml").write_text("")
    put(root / "models" / "sdxl" / "lora" / "a.safetensors", "lora kohya sdxl")
    model_files.pipeline(root / "models" / "6f1d0a" / "sd")
    return root


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog([], library=tmp_path / "library", cache=tmp_path / "cache")


def test_a_comfyui_folder_is_looked_through_and_never_written(
    catalog: Catalog, comfy: Path
) -> None:
    before = state_of(comfy)
    added = catalog.take(comfy)
    assert (added.folder, added.program) == (str(comfy), "ComfyUI")
    assert {spec.name: spec.role for spec in added.models} == {
        "Great XL": Role.MODEL,
        "ink": Role.LORA,
        "flux": Role.DENOISER,
        "sd": Role.MODEL,
    }
    assert [Path(x.path).name for x in added.refused] == ["old.ckpt"]
    assert "pickle" in added.refused[0].reason
    previews = {spec.name: spec.preview for spec in added.models}
    assert previews["ink"] == str(comfy / "models" / "loras" / "ink.preview.png")
    assert previews["Great XL"] == ""
    assert state_of(comfy) == before


def test_a_web_ui_and_an_invokeai_folder_are_known(
    catalog: Catalog, web_ui: Path, invoke: Path
) -> None:
    added = catalog.take(web_ui)
    assert added.program == "Stable Diffusion web UI"
    assert [spec.name for spec in added.models] == ["b", "a", "c", "d"]
    assert {spec.name: spec.format for spec in catalog.take(invoke).models} == {
        "sd": "diffusers",
        "a": "safetensors",
    }


def test_a_part_is_not_drawn_with(catalog: Catalog, comfy: Path) -> None:
    catalog.take(comfy)
    with pytest.raises(ModelRefused, match="it is a lora, not a whole model"):
        catalog.get("ink", Kind.IMAGE)
    assert catalog.get("", Kind.IMAGE).role is Role.MODEL


def test_links_in_a_circle_end(tmp_path: Path, catalog: Catalog) -> None:
    put(tmp_path / "models" / "a" / "x.safetensors", "vae")
    (tmp_path / "models" / "a" / "round").symlink_to(tmp_path / "models", target_is_directory=True)
    (tmp_path / "models" / "again").symlink_to(tmp_path / "models" / "a", target_is_directory=True)
    names = [candidate.path.name for candidate in walk(tmp_path / "models")]
    assert names.count("x.safetensors") <= 2
    assert program_of(tmp_path) is None


def test_a_model_in_a_folder_is_taken_out_and_put_back(catalog: Catalog, comfy: Path) -> None:
    catalog.take(comfy)
    path = comfy / "models" / "loras" / "ink.safetensors"
    catalog.remove("ink")
    assert path.exists() and "ink" not in {spec.id for spec in catalog.list()}
    assert catalog.take(path).models[0].id == "ink"
    assert "ink" in {spec.id for spec in catalog.list()}
    catalog.remove(str(comfy))
    assert catalog.list() == () and catalog.folders() == ()


def test_a_folder_that_went_away_is_empty_and_comes_back(catalog: Catalog, comfy: Path) -> None:
    catalog.take(comfy)
    away = comfy.with_name("elsewhere")
    comfy.rename(away)
    assert catalog.list() == ()
    away.rename(comfy)
    assert len(catalog.list()) == 4
    with pytest.raises(ModelMissing):
        catalog.add_folder(away)


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the name of every file whose header is read."""
    names: list[str] = []
    honest = scanning_module.recognise

    def noted(path: Path) -> object:
        names.append(path.name)
        return honest(path)

    monkeypatch.setattr(scanning_module, "recognise", noted)
    return names


def test_headers_are_read_once_for_each_state(
    tmp_path: Path, catalog: Catalog, comfy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.take(comfy)
    names = looked_at(monkeypatch)
    other = Catalog([], library=tmp_path / "library", cache=tmp_path / "cache")
    assert other.scan().models == catalog.scan().models
    assert other.scan().refused[0].args == catalog.scan().refused[0].args
    assert names == []
    put(comfy / "models" / "loras" / "ink.safetensors", "lora peft flux")
    assert {spec.name: spec.base for spec in other.list()}["ink"] == "flux"
    assert names == ["ink.safetensors"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "{broken",
        lambda text: json.dumps({"version": 99, "models": {}}),
        lambda text: text.replace('"role": "model"', '"role": "king"'),
        lambda text: text.replace('"size_bytes": ', '"size_bytes": 0.5, "x": '),
        lambda text: text.replace('"refused": "', '"refused": 7, "y": "'),
        lambda text: json.dumps({"version": 1, "models": {"a": 1, "b": [1, 2], "c": ["d", 3]}}),
    ],
)
def test_a_broken_cache_is_made_again(
    tmp_path: Path, catalog: Catalog, comfy: Path, spoil: object
) -> None:
    catalog.take(comfy)
    found = catalog.scan()
    cache = tmp_path / "cache" / "models.json"
    cache.write_text(spoil(cache.read_text()))  # type: ignore[operator]
    other = Catalog([], library=tmp_path / "library", cache=tmp_path / "cache")
    again = other.scan()
    assert again.models == found.models
    assert [x.reason for x in again.refused] == [x.reason for x in found.refused]
    assert len(json.loads(cache.read_text())["models"]) == 5


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write")
def test_a_library_that_cannot_be_written_says_so(tmp_path: Path, comfy: Path) -> None:
    (tmp_path / "library").mkdir(mode=0o500)
    with pytest.raises(BadRequest, match="cannot be written"):
        Catalog([], library=tmp_path / "library").take(comfy)


def test_an_older_library_keeps_its_models(tmp_path: Path) -> None:
    """Version 1 knew no folders."""
    path = put(tmp_path / "a.safetensors", "sd15")
    library = tmp_path / "library"
    library.mkdir()
    (library / "library.json").write_text(json.dumps({"version": 1, "models": {"mine": str(path)}}))
    catalog = Catalog([], library=library)
    assert [spec.id for spec in catalog.list()] == ["mine"]
    catalog.take(put(tmp_path / "b.safetensors", "vae"))
    assert {spec.id for spec in catalog.list()} == {"mine", "b"}
    assert json.loads((library / "library.json").read_text())["version"] == 2


def test_a_scan_tells_how_far_it_is_and_stops(catalog: Catalog, comfy: Path) -> None:
    told: list[tuple[int, int]] = []
    catalog.add_folder(comfy, lambda done, total: told.append((done, total)))
    assert told[-1] == (5, 5)

    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        catalog.scan(stop)
    assert len(catalog.list()) == 4


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Path]:
    """5,000 small but valid files in forty folders."""
    folder = tmp_path / "many"
    kinds = [FILES[name] for name in ("sd15", "lora kohya sdxl", "vae", "embedding", "controlnet")]
    for number in range(MANY):
        known = kinds[number % len(kinds)]
        place = folder / f"folder {number % 40}"
        place.mkdir(parents=True, exist_ok=True)
        write(place / f"model {number}.safetensors", known)
    yield folder


@pytest.mark.slow
def test_thousands_of_files_are_looked_through_in_time(tmp_path: Path, many: Path) -> None:
    def seconds(catalog: Catalog) -> float:
        start_s = time.perf_counter()
        assert len(catalog.list()) == MANY
        return time.perf_counter() - start_s

    library = tmp_path / "library"
    start_s = time.perf_counter()
    assert len(Catalog([], library=library).take(many).models) == MANY
    assert time.perf_counter() - start_s < FIRST_S
    assert min(seconds(Catalog([], library=library)) for _ in range(3)) < AGAIN_S
