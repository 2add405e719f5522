"""Cut-outs: our network, networks of the user's, fine edges, and what is said when it fails."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    CutoutRequest,
    Kind,
    ModelMissing,
    ModelRefused,
    Progress,
    Run,
)
from engines.catalog import Catalog
from engines.image import png
from engines.image.cutouts import cutout, matting, refining
from engines.image.cutouts import files as cutout_files
from engines.image.cutouts.needs import FILE, OURS
from engines.image.scenery import backgrounds
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines import onnx_files

SHIPPED = Path(__file__).resolve().parents[3] / "resources" / "models" / "triptych-cutout-1"


@pytest.fixture
def library(tmp_path: Path) -> Catalog:
    return Catalog((tmp_path,), library=tmp_path / "library")


def engine(library: Catalog) -> cutout.CutoutEngine:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    return cutout.CutoutEngine(Services(library, memory, lambda request, run: None))


def cut(library: Catalog, image: Image.Image, **wishes: Any) -> Image.Image:
    request = CutoutRequest(png=png.encode(image), **wishes)
    return Image.open(io.BytesIO(engine(library).run(request, Run()).pictures[0].png))


def red_disc(side_px: int = 96) -> Image.Image:
    """A red disc in the middle third of a blue picture."""
    image = Image.new("RGB", (side_px, side_px), (10, 20, 200))
    third = side_px // 3
    ImageDraw.Draw(image).ellipse((third, third, 2 * third, 2 * third), fill=(230, 20, 10))
    return image


def write_ours(folder: Path) -> Path:
    """Write a network of random weights as one of ours."""
    folder.mkdir()
    torch.manual_seed(0)
    save_file(matting.CutoutNet().state_dict(), folder / FILE)
    about = {
        "version": 1,
        "id": folder.name,
        "kind": "cutout",
        "name": "Random",
        "architecture": OURS,
    }
    (folder / "model.json").write_text(json.dumps(about))
    return folder


@pytest.mark.parametrize("side_px", [320, 1024])
def test_a_file_of_the_users_cuts_out(tmp_path: Path, library: Catalog, side_px: int) -> None:
    path = tmp_path / "reds.onnx"
    path.write_bytes(onnx_files.cutout(side_px))
    done = cut(library, red_disc(), model=str(path))
    alpha = np.asarray(done.getchannel("A"))
    assert done.mode == "RGBA" and done.size == (96, 96)
    assert alpha[48, 48] == 255 and alpha[5, 5] == 0 and alpha[48, 5] == 0
    assert done.getpixel((48, 48)) == (230, 20, 10, 255)


def test_transparency_that_was_there_stays(tmp_path: Path, library: Catalog) -> None:
    path = tmp_path / "reds.onnx"
    path.write_bytes(onnx_files.cutout(320))
    image = red_disc().convert("RGBA")
    image.paste((230, 20, 10, 0), (0, 0, 48, 96))
    alpha = np.asarray(cut(library, image, model=str(path)).getchannel("A"))
    assert alpha[:, :48].max() == 0 and alpha[48, 55] == 255


def test_each_family_is_given_the_colours_it_was_trained_on() -> None:
    grey = Image.new("RGB", (8, 8), (128, 128, 128))
    assert cutout_files.prepared("isnet", grey, 64).max() == pytest.approx(0.002, abs=0.001)
    assert cutout_files.prepared("u2net", grey, 64)[0, 0].max() == pytest.approx(2.249, abs=0.01)
    birefnet = cutout_files.prepared("birefnet", grey, 64)[0, 0].max()
    assert birefnet == pytest.approx((128 / 255 - 0.485) / 0.229, abs=0.01)


def test_logits_become_a_matte_and_a_matte_stays_one() -> None:
    logits = np.array([[-20.0, 0.0], [3.0, 20.0]], np.float32)
    assert cutout_files.stretched("birefnet", logits)[0] == pytest.approx([0, 0.5], abs=1e-6)
    matte = np.array([[0.0, 0.4], [0.6, 1.0]], np.float32)
    assert (cutout_files.stretched("birefnet", matte) == matte).all()


def test_our_network_works_through_the_library(tmp_path: Path, library: Catalog) -> None:
    write_ours(tmp_path / "random")
    spec = library.get("random", Kind.CUTOUT)
    network = matting.load(Path(spec.path), "cpu")
    matte = cutout._look(network, red_disc())
    assert matte.shape == (256, 256) and 0 <= matte.min() < matte.max() <= 1
    assert cut(library, red_disc(), model="random").size == (96, 96)


def test_weights_of_another_network_are_refused(tmp_path: Path, library: Catalog) -> None:
    folder = write_ours(tmp_path / "random")
    save_file({"a": torch.zeros(2)}, folder / FILE)
    with pytest.raises(ModelRefused, match="our network"):
        cut(library, red_disc(), model="random")


@pytest.mark.parametrize("broken", [b"", b"\x08\x08", onnx_files.cutout(320)[:-9]])
def test_a_broken_file_is_refused(tmp_path: Path, library: Catalog, broken: bytes) -> None:
    path = tmp_path / "reds.onnx"
    path.write_bytes(broken)
    with pytest.raises(ModelRefused):
        cut(library, red_disc(), model=str(path))


def test_a_file_that_onnxruntime_does_not_take_is_refused(tmp_path: Path, library: Catalog) -> None:
    path = tmp_path / "reds.onnx"
    path.write_bytes(onnx_files.cutout(320, operators=("NoSuchOperator",)))
    with pytest.raises(ModelRefused, match="onnxruntime"):
        cut(library, red_disc(), model=str(path))


def test_a_picture_without_a_subject_is_told(tmp_path: Path, library: Catalog) -> None:
    path = tmp_path / "reds.onnx"
    path.write_bytes(onnx_files.cutout(320))
    with pytest.raises(BadRequest, match="nothing"):
        cut(library, Image.new("RGB", (32, 32), (0, 0, 0)), model=str(path))


def test_no_model_is_missing_and_a_wrong_one_refused(tmp_path: Path, library: Catalog) -> None:
    with pytest.raises(ModelMissing):
        cut(library, red_disc())
    with pytest.raises(ModelMissing):
        cut(library, red_disc(), model="nowhere")


def test_cancel_stops_before_the_edges_are_laid(tmp_path: Path, library: Catalog) -> None:
    path = tmp_path / "reds.onnx"
    path.write_bytes(onnx_files.cutout(320))
    token, stages = CancelToken(), []

    def stop(progress: Progress) -> None:
        stages.append(progress.stage)
        if progress.stage == "looking":
            token.cancel()

    with pytest.raises(Cancelled):
        engine(library).run(
            CutoutRequest(png=png.encode(red_disc()), model=str(path)), Run(token, stop)
        )
    assert stages == ["loading", "looking"]


def test_edges_follow_the_picture_and_not_the_small_matte() -> None:
    image = red_disc(600)
    truth = np.asarray(image)[:, :, 0] > 120
    small = Image.fromarray(truth).convert("L").resize((128, 128), Image.Resampling.BOX)
    coarse = np.asarray(small, np.float32) / 255
    plain = np.asarray(small.resize((600, 600), Image.Resampling.BILINEAR)) / 255
    fine = np.asarray(refining.refine(image, coarse).getchannel("A")) / 255
    assert np.abs(fine - truth).mean() < 0.6 * np.abs(plain - truth).mean()


def test_what_lies_apart_and_is_not_sure_is_taken_for_ground() -> None:
    matte = np.zeros((32, 32), np.float32)
    matte[4:12, 4:12], matte[12:14, 4:12] = 0.9, 0.3  # a subject and its soft edge
    matte[20:24, 20:24] = 0.4
    left = refining.without_haze(matte)
    assert (left[4:14] == matte[4:14]).all() and left[20:24].max() == 0
    assert refining.without_haze(np.zeros((8, 8), np.float32)).max() == 0


def test_strips_of_a_large_picture_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    image = backgrounds.draw("hills", 2, 200, 300)
    matte = np.asarray(image.convert("L").resize((64, 64)), np.float32) / 255
    whole = np.asarray(refining.refine(image, matte), np.int16)
    monkeypatch.setattr(refining, "STRIP_ROWS", 70)
    assert np.abs(np.asarray(refining.refine(image, matte), np.int16) - whole).max() <= 2


def test_the_shipped_network_finds_a_thing_before_a_scene() -> None:
    image = backgrounds.draw("soft clouds", 5, 384, 384)
    truth = Image.new("L", image.size)
    ImageDraw.Draw(truth).ellipse((110, 90, 270, 330), fill=255)
    image.paste((200, 40, 50), (0, 0), truth)
    alpha = np.asarray(cut(Catalog((SHIPPED.parent,)), image).getchannel("A")) > 127
    thing = np.asarray(truth) > 127
    assert (alpha & thing).sum() / (alpha | thing).sum() > 0.9
