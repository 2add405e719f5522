"""What a model cannot heed is said beside the picture, and what is missing in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from desktop.messages import explain
from engines.api import ImageResult, ModelMissing, ModelRefused
from engines.catalog import Catalog
from engines.formats.recognition import recognise
from engines.image.flows.flow import FLUX, SD3
from engines.image.flows.library import Shelf, vae_family
from tests.engines.image import cabinet as cabinets
from tests.engines.image import original_layout, test_flow_files, tiny_flows
from tests.engines.image.cabinet import Cabinet
from tests.engines.image.flow_studio import Studio
from tests.engines.image.test_flow_files import Shelf as Parts

studio = test_flow_files.studio


def told(cabinet: Cabinet, model: str, **wishes: object) -> str:
    result: ImageResult = cabinet.run(model, None, **wishes)
    return "; ".join(result.notices)


def test_what_a_family_does_not_hear_is_said(cabinet: Cabinet) -> None:
    assert told(cabinet, "stable-diffusion.safetensors", negative="of") == ""
    assert "above 1" in told(cabinet, "stable-diffusion.safetensors", negative="of", guidance=1.0)
    assert "cannot be told" in told(cabinet, "flux.safetensors", negative="of")
    assert "takes none of them" in told(cabinet, "flux.safetensors", clip_skip=1)
    assert "takes none" in told(cabinet, "flux-schnell.safetensors", guidance=4.0)
    assert told(cabinet, "flux.safetensors", guidance=4.0) == ""
    assert "plain words" in told(cabinet, "stable-diffusion-3.safetensors", prompt="a (cat:1.3)")


def test_schnell_and_dev_have_their_own_defaults(cabinet: Cabinet) -> None:
    for form in (".safetensors", "-folder", ".gguf"):
        schnell = cabinet.run(f"flux-schnell{form}", steps=0)
        dev = cabinet.run(f"flux{form}", steps=0)
        assert (schnell.steps, schnell.guidance) == (4, 0.0)
        assert (dev.steps, dev.guidance) == (28, 3.5)


def test_the_transformers_of_a_family_are_told_apart_in_folders_of_their_own(
    cabinet: Cabinet,
) -> None:
    for family in cabinets.FLOWS:
        place = cabinet.root / f"{family}-folder" / "transformer"
        assert recognise(place).architecture == family


def test_drawing_without_t5_is_said(studio: Studio) -> None:
    parts = Parts(studio, "stable-diffusion-3")
    parts.parts(t5_words=False)
    parts.transformer()
    spec = studio.catalog.get(
        "transformer", recognise(parts.models / "transformer.safetensors").kind
    )
    from engines.image.engine import parts_of

    (notice,) = parts_of(spec, studio.catalog, "cpu").notices
    assert "without T5" in notice
    tiny_flows.t5_words().save_pretrained(parts.models)
    assert parts_of(spec, studio.catalog, "cpu").notices == ()


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("ae", FLUX), ("flux_vae", FLUX), ("FLUX1/diffusion_pytorch_model", FLUX),
        ("sd3_vae", SD3), ("stable-diffusion-3/vae", SD3), ("mine", ""),
    ],
)  # fmt: skip
def test_whose_autoencoder_a_file_is(tmp_path: Path, name: str, family: str) -> None:
    path = tmp_path / f"{name}.safetensors"
    path.parent.mkdir(exist_ok=True)
    tiny_flows.save(path, original_layout.vae(tiny_flows.vae(), ""))
    assert vae_family(recognise(path)) == family


def test_a_folder_tells_it_by_its_scale_and_one_that_tells_is_taken_first(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    tiny_flows.save(models / "a.safetensors", original_layout.vae(tiny_flows.vae(), ""))
    vae = tiny_flows.vae()
    vae.register_to_config(scaling_factor=0.3611)
    vae.save_pretrained(models / "b")
    catalog = Catalog((models,), library=tmp_path / "library")
    assert vae_family(recognise(models / "b")) == FLUX
    for flow, name in ((FLUX, "b"), (SD3, "a.safetensors")):
        found = Shelf(flow, catalog.list()).vae()
        assert found is not None
        assert Path(found.path).name == name


def test_the_autoencoder_of_another_family_is_refused(cabinet: Cabinet, tmp_path: Path) -> None:
    path = tmp_path / "ae.safetensors"
    shutil.copy(cabinet.root / "flow-vae.safetensors", path)
    assert cabinet.run("flux.safetensors", vae=str(path)).pictures
    with pytest.raises(ModelRefused, match="another family"):
        cabinet.run("stable-diffusion-3.safetensors", vae=str(path))


def test_all_that_is_missing_makes_one_sentence() -> None:
    error = ModelMissing("flux1-dev.safetensors", ("the VAE of Flux", "the text encoder T5-XXL"))
    assert str(explain(error)).startswith(
        "flux1-dev.safetensors needs the VAE of Flux; and the text encoder T5-XXL, "
        "which the library does not have. Put it into a folder of the library"
    )
    assert explain(error).exit_code == 3
