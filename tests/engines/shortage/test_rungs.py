"""Each rung of the ladder does with less, and gives what was asked."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engines import devices
from engines.api import (
    Change,
    Kind,
    LoraUse,
    MemoryStatus,
    ModelSpec,
    OutOfMemory,
    Resident,
    Run,
    Tier,
)
from engines.host import LocalHost
from engines.image import autoencoding, loras
from engines.image.denoising import Forward
from engines.image.engine import parts_of
from engines.memory.ladder import Rung
from engines.memory.manager import MemoryManager
from engines.memory.weights import modules
from engines.music.model import residence
from engines.music.model.decoder import Decoder
from engines.sampling import Sampling
from engines.text.language_model import LanguageModel
from engines.text.reading import Reader
from engines.text.writing import Order, write
from tests.engines import tiny_studio
from tests.engines.shortages import MESSAGE


@pytest.fixture
def language(models: Path) -> LanguageModel:
    return LanguageModel(models / "tiny-text", "cpu")


def reliefs(memory: MemoryManager) -> list[str]:
    """Name the rungs that were climbed, in order."""
    return [e.reason for e in memory.status().events if e.change is Change.RELIEF]


def pixels(png: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.float32)


def fail_when(patch: pytest.MonkeyPatch, owner: Any, name: str, is_large: Any) -> None:
    """Have a method run short whenever what it is given is large."""
    whole = getattr(owner, name)

    def limited(self: Any, *given: Any, **named: Any) -> Any:
        if is_large(*given, **named):
            raise RuntimeError(MESSAGE)
        return whole(self, *given, **named)

    patch.setattr(owner, name, limited)


def test_guidance_goes_in_halves_if_both_do_not_fit(
    host: LocalHost, memory: MemoryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    request = tiny_studio.image(steps=2)
    whole = host.run(request, Run()).pictures[0].png
    large = lambda sample, *rest, **more: len(sample) > 1  # noqa: E731
    fail_when(monkeypatch, diffusers.UNet2DConditionModel, "forward", large)
    halved = host.run(request, Run()).pictures[0].png
    assert np.abs(pixels(whole) - pixels(halved)).max() <= 1
    assert reliefs(memory)[-1] == "smaller batch"
    assert "empty cache" in reliefs(memory)


def test_a_picture_is_decoded_in_tiles_if_it_does_not_fit_whole(
    host: LocalHost, memory: MemoryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers.models.autoencoders.vae import Decoder as Layers

    request = tiny_studio.image(width_px=96, height_px=64)
    whole = host.run(request, Run()).pictures[0].png
    with monkeypatch.context() as patch:
        patch.setattr(autoencoding, "TILE_PX", 32)
        fail_when(patch, Layers, "forward", lambda latents, *rest: latents.shape[-1] > 16)
        tiled = host.run(request, Run()).pictures[0].png
    assert reliefs(memory)[-1] == "tile the VAE"
    assert pixels(tiled).shape == pixels(whole).shape
    assert np.abs(pixels(whole) - pixels(tiled)).mean() < 12  # untrained layers see the edges
    assert host.run(request, Run()).pictures[0].png == whole


def test_a_job_that_cannot_go_on_fails_alone(
    host: LocalHost, memory: MemoryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    request = tiny_studio.image()
    whole = host.run(request, Run()).pictures[0].png
    with monkeypatch.context() as patch:
        fail_when(patch, diffusers.UNet2DConditionModel, "forward", lambda *g, **n: True)
        with pytest.raises(OutOfMemory) as caught:
            host.run(request, Run())
    assert caught.value.needed_bytes > 0
    assert memory.status().working_bytes == 0
    assert host.run(request, Run()).pictures[0].png == whole


def test_texts_are_read_in_fewer_rows(language: LanguageModel) -> None:
    prompt = language.encode("hello there")
    whole, split = Reader(language), Reader(language)
    with torch.inference_mode():
        logits = []
        for reader in (whole, split):
            reader.read(prompt, lambda: None)
            reader.share(5)
            reader.next(torch.arange(5))
            if reader is split:
                assert reader._split() and reader._split() and reader._split()
                assert not reader._split()
            logits.append(reader.next(torch.arange(5, 10)))
    assert logits[0].shape == logits[1].shape
    assert torch.allclose(logits[0], logits[1], atol=0.1)  # bfloat16, in other sums


def test_a_prompt_is_read_in_shorter_pieces(
    language: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(
        prompt_ids=language.encode("abc " * 60),
        seed=1,
        max_tokens=4,
        sampling=Sampling(temperature=0.0),
    )
    whole = write(language, order, lambda done, writings: None)[0]
    climbed: list[str] = []

    def climb(rungs: Any) -> Any:
        left = list(rungs)

        def attempt(call: Any) -> Any:
            while True:
                try:
                    return call()
                except RuntimeError:
                    climbed.append(left[0].name)
                    assert left.pop(0).climb()

        return attempt

    large = lambda *given, **named: named["input_ids"].shape[1] > 64  # noqa: E731
    fail_when(monkeypatch, type(language.network), "forward", large)
    pieces = write(language, order, lambda done, writings: None, climb)[0]
    assert climbed == ["shorter pieces"]
    assert len(pieces.text) == len(whole.text)


def test_candidates_of_music_are_written_fewer_at_once(
    host: LocalHost, memory: MemoryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = tiny_studio.music(candidates=4)
    whole = host.run(request, Run())
    fail_when(monkeypatch, Decoder, "_read", lambda ids, *rest: len(ids) > 1)
    fewer = host.run(request, Run())
    assert (fewer.bars, fewer.key, fewer.length_s) == (whole.bars, whole.key, whole.length_s)
    assert reliefs(memory).count("fewer candidates at once") == 2


def test_rows_are_worked_on_one_by_one() -> None:
    class Network(torch.nn.Module):
        def forward(self, latents: Any, time: Any, **more: Any) -> tuple[torch.Tensor]:
            assert len(latents) == len(more["encoder_hidden_states"]) == 1
            assert more["added_cond_kwargs"]["time_ids"].shape == (1, 6)
            assert more["timestep_cond"] is None
            return (latents + time,)

    forward = Forward(Network(), SimpleNamespace(guides=()))  # type: ignore[arg-type]
    forward.ladder = lambda call: call()  # type: ignore[assignment]
    forward.in_halves = True
    latents = torch.randn(2, 4, 8, 8)
    more = {
        "encoder_hidden_states": torch.zeros(2, 77, 4),
        "added_cond_kwargs": {"time_ids": torch.zeros(2, 6)},
        "timestep_cond": None,
    }
    assert torch.equal(forward(latents, torch.tensor(3), **more)[0], latents + 3)


class TestLoras:
    """A LoRA on a UNet that is held in a smaller way."""

    @pytest.fixture
    def parts(self, models: Path, tmp_path: Path) -> Any:
        from engines.catalog import Catalog

        catalog = Catalog((models,), library=tmp_path)
        return parts_of(catalog.get("tiny-sd", Kind.IMAGE), catalog, "cpu")

    @pytest.fixture
    def lora(self, models: Path, parts: Any) -> loras.Lora:
        return loras._load(str(models / tiny_studio.STYLE), parts)

    @staticmethod
    def predict(unet: Any) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        latents = torch.randn(2, 4, 8, 8, generator=generator)
        states = torch.randn(2, 77, 16, generator=generator)
        with torch.inference_mode():
            return unet(latents, 500, encoder_hidden_states=states, return_dict=False)[0]

    def test_offloaded_layers_wear_it_just_as_well(self, parts: Any, lora: loras.Lora) -> None:
        whole = parts.unet.load("cpu")
        plain = self.predict(whole)
        offloaded = modules.offloaded(parts.unet.load("cpu"), "cpu")
        uses = [LoraUse(path=lora.path, weight=0.7)]
        for unet in (whole, offloaded):
            loras.put_on(unet, "unet", parts, [lora], uses)
        worn = self.predict(whole)
        assert not torch.equal(worn, plain)
        assert torch.equal(self.predict(offloaded), worn)
        for unet in (whole, offloaded):
            loras.take_off(unet, "unet")
            assert torch.equal(self.predict(unet), plain)

    def test_8_bits_do_not_wear_it(self, parts: Any, lora: loras.Lora) -> None:
        small = modules.fp8(parts.unet.load("cpu"))
        with pytest.raises(MemoryError):
            loras.put_on(small, "unet", parts, [lora], [LoraUse(path=lora.path)])


def test_the_default_precision_of_a_load_is_its_threads_own() -> None:
    seen: list[torch.dtype] = []
    with devices.own_default_precision():
        torch.set_default_dtype(torch.bfloat16)
        other = threading.Thread(target=lambda: seen.extend((torch.ones(1).dtype,)))
        other.start()
        other.join()
        assert torch.get_default_dtype() is torch.bfloat16
        assert torch.nn.Linear(2, 2).weight.dtype is torch.bfloat16
        torch.set_default_dtype(torch.float32)
    assert seen == [torch.float32]
    assert torch.ones(1).dtype is torch.float32
    assert torch.get_default_dtype() is torch.float32


class TestMusicBesideTheCard:
    """Where the music model computes on a host with a card; the card is only numbers here."""

    @pytest.fixture
    def spec(self, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
        from engines.catalog import Catalog

        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
        return Catalog((models,), library=tmp_path).get("tiny-music", Kind.MUSIC)

    @staticmethod
    def status(free_bytes: int, *residents: Resident) -> MemoryStatus:
        return MemoryStatus(
            device="cuda",
            budget_bytes=10**10,
            used_bytes=10**10 - free_bytes,
            working_bytes=0,
            residents=residents,
        )

    def test_it_asks_for_the_card_if_there_is_room(self, spec: ModelSpec) -> None:
        component, working = residence.settle(spec, 2, self.status(10**9))
        assert component.size_bytes > 0 and component.move is not None
        assert component.key.endswith(":bfloat16")
        assert working.estimate_bytes > 0

    def test_it_computes_on_the_processor_if_the_card_is_tight(self, spec: ModelSpec) -> None:
        component, working = residence.settle(spec, 2, self.status(1000))
        assert (component.size_bytes, working.estimate_bytes) == (0, 0)
        assert component.load("cuda").embedding.device.type == "cpu"

    def test_it_stays_where_it_is(self, spec: ModelSpec) -> None:
        component, working = residence.settle(spec, 2, self.status(10**9))
        there = Resident(
            key=component.key, size_bytes=component.size_bytes, leased=False, tier=Tier.DEVICE
        )
        status = self.status(working.estimate_bytes, there)
        assert residence.settle(spec, 2, status)[0].key == component.key


def test_the_rungs_of_music_can_be_climbed_twice(models: Path) -> None:
    from engines.music.model.decoder import load_decoder

    rungs: list[Rung] = []

    def climb(given: Any) -> Any:
        rungs.extend(given)
        return lambda call: call()

    decoder = load_decoder(models / "tiny-music", "cpu", torch.float32)
    enduring = decoder.enduring(climb)
    ids, counts = torch.tensor([[1], [1], [1], [1]]), torch.ones(4, dtype=torch.long)
    whole = decoder.step(ids, counts, decoder.cache(4, 64))
    for rung in rungs:
        assert rung.climb()
        assert torch.allclose(enduring.step(ids, counts, enduring.cache(4, 64)), whole, atol=1e-4)
    assert enduring._halvings == 2 and decoder._halvings == 0
