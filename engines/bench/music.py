"""Measure music: `main.py bench music`, and `--on FOLDER` for the model on any scores."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from engines.api import BadRequest, Kind, ModelMissing, ModelRefused, Run
from engines.catalog import Catalog


def main(argv: Sequence[str]) -> int:
    """Print how fast music is written and rendered, or bits per note with `--on FOLDER`.

    With `--json` it is one JSON object.
    """
    parser = argparse.ArgumentParser(prog="main.py bench music")
    parser.add_argument("--on", metavar="FOLDER", help="bits per note of MIDI or MusicXML files")
    parser.add_argument("--model", default="", help="a music model; the starter by default")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        model = Path(Catalog().get(asked.model, Kind.MUSIC).path)
        told = _bits(Path(asked.on), model) if asked.on else _speed(model, asked.device)
    except BadRequest as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (ModelMissing, ModelRefused) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    figures, table = told
    sys.stdout.write(json.dumps(figures) + "\n" if asked.json else table)
    return 0


def _bits(folder: Path, model: Path) -> tuple[dict[str, float], str]:
    from engines.music.model.scoring import bits_per_note

    told = bits_per_note(folder, model, Run())
    table = (
        f"{told.bits_per_note:.2f} bits per note over {told.notes} notes; "
        f"{told.unigram_bits_per_note:.2f} under single-token counts\n"
    )
    return asdict(told), table


def _speed(model: Path, device: str) -> tuple[dict[str, float], str]:
    from engines.bench.composing import CANDIDATES, composing_speed
    from engines.bench.rendering import render_realtime_factor

    told = composing_speed(model, device)
    rendering = render_realtime_factor()
    table = (
        f"{told.notes_per_second:8.0f}  notes a second, {CANDIDATES} candidates drawn and ranked\n"
        f"{told.ratio_to_generate:8.2f}  times as fast as generate of transformers\n"
        f"{told.realtime_factor:8.1f}  seconds of music composed in a second\n"
        f"{rendering:8.1f}  seconds of four parts rendered in a second\n"
    )
    return asdict(told) | {"render_realtime_factor": rendering}, table
