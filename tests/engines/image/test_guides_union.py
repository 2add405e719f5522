"""ControlNets that take many sorts of pictures, bit for bit as diffusers draws with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from safetensors.torch import save_file

from engines.api import BadRequest, ControlUse
from engines.formats.recognition import recognise
from engines.image import png
from engines.image.guides.preprocessors import PREPROCESSORS
from tests.engines.image import test_plain_pipelines as plain
from tests.engines.image import tiny_guides
from tests.engines.image.test_plain_pipelines import SIDE_PX, START, Studio, drawn

studio = tiny_guides.studio
FAMILY = "stable-diffusion-xl"
KINDS = {"canny": 3, "scribble": 2, "tile": 6}


def union(unet: Any, kinds: int) -> Any:
    torch.manual_seed(3)
    made = diffusers.ControlNetUnionModel.from_config(
        {**unet.config, "conditioning_embedding_out_channels": tiny_guides.HINTS},
        num_control_type=kinds, num_trans_channel=16, num_proj_channel=16,
    )  # fmt: skip
    for weight in made.parameters():
        if weight.abs().max() == 0:
            torch.nn.init.normal_(weight, std=0.1)
    return made.eval().requires_grad_(False)


def written(made: Any, folder: Path, layout: str) -> Path:
    if layout == "folder":
        made.save_pretrained(folder / "union")
        return folder / "union"
    path = folder / "union.safetensors"
    save_file({name: t.clone().contiguous() for name, t in made.state_dict().items()}, path)
    return path


def control(path: Path, preprocessor: str) -> tuple[ControlUse, ...]:
    return (
        ControlUse(
            path=str(path), picture=png.encode(START), preprocessor=preprocessor, weight=0.8
        ),
    )


@pytest.mark.parametrize("preprocessor", KINDS)
@pytest.mark.parametrize("layout", ["file", "folder"])
def test_it_is_told_what_sort_of_picture_it_sees(
    studio: Studio, tmp_path: Path, layout: str, preprocessor: str
) -> None:
    model = studio.model(FAMILY)
    base = plain.plain(studio, model, plain.named(FAMILY))
    made = union(base.unet, 8)
    path = written(made, tmp_path, layout)
    assert recognise(path).architecture == "controlnet-union"
    pipeline = diffusers.StableDiffusionXLControlNetUnionPipeline(
        **{name: part for name, part in base.components.items() if part is not None},
        controlnet=made, add_watermarker=False,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    wanted = drawn(
        pipeline, control_image=[PREPROCESSORS[preprocessor](START)],
        control_mode=[KINDS[preprocessor]], controlnet_conditioning_scale=0.8,
        width=SIDE_PX, height=SIDE_PX,
    )  # fmt: skip
    done = studio.draw(model, controls=control(path, preprocessor))
    assert done == [wanted.tobytes()] != studio.draw(model)


def test_a_sort_it_does_not_know_is_named(studio: Studio, tmp_path: Path) -> None:
    model = studio.model(FAMILY)
    made = union(studio.parts(model).unet.load("cpu"), 6)
    path = written(made, tmp_path, "file")
    for preprocessor in ("tile", ""):
        with pytest.raises(BadRequest, match="canny, lineart"):
            studio.draw(model, controls=control(path, preprocessor))
