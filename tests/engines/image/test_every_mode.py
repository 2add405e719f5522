"""Every family in every mode, as a file, as a folder and packed, through the host.

A picture has exactly the size that was asked for; what a family cannot do is
refused in a sentence.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from engines.api import (
    Axis,
    BadRequest,
    ControlUse,
    EngineError,
    GridRequest,
    ImageRequest,
    ImageResult,
    LoraUse,
    ModelRefused,
    ReferenceUse,
    RegionPrompt,
    Run,
)
from engines.image import png
from tests.engines.image.cabinet import DIFFUSION, FAMILIES, FLOWS, Cabinet, base_of

pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")

SIZE_PX = 72, 40
"""No multiple of the sixteen pixels that some networks draw in."""

FORMS = [
    *(f"{family}{form}" for family in FAMILIES for form in (".safetensors", "-folder")),
    *(f"{family}.gguf" for family in FLOWS),
]
START = Image.effect_noise(SIZE_PX, 60).convert("RGB").quantize(64).convert("RGB")
MASK = Image.new("L", SIZE_PX)
MASK.paste(255, (0, 0, 36, 40))


def family_of(model: str) -> str:
    return model.removesuffix(".safetensors").removesuffix("-folder").removesuffix(".gguf")


@dataclass(frozen=True, kw_only=True)
class Mode:
    """What is asked beyond the words, and what comes of it.

    `families` are those that can; the others raise `refusal`.
    """

    wishes: Callable[[Cabinet, str], dict[str, Any]]
    size_px: tuple[int, int] = SIZE_PX
    pictures: int = 1
    families: tuple[str, ...] = FAMILIES
    refusal: type[EngineError] = BadRequest
    packed: bool = True
    more: dict[str, Any] = field(default_factory=dict)


def plainly(**wishes: Any) -> Callable[[Cabinet, str], dict[str, Any]]:
    return lambda cabinet, family: wishes


def control(kind: str, **more: Any) -> Callable[[Cabinet, str], dict[str, Any]]:
    def wishes(cabinet: Cabinet, family: str) -> dict[str, Any]:
        base = base_of(family)
        # The first two families share T2I adapters; the flows have no guides of any kind.
        shared = base not in DIFFUSION or ("t2i" in kind and base == "stable-diffusion-2")
        base = "stable-diffusion" if shared else base
        use = ControlUse(path=cabinet.path(f"{base}-{kind}"), picture=png.encode(START), **more)
        return {"controls": (use,)}

    return wishes


def reference(cabinet: Cabinet, family: str) -> dict[str, Any]:
    base = base_of(family) if base_of(family) in DIFFUSION else "stable-diffusion"
    path = cabinet.path(f"{base}-ip-adapter.safetensors")
    return {"references": (ReferenceUse(path=path, picture=png.encode(START)),)}


def lora(cabinet: Cabinet, family: str) -> dict[str, Any]:
    base = base_of(family)
    return {"loras": (LoraUse(path=cabinet.path(f"{base}-lora.safetensors"), weight=0.6),)}


def word(cabinet: Cabinet, family: str) -> dict[str, Any]:
    base = base_of(family) if base_of(family) in WORDED else "stable-diffusion"
    name = f"{base}-word"
    return {"embeddings": (cabinet.path(f"{name}.safetensors"),), "prompt": f"a <{name}> cat"}


def own_vae(name: str) -> Callable[[Cabinet, str], dict[str, Any]]:
    def wishes(cabinet: Cabinet, family: str) -> dict[str, Any]:
        return {"vae": cabinet.path("flow-vae.safetensors" if family in FLOWS else name)}

    return wishes


def enlarge(cabinet: Cabinet, family: str) -> dict[str, Any]:
    return {"upscale": 2, "upscaler": cabinet.path("compact.safetensors")}


NOISE = tuple(family for family in FAMILIES if family not in FLOWS)
WORDED = ("stable-diffusion", "stable-diffusion-2")
WITH_WORDS = tuple(family for family in NOISE if base_of(family) in WORDED)
FROM = {"init": png.encode(START), "strength": 0.6}
MASKED = {**FROM, "mask": png.encode(MASK)}
REGION = RegionPrompt(prompt="a fox", mask=png.encode(MASK))

MODES = {
    "words": Mode(wishes=plainly()),
    "batch": Mode(wishes=plainly(count=2), pictures=2),
    "picture": Mode(wishes=plainly(**FROM)),
    "part": Mode(wishes=plainly(**MASKED)),
    "outpaint": Mode(
        wishes=plainly(**FROM, outpaint=(0, 3, 9, 0), width_px=0, height_px=0), size_px=(81, 43)
    ),
    "outpaint to a size": Mode(wishes=plainly(**FROM, outpaint=(0, 8, 8, 0))),
    "hires": Mode(wishes=plainly(hires=1.3), size_px=(94, 52)),
    "hires of a part": Mode(wishes=plainly(**MASKED, hires=1.5), size_px=(108, 60)),
    "variation": Mode(wishes=plainly(variation=0.3, variation_seed=5)),
    "weights": Mode(wishes=plainly(prompt="a (cat:1.3) AND a [fox] BREAK at noon")),
    "wildcards": Mode(wishes=plainly(prompt="a {cat|fox}", count=2), pictures=2),
    "regions": Mode(wishes=plainly(regions=(REGION,))),
    "tiling": Mode(wishes=plainly(tiling=True), families=NOISE),
    "tiling, hires": Mode(wishes=plainly(tiling=True, hires=1.3), size_px=(94, 52), families=NOISE),
    "skipped layers": Mode(wishes=plainly(clip_skip=1)),
    "lora": Mode(wishes=lora, packed=False),
    "learnt word": Mode(wishes=word, families=WITH_WORDS, refusal=ModelRefused),
    "vae": Mode(wishes=own_vae("vae.safetensors")),
    "vae folder": Mode(wishes=own_vae("vae-folder")),
    "controlnet": Mode(wishes=control("controlnet.safetensors"), families=NOISE),
    "controlnet folder": Mode(
        wishes=control("controlnet-folder", preprocessor="canny"), families=NOISE
    ),
    "t2i adapter": Mode(wishes=control("t2i.safetensors"), families=NOISE),
    "reference": Mode(wishes=reference, families=NOISE),
    "enlarged": Mode(wishes=enlarge, size_px=(144, 80)),
    "cut out": Mode(wishes=plainly(cutout=True)),
}


QUICK = ("words", "part", "lora", "vae")
"""The modes in which how a model is stored could matter; with the others it is tried in full."""

CASES = [
    pytest.param(
        model, mode, marks=() if model.endswith("rs") or mode in QUICK else pytest.mark.slow
    )
    for model in FORMS
    for mode in MODES
]


@pytest.mark.parametrize(("model", "mode"), CASES)
def test_each_model_does_each_mode_or_says_why_not(cabinet: Cabinet, model: str, mode: str) -> None:
    family, asked = family_of(model), MODES[mode]
    wishes = {"width_px": SIZE_PX[0], "height_px": SIZE_PX[1]} | asked.wishes(cabinet, family)
    packed = model.endswith(".gguf")
    if family not in asked.families or (packed and not asked.packed):
        with pytest.raises(ModelRefused if packed and not asked.packed else asked.refusal) as told:
            cabinet.run(model, **wishes)
        assert len(str(told.value)) > 20
        return
    done = cabinet.run(model, **wishes)
    assert len(done.pictures) == asked.pictures
    for picture in done.pictures:
        image = Image.open(io.BytesIO(picture.png))
        assert (picture.width_px, picture.height_px) == image.size == asked.size_px
        assert len(set(image.convert("RGB").tobytes())) > 8


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_fills_a_grid(cabinet: Cabinet, family: str) -> None:
    base = ImageRequest(
        prompt="a cat", seed=1, model=cabinet.path(f"{family}.safetensors"), width_px=SIZE_PX[0],
        height_px=SIZE_PX[1], loras=lora(cabinet, family)["loras"],
    )  # fmt: skip
    axes = (Axis(name="steps", values=("1", "2")), Axis(name="lora:1", values=("0", "1")))
    done = cabinet.host.run(GridRequest(base=base, axes=axes), Run())
    assert isinstance(done, ImageResult)
    assert len(done.pictures) == 4
    assert {(one.width_px, one.height_px) for one in done.pictures} == {SIZE_PX}
    assert Image.open(io.BytesIO(done.sheets[0])).width > 2 * SIZE_PX[0]


@pytest.mark.parametrize("size_px", [(16, 16), (24, 136), (40, 16), (88, 104)])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("mode", ["words", "part", "hires of a part"])
def test_no_size_is_rounded(
    cabinet: Cabinet, family: str, mode: str, size_px: tuple[int, int]
) -> None:
    wishes = MODES[mode].wishes(cabinet, family)
    asked = wishes | {"width_px": size_px[0], "height_px": size_px[1]}
    (picture,) = cabinet.run(f"{family}.safetensors", **asked).pictures
    factor = wishes.get("hires", 1)
    assert (picture.width_px, picture.height_px) == tuple(round(px * factor) for px in size_px)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_start_of_any_size_keeps_it_to_the_pixel(cabinet: Cabinet, family: str) -> None:
    start, mask = START.crop((0, 0, 61, 37)), MASK.crop((0, 0, 61, 37))
    asked = {"init": png.encode(start), "mask": png.encode(mask), "width_px": 0, "height_px": 0}
    (picture,) = cabinet.run(f"{family}.safetensors", **asked).pictures
    done = Image.open(io.BytesIO(picture.png)).convert("RGB")
    kept = (36, 0, 61, 37)
    assert done.size == start.size
    assert done.crop(kept).tobytes() == start.crop(kept).tobytes()
