"""A library with one tiny random file of each kind that artists have, and folders of the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import gguf
import peft
import pytest
import torch
from safetensors.torch import save_file

from engines import devices
from engines.api import ImageRequest, ImageResult, Run
from engines.catalog import Catalog
from engines.host import LocalHost
from engines.hosting.core import HostOptions
from engines.image import sizes, speed
from engines.image.words import clip_words
from engines.memory.manager import MemoryManager
from tests.engines import onnx_files
from tests.engines.image import (
    original_layout,
    test_tiny_previews,
    tiny_families,
    tiny_flows,
    tiny_guides,
    upscaler_files,
)
from tests.engines.shortages import Processor

SIDE_PX, STEPS, SEED = 64, 2, 7
SHIPPED = sizes.FAMILIES
WORDS = "words.txt.gz"

DIFFUSION = ("stable-diffusion", "stable-diffusion-2", "stable-diffusion-xl")
FLOWS = ("stable-diffusion-3", "stable-diffusion-3.5", "flux", "flux-schnell")
FILLING = ("stable-diffusion", "stable-diffusion-xl")
"""Families of which there is also a model that fills in, "-inpaint"."""

FAMILIES = (*DIFFUSION, *(f"{family}-inpaint" for family in FILLING), *FLOWS)

_PIPELINES = {
    "stable-diffusion": "StableDiffusionPipeline",
    "stable-diffusion-2": "StableDiffusionPipeline",
    "stable-diffusion-xl": "StableDiffusionXLPipeline",
    "stable-diffusion-inpaint": "StableDiffusionInpaintPipeline",
    "stable-diffusion-xl-inpaint": "StableDiffusionXLInpaintPipeline",
}


def base_of(family: str) -> str:
    """Return what additions for a family are made for."""
    return family.removesuffix("-inpaint").removesuffix("-schnell").removesuffix(".5")


class Cabinet:
    """A host over a library of them.

    Attributes:
        place: Where all of it lies.
        root: The folder of the library; a file is "FAMILY.safetensors", its
            folder "FAMILY-folder".
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.root = place / "models"
        self.root.mkdir()
        for family in FAMILIES:
            _write_flow(self.root, family) if family in FLOWS else _write_unet(self.root, family)
        _write_guides(self.root)
        _write_parts(self.root)
        self.catalog = Catalog((self.root,), library=place / "library")
        self.memory = MemoryManager(Processor(2**33))
        self.host = LocalHost(
            options=HostOptions(device="cpu"), catalog=self.catalog, memory=self.memory
        )

    def path(self, name: str) -> str:
        """Return the path of a file or folder of the library."""
        return str(self.root / name)

    def run(self, model: str, run: Run | None = None, **wishes: Any) -> ImageResult:
        """Draw through the host."""
        asked = {"prompt": "a cat", "seed": SEED, "steps": STEPS} | wishes
        if "width_px" not in asked:
            asked |= {"width_px": SIDE_PX, "height_px": SIDE_PX}
        result = self.host.run(ImageRequest(**asked, model=self.path(model)), run or Run())
        assert isinstance(result, ImageResult)
        return result


@contextmanager
def tiny_world(place: Path) -> Iterator[None]:
    """Have the families' configurations and words be the tiny ones of a folder."""
    devices.fix_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sizes, "FAMILIES", place / "families")
        patch.setattr(clip_words, "words_file", lambda: place / WORDS)
        patch.setitem(speed.CHANNELS_LAST, "cpu", False)
        yield


def make(place: Path) -> Cabinet:
    """Write the library into an empty folder; once, as many tests draw with it."""
    tiny_families.write_words(place / WORDS)
    with tiny_world(place):
        return Cabinet(place)


def _write_unet(root: Path, family: str) -> None:
    """Write a model of the first three families, as a file and as a folder."""
    base, fills = base_of(family), family.endswith("-inpaint")
    built = tiny_families.build(base, 9 if fills else 4) | {"vae": tiny_guides.autoencoder()}
    tiny_families.write_config(built, sizes.FAMILIES / sizes.FOLDERS[base], base, SHIPPED)
    predicts = "v" if base == "stable-diffusion-2" else "epsilon"
    tiny_families.write(
        root / f"{family}.safetensors",
        built,
        base,
        metadata={"modelspec.prediction_type": predicts},
    )
    folder = root / f"{family}-folder"
    index: dict[str, Any] = {"_class_name": _PIPELINES[family]}
    for name, model in built.items():
        model.save_pretrained(folder / name)
        words = name.startswith("text")
        index[name] = ["transformers" if words else "diffusers", type(model).__name__]
        if words:
            tokenizer = name.replace("text_encoder", "tokenizer")
            clip_words.tokenizer(clip_words.END).save_pretrained(folder / tokenizer)
            index[tokenizer] = ["transformers", "CLIPTokenizer"]
    prediction = "v_prediction" if predicts == "v" else "epsilon"
    made = diffusers.DDIMScheduler(
        prediction_type=prediction, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False
    )
    made.save_pretrained(folder / "scheduler")
    index["scheduler"] = ["diffusers", "DDIMScheduler"]
    (folder / "model_index.json").write_text(json.dumps(index))
    if not fills:
        _write_lora(root / f"{base}-lora.safetensors", base, built["unet"])
    if base != "stable-diffusion-xl" and not fills:
        width = tiny_families.WIDTHS[base]
        learnt = torch.randn((2, width), generator=torch.Generator().manual_seed(3))
        save_file({"emb_params": learnt}, root / f"{base}-word.safetensors")


