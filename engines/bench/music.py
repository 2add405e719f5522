"""Measure the music model on any folder of scores: `main.py bench music --on FOLDER`."""

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
    """Print bits per note of `--on FOLDER`, as one JSON object with `--json`."""
    parser = argparse.ArgumentParser(prog="main.py bench music")
    parser.add_argument("--on", metavar="FOLDER", required=True, help="MIDI or MusicXML files")
    parser.add_argument("--model", default="", help="a music model; the starter by default")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    from engines.music.scoring import bits_per_note

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        spec = Catalog().get(asked.model, Kind.MUSIC)
        told = bits_per_note(Path(asked.on), Path(spec.path), Run())
    except BadRequest as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (ModelMissing, ModelRefused) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    if asked.json:
        sys.stdout.write(json.dumps(asdict(told)) + "\n")
    else:
        sys.stdout.write(
            f"{told.bits_per_note:.2f} bits per note over {told.notes} notes; "
            f"{told.unigram_bits_per_note:.2f} under single-token counts\n"
        )
    return 0
