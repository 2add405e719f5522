"""Hit points in the music panel: typed, with cuts, with seconds and with bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.desktop import test_music_panel, test_music_takes, test_window
from tests.desktop.test_music_panel import idle, scene
from tests.desktop.test_music_takes import music_requests, with_lengths
from tests.desktop.test_pianoroll import waltz

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktop.panels.music import MusicPanel
    from desktop.window import Window
    from tests.fakes import FakeHost

studio, window = test_window.studio, test_window.window
panel, writing = test_music_panel.panel, test_music_takes.writing


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2, four", "The hit point 'four' is not seconds such as 4.5 or minutes such as 1:04.5."),
        ("5, 5.1", "The hit point at 5.1 s is too near to the one at 5 s."),
        ("0.1", "The hit point at 0.1 s is too near to the beginning."),
        ("2, 19.9", "The hit point at 19.9 s is not within the 20 s of the music."),
        (" ".join(map(str, range(1, 70))), "69 hit points are more than 64."),
    ],
)
def test_a_hit_point_that_cannot_be_is_named_as_it_is_typed(
    window: Window, panel: MusicPanel, host: FakeHost, typed: str, says: str
) -> None:
    panel.length.hits.setText(typed)
    assert panel.length._wrong.text() == says and panel.length._wrong.isVisible()
    panel._go.click()
    assert not panel.running and music_requests(host) == []
    assert says.removeprefix("The ").rstrip(".") in window.stage.message.words
    panel.length.hits.setText("3.5")
    assert panel.length._wrong.isHidden()


def test_hit_points_go_with_seconds_and_with_bars(panel: MusicPanel) -> None:
    panel.length.hits.setText("12.25; 3.5 0:08")
    asked = panel.request()
    assert (asked.seconds, asked.bars, asked.hits) == (20.0, 0, (3.5, 8.0, 12.25))
    panel.length.unit.choose("bars")
    asked = panel.request()
    assert (asked.seconds, asked.bars, asked.hits) == (0.0, 16, (3.5, 8.0, 12.25))
    panel.length.bars.setValue(2)
    assert panel.length._wrong.text() == "3 hit points do not fit 2 bars."
    panel.session.set_music(waltz())
    panel.choose_verb("continue")
    assert not panel.length.hits.isVisible() and panel.request().hits == ()


def test_hit_points_of_ones_own_join_the_cuts_and_stay_when_these_move(
    qtbot: QtBot, window: Window, panel: MusicPanel, host: FakeHost
) -> None:
    scene(window)
    session = window.session
    panel.length.unit.choose("scene")
    panel.length.hits.setText("6.5, 3.1")
    panel.length.cuts.hits.click()
    assert panel.length.cuts._about.text().startswith("1 cut too near"), "one's own go first"
    panel.length.hits.setText("6.5, 3")
    assert panel.length.cuts._about.isHidden(), "on the cut it is the same"
    panel._go.click()
    idle(window)
    assert music_requests(host)[-1].hits == (3.0, 6.5)
    panel.length.hits.setText("6.5")
    panel.choose_verb("fit")
    panel._go.click()
    idle(window)
    session.edit("Trim", with_lengths(session.document, 4.0, 5.0))
    qtbot.waitUntil(lambda: music_requests(host)[-1].seconds == 9.0)
    idle(window)
    assert music_requests(host)[-1].hits == (4.0, 6.5)
    panel.length.hits.setText("")
    session.undo()
    assert panel.length.hits.text() == "6.5", "what the score follows is shown"
