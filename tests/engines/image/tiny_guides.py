"""Small random ControlNets, T2I adapters, IP-Adapters and encoders, as artists have their files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
import transformers
from safetensors.torch import save_file

from engines import devices
from engines.image import sizes, speed
from engines.image.words import clip_words
from tests.engines.image import original_layout, tiny_families
from tests.engines.image.test_plain_pipelines import Studio

HINTS = (4, 4, 8, 8)
ENCODER_WIDTH, ENCODER_OUTPUTS, ENCODER_SIDE_PX = 32, 24, 28


def controlnet(unet: Any, seed: int = 3) -> Any:
    """Make a ControlNet for a UNet; what training would have moved away from zero is moved."""
    torch.manual_seed(seed)
    made = diffusers.ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=HINTS)
    for name, weight in made.named_parameters():
        if weight.abs().max() == 0:
            torch.nn.init.normal_(weight, std=0.05 if "controlnet_" in name else 0.2)
    return made.eval().requires_grad_(False)


def write_controlnet(made: Any, path: Path, layout: str) -> Path:
    """Write it as a "folder", or as a file with names of "diffusers" or the "original"."""
    if layout == "folder":
        made.save_pretrained(path)
        return path
    named = made.state_dict()
    if layout == "original":
        named = {f"control_model.{name}": t for name, t in _original(made).items()}
    return _write(path.with_suffix(".safetensors"), named)


def _original(made: Any) -> dict[str, torch.Tensor]:
    found, half = {}, {}
    for name, tensor in made.state_dict().items():
        name = re.sub(r"^controlnet_down_blocks\.(\d+)\.", r"zero_convs.\1.0.", name)
        name = name.replace("controlnet_mid_block.", "middle_block_out.0.")
        name = name.replace("controlnet_cond_embedding.conv_in.", "input_hint_block.0.")
        name = name.replace("controlnet_cond_embedding.conv_out.", "input_hint_block.14.")
        name = re.sub(
            r"^controlnet_cond_embedding\.blocks\.(\d)\.",
            lambda at: f"input_hint_block.{2 * int(at[1]) + 2}.",
            name,
        )
        own = name.startswith(("zero_convs", "middle_block_out", "input_hint_block"))
        (found if own else half)[name] = tensor

    class Half:
        config = made.config

        def state_dict(self) -> dict[str, torch.Tensor]:
            return half

    return found | original_layout.unet(Half(), "")


def adapter(sort: str, channels: int = 3, seed: int = 5) -> Any:
    """Make a T2I adapter of diffusers' "full_adapter", "full_adapter_xl" or "light_adapter"."""
    torch.manual_seed(seed)
    return diffusers.T2IAdapter(
        in_channels=channels, channels=[16, 32], num_res_blocks=2, adapter_type=sort,
        downscale_factor=16 if sort == "full_adapter_xl" else 8,
    ).eval()  # fmt: skip


def write_adapter(made: Any, path: Path, layout: str) -> Path:
    """Write it in one of the layouts of `write_controlnet`."""
    if layout == "folder":
        made.save_pretrained(path)
        return path
    named = made.state_dict()
    if layout == "original":
        light = made.config.adapter_type == "light_adapter"
        named = {_original_adapter(name, light=light): t for name, t in named.items()}
    return _write(path.with_suffix(".safetensors"), named)


def _original_adapter(name: str, *, light: bool) -> str:
    name = name.removeprefix("adapter.")
    if light:
        return name.replace(".resnets.", ".body.")
    name = re.sub(
        r"^body\.(\d)\.resnets\.(\d)\.",
        lambda at: f"body.{2 * int(at[1]) + int(at[2])}.",
        name,
    )
    return re.sub(r"^body\.(\d)\.in_conv", lambda at: f"body.{2 * int(at[1])}.in_conv", name)


