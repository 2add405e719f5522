"""What the doctor tells."""

from __future__ import annotations

import json
import subprocess
import sys
from email.message import Message
from pathlib import Path

import pytest

from desktop import doctor


def test_it_tells_of_everything_in_plain_values() -> None:
    facts = doctor.examine()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["memory"]["total"] > facts["memory"]["free"] > 0
    assert facts["torch"]["version"].startswith("2.")
    assert all(font["state"] == "here" for font in facts["fonts"])
    packages = {package["name"]: package["licence"] for package in facts["packages"]}
    assert "GPL" in packages["PySide6_Essentials"]
    text = doctor.as_text(facts)
    for heading in ("System", "Models", "Fonts", "Soundfonts", "Folders", "Licences", "Problems"):
        assert f"\n{heading}" in "\n" + text


def test_it_never_imports_torch() -> None:
    code = "import sys; from desktop import doctor; doctor.examine(); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(doctor.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_cards_are_read_from_the_drivers_answer() -> None:
    answer = "NVIDIA H200, 580.65.06, 143771, 143000, 9.0\nbroken\n"
    (card,) = doctor._read_cards(answer)
    assert card["name"] == "NVIDIA H200"
    assert card["total"] == 143771 * 2**20


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("License-Expression", "MIT"), ("License", "x")], "MIT"),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT License"),
        ([("License", "BSD")], "BSD"),
        ([("License", "a long\ntext")], "see its files"),
        ([], "see its files"),
    ],
)
def test_a_licence_in_a_few_words(fields: list[tuple[str, str]], expected: str) -> None:
    metadata = Message()
    for name, value in fields:
        metadata[name] = value
    assert doctor._licence(metadata) == expected


def test_a_folder_that_is_not_there_yet_counts_by_its_parent(tmp_path: Path) -> None:
    assert doctor._is_writable(tmp_path / "a" / "b")
    assert doctor._free_bytes(tmp_path / "a" / "b") > 0
