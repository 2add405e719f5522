"""The command line: what can be typed, and what comes of an error.

The actions are in `desktop/commands.py`, imported only when one runs.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from desktop.image_options import add_options as add_image_options
from desktop.messages import explain
from desktop.scoring import add_options as add_music_options
from desktop.terminal import Bar, print_json
from engines.api import CancelToken, Run


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}. See {self.prog} --help.\n")
        raise SystemExit(2)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    arguments = parser().parse_args(argv)
    bar, token = Bar(), CancelToken()
    previous = signal.signal(signal.SIGINT, _canceller(token))
    started_s = time.monotonic()
    try:
        answer = _action(arguments.command)(arguments, Run(token, bar.report))
        bar.clear()
    except Exception as error:  # noqa: BLE001 - the one place where the command line ends
        bar.clear()
        return _fail(error, arguments.command, as_json=arguments.json)
    finally:
        signal.signal(signal.SIGINT, previous)
    if arguments.json:
        if "outputs" in answer:
            answer["seconds"] = round(time.monotonic() - started_s, 3)
        print_json(answer)
    return int(answer.get("exit_code", 0))


def _fail(error: Exception, command: str, *, as_json: bool) -> int:
    message = explain(error, command)
    sys.stderr.write(f"{message}\n")
    if as_json:
        print_json({"error": str(message), "exit_code": message.exit_code})
    return message.exit_code


def _canceller(token: CancelToken) -> Callable[[int, FrameType | None], None]:
    """Return a handler: the first Ctrl+C asks, the second ends at once."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        if token.cancelled:
            raise KeyboardInterrupt
        token.cancel()

    return on_signal


def _action(name: str) -> Callable[[argparse.Namespace, Run], dict[str, Any]]:
    from desktop import commands

    action: Callable[[argparse.Namespace, Run], dict[str, Any]] = getattr(commands, name)
    return action


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    top = _Parser(
        prog="main.py",
        description="An offline studio for words, pictures and music.",
        epilog="No command opens the window, `open FILE` a project in it. "
        "Besides: setup, test, bench; each has --help.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_text, _image, _music, _poster, _scene, _export, _models, _train, _doctor):
        add(commands)
    return top


def _add(commands: Any, name: str, text: str, *, out: str | None = None) -> _Parser:
    """Add a command with the options that all share; `out` is "needed" or "optional"."""
    command: _Parser = commands.add_parser(name, help=text, description=text)
    if out is not None:
        command.add_argument("--out", type=Path, required=out == "needed", metavar="FILE")
    command.add_argument("--seed", type=int, help="same seed, same file")
    command.add_argument("--device", choices=("auto", "cuda", "cpu"), default="auto")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    return command


def _text(commands: Any) -> None:
    command = _add(commands, "text", "Write words.", out="optional")
    command.add_argument("prompt")
    command.add_argument("--model", default="", metavar="ID")
    command.add_argument("--system", default="", help="how the model should behave")
    command.add_argument("--max-tokens", type=int, default=256)
    command.add_argument("--temperature", type=float, default=0.8)
    command.add_argument("--top-p", type=float, default=0.95)
    command.add_argument("--min-p", type=float, default=0.05)
    command.add_argument("--json-schema", type=Path, metavar="FILE")


def _image(commands: Any) -> None:
    add_image_options(_add(commands, "image", "Draw pictures.", out="needed"))


def _music(commands: Any) -> None:
    add_music_options(
        _add(commands, "music", "Write a score: MIDI, notation or sound.", out="needed")
    )


def _poster(commands: Any) -> None:
    command = _add(commands, "poster", "Make a poster of a brief.", out="needed")
    command.add_argument("brief")
    command.add_argument("--model", default="", metavar="ID", help="the language model")
    command.add_argument("--picture-model", default="", metavar="ID")
    command.add_argument("--size", default="A3", help="A3, 210x297mm or 1080x1350px")
    command.add_argument("--dpi", type=float, default=150.0)
    command.add_argument("--template", default="", metavar="ID")


def _scene(commands: Any) -> None:
    command = _add(commands, "scene", "Make a scored scene of a brief.", out="needed")
    command.add_argument("brief")
    command.add_argument("--model", default="", metavar="ID", help="the language model")
    command.add_argument("--picture-model", default="", metavar="ID")
    command.add_argument("--seconds", type=float, default=12.0)
    command.add_argument("--size", default="1920x1080", metavar="WxH")
    command.add_argument("--fps", type=int, default=24)


def _export(commands: Any) -> None:
    command = _add(commands, "export", "Write a project to another file.", out="needed")
    command.add_argument("file", type=Path)


def _models(commands: Any) -> None:
    command = _add(commands, "models", "The model library.")
    verbs = command.add_subparsers(dest="verb", required=True, metavar="list|add|remove|check")
    for verb, argument, text in (
        ("list", "", "What there is, whether it fits, what was refused and why."),
        ("add", "path", "Add a file, or a folder with all below it; nothing is written there."),
        ("remove", "id", "Take out a model, by its id, or a folder, by its path; files stay."),
        ("check", "path", "Say what a file or a model's folder is."),
    ):
        part = verbs.add_parser(verb, help=text, description=text)
        if argument:
            part.add_argument("what", metavar=argument.upper())
        # Also after the verb; without a default it leaves what stood before alone.
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def _train(commands: Any) -> None:
    command = _add(commands, "train", "Train a starter model.")
    command.add_argument("what", choices=("image", "music", "cutout"))
    command.add_argument("data", nargs="*", help="folders of the data set")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    command.add_argument("--preset", choices=("cpu", "gpu"), default="cpu")
    command.add_argument("--minutes", type=float, default=60.0)


def _doctor(commands: Any) -> None:
    _add(commands, "doctor", "Tell about this machine, the models, fonts and licences.")
