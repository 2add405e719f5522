"""Measure the style of a model that is trained, and put it into the model's card.

`python -m engines.training.music.judge MODEL --run RUN --data FOLDER`
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from engines.api import Run
from engines.devices import choose, fix_threads
from engines.music.copies import load_filter
from engines.music.model.decoder import load_decoder
from engines.training.music.card import style_table
from engines.training.music.judging import gather_copies, judge_styles
from engines.training.music.prepare import prepare
from engines.training.music.train import OWN_PIECES, STYLE_PIECES


def main(argv: Sequence[str]) -> int:
    """Write and measure pieces in each style; print the table and put it into README.md."""
    parser = argparse.ArgumentParser(prog="engines.training.music.judge")
    parser.add_argument("model", type=Path, help="the folder of a music model")
    parser.add_argument("--run", type=Path, required=True, help="the folder of a training run")
    parser.add_argument("--data", required=True, help="the folder of the training music")
    parser.add_argument("--pieces", type=int, default=STYLE_PIECES)
    parser.add_argument("--only", nargs="*", default=(), help="collections to measure")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    asked = parser.parse_args(argv)
    fix_threads()
    folders, run = (asked.data,), Run()
    windows = prepare(folders, asked.run / "corpus.npz", run, own_pieces=OWN_PIECES)
    known = load_filter(asked.run) or gather_copies(folders, run)
    decoder = load_decoder(asked.model, choose(asked.device), torch.bfloat16)
    styles = judge_styles(
        decoder, windows, folders, known, pieces=asked.pieces, only=tuple(asked.only), run=run,
        on_style=lambda style: sys.stderr.write(f"{style.collection}: {style.distance}\n"),
    )  # fmt: skip
    table = style_table(styles)
    sys.stdout.write(table + "\n")
    card = asked.model / "README.md"
    if card.is_file() and not asked.only:
        text = card.read_text(encoding="utf-8")
        put = f"## Style\n\n{table}\n\n## Limits"
        pattern = r"(## Style\n.*?)?## Limits"
        card.write_text(re.sub(pattern, lambda _: put, text, count=1, flags=re.S), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
