"""What is made of a picture before it steers."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from PIL import Image, ImageDraw

from engines.api import ControlUse, ModelMissing, ModelRefused, Run
from engines.catalog import Catalog
from engines.image import png
from engines.image.framing import Frame
from engines.image.guides import picturing
from engines.image.guides.preprocessors import PREPROCESSORS, canny, lineart, scribble, tile
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice

SIZE_PX = (96, 64)


def square(paper: str = "white", ink: str = "black") -> Image.Image:
    image = Image.new("RGB", SIZE_PX, paper)
    ImageDraw.Draw(image).rectangle((20, 15, 70, 50), fill=ink)
    return image


def marked(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) > 127


@pytest.mark.parametrize("name", PREPROCESSORS)
def test_each_keeps_the_size_and_says_nothing_of_an_empty_picture(name: str) -> None:
    for colour in ("black", "white", "teal"):
        empty = Image.new("RGB", SIZE_PX, colour)
        done = PREPROCESSORS[name](empty)
        assert done.size == SIZE_PX and done.mode == "RGB"
        assert done.tobytes() == (empty if name == "tile" else Image.new("RGB", SIZE_PX)).tobytes()


@pytest.mark.parametrize(("paper", "ink"), [("white", "black"), ("#ff0000", "#00a000")])
def test_canny_draws_a_closed_edge_one_pixel_wide(paper: str, ink: str) -> None:
    edges = marked(canny(square(paper, ink)))
    assert edges[30, :40].sum() == 1 and edges[30, 40:].sum() == 1
    assert edges[:30, 45].sum() == 1 and edges[30:, 45].sum() == 1
    assert not edges[25:40, 30:60].any() and not edges[:, :15].any()
    assert edges[18:47].any(1).all()


def test_canny_keeps_a_weak_edge_only_where_it_leads_on_from_a_strong_one() -> None:
    values = np.full((64, 96), 100, np.uint8)
    ramp = np.linspace(80, 14, 64).astype(np.uint8)
    values[:, 48:] = (100 + ramp)[:, None]
    leading = marked(canny(Image.fromarray(values).convert("RGB")))
    assert leading[5:-5, 46:50].any(1).all()
    values[:, 48:] = 118
    alone = marked(canny(Image.fromarray(values).convert("RGB")))
    assert not alone.any()


def test_lines_are_drawn_at_night_too() -> None:
    for paper, ink in (("white", "black"), ("#303040", "#181820")):
        lines = np.asarray(lineart(square(paper, ink)).convert("L"))
        assert lines[30, 18:24].max() > 60 and lines[30, 40:50].max() < 10


def test_a_scribble_is_black_or_white_and_leaves_specks_out() -> None:
    image = square()
    image.putpixel((85, 10), (0, 0, 0))
    strokes = np.asarray(scribble(image).convert("L"))
    assert set(np.unique(strokes)) == {0, 255}
    assert strokes[30, 18:26].any() and not strokes[5:15, 80:90].any()


def test_a_tile_loses_what_is_fine_and_keeps_what_is_coarse() -> None:
    fine = np.indices((64, 96)).sum(0) % 2 * 255
    done = np.asarray(tile(Image.fromarray(fine.astype(np.uint8)).convert("RGB")), int)
    assert np.ptp(done) <= 2 and abs(done.mean() - 127.5) < 2
    coarse = np.asarray(tile(square()).convert("L"), int)
    assert coarse[30, 45] < 5 and coarse[5, 5] > 250


def test_what_is_see_through_is_white() -> None:
    drawn = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert picturing.opaque(drawn).getpixel((1, 1)) == (255, 255, 255)


def dpt(folder: Path, backbone: str = "") -> Path:
    torch.manual_seed(0)
    config = transformers.DPTConfig(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, intermediate_size=32,
        image_size=32, patch_size=16, backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8], fusion_hidden_size=8, is_hybrid=False,
        reassemble_factors=[4, 2, 1, 0.5],
    )  # fmt: skip
    transformers.DPTForDepthEstimation(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3})
    )
    if backbone:
        written = json.loads((folder / "config.json").read_text()) | {"backbone": backbone}
        (folder / "config.json").write_text(json.dumps(written))
    return folder


class Sitting:
    """What a depth model needs of a sitting: the memory and the run."""

    def __init__(self) -> None:
        self.memory, self.run = MemoryManager(SimulatedDevice(2**32)), Run()
        self.settled = SimpleNamespace(frame=Frame(finished_px=(80, 56), step_px=8))


def depth_of(path: Path, catalog: Catalog, named: bool = True) -> picturing.Picturing:
    use = ControlUse(
        path=str(path), picture=png.encode(square()), preprocessor="depth",
        depth_model=str(path) if named else "",
    )  # fmt: skip
    return picturing.picturing(use, catalog, "cpu")


def test_depth_is_told_by_a_model_of_the_library(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    path = dpt(models / "dpt")
    catalog = Catalog((models,), library=tmp_path / "library")
    found = depth_of(path, catalog, named=False)
    done = found.drawn(Sitting(), (80, 56))  # type: ignore[arg-type]
    grey = np.asarray(done)
    assert done.size == (80, 56) and grey.min() == 0 and grey.max() == 255
    assert (grey[..., 0] == grey[..., 1]).all()
    again = depth_of(path, catalog).drawn(Sitting(), (80, 56))  # type: ignore[arg-type]
    assert again.tobytes() == done.tobytes()


def test_without_a_depth_model_it_says_what_is_missing(tmp_path: Path) -> None:
    other = tmp_path / "net"
    other.mkdir()
    catalog = Catalog((tmp_path / "none",), library=tmp_path / "library")
    model = dpt(tmp_path / "dpt", backbone="somewhere/else")
    with pytest.raises(ModelMissing, match="Depth Anything, DPT or GLPN"):
        depth_of(model, catalog, named=False)
    with pytest.raises(ModelRefused, match="outside its folder"):
        depth_of(model, catalog)
