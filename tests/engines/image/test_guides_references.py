"""IP-Adapters draw bit for bit as in diffusers' own pipelines, and leave the UNet as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from PIL import Image

from engines.api import BadRequest, ControlUse, ModelMissing, ModelRefused, ReferenceUse
from engines.catalog import Catalog
from engines.image import png
from engines.image.guides import references
from tests.engines.image import tiny_guides
from tests.engines.image.test_plain_pipelines import (
    SIDE_PX,
    START,
    Studio,
    drawn,
    named,
    plain,
)
from tests.engines.image.tiny_guides import studio

__all__ = ["studio"]
SIZE = {"width": SIDE_PX, "height": SIDE_PX}
ENCODER = tiny_guides.encoder()
PICTURE = Image.effect_noise((50, 40), 90).convert("RGB")


def adapted(studio: Studio, model: str, family: str, task: str, *files: Path) -> Any:
    """Make diffusers' own pipeline with IP-Adapters."""
    pipeline = plain(studio, model, named(family, task))
    side_px = tiny_guides.ENCODER_SIDE_PX
    pipeline.register_modules(
        image_encoder=ENCODER,
        feature_extractor=transformers.CLIPImageProcessorPil(size=side_px, crop_size=side_px),
    )
    pipeline.load_ip_adapter(
        str(files[0].parent), subfolder="", weight_name=[file.name for file in files]
    )
    return pipeline


def adapter(studio: Studio, model: str, folder: Path, sort: str, seed: int = 7) -> Path:
    unet = studio.parts(model).unet.load("cpu")
    path = folder / f"{sort}{seed}.safetensors"
    return tiny_guides.write_ip_adapter(tiny_guides.ip_adapter(unet, sort, seed), path)


def reference(
    path: Path, encoder: Path | str, image: Image.Image = PICTURE, weight: float = 0.7
) -> ReferenceUse:
    return ReferenceUse(
        path=str(path), picture=png.encode(image), weight=weight, encoder=str(encoder)
    )


@pytest.mark.parametrize("layout", ["folder", "file"])
@pytest.mark.parametrize("sort", ["plain", "plus"])
@pytest.mark.parametrize("family", ["stable-diffusion", "stable-diffusion-xl"])
def test_a_reference_is_drawn_after(
    studio: Studio, tmp_path: Path, family: str, sort: str, layout: str
) -> None:
    model = studio.model(family)
    path = adapter(studio, model, tmp_path, sort)
    encoder = tiny_guides.write_encoder(ENCODER, tmp_path / "encoder", layout)
    pipeline = adapted(studio, model, family, "", path)
    pipeline.set_ip_adapter_scale(0.7)
    wanted = drawn(pipeline, ip_adapter_image=PICTURE, **SIZE).tobytes()
    assert studio.draw(model, references=(reference(path, encoder),)) == [wanted]
    assert studio.draw(model) != [wanted]


def test_two_references_from_a_picture(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    paths = [adapter(studio, model, tmp_path, sort) for sort in ("plain", "plus")]
    encoder = tiny_guides.write_encoder(ENCODER, tmp_path / "encoder", "folder")
    pipeline = adapted(studio, model, "", "Img2Img", *paths)
    pipeline.set_ip_adapter_scale([0.7, 0.3])
    wanted = drawn(pipeline, ip_adapter_image=[PICTURE, START], image=START, strength=0.7)
    asked = (reference(paths[0], encoder), reference(paths[1], encoder, START, 0.3))
    done = studio.draw(model, init=png.encode(START), strength=0.7, references=asked)
    assert done == [wanted.tobytes()]


def test_without_guidance_and_with_a_controlnet(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    path = adapter(studio, model, tmp_path, "plain")
    encoder = tiny_guides.write_encoder(ENCODER, tmp_path / "encoder", "folder")
    made = tiny_guides.controlnet(studio.parts(model).unet.load("cpu"))
    net = tiny_guides.write_controlnet(made, tmp_path / "net", "original")
    asked = {
        "references": (reference(path, encoder),),
        "controls": (ControlUse(path=str(net), picture=png.encode(PICTURE)),),
    }
    both = studio.draw(model, guidance=1.0, **asked)
    assert both != studio.draw(model, guidance=1.0, references=asked["references"])
    assert both != studio.draw(model, guidance=1.0, controls=asked["controls"])
    assert both == studio.draw(model, guidance=1.0, **asked)


def test_the_unet_is_left_as_it_was(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = studio.model("stable-diffusion")
    path = adapter(studio, model, tmp_path, "plain")
    encoder = tiny_guides.write_encoder(ENCODER, tmp_path / "encoder", "folder")
    before = studio.draw(model)
    seen: list[Any] = []
    dressed = references.References.dressed

    def watched(self: Any, unet: Any, loaded: Any) -> Any:
        seen.append((unet, _state(unet)))
        return dressed(self, unet, loaded)

    monkeypatch.setattr(references.References, "dressed", watched)
    assert studio.draw(model, references=(reference(path, encoder),)) != before
    (unet, state), *_ = seen
    assert _state(unet) == state
    assert studio.draw(model) == before


def _state(unet: Any) -> tuple[Any, ...]:
    processors = {name: type(one) for name, one in unet.attn_processors.items()}
    layers = [name for name, _ in unet.named_modules()]
    return processors, layers, list(unet.state_dict()), unet.config.encoder_hid_dim_type


def test_an_encoder_of_the_library_is_found_by_its_width(studio: Studio, tmp_path: Path) -> None:
    library = tmp_path / "models"
    library.mkdir()
    tiny_guides.write_encoder(ENCODER, library / "vision", "folder")
    catalog = Catalog((library,), library=tmp_path / "library")
    model = studio.model("stable-diffusion")
    path = adapter(studio, model, tmp_path, "plain")
    made = references.References([reference(path, "")], studio.parts(model), catalog, "cpu")
    assert len(made.components) == 1
    empty = Catalog((tmp_path / "none",), library=tmp_path / "library")
    with pytest.raises(ModelMissing, match="an image encoder"):
        references.References([reference(path, "")], studio.parts(model), empty, "cpu")


def test_what_does_not_fit_is_refused(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    encoder = tiny_guides.write_encoder(ENCODER, tmp_path / "encoder", "folder")
    of_xl = adapter(studio, studio.model("stable-diffusion-xl"), tmp_path, "plain")
    with pytest.raises(ModelRefused, match="made for stable-diffusion-xl"):
        studio.draw(model, references=(reference(of_xl, encoder),))
    named_weights = tiny_guides.ip_adapter(studio.parts(model).unet.load("cpu"), "plain")
    last = max(name for name in named_weights if "to_k_ip" in name)
    named_weights[last] = torch.zeros(24, 768)
    other = tiny_guides.write_ip_adapter(named_weights, tmp_path / "other.safetensors")
    with pytest.raises(ModelRefused, match="another UNet"):
        studio.draw(model, references=(reference(other, encoder),))
    with pytest.raises(ModelRefused, match="not a file of an IP-Adapter"):
        studio.draw(model, references=(reference(Path(model), encoder),))
    wide = adapter(studio, model, tmp_path, "plus")
    with pytest.raises(ModelRefused, match="no image encoder"):
        studio.draw(model, references=(reference(wide, model),))
    with pytest.raises(BadRequest, match="the picture of a reference"):
        studio.draw(
            model, references=(ReferenceUse(path=str(wide), picture=b"none", encoder=str(encoder)),)
        )
