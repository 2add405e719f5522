"""Damaged LoRAs, checkpoints and folders, really drawn with: a picture, or one kind of error."""

from __future__ import annotations

import json
import random
import shutil
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engines import devices
from engines.api import EngineError, ImageRequest, LoraUse, ModelRefused, Run
from engines.catalog import Catalog
from engines.image import sizes
from engines.image.engine import ImageEngine
from engines.image.words import clip_words
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image import tiny_families, tiny_models

pytestmark = pytest.mark.filterwarnings("ignore")  # what libraries only warn of is no error

SLICE, ALL = 40, 2_000
LONGEST_S = 2.0
FAMILY = "stable-diffusion"
DTYPES = ("F32", "F16", "BF16", "I64", "U8", "F8_E4M3", "BOOL", "X9")
VALUES = (None, -1, 0, 1, 2**40, "x", "", [], {}, [1], {"a": 1}, True, 1e308, "../x", [[]])
Damage = Callable[[random.Random, bytes], bytes]


class Atelier:
    """An engine, an honest LoRA and an honest checkpoint."""

    def __init__(self, folder: Path) -> None:
        tiny_models.write_stable_diffusion(folder / "models" / "tiny-sd")
        lora = folder / "honest" / "lora.safetensors"
        lora.parent.mkdir()
        tiny_models.write_lora(lora, folder / "models" / "tiny-sd")
        models = tiny_families.build(FAMILY)
        shipped = Path(sizes.__file__).resolve().parents[2] / "resources" / "families"
        config = folder / "families" / sizes.FOLDERS[FAMILY]
        tiny_families.write_config(models, config, FAMILY, shipped)
        checkpoint = folder / "honest" / "checkpoint.safetensors"
        tiny_families.write(checkpoint, models, FAMILY)
        self.lora, self.checkpoint = lora.read_bytes(), checkpoint.read_bytes()
        self.place = folder / "x.safetensors"
        self.folder = folder / "models" / "tiny-sd"
        self._folder = folder

    def draw(self, **wishes: Any) -> int:
        """Draw with fresh components; returns how many bytes the picture has."""
        catalog = Catalog((self._folder / "models",), library=self._folder / "library")
        memory = MemoryManager(SimulatedDevice(2**33))
        engine = ImageEngine(Services(catalog, memory, lambda request, run: None))
        request = ImageRequest(
            prompt="a", seed=1, steps=1, width_px=32, height_px=32, **{"model": "tiny-sd", **wishes}
        )
        return len(engine.run(request, Run()).pictures[0].png)


@pytest.fixture(scope="module")
def atelier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Atelier]:
    folder = tmp_path_factory.mktemp("hostile")
    devices.fix_threads()
    words = folder / "words.txt.gz"
    tiny_families.write_words(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "FAMILIES", folder / "families")
        patch.setattr(clip_words, "words_file", lambda: words)
        yield Atelier(folder)


def damaged(dice: random.Random, data: bytes) -> bytes:
    """Damage one tensor's name, type, shape, place or values, or cut the file."""
    (length,) = struct.unpack("<Q", data[:8])
    described = json.loads(data[8 : 8 + length])
    body = bytearray(data[8 + length :])
    name = dice.choice([key for key in described if key != "__metadata__"])
    item = described[name]
    begin, end = item["data_offsets"]
    way = dice.randrange(8)
    if way == 0:
        described[name.replace("weight", "bias")] = described.pop(name)
    elif way == 1:
        item["dtype"] = dice.choice(DTYPES)
    elif way == 2:
        item["shape"] = list(reversed(item["shape"]))
    elif way == 3:
        item["shape"] = [*item["shape"], 1]
    elif way == 4:
        del described[name]
    elif way == 5 and end > begin:
        filler = dice.choice((b"\xff", b"\x00", b"\x7f"))
        body[begin:end] = filler * (end - begin)
    elif way == 6:
        del body[dice.randrange(len(body)) :]
    else:
        other = dice.choice(list(described.values()))
        if "data_offsets" in other:
            item["data_offsets"], item["shape"] = other["data_offsets"], other["shape"]
    head = json.dumps(described).encode()
    return struct.pack("<Q", len(head)) + head + bytes(body)


