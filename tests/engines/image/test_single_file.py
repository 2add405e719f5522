"""One file of the Stable Diffusion family, loaded with no other file and no network."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusers
import pytest
import torch
import transformers
from PIL import Image

from engines.api import ImageRequest, Kind, ModelRefused, ModelSpec, Request, Run
from engines.catalog import Catalog
from engines.formats.families import content
from engines.formats.recognition import recognise
from engines.formats.safetensors import Tensor
from engines.image import png, prediction, samplers, single_file, sizes
from engines.image.engine import ImageEngine
from engines.image.loading import MODELS
from engines.image.words import clip_words
from engines.memory.lease import Working
from engines.memory.manager import MemoryManager
from engines.memory.simulated import SimulatedDevice
from engines.services import Services
from tests.engines.image import tiny_families

ARCHITECTURES = tuple(sizes.FOLDERS)
UNET = "model.diffusion_model."
Write = Callable[..., Path]


def full_size(architecture: str) -> dict[str, Any]:
    """Build the models of the shipped configuration without memory for their weights."""
    folder = sizes.FAMILIES / sizes.FOLDERS[architecture]
    built = {}
    for name, class_name in MODELS.items():
        place = folder / name
        if not place.is_dir():
            continue
        with torch.device("meta"):
            if name in ("unet", "vae"):
                maker = getattr(diffusers, class_name)
                built[name] = maker.from_config(maker.load_config(str(place)))
            else:
                settings = transformers.CLIPTextConfig.from_pretrained(place)
                built[name] = getattr(transformers, class_name)(settings)
    return built


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a tiny checkpoint whose family has a tiny configuration; return its path."""
    monkeypatch.setattr(sizes, "FAMILIES", tmp_path / "families")
    shipped = Path(sizes.__file__).resolve().parents[2] / "resources" / "families"
    words = tmp_path / "words.txt.gz"
    tiny_families.write_words(words)
    monkeypatch.setattr(clip_words, "words_file", lambda: words)

    def write(architecture: str, channels: int = 4, **more: Any) -> Path:
        models = tiny_families.build(architecture, channels)
        folder = sizes.FAMILIES / sizes.FOLDERS[architecture]
        tiny_families.write_config(models, folder, architecture, shipped)
        path = tmp_path / f"{architecture}-{channels}.safetensors"
        tiny_families.write(path, models, architecture, **more)
        return path

    return write


def load(path: Path) -> dict[str, Any]:
    """Lease a file's parts as the engine does."""
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))
    parts = single_file.file_parts(recognise(path), "cpu")
    components = {**parts.words, "unet": parts.unet, "vae": parts.vae}
    working = Working(operation="image.read", estimate_bytes=0)
    with memory.lease(*components.values(), working=working, run=Run()) as loaded:
        return dict(zip(components, loaded, strict=True))


@pytest.mark.parametrize(
    ("architecture", "sizes"),
    [
        ("stable-diffusion", (859_520_964, 83_653_863, 123_060_480)),
        ("stable-diffusion-2", (865_910_724, 83_653_863, 340_387_840)),
        ("stable-diffusion-xl", (2_567_463_684, 83_653_863, 123_060_480, 694_659_840)),
    ],
)
def test_the_shipped_configurations_have_the_published_sizes(
    architecture: str, sizes: tuple[int, ...]
) -> None:
    built = full_size(architecture)
    assert tuple(sum(w.numel() for w in m.parameters()) for m in built.values()) == sizes


