"""Install Python packages with the environment's pip, the user's pip settings respected."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from installers.failures import SetupFailure

HERE = Path(__file__).resolve().parent
CONSTRAINTS = HERE / "constraints.txt"
PIP = "pip==26.3"
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)\s*(?:;.*)?")


@dataclass(frozen=True, slots=True)
class Pin:
    """A package and the one version of it that is wanted."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def read_pins(path: Path) -> tuple[Pin, ...]:
    """Read a list of exact pins.

    Raises:
        SetupFailure: a line is not `name==version`.
    """
    pins = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        wanted = line.partition("#")[0].strip()
        if not wanted:
            continue
        match = _PIN.fullmatch(wanted)
        if match is None:
            raise SetupFailure(f"{path.name}, line {number}: {wanted!r} is not name==version")
        pins.append(Pin(match[1], match[2]))
    return tuple(pins)


class Pip:
    """The pip of one environment.

    Args:
        python: The environment's interpreter.
        options: Options for every command that looks for packages, for
            instance ("--no-index", "--find-links", folder).
    """

    def __init__(self, python: Path, options: tuple[str, ...] = ()) -> None:
        self._python = python
        self._version: tuple[int, ...] | None = None
        self.options = options

    def works(self) -> bool:
        command = [str(self._python), "-m", "pip", "--version"]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    def install(self, arguments: tuple[str, ...], what: str, status: Callable[[str], None]) -> None:
        """Run `pip install`, showing what it is busy with.

        Raises:
            SetupFailure: pip failed; the sentence carries its reason.
        """
        self._stream(("install", *arguments), what, status)

    def download(
        self, arguments: tuple[str, ...], what: str, status: Callable[[str], None]
    ) -> None:
        """Run `pip download`; otherwise as `install`."""
        self._stream(("download", *arguments), what, status)

    def would_take(self, pin: Pin) -> str:
        """Return the URL of the file that pip would install for a pin; nothing if it cannot say."""
        command = [str(self._python), "-m", "pip", "install", "--dry-run", "--ignore-installed"]
        command += ["--no-deps", "--quiet", "--report", "-", "--disable-pip-version-check"]
        done = subprocess.run(
            [*command, *self.options, str(pin)],
            capture_output=True,
            text=True,
            env=_environment(),
            check=False,
        )
        try:
            report = json.loads(done.stdout)
            return str(report["install"][0]["download_info"]["url"])
        except (ValueError, LookupError, TypeError):
            return ""

    def _stream(self, arguments: tuple[str, ...], what: str, status: Callable[[str], None]) -> None:
        command = [str(self._python), "-m", "pip", *arguments, *self.options]
        command += ["--no-input", "--disable-pip-version-check"]
        if self._shows_progress():
            command.append("--progress-bar=raw")
        kept: deque[str] = deque(maxlen=400)
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_environment(),
        ) as process:
            for shown in narrate(_keep(process.stdout or (), kept)):
                status(shown)
        if process.returncode:
            raise SetupFailure(f"{what} could not be installed: {reason(kept)}")

    def _shows_progress(self) -> bool:
        """Say whether this pip can report its downloads as plain numbers (24.1 and later)."""
        if self._version is None:
            command = [str(self._python), "-m", "pip", "--version"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            numbers = re.findall(r"\d+", done.stdout)[:2]
            self._version = tuple(int(number) for number in numbers)
        return self._version >= (24, 1)

    def upgrade(self, status: Callable[[str], None]) -> None:
        """Take the pip that this project was tried with; without it the old one must do."""
        with contextlib.suppress(SetupFailure):
            self.install((PIP,), "pip", status)
        self._version = None


def narrate(lines: Iterable[str]) -> Iterator[str]:
    """Turn pip's output into short statuses."""
    count = 0
    subject = ""
    for line in lines:
        text = line.strip()
        if text.startswith("Progress ") and " of " in text:
            done, _, total = text.removeprefix("Progress ").partition(" of ")
            if total.isdigit() and int(total) > 0:
                yield f"{subject}: {100 * int(done) // int(total)}%"
        elif text.startswith("Collecting "):
            count += 1
            yield f"looking up package {count}: {text.split()[1]}"
        elif text.startswith("Downloading "):
            subject = "downloading " + text.removeprefix("Downloading ").rpartition("/")[2]
            yield subject
        elif text.startswith("Installing collected packages"):
            yield f"installing {text.count(',') + 1} packages"


def reason(lines: Sequence[str]) -> str:
    """Find in pip's output the line that says why it failed."""
    errors = [line.strip() for line in lines if line.lstrip().startswith("ERROR")]
    if any("NameResolution" in line or "Connection" in line for line in lines):
        return "the package registry cannot be reached (check the network, then run this again)"
    if any("No space left" in line for line in lines):
        return "the disk is full"
    if errors:
        return errors[-1].removeprefix("ERROR: ")
    return next(
        (line.strip() for line in reversed(list(lines)) if line.strip()), "pip gave no reason"
    )


def _keep(lines: Iterable[str], kept: deque[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("Progress "):
            kept.append(line)
        yield line


def _environment() -> dict[str, str]:
    """Return the environment for pip: the user's, but never a --user install or a question."""
    return {**os.environ, "PIP_USER": "0", "PYTHONUNBUFFERED": "1"}