def _write_flow(root: Path, family: str) -> None:
    """Write a model that follows a flow, as a whole file, as a folder, and packed."""
    built = tiny_flows.build(family)
    built["vae"] = _flow_vae()
    place = sizes.FAMILIES / sizes.FLOW_FOLDERS[family]
    if not place.is_dir():
        tiny_flows.write_family(place, base_of(family), built)
    tiny_flows.save(root / f"{family}.safetensors", tiny_flows.whole(family, built))
    tiny_flows.write_folder(root / f"{family}-folder", family, built)
    writer = gguf.GGUFWriter(root / f"{family}.gguf", "flux" if "flux" in family else "sd3")
    for name, tensor in tiny_flows.transformer(family, built).items():
        fits = tensor.dim() == 2 and tensor.shape[-1] % 32 == 0
        packing = gguf.GGMLQuantizationType.Q8_0 if fits else gguf.GGMLQuantizationType.F32
        packed = gguf.quantize(tensor.detach().float().numpy(), packing)
        writer.add_tensor(name, packed, raw_dtype=packing)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    if family == base_of(family):
        _write_lora(root / f"{family}-lora.safetensors", family, built["transformer"])


def _flow_vae() -> Any:
    torch.manual_seed(8)
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 16), norm_num_groups=8, layers_per_block=1,
        latent_channels=16, scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False,
        use_post_quant_conv=False, down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    ).eval()  # fmt: skip


_LORAS: dict[str, tuple[Any, str]] = {
    "stable-diffusion": (diffusers.StableDiffusionPipeline, "unet"),
    "stable-diffusion-2": (diffusers.StableDiffusionPipeline, "unet"),
    "stable-diffusion-xl": (diffusers.StableDiffusionXLPipeline, "unet"),
    "stable-diffusion-3": (diffusers.StableDiffusion3Pipeline, "transformer"),
    "flux": (diffusers.FluxPipeline, "transformer"),
}


def _write_lora(path: Path, family: str, network: Any) -> None:
    torch.manual_seed(1)
    network.add_adapter(peft.LoraConfig(r=2, target_modules=["to_q", "to_v"]))
    weights = peft.get_peft_model_state_dict(network)
    network.unload_lora()
    saver, part = _LORAS[family]
    saver.save_lora_weights(
        path.parent,
        **{f"{part}_lora_layers": {n: torch.randn_like(t) for n, t in weights.items()}},
        weight_name=path.name,
    )


def _write_guides(root: Path) -> None:
    """Write what steers the first three families, and what looks at pictures for it."""
    for base in DIFFUSION:
        unet = tiny_families.build(base)["unet"]
        net = tiny_guides.controlnet(unet)
        tiny_guides.write_controlnet(net, root / f"{base}-controlnet", "original")
        tiny_guides.write_controlnet(net, root / f"{base}-controlnet-folder", "folder")
        named = tiny_guides.ip_adapter(unet, "plain")
        tiny_guides.write_ip_adapter(named, root / f"{base}-ip-adapter.safetensors")
    for base, sort in (
        ("stable-diffusion", "full_adapter"),
        ("stable-diffusion-xl", "full_adapter_xl"),
    ):
        made = tiny_guides.adapter(sort)
        tiny_guides.write_adapter(made, root / f"{base}-t2i", "original")
        tiny_guides.write_adapter(made, root / f"{base}-t2i-folder", "folder")
    tiny_guides.write_encoder(tiny_guides.encoder(), root / "clip-vision", "file")
    tiny_guides.write_encoder(tiny_guides.encoder(), root / "clip-vision-folder", "folder")


def _write_parts(root: Path) -> None:
    """Write autoencoders, decoders for previews, upscalers, a cut-out, and what is refused."""
    vae = tiny_guides.autoencoder()
    tiny_flows.save(root / "vae.safetensors", original_layout.vae(vae, ""))
    vae.save_pretrained(root / "vae-folder")
    tiny_flows.save(root / "flow-vae.safetensors", original_layout.vae(_flow_vae(), ""))
    test_tiny_previews.write(root / "taesd_decoder.safetensors", "original")
    test_tiny_previews.write(root / "taesdxl_decoder.safetensors", "diffusers")
    upscaler_files.write(root / "compact.safetensors", "compact", factor=2)
    torch.save({"params": {}}, root / "old.pth")
    (root / "matte.onnx").write_bytes(onnx_files.cutout())
