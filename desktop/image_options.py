"""The options of the `image` command; what is made of them is in `desktop/painting.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

BACKGROUNDS = "backgrounds"
"""What `--model` names to have a background drawn."""


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what can be said about a picture; what is not said is None."""
    command.add_argument("prompt", nargs="?", default=None)
    command.add_argument(
        "--like",
        type=Path,
        metavar="PICTURE",
        help="take what is not said from a picture of this or another tool",
    )
    command.add_argument("--model", metavar="ID", help=f'an id, a path, "{BACKGROUNDS}"')
    command.add_argument("--negative", metavar="TEXT")
    command.add_argument("--size", metavar="WxH")
    command.add_argument("--steps", type=int)
    command.add_argument("--guidance", type=float)
    command.add_argument("--sampler")
    command.add_argument("--count", type=int)
    command.add_argument("--init", type=Path, metavar="PICTURE")
    command.add_argument("--strength", type=float)
    command.add_argument("--mask", type=Path, metavar="PICTURE", help="white is drawn anew")
    command.add_argument("--lora", action="append", metavar="FILE[:WEIGHT]")
    command.add_argument("--upscale", type=int, help="2, 4, 8 or 16 times")
