"""What the doctor tells."""

from __future__ import annotations

import json
import subprocess
import sys
from email.message import Message
from pathlib import Path

import pytest

from desktop import doctor
from desktop.settings import Settings, memory_store, save_settings, settings_path


def test_it_tells_of_everything_in_plain_values() -> None:
    facts = doctor.examine()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["memory"]["total"] > facts["memory"]["free"] > 0
    assert facts["torch"]["version"].startswith("2.")
    assert all(font["state"] == "here" for font in facts["fonts"])
    packages = {package["name"]: package["licence"] for package in facts["packages"]}
    assert "GPL" in packages["PySide6_Essentials"]
    text = doctor.as_text(facts)
    for heading in (
        "System",
        "Memory of the engines",
        "Models",
        "Fonts",
        "Soundfonts",
        "Folders",
        "Licences",
        "Problems",
    ):
        assert f"\n{heading}" in "\n" + text


def test_it_tells_what_the_engines_may_hold_and_what_they_learned() -> None:
    """Settings and store are the user's: the window and the command line write both."""
    save_settings(settings_path(), Settings(memory_limit_gb=0.5, memory_headroom_gb=0.25))
    folder = memory_store()
    folder.mkdir(parents=True)
    work = {
        "operation": "image.denoise", "model": "sd15", "size": 4096, "batch": 1,
        "estimate_bytes": 1, "peaks_bytes": [90_000_000], "floor_bytes": 0, "used": 1,
    }  # fmt: skip
    sets = {"version": 1, "records": [work], "loads": []}
    (folder / "working-sets-cpu.json").write_text(json.dumps(sets))
    event = {
        "version": 1, "number": 1, "at_s": 1e9, "change": "evict", "key": "text:m:model:bfloat16",
        "size_bytes": 270_000_000, "seconds": 0.1, "reason": "the longest unused",
    }  # fmt: skip
    (folder / "events.jsonl").write_text(json.dumps(event) + "\n")
    facts = doctor._device_memory()
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["budget"], facts["limit"], facts["headroom"]) == (
        5 * 10**8,
        5 * 10**8,
        25 * 10**7,
    )
    assert facts["total"] > facts["free"] > 0
    assert [w["measured_bytes"] for w in facts["working_sets"]] == [90_000_000]
    text = "\n".join(doctor._memory_sections(facts))
    assert "90.0 MB measured" in text
    assert "the longest unused" in text


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
