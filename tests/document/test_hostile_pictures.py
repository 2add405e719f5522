"""Pictures from outside: what they say is bounded, and goes wrong in one way only."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from desktop.document.picture_metadata import MetadataError, read_settings, with_settings
from tests.document import metadata_samples as samples

LONGEST_S = 2.0
SLICE, ALL = 600, 20_000
BOMB_BYTES = 96 * 2**20


def packed_zeros(size_bytes: int) -> bytes:
    packer = zlib.compressobj(9)
    block = b" " * 2**20
    return (
        b"".join(packer.compress(block) for _ in range(size_bytes // len(block))) + packer.flush()
    )


@pytest.mark.parametrize(
    ("kind", "head"),
    [(b"zTXt", b"parameters\0\0"), (b"iTXt", b"parameters\0\1\0\0\0")],
)
def test_a_bomb_is_refused_before_it_unpacks(kind: bytes, head: bytes) -> None:
    data = samples.png_with_chunk(kind, head + packed_zeros(BOMB_BYTES))
    tracemalloc.start()
    try:
        with pytest.raises(MetadataError, match="too much"):
            read_settings(data)
        most_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most_bytes < 32 * 2**20


def loop_of(size: int) -> str:
    """A graph whose models, words and latents lead round in a circle."""
    nodes = {
        str(i): samples.node(
            "KSampler",
            model=[str((i + 1) % size), 0],
            positive=[str((i + 7) % size), 0],
            negative=[str((i + 3) % size), 1],
            latent_image=[str((i + 1) % size), 0],
            seed=[str((i + 1) % size), 0],
            text=[str((i + 1) % size), 0],
        )
        for i in range(size)
    }
    return json.dumps(nodes)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "deep": lambda: samples.png(prompt='{"a":' * 100_000),
    "quotes": lambda: samples.png(prompt='{"' + '\\"' * 1_500_000),
    "brackets": lambda: samples.png(parameters="{" + "[" * 1_000_000),
    "digits": lambda: samples.png(invokeai_metadata='{"seed":' + "9" * 1_000_000 + "}"),
    "too long": lambda: samples.png(parameters="x" * (5 * 2**20)),
    "many texts": lambda: samples.png(**{f"key{i}": "x" for i in range(500)}),
    "circle": lambda: samples.png(prompt=loop_of(3)),
    "large circle": lambda: samples.png(prompt=loop_of(3000)),
    "itself": lambda: samples.png(prompt=loop_of(1)),
    "colons": lambda: samples.png(parameters="a: " * 1_000_000),
    "commas": lambda: samples.png(parameters="Steps: 1, " * 300_000),
    "open quote": lambda: samples.png(parameters='Steps: "' + "\\" * 2_000_000),
    "loras": lambda: samples.png(
        parameters="<lora:a:" * 300_000 + "\nSteps: 1, Seed: 2, Size: 8x8"
    ),
    "brackets in words": lambda: samples.png(Dream="[" * 1_000_000 + " -s5"),
    "no texts": lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 1_000_000,
    "exif to itself": lambda: (
        samples.plain("JPEG")[:2]
        + b"\xff\xe1\0\x24Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0"
        + b"\0" * 8
        + samples.plain("JPEG")[2:]
    ),
    "fill bytes": lambda: b"\xff\xd8" + b"\xff" * 3_000_000,
    "riff of nothing": lambda: b"RIFF\xff\xff\xff\xffWEBP" + b"\0" * 3_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_do_harm_ends_soon_and_in_one_way(name: str) -> None:
    data = HOSTILE[name]()
    before_s = time.thread_time()
    try:
        read_settings(data)
    except MetadataError as problem:
        assert problem.reason
    assert time.thread_time() - before_s < LONGEST_S


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double, or swap for what readers stumble over."""
    data = bytearray(whole)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data)) if data else 0
        span = chance.randint(1, 60)
        match chance.randrange(7):
            case 0 | 1 if data:
                data[at] = chance.randrange(256)
            case 2:
                del data[at : at + span]
            case 3:
                data[at:at] = data[at : at + span] * chance.randint(1, 8)
            case 4:
                del data[at:]
            case 5:
                data[at : at + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"))
            case _:
                data[at:at] = chance.choice((b'"', b"{", b"[", b"1e999", b"NaN", b"null", b"\\u"))
    return bytes(data)


def check_mutants(count: int, seed: int) -> None:
    chance = random.Random(seed)
    wholes = list(samples.all_samples().values())
    settings = read_settings(wholes[0])
    assert settings is not None
    wholes += [with_settings(samples.plain(kind), settings) for kind in ("PNG", "JPEG", "WEBP")]
    for _ in range(count):
        data = mutated(chance.choice(wholes), chance)
        before_s = time.thread_time()
        try:
            found = read_settings(data)
            if found is not None:
                with_settings(samples.plain("PNG"), found)
        except MetadataError:
            pass
        assert time.thread_time() - before_s < LONGEST_S


def test_mutated_pictures_are_read_or_refused() -> None:
    check_mutants(SLICE, 1)


@pytest.mark.slow
def test_twenty_thousand_mutated_pictures_are_read_or_refused() -> None:
    check_mutants(ALL, 2)
