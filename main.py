"""Triptych: no argument opens the window, anything else is the command line.

On the first start it sets itself up in `.venv` beside this file; afterwards
that costs a few milliseconds. Nothing heavy is imported here, and the syntax
stays old enough for an old Python to say which one it needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from installers import stamp

ROOT = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Set up what is not, go on in the project's own environment; returns the exit code."""
    command = arguments[0] if arguments else ""
    if command == "setup":
        return _set_up(arguments)
    parts = ("base", "test") if command == "test" else ("base",)
    if not stamp.is_current(ROOT, parts):
        code = _prepare(parts, arguments)
        if code:
            return code
    if not stamp.is_running_inside(ROOT):
        return _go_on_with(str(stamp.interpreter(ROOT)), arguments)
    if command == "test":
        from installers import checks

        return checks.run(ROOT, arguments[1:])
    if command == "bench":
        return _bench(arguments[1:])
    if command in ("", "open"):
        return _open_window(arguments[1:])
    from desktop import cli

    return cli.main(arguments)


def _bench(arguments: list[str]) -> int:
    """Run one measurement, or all that need nothing named, one after the other."""
    from desktop import bench as of_the_window
    from engines import bench as of_the_engines

    if not arguments:
        return max(_bench([name]) for name in ("memory", "window", "score"))
    if arguments[0] in of_the_engines.NAMES:
        return of_the_engines.main(arguments)
    return of_the_window.main(arguments)


def _set_up(arguments: list[str]) -> int:
    from installers import interpreter

    if not interpreter.is_supported():
        return _change_python(arguments)
    from installers import bootstrap

    return bootstrap.command(ROOT, arguments[1:])


def _prepare(parts: tuple[str, ...], arguments: list[str]) -> int:
    from installers import interpreter

    if not interpreter.is_supported():
        return _change_python(arguments)
    from installers import bootstrap

    return bootstrap.prepare(ROOT, parts)


def _change_python(arguments: list[str]) -> int:
    from installers import interpreter

    found = interpreter.find()
    if not found:
        sys.stderr.write(interpreter.refusal() + "\n")
        return 1
    sys.stderr.write("This Python is not supported; using " + found + "\n")
    sys.exit(_go_on_with(found, arguments))


def _open_window(arguments: list[str]) -> int:
    from installers import system_libraries

    refusal = system_libraries.why_no_window()
    if refusal:
        sys.stderr.write(refusal + "\n")
        return 2
    from desktop import app

    return app.main(arguments)


def _go_on_with(python: str, arguments: list[str]) -> int:
    """Run the same command with another Python, in place of this process where that is possible."""
    command = [python, str(ROOT / "main.py"), *arguments]
    if os.name != "nt":
        sys.stderr.flush()
        os.execv(python, command)
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
