"""The options of the `image` command; what is made of them is in `desktop/painting.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

BACKGROUNDS = "backgrounds"
"""What `--model` names to have a background drawn."""

CONTROL_KEYS = "model=F,picture=P[,make=canny][,weight=1][,start=0][,end=1][,depth=F]"
REFERENCE_KEYS = "model=F,picture=P[,weight=0.6][,encoder=F]"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what can be said about a picture; what is not said is None."""
    add = command.add_argument
    add("prompt", nargs="?", default=None)
    add(
        "--like",
        type=Path,
        metavar="PICTURE",
        help="take what is not said from a picture of this or another tool",
    )
    add("--model", metavar="ID", help=f'an id, a path, "{BACKGROUNDS}"')
    add("--negative", metavar="TEXT")
    add("--size", metavar="WxH")
    add("--steps", type=int)
    add("--guidance", type=float)
    add("--sampler")
    add("--count", type=int)
    add("--init", type=Path, metavar="PICTURE")
    add("--strength", type=float)
    add("--mask", type=Path, metavar="PICTURE", help="white is drawn anew")
    add("--outpaint", metavar="L,T,R,B", help="pixels to add left, above, right and below")
    add("--variation", metavar="X[:SEED]", help="0 to 1 of another seed's noise mixed in")
    add("--hires", metavar="X[:STRENGTH]", help="draw once more, X times larger")
    add("--tiling", action="store_true", default=None, help="fits to itself on all sides")
    add(
        "--clip-skip",
        type=int,
        metavar="N",
        help="layers of CLIP left out: 0 none; what other tools call 2 is 1",
    )
    add("--upscale", type=int, help="2, 4, 8 or 16 times")
    add("--upscaler", metavar="NAME", help='"x4plus", or a model of the library or its path')
    add("--cutout", action="store_true", default=None, help="leave out what is behind")
    _add_parts(command)


def _add_parts(command: argparse.ArgumentParser) -> None:
    """Add the options that name files of the library; each is a path, or its name there."""
    add = command.add_argument
    add("--lora", action="append", metavar="FILE[:WEIGHT]")
    add("--vae", metavar="FILE")
    add("--embedding", action="append", metavar="FILE", help="a textual inversion's word")
    add(
        "--control",
        action="append",
        metavar="KEY=VALUE,...",
        help=f"a ControlNet or T2I adapter: {CONTROL_KEYS}",
    )
    add(
        "--reference",
        action="append",
        metavar="KEY=VALUE,...",
        help=f"an IP-Adapter: {REFERENCE_KEYS}",
    )
    add(
        "--region",
        action="append",
        metavar="WORDS=MASK",
        help="words for where a mask is white",
    )
    add(
        "--grid",
        action="append",
        metavar="FIELD=VALUES",
        help='"steps=10,20", "seed=1-4", "prompt=cat,dog": up to three times; '
        "the sheet goes to --out, its pictures beside it",
    )