def encoder(seed: int = 6) -> Any:
    """Make an image encoder of CLIP, with the number of heads of the published ones."""
    torch.manual_seed(seed)
    config = transformers.CLIPVisionConfig(
        hidden_size=ENCODER_WIDTH, intermediate_size=32, num_hidden_layers=2, patch_size=14,
        num_attention_heads=16, image_size=ENCODER_SIDE_PX, projection_dim=ENCODER_OUTPUTS,
        hidden_act="gelu",
    )  # fmt: skip
    return transformers.CLIPVisionModelWithProjection(config).eval()


def ip_adapter(unet: Any, sort: str, seed: int = 7) -> dict[str, torch.Tensor]:
    """Return the weights of an IP-Adapter, "plain" or "plus", by the names of its files."""
    torch.manual_seed(seed)
    width = unet.config.cross_attention_dim
    named = _plain(width) if sort == "plain" else _plus(width)
    readers = [n for n in unet.attn_processors if n.endswith("attn2.processor")]
    for number, name in enumerate(readers):
        owner = unet.get_submodule(name.removesuffix(".processor"))
        for part in ("to_k_ip", "to_v_ip"):
            weight = torch.randn_like(owner.to_k.weight) * 0.1
            named[f"ip_adapter.{2 * number + 1}.{part}.weight"] = weight
    return named


def _plain(width: int) -> dict[str, torch.Tensor]:
    return {
        "image_proj.proj.weight": torch.randn(4 * width, ENCODER_OUTPUTS) * 0.2,
        "image_proj.proj.bias": torch.randn(4 * width) * 0.1,
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.zeros(width),
    }


def _plus(width: int, inner: int = 64, queries: int = 3) -> dict[str, torch.Tensor]:
    shapes = {
        "latents": (1, queries, inner), "proj_in.weight": (inner, ENCODER_WIDTH),
        "proj_in.bias": (inner,), "proj_out.weight": (width, inner), "proj_out.bias": (width,),
        "norm_out.weight": (width,), "norm_out.bias": (width,),
    }  # fmt: skip
    for layer in range(4):
        at = f"layers.{layer}."
        shapes |= {
            f"{at}0.norm1.weight": (inner,), f"{at}0.norm1.bias": (inner,),
            f"{at}0.norm2.weight": (inner,), f"{at}0.norm2.bias": (inner,),
            f"{at}0.to_q.weight": (inner, inner), f"{at}0.to_kv.weight": (2 * inner, inner),
            f"{at}0.to_out.weight": (inner, inner), f"{at}1.0.weight": (inner,),
            f"{at}1.0.bias": (inner,), f"{at}1.1.weight": (4 * inner, inner),
            f"{at}1.3.weight": (inner, 4 * inner),
        }  # fmt: skip
    return {f"image_proj.{name}": torch.randn(shape) * 0.2 for name, shape in shapes.items()}


def write_ip_adapter(named: dict[str, torch.Tensor], path: Path) -> Path:
    """Write an IP-Adapter's file."""
    return _write(path, named)


def write_encoder(made: Any, path: Path, layout: str) -> Path:
    """Write an encoder as a "folder" or as a "file" without configuration."""
    if layout == "folder":
        made.save_pretrained(path)
        return path
    return _write(path.with_suffix(".safetensors"), made.state_dict())


def _write(path: Path, named: dict[str, torch.Tensor]) -> Path:
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in named.items()}, path)
    return path


def autoencoder() -> Any:
    """Make an autoencoder of eight pixels to a latent, as ControlNets take for granted."""
    torch.manual_seed(8)
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 16), norm_num_groups=8, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Yield a studio whose models have that autoencoder."""
    folder = tmp_path_factory.mktemp("guided")
    devices.fix_threads()
    words = folder / "words.txt.gz"
    tiny_families.write_words(words)
    build = tiny_families.build

    def built(*asked: Any) -> tiny_families.Models:
        return build(*asked) | {"vae": autoencoder()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "FAMILIES", folder / "families")
        patch.setattr(clip_words, "words_file", lambda: words)
        patch.setattr(tiny_families, "build", built)
        patch.setitem(speed.CHANNELS_LAST, "cpu", False)
        made = Studio(folder)
        autoencoder().save_pretrained(folder / "models" / "tiny-sd" / "vae")
        yield made
