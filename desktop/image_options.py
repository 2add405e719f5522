"""The options of the `image` command; what is made of them is in `desktop/painting.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

BACKGROUNDS = "backgrounds"
"""What `--model` names to have a background drawn."""

CONTROL_KEYS = "model=F,picture=P [,make=canny] [,weight=1] [,start=0] [,end=1] [,depth=F]"
REFERENCE_KEYS = "model=F,picture=P [,weight=0.6] [,encoder=F]"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what can be said about a picture; what is not said is None."""
    add = command.add_argument
    add("prompt", nargs="?", default=None, help="what should be seen; README.md has its signs")
    add(
        "--like",
        type=Path,
        metavar="PICTURE",
        help="take what is not said from a picture of this or another tool",
    )
    add("--model", metavar="ID", help=f'an id, a path, "{BACKGROUNDS}"')
    add("--negative", metavar="TEXT", help="what should not be seen")
    add("--size", metavar="WxH", help="in pixels; else the model's own, or that of --init")
    add("--steps", type=int, metavar="N", help="of the sampler; else the model's own number")
    add("--guidance", type=float, metavar="X", help="how closely the prompt is followed")
    add("--sampler", metavar="NAME", help='such as "DPM++ 2M Karras", "Euler a", "UniPC"')
    add("--count", type=int, metavar="N", help="so many pictures, each with the next seed")
    add("--init", type=Path, metavar="PICTURE", help="start from this picture")
    add("--strength", type=float, metavar="X", help="0 to 1 of --init drawn anew")
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
    add("--upscale", type=int, metavar="X", help="2, 4, 8 or 16 times larger")
    add("--upscaler", metavar="NAME", help='"x4plus", or a model of the library or its path')
    add("--cutout", action="store_true", default=None, help="leave out what is behind")
    _add_parts(command)


def _add_parts(command: argparse.ArgumentParser) -> None:
    """Add the options that name files of the library; each is a path, or its name there."""
    add = command.add_argument
    add("--lora", action="append", metavar="FILE[:WEIGHT]", help="may be given several times")
    add("--vae", metavar="FILE", help="another autoencoder for the model")
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
