"""Model files damaged at random: each is a model or refused, soon and in little memory."""

from __future__ import annotations

import json
import pickle
import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from engines.api import ModelRefused, ModelSpec
from engines.formats.recognition import recognise
from tests.engines import model_files, onnx_files
from tests.engines.known_files import FILES, FLUX_CORE, GUIDED, SD3_CORE
from tests.engines.model_files import header, packed, safetensors

resource = pytest.importorskip("resource")  # Windows has none

SLICE, ALL = 600, 20_000
LONGEST_S = 2.0
MOST_BYTES = 256 * 2**20
KIB = 1024 if sys.platform != "darwin" else 1

NUMBERS = (-1, 0, 1, 2**31, 2**53, 2**63, 2**64, 10**400, 0.5, True, None, "4", [4], {})
TEXTS = ("NaN", "Infinity", "-Infinity", "1e999", '"a', "{", "[" * 2000, "\\ud800", "\x00")
NAMES = ("..", "../a", "/a", "a\\..\\b", "", "\u202e", "x" * 5000, "__metadata__", "\ud800")


def seeds() -> list[tuple[str, bytes]]:
    """Return honest files of each kind, and some that never were models."""
    found = [("x.safetensors", safetensors(known.tensors)) for known in FILES.values()]
    found += [
        ("x.gguf", model_files.gguf()),
        ("x.onnx", onnx_files.cutout(320)),
        ("x.gguf", model_files.gguf_of("flux", {**FLUX_CORE, **GUIDED})),
        ("x.gguf", model_files.gguf_of("sd3", SD3_CORE)),
        ("x.safetensors", pickle.dumps({"a": [1] * 100}, 2)),
        ("x.safetensors", b"PK\x03\x04" + bytes(200)),
        ("x.sft", b"<html><body>404</body></html>"),
    ]
    return found


def mutated(rng: random.Random, data: bytes) -> bytes:
    """Damage a file's bytes in one to four ways, most of them in its head."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        reach = len(changed) if rng.random() < 0.3 else min(len(changed), 400)
        at = rng.randrange(reach) if reach else 0
        choice = rng.random()
        if choice < 0.35 and changed:
            changed[at] = rng.randrange(256)
        elif choice < 0.5 and changed:
            changed[at] ^= 1 << rng.randrange(8)
        elif choice < 0.6:
            del changed[at : at + rng.randint(1, 64)]
        elif choice < 0.7:
            changed[at:at] = changed[at : at + rng.randint(1, 64)]
        elif choice < 0.8:
            del changed[at:]
        elif choice < 0.9:
            changed[at : at + 8] = rng.choice((0, 2**16, 2**31, 2**40, 2**63, 2**64 - 1)).to_bytes(
                8, "little"
            )
        else:
            changed[at:at] = rng.choice(TEXTS).encode("utf-8", "surrogatepass")
    return bytes(changed)


def rewritten(rng: random.Random, tensors: Mapping[str, tuple[int, ...]]) -> bytes:
    """Write a header whose JSON is sound and whose content is not."""
    described = header(tensors)
    data_bytes = max(item["data_offsets"][1] for item in described.values())
    name = rng.choice(list(described))
    item = described[name]
    choice = rng.randrange(7)
    if choice == 0:
        item[rng.choice(("dtype", "shape", "data_offsets"))] = rng.choice(NUMBERS)
    elif choice == 1:
        item["shape"] = [rng.choice(NUMBERS) for _ in range(rng.randint(0, 20))]
    elif choice == 2:
        item["data_offsets"] = [rng.choice(NUMBERS) for _ in range(rng.randint(0, 3))]
    elif choice == 3:
        described[rng.choice(NAMES)] = item
    elif choice == 4:
        described["__metadata__"] = rng.choice(({"modelspec.title": "\ud800\x07"}, [1], {"a": 1}))
    elif choice == 5:
        del item[rng.choice(list(item))]
    else:
        text = json.dumps(described)
        again = json.dumps({name: item})[1:-1]
        return packed(f"{{{again},{text[1:]}", data_bytes)
    return packed(described, data_bytes)


def check(path: Path, data: bytes) -> bool:
    """Recognise a file; say whether it is a model. Anything but a refusal fails the test."""
    path.write_bytes(data)
    start_s = time.process_time()
    try:
        spec = recognise(path)
    except ModelRefused as refusal:
        assert refusal.reason and refusal.path
        return False
    finally:
        assert time.process_time() - start_s < LONGEST_S
    assert isinstance(spec, ModelSpec)
    json.dumps(spec.name).encode("utf-8")
    assert spec.name.encode("utf-8") and spec.name.isprintable()
    return True


def sweep(tmp_path: Path, count: int) -> int:
    """Look at so many damaged files; return how many still were models."""
    rng = random.Random(4)
    honest, kinds = seeds(), list(FILES.values())
    accepted = 0
    before_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    for number in range(count):
        name, data = rng.choice(honest)
        if number % 3 == 0:
            name, data = "x.safetensors", rewritten(rng, rng.choice(kinds).tensors)
        else:
            data = mutated(rng, data)
        accepted += check(tmp_path / name, data)
    grown_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB - before_bytes
    assert grown_bytes < MOST_BYTES
    return accepted


def test_damaged_files_are_models_or_refused(tmp_path: Path) -> None:
    assert 0 < sweep(tmp_path, SLICE) < SLICE


@pytest.mark.slow
def test_twenty_thousand_damaged_files_are_models_or_refused(tmp_path: Path) -> None:
    assert 0 < sweep(tmp_path, ALL) < ALL


@pytest.mark.parametrize(
    "text",
    [
        "{" + ",".join(f'"{i}":{{"a":[]}}' for i in range(120_000)) + "}",
        '{"a":' + "[" * 1_000_000 + "}",
        '{"a":[' + "0," * 3_000_000 + "0]}",
        '{"__metadata__":{"a":"' + "x" * 8_000_000 + '"}}',
    ],
    ids=["many tensors", "deep", "long list", "long words"],
)
def test_a_large_header_costs_little(tmp_path: Path, text: str) -> None:
    before_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    assert not check(tmp_path / "x.safetensors", packed(text, 0))
    grown_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB - before_bytes
    assert grown_bytes < MOST_BYTES


def test_a_gguf_of_many_small_texts_is_refused_soon(tmp_path: Path) -> None:
    count = 2**20
    values = model_files.gguf()[:24] + (8).to_bytes(8, "little") + b"xxxxxxxx"
    data = values + b"\x09\0\0\0\x08\0\0\0" + count.to_bytes(8, "little") + bytes(8 * count)
    assert not check(tmp_path / "x.gguf", data)
