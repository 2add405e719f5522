"""The models window: finding, filtering, adding by drop, taking out, and why a file is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from desktop.panels import model_words
from desktop.panels.model_details import ModelDetails
from desktop.panels.model_library import ModelLibrary
from desktop.panels.model_rows import RowList, Thumbnails
from desktop.panels.models_panel import ModelsPanel
from desktop.session import Session
from engines.api import FitRequest, Kind, ModelSpec, Role
from engines.catalog import Catalog
from tests.engines.known_files import FILES
from tests.engines.test_families import write
from tests.fakes import FakeHost


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four models, one with a preview, and one that is refused."""
    folder = tmp_path / "my models"
    folder.mkdir()
    for name, kind in (
        ("Great XL", "sdxl"), ("small", "sd15"), ("ink", "lora kohya"), ("ae", "vae of flux"),
    ):  # fmt: skip
        write(folder / f"{name}.safetensors", FILES[kind])
    (folder / "old.ckpt").write_bytes(b"x")
    Image.new("RGB", (60, 90), "red").save(folder / "ink.preview.png")
    return folder


@pytest.fixture
def library(session: Session, tmp_path: Path) -> ModelLibrary:
    library = ModelLibrary(session)
    library._catalog = Catalog([], library=tmp_path / "library")
    return library


@pytest.fixture
def panel(session: Session, library: ModelLibrary, qtbot: QtBot) -> Iterator[ModelsPanel]:
    from PySide6.QtWidgets import QWidget

    parent = QWidget()
    qtbot.addWidget(parent)
    panel = ModelsPanel(session, library, parent)
    panel.show()
    yield panel
    assert session.jobs.wait_idle()


def titles(panel: ModelsPanel) -> list[str]:
    return [row.title for row in panel.rows]


def added(panel: ModelsPanel, library: ModelLibrary, session: Session, *paths: Path) -> None:
    library.take(paths)
    assert session.jobs.wait_idle()


def test_a_dropped_folder_is_in_the_library(
    panel: ModelsPanel, session: Session, folder: Path, qtbot: QtBot
) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    panel.dropEvent(QDropEvent(QPoint(9, 9).toPointF(), actions, data, buttons, none))
    qtbot.waitUntil(lambda: len(panel.rows) == 4)
    assert titles(panel) == ["Great XL", "small", "ink", "ae"]
    assert panel.message == (
        "my models holds 4 models: 2 picture models, 1 VAE, 1 LoRA. "
        "1 cannot be used, see why under Refused."
    )


def test_words_kind_and_family_narrow_the_list(
    panel: ModelsPanel, library: ModelLibrary, session: Session, folder: Path
) -> None:
    added(panel, library, session, folder)
    panel.search("stable great")
    assert titles(panel) == ["Great XL"]
    panel.search("", kind="LoRA")
    assert titles(panel) == ["ink"]
    panel.search("", base="Stable Diffusion 1.5")
    assert titles(panel) == ["small", "ink"]
    panel.search("no such thing")
    assert titles(panel) == []
    panel.search("")
    assert len(panel.rows) == 4


def test_a_refused_file_says_why(
    panel: ModelsPanel, library: ModelLibrary, session: Session, folder: Path
) -> None:
    added(panel, library, session, folder)
    panel.show_page("refused")
    assert titles(panel) == ["old.ckpt"]
    assert "pickle" in panel.rows[0].detail
    added(panel, library, session, folder / "old.ckpt")
    assert "pickle" in panel.message


def test_only_whole_models_in_sight_are_weighed(
    panel: ModelsPanel, library: ModelLibrary, session: Session, folder: Path, host: FakeHost,
    qtbot: QtBot,
) -> None:  # fmt: skip
    added(panel, library, session, folder)
    wanted = {FitRequest(model="great-xl"), FitRequest(model="small")}
    qtbot.waitUntil(lambda: {x for x in host.asked if isinstance(x, FitRequest)} == wanted)
    qtbot.waitUntil(lambda: [bool(row.note) for row in panel.rows] == [True, True, False, False])
    assert titles(panel) == ["Great XL", "small", "ink", "ae"]


