"""Whether models fit, told before they are loaded, and by the numbers they are leased with."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from math import prod
from pathlib import Path
from typing import Any

import pytest

from engines.api import (
    BadRequest,
    Fit,
    FitRequest,
    ImageRequest,
    Kind,
    ModelMissing,
    ModelRefused,
    Run,
    Verdict,
)
from engines.catalog import Catalog
from engines.fitting import FitEngine, Phase, judge
from engines.memory.lease import Component, Smaller, Working
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.memory.working import WorkingSets
from engines.registry import Registry
from engines.services import Services
from tests.engines import model_files

GIB = 2**30
XL_UNET_LAYERS = 280
XL_PARTS = {
    "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    **{
        f"model.diffusion_model.middle_block.{n}.weight": (2048, 4480)
        for n in range(XL_UNET_LAYERS)
    },
    "first_stage_model.encoder.conv_in.weight": (128, 3, 3, 3),
    "first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3),
    "first_stage_model.decoder.mid.weight": (9000, 9000),
    "conditioner.embedders.0.transformer.text_model.weight": (49408, 2490),
    "conditioner.embedders.1.model.weight": (49408, 14000),
}
"""As large as a Stable Diffusion XL in 16 bits, 6.9 GB, in fewer layers."""


def write_sparse(path: Path, tensors: dict[str, tuple[int, ...]]) -> Path:
    """Write an honest header and leave the weights a hole in the file."""
    raw = json.dumps(model_files.header(tensors)).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        file.truncate(8 + len(raw) + sum(2 * prod(shape) for shape in tensors.values()))
    return path


def services_over(device: SimulatedDevice, *roots: Path, library: Path) -> Services:
    def nobody(request: object, run: Run) -> Any:
        raise AssertionError(f"the engine asked another: {request}")

    catalog = Catalog(roots or None, library=library)
    return Services(catalog, MemoryManager(device), nobody)


def weigh(services: Services, model: str) -> Fit:
    return FitEngine(services).run(FitRequest(model=model), Run())


@pytest.fixture
def xl(tmp_path: Path) -> Path:
    models = tmp_path / "models"
    models.mkdir()
    write_sparse(models / "xl.safetensors", XL_PARTS)
    return models


def test_the_starters_fit_and_the_registry_knows_who_says_so(tmp_path: Path) -> None:
    services = services_over(SimulatedDevice(16 * GIB), library=tmp_path)
    engine = Registry(services).get(Kind.FIT)
    assert isinstance(engine, FitEngine)
    for spec in services.catalog.list():
        fit = engine.run(FitRequest(model=spec.id), Run())
        assert fit.model == spec.id
        assert fit.verdict is Verdict.FITS and fit.how == ""
        assert fit.needed_bytes > spec.size_bytes / 4
        assert fit.budget_bytes == 16 * GIB
        assert 0 < fit.load_s < 60
    assert not services.memory.status().residents


def test_weighing_imports_neither_torch_nor_diffusers(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from engines.api import FitRequest, Run
from engines.catalog import Catalog
from engines.fitting import FitEngine
from engines.memory.device import CpuDevice
from engines.memory.manager import MemoryManager
from engines.services import Services
services = Services(Catalog(library=Path(sys.argv[1])), MemoryManager(CpuDevice()), None)
fits = [FitEngine(services).run(FitRequest(model=s.id), Run()) for s in services.catalog.list()]
assert fits and all(fit.needed_bytes for fit in fits), fits
found = {"torch", "diffusers", "transformers"} & sys.modules.keys()
assert not found, found
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)


@pytest.mark.parametrize(
    ("capacity_gib", "verdict", "how"),
    [
        (12, Verdict.FITS, ""),
        (6, Verdict.OFFLOAD, "unet by offload"),
        (1, Verdict.NO, ""),
    ],
)
def test_a_large_model_on_cards_of_different_sizes(
    xl: Path, tmp_path: Path, capacity_gib: int, verdict: Verdict, how: str
) -> None:
    device = SimulatedDevice(capacity_gib * GIB, name="cuda")
    fit = weigh(services_over(device, xl, library=tmp_path), "xl")
    assert (fit.verdict, fit.how) == (verdict, how)
    assert 5.1e9 < fit.needed_bytes < 9e9, "one phase, not the sum of all"


def test_on_the_processor_weights_are_twice_as_wide(xl: Path, tmp_path: Path) -> None:
    card = SimulatedDevice(64 * GIB, name="cuda")
    processor = SimulatedDevice(64 * GIB)
    unet_bytes = 2 * (XL_UNET_LAYERS * 2048 * 4480 + 640 * 2048)
    on_card = weigh(services_over(card, xl, library=tmp_path), "xl")
    beside = weigh(services_over(processor, xl, library=tmp_path), "xl")
    assert beside.needed_bytes - on_card.needed_bytes == unet_bytes


def test_parts_weigh_what_the_engine_leases(tmp_path: Path) -> None:
    from engines.image.engine import ImageEngine
    from tests.engines.image import tiny_models

    models = tmp_path / "models"
    tiny_models.write_stable_diffusion(models / "tiny")
    services = services_over(SimulatedDevice(16 * GIB), models, library=tmp_path)
    (spec,) = services.catalog.list()
    phases = FitEngine(services)._phases(spec, None, 16 * GIB)
    weighed = sorted(part.size_bytes for phase in phases for part in phase.components)
    ImageEngine(services).run(ImageRequest(model=spec.id, prompt="a", seed=1, steps=1), Run())
    leased = sorted(resident.size_bytes for resident in services.memory.status().residents)
    assert weighed == leased


def phase(part: Component[None], estimate_bytes: int = 100) -> Phase:
    return Phase(
        components=(part,), working=Working(operation="work", estimate_bytes=estimate_bytes)
    )


def nothing(device: str) -> None:
    raise AssertionError(f"loaded on {device}")


OFFLOAD: Smaller[None] = Smaller(name="offload", size_bytes=50, load=nothing, exact=True)
UNET: Component[None] = Component(key="unet", size_bytes=800, load=nothing, smaller=(OFFLOAD,))
VAE: Component[None] = Component(key="vae", size_bytes=300, load=nothing)


@pytest.mark.parametrize(
    ("budget_bytes", "verdict"),
    [
        (900, Verdict.FITS),
        (899, Verdict.OFFLOAD),
        (400, Verdict.OFFLOAD),
        (399, Verdict.NO),
        (0, Verdict.NO),
    ],
)
def test_the_largest_phase_decides(budget_bytes: int, verdict: Verdict) -> None:
    fit = judge("m", (phase(UNET), phase(VAE)), budget_bytes, WorkingSets())
    assert fit.verdict is verdict
    assert fit.needed_bytes == 900
    assert fit.budget_bytes == budget_bytes
    assert fit.how == ("unet by offload" if verdict is Verdict.OFFLOAD else "")


def test_what_was_measured_goes_before_the_estimate() -> None:
    sets = WorkingSets()
    work = Working(operation="work", estimate_bytes=100)
    sets.measured(work, 300)
    assert judge("m", (phase(UNET),), 900, sets).verdict is Verdict.OFFLOAD
    assert judge("m", (phase(UNET),), 1100, sets).needed_bytes == 1100


def test_loading_is_expected_at_the_pace_of_past_loads() -> None:
    sets = WorkingSets()
    sets.loaded(550, 2.0)
    fit = judge("m", (phase(UNET), phase(VAE), phase(UNET)), 5000, sets)
    assert fit.load_s == pytest.approx(4.0), "each part is read once"


def test_a_model_outside_the_library_is_weighed_by_its_path(xl: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    services = services_over(SimulatedDevice(64 * GIB), empty, library=tmp_path)
    assert weigh(services, str(xl / "xl.safetensors")).verdict is Verdict.FITS


def test_what_is_no_whole_model_is_refused(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    lora = model_files.safetensors({"unet.to_q.lora_A.weight": (4, 8)})
    (models / "style.safetensors").write_bytes(lora)
    (models / "words.gguf").write_bytes(model_files.gguf())
    services = services_over(SimulatedDevice(GIB), models, library=tmp_path)
    with pytest.raises(ModelRefused, match="lora"):
        weigh(services, "style")
    with pytest.raises(ModelRefused):
        weigh(services, "words")
    with pytest.raises(ModelMissing):
        weigh(services, "nowhere")
    with pytest.raises(BadRequest):
        weigh(services, "")


def test_music_without_room_on_the_card_is_written_beside_it(tmp_path: Path) -> None:
    device = SimulatedDevice(1000, name="cuda")
    fit = weigh(services_over(device, library=tmp_path), "triptych-music-1")
    assert (fit.verdict, fit.needed_bytes) == (Verdict.FITS, 0)
