"""Every kind of file that artists own is known by its tensors alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.api import Kind, ModelRefused, Role
from engines.formats.recognition import recognise
from tests.engines import model_files
from tests.engines.known_files import FILES, FLUX_CORE, GUIDED, SD3_CORE, Known, Shapes, inside
from tests.engines.model_files import gguf, header, packed, safetensors


def write(path: Path, known: Known) -> Path:
    described = header(known.tensors)
    data_bytes = max(item["data_offsets"][1] for item in described.values())
    if known.metadata:
        described["__metadata__"] = known.metadata
    path.write_bytes(packed(described, data_bytes))
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_its_tensors_are(tmp_path: Path, name: str) -> None:
    known = FILES[name]
    spec = recognise(write(tmp_path / "model.safetensors", known))
    assert spec.role is known.role
    assert (spec.kind, spec.architecture, spec.base) == (
        known.kind,
        known.architecture,
        known.base,
    )
    assert (spec.prediction, spec.channels) == (known.prediction, known.channels)


@pytest.mark.parametrize(
    ("mark", "family"),
    [
        ("double_stream_modulation_img.lin.weight", "Flux 2"),
        ("head.modulation", "Wan"),
        ("txt_norm.weight", "Qwen-Image"),
        ("distilled_guidance_layer.in_proj.bias", "Chroma"),
    ],
)
def test_a_family_that_is_not_drawn_with_is_named(tmp_path: Path, mark: str, family: str) -> None:
    path = tmp_path / "model.safetensors"
    for prefix in ("", "model.diffusion_model."):
        path.write_bytes(safetensors({prefix + mark: (2, 2), prefix + "other.weight": (2, 2)}))
        with pytest.raises(ModelRefused, match=family):
            recognise(path)


def test_a_language_models_shard_names_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "model-00001-of-00002.safetensors"
    path.write_bytes(safetensors({"model.layers.0.self_attn.q_proj.weight": (2, 2)}))
    with pytest.raises(ModelRefused, match=r"choose the folder"):
        recognise(path)


@pytest.mark.parametrize(
    ("stated", "tensors", "architecture", "role"),
    [
        ("flux", {**FLUX_CORE, **GUIDED}, "flux", Role.DENOISER),
        ("sd3", SD3_CORE, "stable-diffusion-3", Role.DENOISER),
        ("", inside(FLUX_CORE), "flux-schnell", Role.DENOISER),
        (
            "t5encoder",
            {"enc.blk.0.attn_rel_b.weight": (2, 2), "token_embd.weight": (2, 4096)},
            "t5-xxl",
            Role.TEXT_ENCODER,
        ),
    ],
)
def test_a_gguf_of_a_picture_model_is_known_by_its_tensors(
    tmp_path: Path, stated: str, tensors: Shapes, architecture: str, role: Role
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(model_files.gguf_of(stated, tensors))
    spec = recognise(path)
    assert (spec.kind, spec.format, spec.architecture, spec.role) == (
        Kind.IMAGE,
        "gguf",
        architecture,
        role,
    )


def test_a_gguf_that_is_not_what_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf("flux"))
    with pytest.raises(ModelRefused, match="says that it is flux"):
        recognise(path)


def pipeline(folder: Path, class_name: str, part: str, settings: dict[str, object]) -> Path:
    """Make a diffusers folder whose UNet or transformer has these settings."""
    model_files.pipeline(folder)
    index = json.loads((folder / "model_index.json").read_text())
    index["_class_name"] = class_name
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / part).mkdir(exist_ok=True)
    (folder / part / "config.json").write_text(json.dumps(settings))
    return folder


@pytest.mark.parametrize(
    ("class_name", "part", "settings", "architecture", "base", "channels"),
    [
        ("StableDiffusionPipeline", "unet", {"cross_attention_dim": 1024, "in_channels": 4},
         "stable-diffusion-2", "stable-diffusion-2", 4),
        ("StableDiffusionInpaintPipeline", "unet", {"cross_attention_dim": 768, "in_channels": 9},
         "stable-diffusion-inpaint", "stable-diffusion", 9),
        ("StableDiffusion3Pipeline", "transformer", {"in_channels": 16, "qk_norm": "rms_norm"},
         "stable-diffusion-3.5", "stable-diffusion-3", 16),
        ("FluxPipeline", "transformer", {"in_channels": 64, "guidance_embeds": False},
         "flux-schnell", "flux", 64),
    ],
)  # fmt: skip
def test_a_diffusers_folder_says_what_it_is(
    tmp_path: Path,
    class_name: str,
    part: str,
    settings: dict[str, object],
    architecture: str,
    base: str,
    channels: int,
) -> None:
    spec = recognise(pipeline(tmp_path / "model", class_name, part, settings))
    assert (spec.architecture, spec.base, spec.channels) == (architecture, base, channels)
    assert spec.prediction == ("flow" if part == "transformer" else "")


def test_a_folders_sampler_says_what_its_unet_predicts(tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "m", "StableDiffusionXLPipeline", "unet", {"in_channels": 4})
    (folder / "scheduler" / "scheduler_config.json").write_text(
        json.dumps({"prediction_type": "v_prediction"})
    )
    assert recognise(folder).prediction == "v_prediction"


@pytest.mark.parametrize(
    ("settings", "role", "base"),
    [
        ({"_class_name": "ControlNetModel", "cross_attention_dim": 2048}, Role.CONTROLNET,
         "stable-diffusion-xl"),
        ({"_class_name": "FluxControlNetModel"}, Role.CONTROLNET, "flux"),
        ({"_class_name": "AutoencoderKL", "latent_channels": 16}, Role.VAE, ""),
        ({"_class_name": "T2IAdapter", "downscale_factor": 16}, Role.T2I_ADAPTER,
         "stable-diffusion-xl"),
        ({"_class_name": "FluxTransformer2DModel", "in_channels": 64}, Role.DENOISER, "flux"),
        ({"model_type": "t5"}, Role.TEXT_ENCODER, ""),
        ({"model_type": "clip_vision_model"}, Role.IMAGE_ENCODER, ""),
        ({"model_type": "depth_anything"}, Role.DEPTH, ""),
    ],
)  # fmt: skip
def test_a_part_in_a_folder_of_its_own_is_known(
    tmp_path: Path, settings: dict[str, object], role: Role, base: str
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings))
    weights = tmp_path / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(safetensors({"a": (2, 2)}))
    spec = recognise(tmp_path)
    assert (spec.role, spec.base) == (role, base)


@pytest.mark.parametrize(
    ("licence", "limits"),
    [
        ("FLUX.1-dev Non-Commercial License", "Not for commercial work"),
        ("CreativeML Open RAIL++-M", "harmful uses"),
        ("apache-2.0", ""),
    ],
)
def test_a_licences_name_tells_its_limits(tmp_path: Path, licence: str, limits: str) -> None:
    words = {"modelspec.license": licence, "modelspec.title": "A\u0007 title\n of two lines"}
    known = Known(
        tensors=FLUX_CORE, role=Role.DENOISER, architecture="flux-schnell", metadata=words
    )
    spec = recognise(write(tmp_path / "model.safetensors", known))
    assert spec.licence == licence
    assert limits in spec.restrictions and bool(spec.restrictions) == bool(limits)
    assert spec.name == "A title of two lines"