KNOWN_SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "stable-diffusion": {
        UNET + "input_blocks.0.0.weight": (320, 4, 3, 3),
        UNET + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
        UNET + "input_blocks.1.1.proj_in.weight": (320, 320, 1, 1),
        UNET + "input_blocks.3.0.op.weight": (320, 320, 3, 3),
        UNET + "middle_block.1.transformer_blocks.0.ff.net.0.proj.weight": (10240, 1280),
        UNET + "output_blocks.2.1.conv.weight": (1280, 1280, 3, 3),
        UNET + "output_blocks.8.2.conv.weight": (640, 640, 3, 3),
        UNET + "output_blocks.11.0.skip_connection.weight": (320, 640, 1, 1),
        "first_stage_model.decoder.up.0.block.0.nin_shortcut.weight": (128, 256, 1, 1),
        "first_stage_model.encoder.mid.attn_1.q.weight": (512, 512, 1, 1),
        "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": (77, 768),
        "cond_stage_model.transformer.text_model.encoder.layers.11.mlp.fc1.weight": (3072, 768),
    },
    "stable-diffusion-2": {
        UNET + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 1024),
        UNET + "input_blocks.1.1.proj_in.weight": (320, 320),
        "cond_stage_model.model.token_embedding.weight": (49408, 1024),
        "cond_stage_model.model.transformer.resblocks.22.attn.in_proj_weight": (3072, 1024),
        "cond_stage_model.model.transformer.resblocks.22.mlp.c_fc.weight": (4096, 1024),
    },
    "stable-diffusion-xl": {
        UNET + "label_emb.0.0.weight": (1280, 2816),
        UNET + "input_blocks.4.1.transformer_blocks.1.attn2.to_k.weight": (640, 2048),
        UNET + "input_blocks.8.1.transformer_blocks.9.attn2.to_v.weight": (1280, 2048),
        UNET + "output_blocks.2.2.conv.weight": (1280, 1280, 3, 3),
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight": (768,),
        "conditioner.embedders.1.model.text_projection": (1280, 1280),
        "conditioner.embedders.1.model.transformer.resblocks.31.attn.in_proj_weight": (3840, 1280),
    },
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_shipped_configurations_fit_the_original_layout(architecture: str) -> None:
    named = tiny_families.tensors(full_size(architecture), architecture)
    shapes = {name: tuple(tensor.shape) for name, tensor in named.items()}
    for name, shape in KNOWN_SHAPES[architecture].items():
        assert shapes[name] == shape, name
    header = {name: Tensor("F16", shape, 0) for name, shape in shapes.items()}
    found = content(header)
    assert (found.kind, found.architecture) == (Kind.IMAGE, architecture)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_weight_arrives_in_its_place(tiny: Write, architecture: str) -> None:
    parts = load(tiny(architecture))
    for name, wanted in tiny_families.build(architecture).items():
        found = parts[name].state_dict()
        assert {key for key in wanted.state_dict() if key not in found} == set()
        for key, weight in wanted.state_dict().items():
            assert torch.equal(found[key], weight), f"{name} {key}"


def test_clips_words_have_their_published_numbers() -> None:
    tokenizer = clip_words.tokenizer()
    assert len(tokenizer) == clip_words.WORDS
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert tokenizer("café, don't").input_ids == [49406, 15304, 267, 847, 713, 49407]
    long = tokenizer("cat " * 200, padding="max_length", truncation=True).input_ids
    assert len(long) == 77 and long[-1] == 49407


def test_filling_up_with_a_sign_does_not_change_how_it_is_read() -> None:
    read = clip_words.tokenizer(clip_words.NOTHING)("a cat!", padding="max_length").input_ids
    assert read[:6] == [49406, 320, 2368, 256, 49407, 0]
    assert set(read[5:]) == {0} and len(read) == 77


@pytest.mark.parametrize(
    ("extra", "metadata", "wanted"),
    [
        ({"v_pred": torch.zeros(0)}, {}, "v_prediction"),
        ({}, {"modelspec.prediction_type": "v"}, "v_prediction"),
        ({}, {"modelspec.prediction_type": "epsilon"}, "epsilon"),
    ],
)
def test_what_a_file_says_it_predicts_is_believed(
    tiny: Write, extra: dict[str, torch.Tensor], metadata: dict[str, str], wanted: str
) -> None:
    path = tiny("stable-diffusion-2", extra=extra, metadata=metadata)
    parts = single_file.file_parts(recognise(path), "cpu")
    settings = dict(parts.scheduler)
    assert not parts.silent
    assert settings["prediction_type"] == wanted
    assert samplers.make(settings, "euler").config["prediction_type"] == wanted


def test_a_schedule_down_to_nothing_is_told_by_its_mark(tiny: Write) -> None:
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    path = tiny("stable-diffusion-xl", extra=marks)
    sampler = samplers.make(dict(single_file.file_parts(recognise(path), "cpu").scheduler), "euler")
    assert sampler.config["rescale_betas_zero_snr"] is True
    assert sampler.config["timestep_spacing"] == "trailing"


