"""Files from outside: broken ones are refused by one kind of error, quickly, in little memory."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from engines.api import BadRequest, MusicRequest
from engines.music.files.midi_writer import write_midi
from engines.music.files.musicxml_writer import write_musicxml, write_mxl
from engines.music.files.reader import read_score
from engines.music.writing.verbs import prepare
from tests.engines.music.test_musicxml import XML
from tests.engines.music.tiny import small_score

LONGEST_S = 2.0
MOST_BYTES = 256 * 2**20
SLICE, ALL = 400, 20_000
NUMBERS = (b"0", b"-1", b"nan", b"inf", b"1e308", b"99999999999", b"2147483648", b"0.0000001", b"x")
EVENTS = (
    b"\xff\x51\x03\x00\x00\x00",
    b"\xff\x58\x04\xff\x0f\x18\x08",
    b"\x8f\xff\xff\x7f",
    b"\xf0",
)

MIDI_HEAD = b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk"
XML_HEAD = b'<score-partwise><part-list><score-part id="P1"/></part-list><part id="P1"><measure>'


def seeds() -> list[bytes]:
    score = small_score()
    return [write_midi(score), XML, write_musicxml(score), write_mxl(score)]


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """Flip, cut, double, or put in what readers stumble over."""
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(data)) if data else 0
        span = chance.randint(1, 40)
        match chance.randrange(9):
            case 0 | 1 | 2 | 3 if data:
                data[at] = chance.randrange(256)
            case 4:
                del data[at : at + span]
            case 5:
                data[at:at] = data[at : at + span] * chance.randint(1, 8)
            case 6:
                numbers = list(re.finditer(rb">-?\d+<", data))
                if numbers:
                    where = chance.choice(numbers)
                    data[where.start() + 1 : where.end() - 1] = chance.choice(NUMBERS)
            case 7:
                data[at:at] = chance.choice(EVENTS)
            case _:
                other = chance.randrange(len(data)) if data else 0
                data[at : at + span] = data[other : other + span]
    if chance.random() < 0.05:
        del data[chance.randrange(len(data) + 1) :]
    return bytes(data)


def sweep(count: int, seed: int) -> tuple[int, float]:
    """Read `count` mutated files; says how many were refused, and the longest time in seconds."""
    chance = random.Random(seed)
    whole = seeds()
    refused, longest = 0, 0.0
    for i in range(count):
        data = mutated(whole[i % len(whole)], chance)
        begun = time.process_time()
        try:
            score = read_score(data)
            score.bars()
            write_midi(score)
            prepare(MusicRequest(seed=1, verb="vary", score=data))
        except BadRequest:
            refused += 1
        longest = max(longest, time.process_time() - begun)
    return refused, longest


def test_mutated_files_are_read_or_refused() -> None:
    refused, longest = sweep(SLICE, seed=1)
    assert 0 < refused < SLICE
    assert longest < LONGEST_S


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_thousand_mutated_files_need_little_memory() -> None:
    code = (
        "import json, resource\n"
        "from tests.engines.music.test_hostile import seeds, sweep\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024\n"
        "sweep(40, 0); before = peak()\n"
        f"refused, longest = sweep({ALL}, 2)\n"
        "print(json.dumps([refused, longest, peak() - before]))\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)
    refused, longest, grown_bytes = json.loads(done.stdout)
    assert 0 < refused < ALL
    assert longest < LONGEST_S
    assert grown_bytes < MOST_BYTES


def midi(body: bytes) -> bytes:
    return MIDI_HEAD + len(body).to_bytes(4, "big") + body


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", XML_HEAD + b"<a/>" * 2_000_000)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        midi(b"\0\x90\x40\x40" + b"\1\x41\x40" * 1_000_000),
        midi(b"\0\x90\x40\x40" + b"\1\x41\x40" * 190_000 + b"\1\x41\x00" * 190_000),
        midi(b"\0\xff\x51\3\7\xa1\x20" * 300_000),
        midi(b"\x70\xff\x58\4\1\5\x18\x08" * 300_000),
        XML_HEAD + b"<a/>" * 1_000_000,
        XML_HEAD + b"x" * 20_000_000,
        XML_HEAD + b'<a b="' + b"x" * 20_000_000 + b'"/>',
        XML_HEAD + b"<a>" * 1_000_000,
        XML_HEAD + b'</measure></part><part id="P1"><measure>' * 100_000,
        b"<score-partwise>" + b"<a/>" * 5_000_000,
        bomb(),
    ],
    ids=["notes", "held notes", "tempos", "meters", "elements", "text", "attribute", "depth",
         "parts", "loose elements", "zip"],
)  # fmt: skip
def test_what_was_made_to_hang_does_not(data: bytes) -> None:
    begun = time.process_time()
    with contextlib.suppress(BadRequest):
        assert read_score(data).note_count < 200_000
    assert time.process_time() - begun < LONGEST_S
