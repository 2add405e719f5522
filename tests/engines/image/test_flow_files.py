"""Files of Stable Diffusion 3 and Flux in the original layout, whole and in parts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import gguf
import pytest
import torch
from diffusers.quantizers.gguf.utils import GGUFParameter, dequantize_gguf_tensor

from engines import devices
from engines.api import ModelMissing, ModelRefused, Role
from engines.catalog import Catalog
from engines.formats.recognition import recognise
from engines.image import sizes, speed
from engines.image.card import Card
from engines.image.flows import parts as flow_parts
from engines.image.words import clip_words
from tests.engines.image import original_layout, tiny_families, tiny_flows
from tests.engines.image.flow_studio import FAMILIES, Studio, drawn, plain


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    devices.fix_threads()
    words = tmp_path / "words.txt.gz"
    tiny_families.write_words(words)
    monkeypatch.setattr(clip_words, "words_file", lambda: words)
    monkeypatch.setattr(sizes, "FAMILIES", tmp_path / "families")
    monkeypatch.setitem(speed.CHANNELS_LAST, "cpu", False)
    return Studio(tmp_path)


class Shelf:
    """A studio's folder with the parts of one family in files and folders of their own."""

    def __init__(self, studio: Studio, family: str) -> None:
        self.studio, self.family = studio, family
        self.built = tiny_flows.build(family)
        self.models = studio.folder / "models"
        self.models.mkdir(exist_ok=True)
        folder = sizes.FAMILIES / sizes.FLOW_FOLDERS[family]
        tiny_flows.write_family(folder, family, self.built)
        # A whole pipeline to compare with, outside the library.
        tiny_flows.write_folder(studio.folder / "plain" / family, family, self.built)

    def whole(self) -> Path:
        return self._write("whole", tiny_flows.whole(self.family, self.built))

    def transformer(self) -> Path:
        return self._write("transformer", tiny_flows.transformer(self.family, self.built))

    def parts(self, *, t5_words: bool = True) -> None:
        """Put what a transformer needs besides into the library."""
        for name, model in self.built.items():
            if name == "vae":
                weights = {n.removeprefix("first_stage_model."): t
                           for n, t in original_layout.vae(model).items()}  # fmt: skip
                self._write("ae" if self.family.startswith("flux") else "sd3_vae", weights)
            elif name.startswith("text"):
                self._write(name, tiny_flows.encoder(model))
        if t5_words:
            tiny_flows.t5_words().save_pretrained(self.models)

    def wanted(self) -> bytes:
        """Draw with diffusers' whole pipeline."""
        place = self.studio.folder / "plain" / self.family
        pixels: bytes = drawn(plain(place, self.family)).tobytes()
        return pixels

    def _write(self, name: str, weights: dict[str, torch.Tensor]) -> Path:
        path = self.models / f"{name}.safetensors"
        tiny_flows.save(path, weights)
        return path


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_that_brings_everything(studio: Studio, family: str) -> None:
    shelf = Shelf(studio, family)
    path = shelf.whole()
    tiny_flows.t5_words().save_pretrained(shelf.models)
    spec = recognise(path)
    assert (spec.role, spec.architecture) == (Role.MODEL, family)
    assert studio.draw(str(path)) == [shelf.wanted()]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_transformer_alone_with_parts_of_the_library(studio: Studio, family: str) -> None:
    shelf = Shelf(studio, family)
    shelf.parts()
    assert recognise(shelf.transformer()).role is Role.DENOISER
    assert studio.draw("transformer") == [shelf.wanted()]


@pytest.mark.parametrize("family", ["stable-diffusion-3.5", "flux"])
def test_a_transformer_with_the_parts_of_a_whole_folder(studio: Studio, family: str) -> None:
    shelf = Shelf(studio, family)
    shutil.copytree(studio.folder / "plain" / family, shelf.models / "folder")
    assert studio.draw(str(shelf.transformer())) == [shelf.wanted()]
    place = studio.folder / "drawer"
    shutil.copytree(studio.folder / "plain" / family / "transformer", place)
    assert studio.draw(str(place)) == [shelf.wanted()]


def test_all_that_is_missing_is_said_at_once(studio: Studio) -> None:
    shelf = Shelf(studio, "flux")
    path = shelf.transformer()
    with pytest.raises(ModelMissing) as told:
        studio.draw(str(path))
    for word in ("CLIP-L", "T5-XXL", "the VAE of Flux"):
        assert word in " ".join(told.value.lacking)
    shelf.parts(t5_words=False)
    with pytest.raises(ModelMissing, match="the words of T5"):
        studio.draw(str(path))


