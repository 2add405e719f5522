"""What a single weights file lacks, from our own resources: never from the network.

A `.safetensors` file of the Stable Diffusion family holds weights only. The
sizes of its layers and CLIP's tokenizer lie in `resources/picture-families`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from transformers import CLIPTokenizer

from engines.api import ModelRefused, ModelSpec

FAMILIES = Path(__file__).resolve().parents[2] / "resources" / "picture-families"
LONGEST_PROMPT = 77
"""Tokens that CLIP reads, with the marks of beginning and end."""


def config_folder(spec: ModelSpec) -> Path:
    """Return the folder that describes a single file's family.

    Raises:
        ModelRefused: no such family is described here.
    """
    folder = FAMILIES / spec.architecture
    if (folder / "model_index.json").is_file():
        return folder
    raise ModelRefused(
        spec.path,
        f"a single file of the {spec.architecture} family cannot be loaded without its "
        "configuration; use its diffusers folder",
    )


def clip_tokenizer(pad: str) -> CLIPTokenizer:
    """Make CLIP's tokenizer; `pad` fills up short prompts."""
    vocabulary, merges = _clip_words()
    return CLIPTokenizer(
        vocab=dict(vocabulary),
        merges=[tuple(merge.split()) for merge in merges],
        pad_token=pad,
        model_max_length=LONGEST_PROMPT,
    )


@cache
def _clip_words() -> tuple[dict[str, int], tuple[str, ...]]:
    """Build CLIP's vocabulary from its merges: bytes, ends of words, merges, two marks."""
    text = (FAMILIES / "clip" / "merges.txt").read_text(encoding="utf-8")
    merges = tuple(line for line in text.split("\n") if line)
    letters = _letters_of_bytes()
    words = [*letters, *(letter + "</w>" for letter in letters)]
    words += [merge.replace(" ", "") for merge in merges]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return {word: number for number, word in enumerate(words)}, merges


def _letters_of_bytes() -> list[str]:
    """Give each byte a letter that can be seen, in CLIP's order (as in GPT-2)."""
    seen = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    hidden = [byte for byte in range(256) if byte not in seen]
    return [chr(byte) for byte in seen] + [chr(256 + place) for place in range(len(hidden))]
