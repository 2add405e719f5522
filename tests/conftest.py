"""What all tests share: Qt without a screen, settings in a folder of the test's own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.fonts.warning=false")

if TYPE_CHECKING:
    from desktop.session import Session
    from tests.fakes import FakeHost


@pytest.fixture(autouse=True)
def own_folders(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep the user's settings, recovery files and cache out of the tests."""
    monkeypatch.setenv("TRIPTYCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("TRIPTYCH_HOME", str(tmp_path / "triptych-home"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def host() -> FakeHost:
    from tests.fakes import FakeHost

    return FakeHost()


@pytest.fixture
def session(qapp: object, host: FakeHost) -> Iterator[Session]:
    """Give a session whose engine is a fake; every thread it started has ended after the test."""
    from desktop.session import Session

    before = {thread.ident for thread in threading.enumerate()}
    session = Session(host)
    yield session
    host.gate.set()
    assert session.close(), "a job's thread did not end"
    left = {t.name for t in threading.enumerate() if t.ident not in before and not t.daemon}
    assert not left, f"threads left behind: {left}"
    session.deleteLater()