def test_taking_out_leaves_the_file(
    panel: ModelsPanel, library: ModelLibrary, session: Session, folder: Path
) -> None:
    added(panel, library, session, folder)
    panel.findChild(ModelDetails).remove_wanted.emit("ink")
    assert session.jobs.wait_idle()
    assert "ink" not in titles(panel)
    assert (folder / "ink.safetensors").exists()
    panel.show_page("folders")
    assert titles(panel) == ["my models"]
    assert panel.rows[0].figure == "3 models"
    panel.findChild(ModelDetails).remove_wanted.emit(str(folder))
    assert session.jobs.wait_idle()
    assert titles(panel) == []


def test_the_hash_is_worked_out_when_it_is_wanted(
    panel: ModelsPanel, library: ModelLibrary, session: Session, folder: Path
) -> None:
    added(panel, library, session, folder)
    assert library.models[0].sha256 == ""
    panel.findChild(ModelDetails).hash_wanted.emit("ae")
    assert session.jobs.wait_idle()
    hashes = {spec.id: spec.sha256 for spec in library.models}
    assert len(hashes["ae"]) == 64 and hashes["ink"] == ""


def test_previews_are_read_beside_and_a_broken_one_is_nothing(
    panel: ModelsPanel, library: ModelLibrary, session: Session, folder: Path, qtbot: QtBot
) -> None:
    (folder / "ae.png").write_bytes(b"no picture")
    added(panel, library, session, folder)
    thumbnails: Thumbnails = panel.findChild(RowList).thumbnails
    good, bad = str(folder / "ink.preview.png"), str(folder / "ae.png")
    qtbot.waitUntil(lambda: None not in (thumbnails.get(good), thumbnails.get(bad)))
    picture, nothing = thumbnails.get(good), thumbnails.get(bad)
    assert picture is not None and nothing is not None
    assert not picture.isNull() and nothing.isNull()


def test_the_library_says_that_it_is_looked_through(
    panel: ModelsPanel, library: ModelLibrary, session: Session, folder: Path
) -> None:
    told: list[tuple[int, int]] = []
    library.progressed.connect(lambda done, total: told.append((done, total)))
    library.take([folder])
    assert library.looking
    assert session.jobs.wait_idle()
    assert not library.looking
    assert told[0] == told[-1] == (0, 0)


def test_five_thousand_rows_are_searched_at_once(
    panel: ModelsPanel, library: ModelLibrary, qtbot: QtBot
) -> None:
    from time import process_time

    library.models = tuple(
        ModelSpec(
            id=f"m{i}", kind=Kind.IMAGE, name=f"Model {i}", path=f"/m/{i}", format="safetensors",
            architecture="lora", size_bytes=i, role=Role.LORA, base="flux",
        )
        for i in range(5000)
    )  # fmt: skip
    library.changed.emit()
    assert len(panel.rows) == 5000
    start_s = process_time()
    panel.search("model 49 flux")
    assert process_time() - start_s < 0.25
    assert set(titles(panel)) >= {"Model 49", "Model 4900"}


def test_what_models_are_called() -> None:
    spec = ModelSpec(
        id="a", kind=Kind.IMAGE, name="A", path="/a", format="safetensors", size_bytes=1,
        architecture="stable-diffusion-xl", base="stable-diffusion-xl", channels=9,
        prediction="v_prediction",
    )  # fmt: skip
    words = "Picture model  ·  Stable Diffusion XL  ·  fills in, predicts velocity (v)"
    assert model_words.facts(spec) == words
    assert model_words.licence_words(spec) == "Unknown: see its source"
    assert model_words.counted([spec]) == "1 model"
    for role in Role:
        if role is not Role.MODEL:
            assert role in model_words.ROLES
