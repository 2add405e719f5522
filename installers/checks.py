"""`main.py test`: every check of the project, one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installers import torch_choice
from installers.models import OFFLINE
from installers.telling import Teller

CHECKS = (
    ("style", ("-m", "ruff", "check", ".")),
    ("format", ("-m", "ruff", "format", "--check", ".")),
    ("types", ("-m", "mypy")),
    ("imports", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
)
USAGE = """usage: main.py test [--all] [arguments of pytest]

Without arguments: style, format, types, import contracts, then the tests.
With arguments of pytest: the tests only. --all adds the slow tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one check ended; `output` is kept for what failed."""

    name: str
    code: int
    seconds: float
    output: str = ""


def run(root: Path, arguments: Sequence[str]) -> int:
    """Run the checks and the tests; returns 0 only if all of them passed."""
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(USAGE + "\n")
        return 0
    teller = Teller(sys.stdout)
    own = [argument for argument in arguments if argument != "--all"]
    failed = []
    for name, command in () if own else CHECKS:
        outcome = _check(root, name, command)
        teller.line(_describe(outcome))
        if outcome.code:
            failed.append(name)
    if failed:
        teller.line(f"Not passed: {', '.join(failed)}. The tests follow.")
    tests = pytest_command(own, with_slow="--all" in arguments)
    code = subprocess.run(tests, cwd=root, env=_environment(), check=False).returncode
    return code or int(bool(failed))


def pytest_command(own: Sequence[str], *, with_slow: bool) -> list[str]:
    """Return the command for the tests; those for a card run only where one answers."""
    left_out = [] if with_slow else ["slow"]
    if torch_choice.find_card() is None:
        left_out.append("gpu")
    command = [sys.executable, "-m", "pytest"]
    if left_out and "-m" not in own:
        command += ["-m", " and ".join(f"not {name}" for name in left_out)]
    return [*command, *own]


def _check(root: Path, name: str, command: Sequence[str]) -> Outcome:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    seconds = time.monotonic() - started
    return Outcome(name=name, code=done.returncode, seconds=seconds, output=done.stdout)


def _describe(outcome: Outcome) -> str:
    verdict = "ok" if outcome.code == 0 else "FAILED"
    line = f"{outcome.name:<10} {verdict:<7} {outcome.seconds:5.1f} s"
    return line if outcome.code == 0 else f"{line}\n{outcome.output.rstrip()}"


def _environment() -> dict[str, str]:
    return {"QT_QPA_PLATFORM": "offscreen", **os.environ, **OFFLINE, "PYTHONPATH": ""}