def test_the_first_family_draws_without_t5(studio: Studio) -> None:
    shelf = Shelf(studio, "stable-diffusion-3")
    shelf.parts(t5_words=False)
    place = studio.folder / "plain" / "stable-diffusion-3"
    pipeline = plain(place, "stable-diffusion-3", text_encoder_3=None, tokenizer_3=None)
    assert studio.draw(str(shelf.transformer())) == [drawn(pipeline).tobytes()]


def test_the_autoencoder_of_another_family_is_not_taken(studio: Studio) -> None:
    shelf = Shelf(studio, "flux")
    shelf.parts()
    (shelf.models / "ae.safetensors").rename(shelf.models / "sd3_vae.safetensors")
    with pytest.raises(ModelMissing, match="the VAE of Flux"):
        studio.draw(str(shelf.transformer()))


def test_what_does_not_draw_from_words_or_cannot_be_read_is_refused(studio: Studio) -> None:
    shelf = Shelf(studio, "flux")
    shelf.parts()
    weights = tiny_flows.transformer("flux", shelf.built)
    tiny_flows.save(studio.folder / "fill.safetensors", {
        **weights, "img_in.weight": torch.zeros(len(weights["img_in.weight"]), 384)
    })  # fmt: skip
    with pytest.raises(ModelRefused, match="384 channels"):
        studio.draw(str(studio.folder / "fill.safetensors"))
    scaled = {**weights, "img_in.scale_weight": torch.ones(1)}
    tiny_flows.save(studio.folder / "scaled.safetensors", scaled)
    with pytest.raises(ModelRefused, match="scaled 8 bits"):
        studio.draw(str(studio.folder / "scaled.safetensors"))
    del weights["double_blocks.0.txt_mlp.2.weight"]
    tiny_flows.save(studio.folder / "torn.safetensors", weights)
    with pytest.raises(ModelRefused, match="transformer does not fit"):
        studio.draw(str(studio.folder / "torn.safetensors"))


@pytest.mark.parametrize("family", ["stable-diffusion-3.5", "flux"])
def test_files_in_plain_8_bits(studio: Studio, family: str) -> None:
    """Weights of 8 bits give the very picture of the same weights in 32."""
    shelf = Shelf(studio, family)
    tiny_flows.t5_words().save_pretrained(shelf.models)
    small = {n: t.to(torch.float8_e4m3fn) for n, t in tiny_flows.whole(family, shelf.built).items()}
    places = [shelf.models / f"{name}.safetensors" for name in ("small", "same")]
    tiny_flows.save(places[0], small)
    tiny_flows.save(places[1], {name: tensor.float() for name, tensor in small.items()})
    first, second = (studio.draw(str(place)) for place in places)
    assert first == second


@pytest.mark.parametrize("family", ["stable-diffusion-3.5", "flux"])
@pytest.mark.parametrize("packing", ["F16", "Q8_0"])
def test_a_transformer_in_gguf(studio: Studio, family: str, packing: str) -> None:
    """Packed weights give the very picture of the same weights unpacked."""
    shelf = Shelf(studio, family)
    shelf.parts()
    kind = gguf.GGMLQuantizationType[packing]
    weights = tiny_flows.transformer(family, shelf.built)
    path = shelf.models / "packed.gguf"
    writer = gguf.GGUFWriter(path, "flux" if family == "flux" else "sd3")
    unpacked: dict[str, torch.Tensor] = {}
    for name, tensor in weights.items():
        fits = tensor.dim() == 2 and tensor.shape[-1] % 32 == 0
        own = kind if fits else gguf.GGMLQuantizationType.F32
        data = gguf.quantize(tensor.detach().float().numpy(), own)
        writer.add_tensor(name, data, raw_dtype=own)
        unpacked[name] = torch.from_numpy(data)
        if own is gguf.GGMLQuantizationType.Q8_0:
            unpacked[name] = dequantize_gguf_tensor(GGUFParameter(unpacked[name], quant_type=own))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tiny_flows.save(studio.folder / "unpacked.safetensors", unpacked)
    assert recognise(path).format == "gguf"
    assert studio.draw(str(path)) == studio.draw(str(studio.folder / "unpacked.safetensors"))


def test_a_packed_transformer_takes_of_the_memory_what_it_takes_of_the_disk(
    studio: Studio, tmp_path: Path
) -> None:
    shelf = Shelf(studio, "flux")
    shelf.parts()
    spec: Any = recognise(shelf.transformer())
    catalog = Catalog((shelf.models,), library=tmp_path / "own")
    parts = flow_parts.parts_of(spec, Card(), catalog, "cpu")
    weights = sum(t.numel() for t in shelf.built["transformer"].state_dict().values())
    assert parts.unet.size_bytes == 4 * weights
