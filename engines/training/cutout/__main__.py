"""Ship a trained cut-out network: `python -m engines.training.cutout OUT`.

It may be called while the training goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engines.api import EngineError, Progress, Run
from engines.image.cutouts import matting
from engines.training.cutout.card import MANIFEST, card
from engines.training.cutout.composites import Composites
from engines.training.cutout.train import MEASURED, RECIPES, WEIGHTS_DECAY, export, measure
from engines.training.image.bank import open_or_make
from engines.training.image.checkpoint import Trainee

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "resources" / "models" / str(MANIFEST["id"])


def main(arguments: list[str]) -> int:
    """Measure the running means of a training and write them with their card."""
    parser = argparse.ArgumentParser(prog="engines.training.cutout")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the training")
    parser.add_argument("--goal", type=Path, default=SHIPPED)
    parser.add_argument("--minutes", type=float, required=True, help="of a core that it took")
    asked = parser.parse_args(arguments)
    try:
        figures = _ship(asked.out, asked.goal, asked.minutes)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def _ship(out: Path, goal: Path, minutes: float) -> dict[str, float]:
    recipe, network = RECIPES["cpu"], matting.CutoutNet()
    trainee = Trainee(network, recipe.rate, decay=WEIGHTS_DECAY)
    if not trainee.load(out / "network.safetensors"):
        sys.stderr.write(f"there is no checkpoint in {out}\n")
        raise SystemExit(2)
    trainee.wear_mean()
    bank = open_or_make(out / "bank", (), recipe.scenes, side_px=matting.SIDE_PX)
    figures = measure(network, Composites(bank, held=True), "cpu", Run(report=_tell))
    figures |= {"steps": trainee.step, "minutes": minutes, "measured": MEASURED}
    export(network, goal)
    late = max(0, trainee.step - recipe.early)
    text = card({**figures, "early": min(trainee.step, recipe.early), "late": late})
    (goal / "README.md").write_text(text, encoding="utf-8")
    (goal / "model.json").write_text(json.dumps(MANIFEST, indent=1) + "\n", encoding="utf-8")
    return figures


def _tell(progress: Progress) -> None:
    sys.stderr.write(f"\r{progress.stage} {progress.done}/{progress.total}   ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
