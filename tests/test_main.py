"""The front door: which part answers which command, before anything heavy is imported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import main
from installers import bootstrap, checks, interpreter, stamp


@pytest.fixture
def is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamp, "is_current", lambda *args: True)
    monkeypatch.setattr(stamp, "is_running_inside", lambda root: True)


def noted(calls: list[object], code: int) -> Callable[..., int]:
    def note(*args: object) -> int:
        calls.append(args)
        return code

    return note


def test_commands_reach_their_part(is_set_up: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(checks, "run", noted(calls, 4))
    monkeypatch.setattr("desktop.cli.main", noted(calls, 5))
    monkeypatch.setattr("desktop.bench.main", noted(calls, 6))
    assert main.main(["test", "--all"]) == 4
    assert main.main(["text", "hello"]) == 5
    assert main.main(["bench", "window"]) == 6
    assert calls == [(main.ROOT, ["--all"]), (["text", "hello"],), (["window"],)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is a screen")
def test_without_a_screen_the_window_says_so(
    is_set_up: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main.main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_what_is_not_set_up_is_set_up_first(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(stamp, "is_current", lambda *args: False)
    monkeypatch.setattr(interpreter, "is_supported", lambda: True)
    monkeypatch.setattr(bootstrap, "prepare", noted(calls, 1))
    assert main.main(["poster", "x"]) == 1
    assert main.main(["test"]) == 1
    assert calls == [(main.ROOT, ("base",)), (main.ROOT, ("base", "test"))]


def test_a_python_without_wheels_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stamp, "is_current", lambda *args: False)
    monkeypatch.setattr(interpreter, "is_supported", lambda: False)
    monkeypatch.setattr(interpreter, "find", lambda: "")
    assert main.main(["poster", "x"]) == 1
    assert "Triptych needs Python 3.11 or 3.12" in capsys.readouterr().err


def test_the_door_imports_nothing_heavy() -> None:
    code = (
        "import sys, main; print(len([n for n in sys.modules if 'PySide6' in n or 'numpy' in n]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(main.__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0"
