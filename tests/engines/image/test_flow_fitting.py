"""Whether a flow fits is told from headers, by the parts that the engine will lease."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
import transformers

from engines.api import FitRequest, ModelMissing, Run, Verdict
from engines.fitting import FitEngine
from engines.formats.json_reader import read_object
from engines.image import sizes
from engines.image.card import Card
from engines.image.flows import parts as flow_parts
from engines.image.flows import shapes as flow_shapes
from engines.image.words import clip_words
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image import tiny_families, tiny_flows
from tests.engines.image.flow_studio import FAMILIES, Studio

LARGE = {
    "num_layers": 38, "num_attention_heads": 38, "caption_projection_dim": 2432,
    "qk_norm": "rms_norm",
}  # fmt: skip
MEDIUM = {
    "pos_embed_max_size": 384, "dual_attention_layers": list(range(13)), "qk_norm": "rms_norm",
}  # fmt: skip
"""How the two sizes of 3.5 differ from 3."""


@pytest.mark.parametrize("family", FAMILIES)
def test_the_weights_are_those_of_the_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    words = tmp_path / "words.txt.gz"
    tiny_families.write_words(words)
    monkeypatch.setattr(clip_words, "words_file", lambda: words)
    built = tiny_flows.build(family)
    tiny_flows.write_folder(tmp_path / "models" / family, family, built)
    studio = Studio(tmp_path)
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    weigher = FitEngine(Services(studio.catalog, memory, lambda request, run: None))
    fit = weigher.run(FitRequest(model=family), Run())
    assert fit.verdict is Verdict.FITS
    spec = studio.catalog.check(tmp_path / "models" / family)
    parts = flow_parts.parts_of(spec, Card(), studio.catalog, "cpu")
    words_bytes = sum(part.size_bytes for part in parts.words.values())
    assert words_bytes < fit.needed_bytes
    tiny = MemoryManager(SimulatedDevice(2**20, name="cpu"))
    weigher = FitEngine(Services(studio.catalog, tiny, lambda request, run: None))
    assert weigher.run(FitRequest(model=family), Run()).verdict is Verdict.NO


def test_a_transformer_alone_is_weighed_with_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "FAMILIES", tmp_path / "families")
    built = tiny_flows.build("flux")
    tiny_flows.write_family(tmp_path / "families" / "flux", "flux", built)
    (tmp_path / "models").mkdir()
    path = tmp_path / "models" / "alone.safetensors"
    tiny_flows.save(path, tiny_flows.transformer("flux", built))
    studio = Studio(tmp_path)
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    weigher = FitEngine(Services(studio.catalog, memory, lambda request, run: None))
    with pytest.raises(ModelMissing, match="T5-XXL"):
        weigher.run(FitRequest(model="alone"), Run())
    tiny_flows.write_folder(tmp_path / "models" / "whole", "flux", built)
    assert weigher.run(FitRequest(model="alone"), Run()).verdict is Verdict.FITS


def test_the_shapes_of_a_file_tell_the_depth_and_width_of_its_transformer() -> None:
    for family in FAMILIES:
        built = tiny_flows.build(family)
        config = built["transformer"].config
        tensors = tiny_flows.transformer(family, built, "model.diffusion_model.")
        flow = "flux" if family.startswith("flux") else "sd3"
        told = flow_shapes.settings(flow, tensors)  # type: ignore[arg-type]
        assert told
        assert {name: config[name] for name in told} == told


@pytest.mark.parametrize(
    ("folder", "part", "changes", "published"),
    [
        ("stable-diffusion-3", "transformer", {}, 2_028_328_000),
        ("stable-diffusion-3", "transformer", LARGE, 8_056_627_520),
        ("stable-diffusion-3", "transformer", MEDIUM, 2_243_171_520),
        ("flux", "transformer", {}, 11_901_408_320),
        ("flux", "transformer", {"guidance_embeds": False}, 11_891_178_560),
        ("stable-diffusion-3", "vae", {}, 83_819_683),
        ("flux", "vae", {}, 83_819_683),
    ],
)
def test_the_shipped_configurations_have_the_published_sizes(
    folder: str, part: str, changes: dict[str, Any], published: int
) -> None:
    settings = read_object(sizes.FAMILIES / folder / part / "config.json") | changes
    maker = getattr(diffusers, settings["_class_name"])
    with torch.device("meta"):
        built = maker.from_config(settings)
    assert sum(weights.numel() for weights in built.parameters()) == published


@pytest.mark.parametrize("place", ["stable-diffusion-3/text_encoder_3", "flux/text_encoder_2"])
def test_t5_is_the_published_one(place: str) -> None:
    config = transformers.T5Config.from_pretrained(sizes.FAMILIES / place)
    with torch.device("meta"):
        built = transformers.T5EncoderModel(config)
    assert sum(weights.numel() for weights in built.parameters()) == 4_762_310_656
