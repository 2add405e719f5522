"""The table of actions, its icons, the palette of commands, settings and theme."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from desktop import icons, theme
from desktop.actions import ACTIONS, MENUS, action
from desktop.files import Dropped, sort_dropped
from desktop.panels.command_palette import matches
from desktop.settings import VERSION, Settings, load_settings, save_settings

ROOT = Path(__file__).resolve().parents[2]


def test_ids_are_unique_and_menus_known() -> None:
    ids = [x.id for x in ACTIONS]
    assert len(set(ids)) == len(ids)
    assert {x.menu for x in ACTIONS} == set(MENUS)


def test_no_two_actions_share_a_shortcut(qapp: object) -> None:
    keys = [
        QKeySequence(part).toString() for x in ACTIONS for part in x.shortcut.split(",") if part
    ]
    assert all(keys)
    assert len(set(keys)) == len(keys)


def test_an_unknown_action_is_an_error() -> None:
    assert action("undo").text == "Undo"
    with pytest.raises(KeyError):
        action("fly")


@pytest.mark.parametrize("name", sorted({x.icon for x in ACTIONS if x.icon}))
def test_every_actions_icon_is_there(qapp: object, name: str) -> None:
    assert not icons.icon(name).isNull()


def test_icons_take_the_colour_asked_for(qapp: object) -> None:
    image = icons.pixmap("circle", "#ff0000", 24).toImage()
    colors = {
        image.pixelColor(x, y).name()
        for x in range(24)
        for y in range(24)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert colors == {"#ff0000"}


def test_no_icon_lies_about_unused() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "desktop").rglob("*.py")
    )
    unused = [
        path.stem
        for path in (ROOT / "resources" / "icons").glob("*.svg")
        if not re.search(rf'"{re.escape(path.stem)}"', sources)
    ]
    assert unused == []


def test_the_palette_finds_by_the_beginnings_of_words() -> None:
    assert matches(action("new_poster"), "new pos")
    assert matches(action("new_poster"), "")
    assert not matches(action("new_poster"), "oster")


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("text", "panel"), ("text", "raised"), ("text", "base"), ("text", "hover"),
        ("muted", "panel"), ("muted", "base"), ("muted", "raised"), ("on_accent", "accent"),
        ("text", "selected"), ("text", "bad_soft"), ("text", "info_soft"),
    ],
)  # fmt: skip
def test_words_have_contrast(front: str, back: str) -> None:
    colors = asdict(theme.COLORS)
    light, dark = sorted((_luminance(colors[front]), _luminance(colors[back])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_style_sheet_knows_all_its_names(qapp: object) -> None:
    sheet = theme.style_sheet()
    assert "$" not in sheet
    for url in re.findall(r'url\("([^"]+)"\)', sheet):
        assert Path(url).is_file()


def test_settings_come_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    settings = Settings(use="scene", scene_seconds=20.0).with_recent(Path("/a/b.triptych"))
    save_settings(path, settings)
    assert load_settings(path) == settings


@pytest.mark.parametrize(
    "text", ["", "[1]", "{not json", json.dumps({"version": VERSION + 1, "use": "scene"})]
)
def test_settings_that_cannot_be_read_give_the_defaults(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text, encoding="utf-8")
    assert load_settings(path) == Settings()


def test_settings_of_a_wrong_type_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    data = {"version": VERSION, "use": 5, "recent": [1], "scene_seconds": 8}
    path.write_text(json.dumps(data), encoding="utf-8")
    assert load_settings(path) == Settings(scene_seconds=8.0)


def test_recent_projects_are_few_and_the_newest_first() -> None:
    settings = Settings()
    for i in range(12):
        settings = settings.with_recent(Path(f"/p/{i}.triptych"))
    settings = settings.with_recent(Path("/p/9.triptych"))
    assert len(settings.recent) == 8
    assert Path(settings.recent[0]).name == "9.triptych"
    assert len(set(settings.recent)) == 8


def test_dropped_files_are_told_apart() -> None:
    paths = tuple(Path(name) for name in ("a.PNG", "b.mid", "c.triptych", "d.exe"))
    found = sort_dropped(paths)
    assert [kind for kind, _ in found.files] == [
        Dropped.PICTURE,
        Dropped.SCORE,
        Dropped.PROJECT,
        Dropped.OTHER,
    ]


def test_the_window_is_built_without_torch(qtbot: QtBot) -> None:
    import subprocess
    import sys

    code = "import sys, desktop.app; print('torch' in sys.modules, 'diffusers' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
