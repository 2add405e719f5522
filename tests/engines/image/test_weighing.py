"""What a picture is said to take beforehand is what the engine leases for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engines.api import (
    ControlUse,
    FitRequest,
    ImageRequest,
    LoraUse,
    ReferenceUse,
    Run,
    Verdict,
)
from engines.fitting import FitEngine
from engines.image import png
from engines.memory.lease import Component, Working
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image.cabinet import DIFFUSION, FAMILIES, Cabinet, base_of
from tests.engines.image.test_every_mode import MASK, START

pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")

Leased = tuple[str, int, int]


def everything(cabinet: Cabinet, model: str) -> ImageRequest:
    """Ask for all that the family of a model can do at once."""
    base = base_of(model.removesuffix(".safetensors"))
    picture, more = png.encode(START), {}
    if base in DIFFUSION:
        net, adapter = f"{base}-controlnet.safetensors", f"{base}-ip-adapter.safetensors"
        more = {
            "controls": (ControlUse(path=cabinet.path(net), picture=picture),),
            "references": (ReferenceUse(path=cabinet.path(adapter), picture=picture),),
        }
    return ImageRequest(
        prompt="a cat", seed=1, model=cabinet.path(model), steps=2, init=picture,
        mask=png.encode(MASK), outpaint=(0, 0, 24, 16), hires=1.5, strength=0.6, upscale=2,
        upscaler=cabinet.path("compact.safetensors"),
        loras=(LoraUse(path=cabinet.path(f"{base}-lora.safetensors")),), **more,
    )  # fmt: skip


@pytest.fixture
def leased(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Leased]]:
    """Yield the leases of the host: operation, bytes of all components, room to work."""
    seen: list[Leased] = []
    lease = cabinet.memory.lease

    @contextmanager
    def noted(*parts: Component[Any], working: Working, run: Run) -> Iterator[Any]:
        size = sum(part.size_bytes for part in parts)
        seen.append((working.operation, size, working.estimate_bytes))
        with lease(*parts, working=working, run=run) as loaded:
            yield loaded

    monkeypatch.setattr(cabinet.memory, "lease", noted)
    yield seen


def weighed(cabinet: Cabinet, request: ImageRequest) -> list[Leased]:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    weigher = FitEngine(Services(cabinet.catalog, memory, lambda asked, run: None))
    spec = cabinet.catalog.check(request.model)
    return [
        (phase.working.operation, sum(part.size_bytes for part in phase.components),
         phase.working.estimate_bytes)
        for phase in weigher._phases(spec, request, 2**33)
    ]  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_each_phase_is_weighed_as_it_is_leased(
    cabinet: Cabinet, leased: list[Leased], family: str
) -> None:
    request = everything(cabinet, f"{family}.safetensors")
    cabinet.host.run(request, Run())
    said = weighed(cabinet, request)
    # What was read or seen before is not leased again; what an encoder sees is bounded from above.
    for operation, size, estimate in leased:
        alike = [one for one in said if one[0] == operation]
        if operation == "image.regard":
            assert any(one[1] >= size and one[2] >= estimate for one in alike)
        elif operation != "image.preview":
            assert (operation, size, estimate) in alike
    drawings = [one for one in leased if one[0].startswith("image.denoise")]
    assert len(drawings) == 2 and drawings[0][2] < drawings[1][2]


def fit(cabinet: Cabinet, request: ImageRequest) -> Any:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    weigher = FitEngine(Services(cabinet.catalog, memory, lambda asked, run: None))
    return weigher.run(FitRequest(model=request.model, picture=request), Run())


def test_a_second_drawing_enlarging_and_guides_take_more(cabinet: Cabinet) -> None:
    path = cabinet.path("stable-diffusion.safetensors")
    net = cabinet.path("stable-diffusion-controlnet.safetensors")
    start = png.encode(START.resize((512, 512)))
    size: dict[str, Any] = {"width_px": 512, "height_px": 512}

    def needs(**wishes: Any) -> int:
        found: int = fit(
            cabinet, ImageRequest(prompt="a", seed=1, model=path, **wishes)
        ).needed_bytes
        return found

    plain = needs(**size)
    assert needs(**size, hires=2.0) > 2 * plain
    assert needs(**size, upscale=4) > plain
    assert needs(**size, controls=(ControlUse(path=net, picture=start),)) > plain


def test_a_picture_too_large_for_the_device_is_told_before_it_is_drawn(cabinet: Cabinet) -> None:
    request = ImageRequest(
        prompt="a", seed=1, model=cabinet.path("stable-diffusion-xl.safetensors"),
        width_px=2048, height_px=2048, hires=4.0,
    )  # fmt: skip
    assert fit(cabinet, request).verdict is Verdict.NO
