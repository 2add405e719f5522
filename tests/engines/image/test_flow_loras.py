"""LoRAs on Stable Diffusion 3 and Flux, as diffusers' own loader puts them on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import peft
import pytest
import torch

from engines import devices
from engines.api import LoraUse, ModelRefused
from engines.image import speed
from engines.image.words import clip_words
from tests.engines.image import tiny_families, tiny_flows, tiny_models
from tests.engines.image.flow_studio import Studio, drawn, plain

FAMILIES = ("stable-diffusion-3", "flux")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("worn")
    devices.fix_threads()
    words = folder / "words.txt.gz"
    tiny_families.write_words(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip_words, "words_file", lambda: words)
        patch.setitem(speed.CHANNELS_LAST, "cpu", False)
        for family in FAMILIES:
            built = tiny_flows.build(family)
            tiny_flows.write_folder(folder / "models" / family, family, built)
            _write_lora(folder / f"{family}.safetensors", family, built["transformer"])
        yield Studio(folder)


def _write_lora(path: Path, family: str, transformer: Any) -> None:
    """Write a strong LoRA for a transformer."""
    torch.manual_seed(1)
    transformer.add_adapter(peft.LoraConfig(r=2, target_modules=["to_q", "to_v"]))
    weights = peft.get_peft_model_state_dict(transformer)
    weights = {name: torch.randn_like(value) for name, value in weights.items()}
    name = "Flux" if family == "flux" else "StableDiffusion3"
    getattr(diffusers, f"{name}Pipeline").save_lora_weights(
        path.parent, transformer_lora_layers=weights, weight_name=path.name
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lora_counts_as_much_as_its_weight_says(studio: Studio, family: str) -> None:
    lora = studio.folder / f"{family}.safetensors"
    without = studio.draw(family)
    pipeline = plain(studio.folder / "models" / family, family)
    pipeline.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="one")
    pipeline.set_adapters(["one"], [0.5])
    worn = studio.draw(family, loras=(LoraUse(path=str(lora), weight=0.5),))
    assert worn == [drawn(pipeline).tobytes()] != without
    assert studio.draw(family) == without


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lora_of_another_family_is_refused(studio: Studio, family: str) -> None:
    other = FAMILIES[1 - FAMILIES.index(family)]
    use = LoraUse(path=str(studio.folder / f"{other}.safetensors"))
    with pytest.raises(ModelRefused, match="does not fit"):
        studio.draw(family, loras=(use,))


def test_a_lora_for_a_unet_is_refused(studio: Studio, tmp_path: Path) -> None:
    tiny_models.write_stable_diffusion(tmp_path / "sd")
    lora = tmp_path / "unet.safetensors"
    tiny_models.write_lora(lora, tmp_path / "sd")
    with pytest.raises(ModelRefused, match="does not fit"):
        studio.draw("flux", loras=(LoraUse(path=str(lora)),))
