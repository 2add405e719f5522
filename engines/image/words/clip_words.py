"""The tokenizer of CLIP, made of the list of byte pairs that CLIP was published with.

The list is a data file of the package `open-clip-torch` (MIT), which is never
imported. Its first line is a title; each line after it joins two words into
one. Radford and others 2021, arXiv:2103.00020.
"""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from pathlib import Path
from typing import Any

import transformers

from engines.api import ModelRefused

PACKAGE = "open_clip"
FILE = "bpe_simple_vocab_16e6.txt.gz"
WORDS = 49408
"""How many words CLIP knows; the file lists more joins than CLIP took."""
CONTEXT_TOKENS = 77
END_OF_WORD = "</w>"
START, END = "<|startoftext|>", "<|endoftext|>"
NOTHING = "!"
"""The word of id 0, with which OpenCLIP fills up a prompt; CLIP itself does it with `END`."""


def words_file() -> Path:
    """Find the list inside the installed package, without importing it.

    Raises:
        ModelRefused: the package is not there.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / FILE
        if path.is_file():
            return path
    raise ModelRefused(FILE, "the words of CLIP are not installed; run the set-up again")


def tokenizer(fill: str = END) -> Any:
    """Make a tokenizer for 77 tokens, which fills up short prompts with `fill`."""
    joins = _joins(words_file())
    letters = _letters()
    ends = [letter + END_OF_WORD for letter in letters]
    words = [*letters, *ends, *(first + second for first, second in joins), START, END]
    made = transformers.CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=joins,
        model_max_length=CONTEXT_TOKENS,
    )
    # Set afterwards, so that the same sign in a prompt is still read as an ordinary word.
    made.pad_token = fill
    return made


def _joins(path: Path) -> list[tuple[str, str]]:
    """Read the pairs that CLIP took: as many as leave room for bytes, ends and two marks."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ModelRefused(str(path), "the words of CLIP cannot be read") from error
    most = WORDS - 2 * 256 - 2
    pairs = [line.split() for line in lines[1 : most + 1] if line]
    if any(len(pair) != 2 for pair in pairs):
        raise ModelRefused(str(path), "the words of CLIP cannot be read")
    return [(first, second) for first, second in pairs]


def _letters() -> list[str]:
    """Return one visible letter for each byte, in the order of CLIP's ids.

    Bytes that show in Latin-1 stand for themselves; the others follow from U+0100 on.
    """
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = 256 - len(shown)
    return [chr(byte) for byte in shown] + [chr(0x100 + number) for number in range(hidden)]
