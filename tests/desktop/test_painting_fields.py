"""Each control of the picture panel comes to the request; what a model cannot do is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.document.model import Box, Fill, Outline, PictureLayer, ShapeLayer
from desktop.panels.history_model import ASSET_MIME
from desktop.panels.image import ImagePanel
from desktop.panels.painting.areas import mask_of_png
from desktop.panels.painting.brush import MaskBrush
from desktop.panels.painting.prompt import weighted
from desktop.render.pictures import sort_of
from desktop.session import Session
from engines.api import (
    Axis,
    BadRequest,
    ControlUse,
    CutoutRequest,
    GridRequest,
    ImageRequest,
    Kind,
    LoraUse,
    ModelSpec,
    ReferenceUse,
    RegionPrompt,
    Role,
    TraceRequest,
    UpscaleRequest,
)
from tests.desktop.pointer import stroke
from tests.fakes import FakeHost, tiny_png

XL = "stable-diffusion-xl"
START = tiny_png(64, 48, "#ff0000")


def spec(name: str, role: Role, base: str = XL) -> ModelSpec:
    return ModelSpec(
        id=name,
        kind=Kind.IMAGE,
        name=name,
        path=f"/models/{name}.safetensors",
        format="safetensors",
        architecture=base if role is Role.MODEL else str(role),
        size_bytes=1,
        role=role,
        base=base,
    )


LIBRARY = (
    spec("fake-image", Role.MODEL),
    spec("starter", Role.MODEL, ""),
    spec("old-painter", Role.MODEL, "stable-diffusion"),
    spec("ink", Role.LORA),
    spec("own-vae", Role.VAE),
    spec("moody", Role.TEXTUAL_INVERSION),
    spec("canny-xl", Role.CONTROLNET),
    spec("sketch-old", Role.T2I_ADAPTER, "stable-diffusion"),
    spec("depth-model", Role.DEPTH, ""),
    spec("look-xl", Role.IP_ADAPTER),
    spec("sharp4x", Role.UPSCALER, ""),
    replace(spec("cutter", Role.MODEL, ""), kind=Kind.CUTOUT),
)


def path(name: str) -> str:
    return f"/models/{name}.safetensors"


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> Iterator[ImagePanel]:
    made = ImagePanel(session)
    qtbot.addWidget(made)
    made.show_models(LIBRARY)
    made.model.set("fake-image")
    made._prompt.setPlainText("boats")
    made.seed.keep(7)
    made.resize(344, 1400)
    made.show()
    for fold in made.painting._folds.values():
        fold.open()
    assert session.jobs.wait_idle()
    yield made


def asked(panel: ImagePanel) -> ImageRequest:
    request = panel.request()
    assert isinstance(request, ImageRequest)
    return request


def drop(target: QWidget, data: QMimeData) -> None:
    actions, keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    left = Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(5, 5), actions, data, left, keys)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), actions, data, left, keys))


def test_without_a_touch_a_plain_picture_is_asked_for(panel: ImagePanel) -> None:
    assert asked(panel) == ImageRequest(prompt="boats", seed=7, model="fake-image")
    panel.model.set("starter")
    assert asked(panel).upscale == 4, "what is painted small is enlarged"
    panel.painting.finish.enlarge.activated.emit(0)
    panel.painting.finish.enlarge.set("2")
    panel.model.set("fake-image")
    assert asked(panel).upscale == 2, "what the user chose stays"


def test_all_of_a_request_comes_back_as_it_was(panel: ImagePanel) -> None:
    mask = tiny_png(64, 48, "#ffffff")
    whole = ImageRequest(
        prompt="boats, moody",
        seed=7,
        model="fake-image",
        negative="people",
        width_px=640,
        height_px=480,
        steps=12,
        guidance=5.5,
        sampler="euler a",
        init=START,
        mask=mask,
        strength=0.4,
        outpaint=(64, 0, 128, 0),
        variation=0.25,
        variation_seed=99,
        hires=2.0,
        hires_strength=0.35,
        tiling=True,
        clip_skip=2,
        vae=path("own-vae"),
        embeddings=(path("moody"),),
        loras=(LoraUse(path=path("ink"), weight=0.6),),
        controls=(
            ControlUse(
                path=path("canny-xl"),
                picture=START,
                preprocessor="depth",
                weight=0.8,
                start=0.1,
                end=0.6,
                depth_model=path("depth-model"),
            ),
        ),
        references=(ReferenceUse(path=path("look-xl"), picture=START, weight=0.5),),
        upscale=2,
        upscaler=path("sharp4x"),
        cutout=True,
    )
    panel.go_on(whole)
    assert panel.session.jobs.wait_idle()
    panel.deeds.again.click()
    taken = asked(panel)
    assert sort_of(taken.mask)[:2] == (64, 48)
    assert {x: getattr(taken, x) for x in ("init", "outpaint", "controls")} == {
        x: getattr(whole, x) for x in ("init", "outpaint", "controls")
    }
    assert replace(taken, mask=mask, width_px=0, height_px=0) == replace(
        whole, width_px=0, height_px=0
    )
    panel._take(Kind.IMAGE, {"prompt": "boats", "seed": 7, "upscale": 4, "negative": ""})
    clean = asked(panel)
    assert (clean.init, clean.controls, clean.references, clean.vae) == (b"", (), (), "")
    assert (clean.hires, clean.tiling, clean.cutout, clean.variation) == (1.0, False, False, 0.0)


def test_a_dropped_file_is_started_from(panel: ImagePanel, tmp_path: Path) -> None:
    file = tmp_path / "start.png"
    file.write_bytes(START)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    drop(panel.painting.start.picture, data)
    assert panel.session.jobs.wait_idle()
    assert sort_of(asked(panel).init)[:2] == (64, 48)
    assert panel._prompt.toPlainText() == "boats", "the panel did not look for settings"
    panel.painting.start.strength.set(0.3)
    panel.painting.start.around[2].setValue(128)
    request = asked(panel)
    assert (request.strength, request.outpaint, request.mask) == (0.3, (0, 0, 128, 0), b"")


def test_a_broken_file_is_told_and_not_taken(panel: ImagePanel, tmp_path: Path) -> None:
    file = tmp_path / "start.png"
    file.write_bytes(b"no picture at all")
    panel.painting.start.picture._sources.from_file(file, panel.painting.start.picture.take)
    assert panel.session.jobs.wait_idle()
    assert "cannot be read" in str(panel.session.jobs.jobs[-1].error)
    assert asked(panel).init == b""


def test_a_picture_of_the_page_or_the_history_is_started_from(panel: ImagePanel) -> None:
    session, field = panel.session, panel.painting.start.picture
    session.place_picture(START, name="Harbour")
    field._sources.from_page(field.take)
    assert session.jobs.wait_idle()
    assert sort_of(asked(panel).init)[:2] == (64, 48)
    assert field.layer
    panel._go.click()
    assert session.jobs.wait_idle()
    field._sources.from_history(field.take)
    assert session.jobs.wait_idle()
    assert asked(panel).init == tiny_png()
    data = QMimeData()
    data.setData(ASSET_MIME, session.assets.add(START, ".png").encode())
    drop(field, data)
    assert session.jobs.wait_idle()
    assert sort_of(asked(panel).init)[:2] == (64, 48)


def test_what_is_not_chosen_on_the_page_is_said(panel: ImagePanel) -> None:
    told: list[str] = []
    panel.session.noticed.connect(told.append)
    field = panel.painting.start.picture
    panel.session.attempt(lambda: field._sources.from_page(field.take))
    assert told == ["Cannot do that: choose one picture on the page first."]


def test_a_painted_mask_is_white_where_the_brush_was(panel: ImagePanel) -> None:
    start = panel.painting.start
    start.picture.take(START)
    brush = start.area.brush
    brush.resize(300, 196)
    stroke(brush, QPoint(130, 90), QPoint(160, 100))
    mask = mask_of_png(asked(panel).mask, brush.image)
    assert mask.pixelColor(31, 23).value() > 200
    assert mask.pixelColor(2, 2).value() < 20
    assert sort_of(asked(panel).mask)[:2] == (64, 48)
    QTest.keyClick(brush, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert asked(panel).mask == b""
    brush.tool = "frame"
    stroke(brush, QPoint(60, 20), QPoint(150, 100))
    assert asked(panel).mask
    before = brush.breadth
    QTest.keyClick(brush, Qt.Key.Key_BracketRight)
    assert brush.breadth > before
    QTest.keyClick(brush, Qt.Key.Key_Delete)
    assert asked(panel).mask == b""
    start.area.brush.invert()
    assert asked(panel).mask


def test_a_mask_is_the_area_of_a_layer_over_the_picture(panel: ImagePanel) -> None:
    session, start = panel.session, panel.painting.start
    layer_id = session.place_picture(START, name="Harbour")
    start.picture._sources.from_page(start.picture.take)
    assert session.jobs.wait_idle()
    picture = session.document.layer(layer_id).box
    left = Box(
        x_mm=picture.x_mm,
        y_mm=picture.y_mm,
        width_mm=picture.width_mm / 2,
        height_mm=picture.height_mm,
    )
    shape = ShapeLayer(name="Half", box=left, outline=Outline.RECTANGLE, fill=Fill.solid("#fff000"))
    session._place(shape)
    start.area._on_areas()
    mask = start.area.brush.image
    assert mask.pixelColor(4, mask.height() // 2).value() == 255
    assert mask.pixelColor(mask.width() - 4, mask.height() // 2).value() == 0


def test_a_control_and_a_reference_need_their_pictures(panel: ImagePanel, host: FakeHost) -> None:
    card = panel.painting.guides.controls.add()
    assert card.model.value == path("canny-xl")
    assert card.making.value == "canny", "the model's name says what it is guided by"
    told: list[str] = []
    panel.session.noticed.connect(told.append)
    host.asked.clear()
    panel._go.click()
    assert told == ["Cannot do that: a control needs a model and a picture."]
    assert host.asked == []
    card.picture.take(START)
    card.weight.set(0.8)
    card.end.set(0.5)
    look = panel.painting.guides.references.add()
    look.picture.take(START)
    request = asked(panel)
    assert request.controls == (
        ControlUse(path=path("canny-xl"), picture=START, preprocessor="canny", weight=0.8, end=0.5),
    )
    assert request.references == (ReferenceUse(path=path("look-xl"), picture=START),)


def test_a_transformer_that_borrows_its_other_parts_can_be_chosen(panel: ImagePanel) -> None:
    alone = spec("flux-q4", Role.DENOISER, "flux")
    panel.show_models((*LIBRARY, replace(alone, prediction="flow"), spec("unet", Role.DENOISER)))
    panel.model.set("flux-q4")
    assert panel.model.value == "flux-q4"
    panel.model.set("unet")
    assert panel.model.value != "unet", "a UNet alone is no model"


def test_what_a_control_will_see_is_shown_before(
    panel: ImagePanel, host: FakeHost, qtbot: QtBot
) -> None:
    card = panel.painting.guides.controls.add()
    assert card.traced.isHidden(), "there is no picture yet"
    card.picture.take(START)
    assert not card.traced.isHidden() and card.traced.empty
    card.making.set("lineart")
    host.asked.clear()
    qtbot.waitUntil(lambda: not card.traced.empty)
    traced = TraceRequest(png=START, preprocessor="lineart")
    assert host.asked == [traced], "one question for the last of quick changes"
    assert panel._results.count() == 0, "it is nothing that was made"
    host.fail_with = BadRequest("the picture of a control cannot be read")
    card.making.set("tile")
    qtbot.waitUntil(lambda: "cannot be read" in card.traced._words)
    assert card.traced.empty
    card.making.set("")
    assert card.traced.isHidden(), "it is used as it is"


def test_words_for_a_part_come_with_their_place(panel: ImagePanel) -> None:
    card = panel.painting.regions.regions.add()
    card.words.setText("a red house")
    card.area.brush.resize(200, 120)
    stroke(card.area.brush, QPoint(90, 50), QPoint(110, 60))
    [region] = asked(panel).regions
    assert isinstance(region, RegionPrompt)
    assert (region.prompt, region.weight) == ("a red house", 1.0)
    assert region.mask
    again = tuple(asked(panel).regions)
    panel.painting.regions.take({"regions": again})
    assert asked(panel).regions[0].prompt == "a red house"


def test_what_a_model_cannot_do_is_hidden(panel: ImagePanel) -> None:
    painting = panel.painting

    def hidden() -> tuple[bool, ...]:
        return (
            painting._folds["guides"].isHidden(),
            painting._lora_field.isHidden(),
            painting._embedding_field.isHidden(),
            painting.details._clip_field.isHidden(),
            painting.details._vae_field.isHidden(),
        )

    assert hidden() == (False, False, False, False, False)
    assert not painting.finish.cutout.isHidden()
    painting.finish.show_models(LIBRARY[:-1])
    assert painting.finish.cutout.isHidden()
    panel.model.set("starter")
    assert hidden() == (True, True, True, True, True)
    panel.model.set("old-painter")
    assert hidden() == (False, True, True, False, True)
    card = painting.guides.controls.add()
    assert card.model.value == path("sketch-old")


def test_an_embeddings_word_is_written_into_the_prompt(panel: ImagePanel) -> None:
    choice = panel.painting.embeddings
    choice.setCurrentIndex(1)
    choice.activated.emit(1)
    assert panel._prompt.toPlainText() == "moody, boats"
    assert asked(panel).embeddings == (path("moody"),)
    panel._prompt.setPlainText("moodyness")
    assert asked(panel).embeddings == ()


def test_a_grid_comes_with_its_sheet_into_the_history(panel: ImagePanel, host: FakeHost) -> None:
    grid = panel.painting.grid
    grid.axes.add().values.setText("10-30 (+10)")
    second = grid.axes.add()
    second.name.set("sampler")
    second.values.setText("euler a, ddim")
    assert "grid" in panel._go.text()
    assert grid.summary == "3 x 2"
    panel._go.click()
    assert panel.session.jobs.wait_idle()
    request = host.asked[-1]
    assert isinstance(request, GridRequest)
    assert request.axes == (
        Axis(name="steps", values=("10", "20", "30")),
        Axis(name="sampler", values=("euler a", "ddim")),
    )
    results = panel._results
    assert results.count() == 7
    sheet, last = results.model.kept(0), results.model.kept(1)
    assert sheet is not None
    assert last is not None
    assert (sheet.recipe.kind, last.recipe.kind) == (Kind.GRID, Kind.IMAGE)
    assert '"steps": 30' in last.recipe.request
    assert '"sampler": "ddim"' in last.recipe.request
    grid.axes.clear()
    results.choose(0)
    panel.deeds.again.click()
    assert panel.request() == request


def test_a_picture_of_the_history_is_enlarged_and_cut_out(
    panel: ImagePanel, host: FakeHost
) -> None:
    panel._go.click()
    assert panel.session.jobs.wait_idle()
    panel._results.enlarge_wanted.emit(4, "x4plus")
    assert panel.session.jobs.wait_idle()
    assert host.asked[-1] == UpscaleRequest(png=tiny_png(), factor=4, model="x4plus")
    panel._results.choose(1)
    panel._results.cutout_wanted.emit()
    assert panel.session.jobs.wait_idle()
    assert host.asked[-1] == CutoutRequest(png=tiny_png())
    assert panel._results.count() == 3


def test_a_picture_on_the_page_is_enlarged_and_cut_out_and_back(
    session: Session, host: FakeHost
) -> None:
    layer_id = session.place_picture(START)

    def asset() -> str:
        layer = session.document.layer(layer_id)
        assert isinstance(layer, PictureLayer)
        return layer.asset

    first = asset()
    session.enlarge(layer_id, 2, model="x4plus")
    assert session.jobs.wait_idle()
    second = asset()
    session.cut_out(layer_id)
    assert session.jobs.wait_idle()
    assert len({first, second, asset()}) == 3
    assert isinstance(host.asked[-1], CutoutRequest)
    session.undo()
    assert asset() == second
    session.undo()
    assert asset() == first


@pytest.mark.parametrize(
    ("before", "at", "steps", "after"),
    [
        ("a red house", 4, 1, "a (red:1.1) house"),
        ("a (red:1.1) house", 5, 1, "a (red:1.2) house"),
        ("a (red:1.1) house", 5, -1, "a red house"),
        ("a red house", 4, -2, "a (red:0.8) house"),
        ("", 0, 1, ""),
    ],
)
def test_keys_weigh_the_word_at_the_cursor(before: str, at: int, steps: int, after: str) -> None:
    text, start, end = before, at, at
    for _ in range(abs(steps)):
        text, start, end = weighted(text, start, end, 0.1 if steps > 0 else -0.1)
    assert text == after


def test_ctrl_up_is_one_step_to_undo(panel: ImagePanel) -> None:
    prompt = panel._prompt
    prompt.setPlainText("a red house")
    cursor = prompt.textCursor()
    cursor.setPosition(3)
    prompt.setTextCursor(cursor)
    QTest.keyClick(prompt, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(prompt, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert prompt.toPlainText() == "a (red:1.2) house"
    prompt.undo()
    assert prompt.toPlainText() == "a (red:1.1) house"


def test_a_brush_without_a_stroke_has_no_mask(qtbot: QtBot) -> None:
    brush = MaskBrush(100)
    qtbot.addWidget(brush)
    brush.show_shape(1600, 800)
    assert brush.empty
    assert (brush.image.width(), brush.image.height()) == (768, 384)
    brush.undo()
    assert brush.empty
