"""Measure a trained starter, and ship it: `python -m engines.training.image measure|ship OUT`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engines.api import EngineError, Kind, Progress, Run
from engines.catalog import Catalog
from engines.image.words.starter_text import PromptReader
from engines.training.image import evaluate, shipping
from engines.training.image.export import READER
from engines.training.image.train import RECIPES

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "resources" / "models" / "triptych-image-1"


def main(arguments: list[str]) -> int:
    """Run one of the commands; returns the exit code."""
    parser = argparse.ArgumentParser(prog="engines.training.image")
    commands = parser.add_subparsers(dest="command", required=True)
    measure = commands.add_parser("measure", help="measure a model folder")
    measure.add_argument("--model", type=Path, help="default: the checkpoint in OUT")
    ship = commands.add_parser("ship", help="export and measure; replace GOAL if it is better")
    ship.add_argument("--goal", type=Path, default=SHIPPED)
    for command in (measure, ship):
        command.add_argument("out", type=Path, metavar="OUT", help="folder of the training")
        command.add_argument("--preset", choices=sorted(RECIPES), default="cpu")
        command.add_argument("--samples", type=int, default=evaluate.SAMPLES)
    try:
        return _run(parser.parse_args(arguments))
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _run(asked: argparse.Namespace) -> int:
    reader = PromptReader(Path(Catalog().get(READER, Kind.TEXT).path))
    on, run = evaluate.ground(asked.out, reader), Run(report=_tell)
    if asked.command == "measure":
        model = asked.model or shipping.export(asked.out, asked.preset, on)[0]
        figures = shipping.measured(asked.out, model, on, run, asked.samples)
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")
        return 0
    against = shipping.ship(
        asked.out, asked.goal, on, run, preset=asked.preset, samples=asked.samples
    )
    sys.stdout.write("\n".join(["not better:", *against] if against else ["shipped"]) + "\n")
    return 1 if against else 0


def _tell(progress: Progress) -> None:
    sys.stderr.write(f"\r{progress.stage} {progress.done}/{progress.total}   ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