def damage_configuration(dice: random.Random, folder: Path) -> None:
    """Cut one of a folder's JSON files, take one of its settings away, or turn it into another."""
    file = dice.choice(sorted(folder.rglob("*.json")))
    text = file.read_text(encoding="utf-8")
    settings = json.loads(text)
    way = dice.randrange(5)
    if way == 0 or not settings:
        file.write_text(text[: dice.randrange(len(text))], encoding="utf-8")
        return
    name = dice.choice(list(settings))
    if way == 1:
        del settings[name]
    else:
        settings[name] = dice.choice(VALUES)
    file.write_text(json.dumps(settings), encoding="utf-8")


def sweep(
    count: int, damage: Callable[[random.Random], None], draw: Callable[[], int]
) -> tuple[int, int]:
    """Draw with so many damaged models; returns how many were drawn with and how many refused."""
    dice, drawn, refused = random.Random(11), 0, 0
    for _ in range(count):
        damage(dice)
        start_s = time.process_time()
        try:
            drawn += draw() > 100
        except EngineError as error:
            assert str(error)
            refused += 1
        assert time.process_time() - start_s < LONGEST_S * devices.threads()
    return drawn, refused


def lora_sweep(atelier: Atelier, count: int) -> None:
    uses, base = (LoraUse(path=str(atelier.place)),), atelier.folder.parent / "base.safetensors"
    base.write_bytes(atelier.checkpoint)

    def damage(dice: random.Random) -> None:
        atelier.place.write_bytes(damaged(dice, atelier.lora))

    drawn, refused = sweep(count, damage, lambda: atelier.draw(model=str(base), loras=uses))
    assert drawn + refused == count
    assert refused > count / 10


def checkpoint_sweep(atelier: Atelier, count: int) -> None:
    model = str(atelier.place)

    def damage(dice: random.Random) -> None:
        atelier.place.write_bytes(damaged(dice, atelier.checkpoint))

    drawn, refused = sweep(count, damage, lambda: atelier.draw(model=model))
    assert drawn + refused == count
    assert min(drawn, refused) > count / 10


def folder_sweep(atelier: Atelier, count: int, place: Path) -> None:
    def damage(dice: random.Random) -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(atelier.folder, place)
        damage_configuration(dice, place)

    drawn, refused = sweep(count, damage, lambda: atelier.draw(model=str(place)))
    assert drawn + refused == count
    assert min(drawn, refused) > count / 10


def test_the_honest_files_are_drawn_with(atelier: Atelier) -> None:
    atelier.place.write_bytes(atelier.lora)
    assert atelier.draw(loras=(LoraUse(path=str(atelier.place)),)) > 100
    atelier.place.write_bytes(atelier.checkpoint)
    assert atelier.draw(model=str(atelier.place)) > 100


def test_damaged_loras(atelier: Atelier) -> None:
    lora_sweep(atelier, SLICE)


def test_damaged_checkpoints(atelier: Atelier) -> None:
    checkpoint_sweep(atelier, SLICE)


def test_damaged_folders(atelier: Atelier, tmp_path: Path) -> None:
    folder_sweep(atelier, SLICE, tmp_path / "model")


def test_weights_that_are_no_numbers_give_no_black_picture(atelier: Atelier) -> None:
    for honest, wishes in (
        (atelier.lora, {"loras": (LoraUse(path=str(atelier.place)),)}),
        (atelier.checkpoint, {"model": str(atelier.place)}),
    ):
        (length,) = struct.unpack("<Q", honest[:8])
        atelier.place.write_bytes(honest[: 8 + length] + b"\xff" * (len(honest) - 8 - length))
        with pytest.raises(ModelRefused, match="no picture"):
            atelier.draw(**wishes)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_thousands_of_damaged_models(atelier: Atelier, tmp_path: Path) -> None:
    lora_sweep(atelier, ALL)
    checkpoint_sweep(atelier, ALL)
    folder_sweep(atelier, ALL, tmp_path / "model")
