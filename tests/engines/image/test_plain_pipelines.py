"""The engine, phase by phase, draws bit for bit what diffusers' whole pipelines draw."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from PIL import Image

from engines import devices
from engines.api import ImageRequest, Pixels, Progress, Run
from engines.catalog import Catalog
from engines.formats.recognition import recognise
from engines.image import png, samplers, single_file, sizes, stepping
from engines.image.engine import ImageEngine, parts_of
from engines.image.parts import Parts
from engines.image.words import clip_words
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image import tiny_families, tiny_models

FAMILIES = ("stable-diffusion", "stable-diffusion-2", "stable-diffusion-xl")
SIDE_PX, SEED, STEPS, GUIDANCE = 64, 7, 3, 6.0
PROMPT, NEGATIVE = "a cat at noon", "of"
Draw = Callable[..., list[bytes]]


class Studio:
    """The engine over tiny checkpoints of each family, and what their parts are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalog = Catalog((folder / "models",), library=folder / "library")
        memory = MemoryManager(SimulatedDevice(2**33))
        self._engine = ImageEngine(Services(self._catalog, memory, lambda request, run: None))
        tiny_models.write_stable_diffusion(folder / "models" / "tiny-sd")

    def model(self, family: str, channels: int = 4) -> str:
        """Return a checkpoint of a family as one file, or the folder that is in the library."""
        if family == "folder":
            return "tiny-sd"
        path = self._folder / f"{family}-{channels}.safetensors"
        if not path.exists():
            models = tiny_families.build(family, channels)
            config = sizes.FAMILIES / sizes.FOLDERS[family]
            shipped = Path(sizes.__file__).resolve().parents[2] / "resources" / "families"
            tiny_families.write_config(models, config, family, shipped)
            tiny_families.write(path, models, family)
        return str(path)

    def draw(self, model: str, run: Run | None = None, **wishes: Any) -> list[bytes]:
        """Draw with the engine; returns the pixels of each picture."""
        asked = {
            "prompt": PROMPT, "negative": NEGATIVE, "seed": SEED, "steps": STEPS,
            "guidance": GUIDANCE, "width_px": SIDE_PX, "height_px": SIDE_PX, "sampler": "euler a",
        }  # fmt: skip
        request = ImageRequest(**{**asked, **wishes}, model=model)
        done = self._engine.run(request, run or Run())
        return [Image.open(io.BytesIO(one.png)).tobytes() for one in done.pictures]

    def parts(self, model: str) -> Parts:
        """Return the model's parts as the engine finds them."""
        spec = self._catalog.get(model, recognise(self._place(model)).kind)
        return parts_of(spec, self._catalog, "cpu")

    def _place(self, model: str) -> Path:
        return self._folder / "models" / model if model == "tiny-sd" else Path(model)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("plain")
    devices.fix_threads()  # sums come out differently with another number of threads
    words = folder / "words.txt.gz"
    tiny_families.write_words(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "FAMILIES", folder / "families")
        patch.setattr(clip_words, "words_file", lambda: words)
        yield Studio(folder)


def plain(studio: Studio, model: str, class_name: str) -> Any:
    """Make a whole diffusers pipeline of a model's parts, all loaded."""
    parts = studio.parts(model)
    loaded = {name: component.load("cpu") for name, component in parts.words.items()}
    loaded |= {"unet": parts.unet.load("cpu"), "vae": parts.vae.load("cpu")}
    settings = dict(parts.scheduler)
    if parts.silent:
        from engines.image import prediction

        settings["prediction_type"] = prediction.measure(loaded["unet"])
    maker = getattr(diffusers, class_name)
    known = inspect.signature(maker.__init__).parameters
    extra = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    extra |= {"add_watermarker": False}
    pipeline = maker(
        **loaded,
        scheduler=samplers.make(settings, "euler a"),
        **{name: value for name, value in extra.items() if name in known},
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def drawn(pipeline: Any, seed: int = SEED, **asked: Any) -> Image.Image:
    """Draw with a plain pipeline."""
    with torch.inference_mode():
        return pipeline(
            prompt=PROMPT, negative_prompt=NEGATIVE, num_inference_steps=STEPS,
            guidance_scale=GUIDANCE, generator=torch.Generator().manual_seed(seed), **asked,
        ).images[0]  # fmt: skip


def named(family: str, task: str = "") -> str:
    return f"StableDiffusion{'XL' if family.endswith('xl') else ''}{task}Pipeline"


def start() -> Image.Image:
    return Image.effect_noise((SIDE_PX, SIDE_PX), 60).convert("RGB").quantize(64).convert("RGB")


START = start()
MASK = Image.new("L", (SIDE_PX, SIDE_PX))
MASK.paste(255, (SIDE_PX // 2, 0, SIDE_PX, SIDE_PX))


@pytest.mark.parametrize("family", ["folder", *FAMILIES])
def test_from_words_with_previews_on_or_off(studio: Studio, family: str) -> None:
    model = studio.model(family)
    size = {"width": SIDE_PX, "height": SIDE_PX}
    pipeline = plain(studio, model, named(family))
    wanted = [drawn(pipeline, seed, **size).tobytes() for seed in (SEED, SEED + 1)]
    seen: list[Progress] = []
    assert studio.draw(model, Run(report=seen.append), count=2) == wanted
    assert sum(isinstance(one.preview, Pixels) for one in seen) == 2 * STEPS
    assert studio.draw(model, count=2) == wanted


@pytest.mark.parametrize("family", ["folder", *FAMILIES])
def test_from_a_picture(studio: Studio, family: str) -> None:
    model = studio.model(family)
    wanted = drawn(plain(studio, model, named(family, "Img2Img")), image=START, strength=0.7)
    assert studio.draw(model, init=png.encode(START), strength=0.7) == [wanted.tobytes()]


@pytest.mark.parametrize("family", ["folder", *FAMILIES])
def test_redrawing_a_part(studio: Studio, family: str) -> None:
    model = studio.model(family)
    pipeline = plain(studio, model, named(family, "Img2Img"))
    vae = pipeline.vae
    with torch.inference_mode():
        mode = vae.encode(stepping.picture_tensor(START)).latent_dist.mode()
    kept = stepping.keep(mode * vae.config.scaling_factor, MASK, SEED)

    def hold(pipe: Any, number: int, time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        place = int((pipe.scheduler.timesteps == time).nonzero()[-1]) + 1
        return {"latents": kept.hold(tensors["latents"], pipe.scheduler, place)}

    image = drawn(pipeline, image=START, strength=0.7, callback_on_step_end=hold)
    wanted = Image.composite(image, START, MASK).tobytes()
    asked = {"init": png.encode(START), "mask": png.encode(MASK), "strength": 0.7}
    assert studio.draw(model, **asked) == [wanted]


@pytest.mark.parametrize("family", ["stable-diffusion", "stable-diffusion-xl"])
@pytest.mark.parametrize("strength", [0.7, 1.0])
def test_filling_in(studio: Studio, family: str, strength: float) -> None:
    model = studio.model(family, 9)
    assert single_file.read(recognise(Path(model))).channels == 9
    pipeline = plain(studio, model, named(family, "Inpaint"))
    size = {"width": SIDE_PX, "height": SIDE_PX}
    image = drawn(pipeline, image=START, mask_image=MASK, strength=strength, **size)
    asked = {"init": png.encode(START), "mask": png.encode(MASK), "strength": strength}
    wanted = Image.composite(image, START, MASK).tobytes()
    assert studio.draw(model, **asked) == [wanted]
