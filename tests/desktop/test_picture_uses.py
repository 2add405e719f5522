"""What a picture of the history can be used as in the picture panel's form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from desktop.panels.image import ImagePanel
from desktop.panels.results import add_uses
from desktop.session import Session
from engines.api import Role
from tests.desktop.test_painting_fields import spec
from tests.fakes import tiny_png

LIBRARY = (
    spec("fake-image", Role.MODEL),
    spec("canny", Role.CONTROLNET),
    spec("look", Role.IP_ADAPTER),
)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> Iterator[ImagePanel]:
    made = ImagePanel(session)
    qtbot.addWidget(made)
    made.resize(344, 900)
    made.show()
    made._prompt.setPlainText("boats")
    made.seed.keep(40)
    made._go.click()
    assert session.jobs.wait_idle()
    made.seed.keep(7)
    yield made


def test_only_what_the_library_has_models_for_is_offered(panel: ImagePanel) -> None:
    assert panel._results.uses() == ("seed", "start")
    panel.show_models(LIBRARY)
    assert panel._results.uses() == ("seed", "start", "control", "reference")


def test_the_menu_says_which_use_was_chosen(panel: ImagePanel) -> None:
    menu, chosen = QMenu(panel), list[str]()
    panel.show_models(LIBRARY)
    add_uses(menu, panel._results.uses(), chosen.append)
    uses = menu.actions()[0].menu()
    assert isinstance(uses, QMenu)
    for action in uses.actions():
        action.trigger()
    assert chosen == ["seed", "start", "control", "reference"]


def test_its_seed_is_kept(panel: ImagePanel) -> None:
    panel._way.choose("history")
    panel._results.use_as_wanted.emit("seed")
    assert panel.seed.take() == 40
    assert panel._way.value == "model"
    assert panel._asking.isVisible()


def test_it_becomes_the_start(panel: ImagePanel) -> None:
    panel._way.choose("history")
    panel._results.use_as_wanted.emit("start")
    assert panel.session.jobs.wait_idle()
    assert panel.painting.start.picture.png == tiny_png()
    assert panel.painting.start.isVisible()


@pytest.mark.parametrize("use", ["control", "reference"])
def test_it_becomes_a_guide(panel: ImagePanel, use: str) -> None:
    panel.show_models(LIBRARY)
    panel._results.use_as_wanted.emit(use)
    assert panel.session.jobs.wait_idle()
    guides = panel.painting.guides
    [card] = guides.controls.cards if use == "control" else guides.references.cards
    assert card.picture.png == tiny_png()
    assert guides.isVisible()
