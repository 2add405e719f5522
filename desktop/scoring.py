"""From what was typed after `music` to a request for a score."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from desktop.document.moments import read_moments
from engines.api import HALLS, BadRequest, MusicRequest

NOTATIONS: Final = ("musicxml", "mxl")
LARGEST_SCORE_BYTES: Final = 160 * 2**20
_WORKS_ON: Final = ("continue", "accompany", "vary", "fit")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `music` but for those that all commands share."""
    command.add_argument("prompt", nargs="?", default="")
    command.add_argument("--model", default="", metavar="ID")
    command.add_argument("--seconds", type=float, default=0.0, help="exactly so long")
    command.add_argument("--bars", type=int, default=0)
    command.add_argument("--key", default="", help='like "D minor"')
    command.add_argument("--no-key-lock", action="store_true", help="notes may leave the key")
    command.add_argument("--tempo", type=float, default=0.0, metavar="BPM")
    command.add_argument("--meter", default="", help="like 3/4")
    command.add_argument("--mood", default="")
    command.add_argument("--energy", type=int, default=-1, metavar="0-5")
    command.add_argument("--density", default="", metavar="0-5|NAME=0-5,...")
    command.add_argument("--polyphony", type=int, default=0, help="most notes a part strikes")
    command.add_argument("--source", default="", help="the style of a collection, like quartet")
    command.add_argument("--instruments", default="", metavar="A,B")
    command.add_argument("--form", default="", help="like AABA; equal letters begin alike")
    command.add_argument("--hit", default="", metavar="S,S", help="seconds at which all strike")
    command.add_argument("--loop", action="store_true", help="the last bar leads to the first")
    command.add_argument("--candidates", type=int, default=4)
    command.add_argument("--temperature", type=float, default=0.95)
    command.add_argument("--soundfont", default="", metavar="FILE", help="SF2 or SF3, for sound")
    command.add_argument("--hall", default="", choices=HALLS, help="where it sounds")
    files = "MIDI, MusicXML or MXL"
    for name, text in (
        ("continue", f"go on with a score ({files}), by --bars or --seconds"),
        ("accompany", "add --instruments to a score"),
        ("vary", "write some bars of a score anew, all the harmony kept"),
        ("fit", "give a score other --seconds and --hit, only by its timing"),
    ):
        command.add_argument(f"--{name}", dest=f"{name}_score", metavar="FILE", help=text)
    command.add_argument("--score", metavar="FILE", help="the score for --fill")
    command.add_argument("--fill", default="", metavar="BARS[:TRACKS]", help="like 5-8:violin,2")
    command.add_argument("--lock", default="", metavar="BARS[:TRACKS]", help="what stays as it is")
    command.add_argument("--amount", type=float, default=0.5, help="the part that --vary rewrites")


def music_request(arguments: argparse.Namespace, seed: int) -> MusicRequest:
    """Make the request.

    Raises:
        BadRequest: options that do not go together, or that cannot be read.
    """
    verb, path = _verb(arguments)
    instruments = _listed(arguments.instruments)
    density, densities = _densities(arguments.density, instruments)
    suffix = arguments.out.suffix.lower().lstrip(".")
    return MusicRequest(
        prompt=arguments.prompt,
        seed=seed,
        model=arguments.model,
        seconds=arguments.seconds,
        bars=arguments.bars,
        key=arguments.key,
        tempo_bpm=arguments.tempo,
        meter=arguments.meter,
        mood=arguments.mood,
        instruments=instruments,
        candidates=arguments.candidates,
        temperature=arguments.temperature,
        verb=verb,
        score=_read(path),
        region=arguments.fill,
        lock=arguments.lock,
        amount=arguments.amount,
        hits=_seconds(arguments.hit),
        loop=arguments.loop,
        form=arguments.form,
        energy=arguments.energy,
        density=density,
        densities=densities,
        polyphony=arguments.polyphony,
        source=arguments.source,
        key_lock=not arguments.no_key_lock,
        notation=suffix if suffix in NOTATIONS else "",
    )


def music_answer(result: Any, path: Path) -> dict[str, Any]:
    """Say what `--json` prints of a score."""
    return {
        "outputs": [str(path)],
        "seed": result.seed,
        "model": result.model,
        "bars": result.bars,
        "tempo_bpm": result.tempo_bpm,
        "key": result.key,
        "meter": result.meter,
        "mood": result.mood,
        "length_s": result.length_s,
        "notes": result.notes,
        "notices": list(result.notices),
    }


def _verb(arguments: argparse.Namespace) -> tuple[str, str | None]:
    """Find what is to be done, and with which file."""
    files = {name: getattr(arguments, f"{name}_score") for name in _WORKS_ON}
    asked = [name for name in _WORKS_ON if files[name] is not None]
    if arguments.fill:
        path = arguments.score or files.pop("continue")
        if path is None:
            raise BadRequest("--fill needs a score: give it with --score FILE")
        asked = [name for name in asked if name in files]
        if asked:
            raise BadRequest(f"--fill and --{asked[0]} are two things to do; ask for one")
        return "fill", path
    if arguments.score is not None:
        raise BadRequest("--score goes with --fill; other work takes its file itself")
    if len(asked) > 1:
        raise BadRequest(f"--{asked[0]} and --{asked[1]} are two things to do; ask for one")
    return (asked[0], files[asked[0]]) if asked else ("compose", None)


def _read(path: str | None) -> bytes:
    if path is None:
        return b""
    file = Path(path)
    if file.stat().st_size > LARGEST_SCORE_BYTES:
        raise BadRequest(f"{path} is larger than {LARGEST_SCORE_BYTES // 2**20} MB")
    data = file.read_bytes()
    if not data:
        raise BadRequest(f"{path} is empty")
    return data


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _seconds(text: str) -> tuple[float, ...]:
    try:
        return read_moments(text)
    except ValueError as problem:
        raise BadRequest(str(problem)) from None


def _densities(text: str, instruments: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
    """Read one level, or a level for some instruments; -1 is unsaid."""
    named: dict[str, int] = {}
    overall = -1
    for piece in _listed(text):
        name, equals, level = piece.rpartition("=")
        if not level.strip().isdecimal():
            raise BadRequest(f"{text!r} is not a density such as 3 or violin=4,drums=1")
        if equals:
            named[name.strip()] = int(level)
        else:
            overall = int(level)
    unknown = [name for name in named if name not in instruments]
    if unknown:
        raise BadRequest(f"{unknown[0]} has a density, but is not among the instruments")
    levels = tuple(named.get(name, -1) for name in instruments)
    return overall, levels if named else ()