class FakeUnet(torch.nn.Module):
    """A UNet that answers with a share of its latents and a smooth picture."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.share = share
        self.config = SimpleNamespace(
            in_channels=4, cross_attention_dim=8, addition_embed_type=None
        )

        self.device, self.dtype = torch.device("cpu"), torch.float32

    def forward(self, latents: torch.Tensor, *rest: Any, **more: Any) -> tuple[torch.Tensor]:
        picture = torch.linspace(-1, 1, latents.shape[-1]).expand_as(latents)
        return (self.share * latents - 0.5 * picture,)


@pytest.mark.parametrize(("share", "wanted"), [(0.998, "epsilon"), (0.068, "v_prediction")])
def test_what_a_silent_file_predicts_is_measured(share: float, wanted: str) -> None:
    assert prediction.measure(FakeUnet(share)) == wanted


def test_the_size_a_file_states_is_its_own(tiny: Write) -> None:
    path = tiny("stable-diffusion", metadata={"modelspec.resolution": "768x640"})
    assert single_file.read(recognise(path)).side_px == 768


def test_a_file_that_was_replaced_is_not_taken_for_the_old_one(tiny: Write) -> None:
    old, new = (
        single_file.file_parts(recognise(tiny("stable-diffusion", **more)), "cpu")
        for more in ({}, {"metadata": {"modelspec.prediction_type": "epsilon"}})
    )
    assert old.unet.key != new.unet.key
    assert old.vae.key != new.vae.key


def test_a_file_for_filling_in_is_loaded_with_nine_channels(tiny: Write) -> None:
    path = tiny("stable-diffusion", 9)
    assert single_file.read(recognise(path)).channels == 9
    parts = load(path)
    assert parts["unet"].config.in_channels == 9
    assert parts["unet"].conv_in.weight.shape[1] == 9


@pytest.fixture
def engine(tmp_path: Path) -> ImageEngine:
    memory = MemoryManager(SimulatedDevice(2**33, name="cpu"))

    def ask(request: Request, run: Run) -> Any:
        raise AssertionError("a single file needs no other engine")

    return ImageEngine(Services(Catalog((), library=tmp_path), memory, ask))


def picture(engine: ImageEngine, path: Path, **wishes: Any) -> bytes:
    asked = {"prompt": "a cat", "seed": 7, "width_px": 64, "height_px": 64, "steps": 2}
    request = ImageRequest(**{**asked, **wishes}, model=str(path))
    return engine.run(request, Run()).pictures[0].png


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_engine_draws_with_a_file_alone(
    tiny: Write, engine: ImageEngine, architecture: str
) -> None:
    path = tiny(architecture)
    first = picture(engine, path)
    assert first == picture(engine, path)
    assert first != picture(engine, path, prompt="of cat at")
    assert first != picture(engine, path, seed=8)


def test_what_was_measured_reaches_the_sampler(tiny: Write, engine: ImageEngine) -> None:
    stated = {"modelspec.prediction_type": "epsilon"}
    silent = picture(engine, tiny("stable-diffusion"))
    assert silent != picture(engine, tiny("stable-diffusion", metadata=stated), guidance=7.0)


@pytest.mark.parametrize("architecture", ["stable-diffusion", "stable-diffusion-xl"])
def test_a_file_for_filling_in_keeps_what_is_black(
    tiny: Write, engine: ImageEngine, architecture: str
) -> None:
    path = tiny(architecture, 9)
    start = Image.effect_noise((64, 64), 60).convert("RGB")
    mask = Image.new("L", (64, 64))
    mask.paste(255, (32, 0, 64, 64))
    filled = Image.open(
        io.BytesIO(picture(engine, path, init=png.encode(start), mask=png.encode(mask)))
    )
    black, white = (0, 0, 32, 64), (32, 0, 64, 64)
    assert filled.crop(black).tobytes() == start.crop(black).tobytes()
    assert filled.crop(white).tobytes() != start.crop(white).tobytes()
    assert picture(engine, path) == picture(engine, path)  # and it draws without a start


@pytest.mark.parametrize("channels", [5, 8])
def test_other_channels_are_refused_by_number(tiny: Write, channels: int) -> None:
    with pytest.raises(ModelRefused, match=f"takes {channels} channels"):
        single_file.read(recognise(tiny("stable-diffusion", channels)))


def test_another_noise_schedule_is_refused(tiny: Write) -> None:
    path = tiny("stable-diffusion-xl", extra={"edm_mean": torch.zeros(1)})
    with pytest.raises(ModelRefused, match="EDM"):
        single_file.read(recognise(path))


@pytest.mark.parametrize("missing", ["output_blocks.0.0.in_layers.2.weight", "decoder.norm_out"])
def test_a_file_that_lacks_weights_is_refused(tiny: Write, tmp_path: Path, missing: str) -> None:
    from safetensors.torch import load_file, save_file

    whole = load_file(tiny("stable-diffusion"))
    path = tmp_path / "cut.safetensors"
    save_file({name: tensor for name, tensor in whole.items() if missing not in name}, path)
    with pytest.raises(ModelRefused, match="does not fit its family"):
        load(path)


def test_a_family_that_is_not_known_is_refused() -> None:
    spec = ModelSpec(
        id="x", kind=Kind.IMAGE, name="x", path="x.safetensors", format="safetensors",
        architecture="flux", size_bytes=1,
    )  # fmt: skip
    with pytest.raises(ModelRefused, match="flux"):
        single_file.read(spec)


def _can_cut_off() -> bool:
    command = ["unshare", "-rn", "true"]
    return bool(shutil.which("unshare")) and not subprocess.run(command, check=False).returncode


@pytest.mark.skipif(not _can_cut_off(), reason="no network namespaces here")
def test_it_loads_and_draws_where_there_is_no_network() -> None:
    test = f"{__file__}::test_the_engine_draws_with_a_file_alone[stable-diffusion]"
    command = [
        "unshare",
        "-rn",
        sys.executable,
        "-m",
        "pytest",
        test,
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
