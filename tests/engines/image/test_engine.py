"""The picture engine with small random models: files in, PNG out, nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engines.api import (
    BadRequest,
    Cancelled,
    CancelToken,
    ImageRequest,
    ImageResult,
    LoraUse,
    ModelMissing,
    ModelRefused,
    Pixels,
    Progress,
    Run,
    UpscaleRequest,
)
from engines.catalog import Catalog
from engines.image import png
from engines.image.engine import ImageEngine
from engines.image.upscaling.upscaler import UpscaleEngine
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image import tiny_models

Ask = Callable[..., ImageResult]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    tiny_models.write_reader(root / "all-minilm-l6-v2")
    tiny_models.write_starter(root / "triptych-image-1")
    tiny_models.write_stable_diffusion(root / "tiny-sd")
    return root


@pytest.fixture
def services(models: Path, tmp_path: Path) -> Services:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    catalog = Catalog((models,), library=tmp_path)

    def ask(request: UpscaleRequest, run: Run) -> ImageResult:
        return UpscaleEngine(services).run(request, run)

    services = Services(catalog, memory, ask)
    return services


@pytest.fixture
def draw(services: Services) -> Ask:
    def draw(run: Run | None = None, **wishes: Any) -> ImageResult:
        asked = {"prompt": "a fox", "seed": 7, "width_px": 64, "height_px": 64, "steps": 3}
        return ImageEngine(services).run(ImageRequest(**{**asked, **wishes}), run or Run())

    return draw


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def ground(side_px: int = 64) -> bytes:
    ramp = np.linspace(0, 255, side_px * side_px * 3).reshape(side_px, side_px, 3)
    return png.encode(Image.fromarray(ramp.astype(np.uint8)))


def test_same_seed_gives_the_same_bytes_and_another_seed_others(draw: Ask) -> None:
    first, again, other = draw(), draw(), draw(seed=8)
    assert first.pictures[0].png == again.pictures[0].png
    assert first.pictures[0].png != other.pictures[0].png
    assert first.model == "triptych-image-1"


def test_a_picture_of_several_is_the_one_its_seed_gives_alone(draw: Ask) -> None:
    several = draw(count=2)
    assert [picture.seed for picture in several.pictures] == [7, 8]
    assert several.pictures[1].png == draw(seed=8).pictures[0].png


def test_the_model_brings_its_own_size_and_steps(draw: Ask) -> None:
    seen: list[Progress] = []
    picture = draw(Run(report=seen.append), width_px=0, height_px=0, steps=0).pictures[0]
    assert (picture.width_px, picture.height_px) == (128, 128)
    assert seen[-1].done == seen[-1].total == 3


def test_the_prompt_changes_the_picture(draw: Ask) -> None:
    words = draw(prompt="zz", guidance=3.0), draw(prompt="bb", guidance=3.0)
    assert words[0].pictures[0].png != words[1].pictures[0].png


def test_each_step_shows_a_preview(draw: Ask) -> None:
    seen: list[Progress] = []
    draw(Run(report=seen.append), count=2)
    shown = [one.preview for one in seen if isinstance(one.preview, Pixels)]
    assert [(one.done, one.total) for one in seen if one.stage == "drawing"] == [
        (n, 6) for n in range(1, 7)
    ]
    assert len(shown) == 6
    assert (shown[0].width_px, shown[0].height_px, len(shown[0].rgb)) == (8, 8, 192)


def test_cancel_stops_within_one_step_and_leaves_nothing_leased(
    draw: Ask, services: Services
) -> None:
    token, seen = CancelToken(), []

    def stop_at_two(progress: Progress) -> None:
        seen.append(progress.done)
        if progress.done == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        draw(Run(token, stop_at_two), steps=20)
    assert seen[-1] == 2
    status = services.memory.status()
    assert status.working_bytes == 0
    assert not any(resident.leased for resident in status.residents)


def test_weights_are_loaded_once(draw: Ask, services: Services) -> None:
    draw()
    before = services.memory.status().residents
    draw()
    assert services.memory.status().residents == before
    assert {resident.key.split(":")[-2] for resident in before} >= {"unet", "vae"}


def test_a_start_picture_gives_its_size_and_shows_through(draw: Ask) -> None:
    near = draw(init=ground(), strength=0.01, width_px=0, height_px=0).pictures[0]
    assert (near.width_px, near.height_px) == (64, 64)
    assert near.png != draw(init=ground(), strength=1.0).pictures[0].png


def test_outside_the_mask_nothing_changes(draw: Ask) -> None:
    mask = Image.new("L", (64, 64))
    mask.paste(255, (32, 0, 64, 64))
    done = opened(draw(init=ground(), mask=png.encode(mask)).pictures[0].png)
    start = opened(ground())
    assert done.crop((0, 0, 32, 64)).tobytes() == start.crop((0, 0, 32, 64)).tobytes()
    assert done.crop((32, 0, 64, 64)).tobytes() != start.crop((32, 0, 64, 64)).tobytes()


def test_a_mask_of_another_size_is_a_bad_request(draw: Ask) -> None:
    with pytest.raises(BadRequest, match="differ in size"):
        draw(init=ground(64), mask=ground(32))


def test_a_start_that_is_no_picture_is_a_bad_request(draw: Ask) -> None:
    with pytest.raises(BadRequest, match="no picture"):
        draw(init=b"words")


def test_stable_diffusion_draws_with_its_own_text_encoder(draw: Ask) -> None:
    one, two = (draw(model="tiny-sd", prompt=words, seed=1) for words in ("a cat", "moon"))
    assert one.model == "tiny-sd"
    assert one.pictures[0].png != two.pictures[0].png


@pytest.mark.parametrize("sampler", ["dpm++ 2m karras", "euler a", "ddim", "unipc", "heun"])
def test_samplers_have_their_familiar_names(draw: Ask, sampler: str) -> None:
    assert draw(model="tiny-sd", sampler=sampler).pictures[0].png.startswith(b"\x89PNG")


@pytest.mark.parametrize("sampler", ["dpm++ 2m", "dpm++ 2m sde", "euler", "unipc"])
def test_a_flow_model_has_samplers_too(draw: Ask, sampler: str) -> None:
    assert draw(sampler=sampler).pictures[0].width_px == 64


def test_an_unknown_sampler_is_a_bad_request_before_anything_loads(
    draw: Ask, services: Services
) -> None:
    with pytest.raises(BadRequest, match="the sampler is"):
        draw(sampler="magic")
    assert services.memory.status().residents == ()


def test_upscale_enlarges_what_was_drawn(draw: Ask) -> None:
    picture = draw(upscale=2).pictures[0]
    assert (picture.width_px, picture.height_px, picture.seed) == (128, 128, 7)


def test_an_unknown_model_is_missing(draw: Ask) -> None:
    with pytest.raises(ModelMissing):
        draw(model="none")


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".bin"])
def test_a_pickle_is_refused_by_name(draw: Ask, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"\x80\x04weights")
    with pytest.raises(ModelRefused):
        draw(model=str(path))


def test_a_text_file_named_safetensors_is_refused(draw: Ask, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_text("not a model")
    with pytest.raises(ModelRefused):
        draw(model=str(path))


def test_a_lora_counts_by_its_weight_and_leaves_the_model_as_it_was(
    draw: Ask, models: Path, tmp_path: Path
) -> None:
    path = tmp_path / "style.safetensors"
    tiny_models.write_lora(path, models / "tiny-sd")

    def with_weight(weight: float) -> bytes:
        loras = (LoraUse(path=str(path), weight=weight),)
        return draw(model="tiny-sd", loras=loras).pictures[0].png

    plain = draw(model="tiny-sd").pictures[0].png
    assert len({plain, with_weight(1.0), with_weight(0.5)}) == 3
    assert draw(model="tiny-sd").pictures[0].png == plain


def test_a_lora_for_another_model_is_refused(draw: Ask, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "style.safetensors"
    tiny_models.write_lora(path, models / "tiny-sd")
    with pytest.raises(ModelRefused, match="does not fit"):
        draw(loras=(LoraUse(path=str(path)),))


def test_a_lora_that_is_none_is_refused(draw: Ask, models: Path) -> None:
    unet = next((models / "tiny-sd" / "unet").glob("*.safetensors"))
    with pytest.raises(ModelRefused):
        draw(model="tiny-sd", loras=(LoraUse(path=str(unet)),))
