"""Pictures as other tools write them, made here from what is publicly known of their formats."""

from __future__ import annotations

import io
import json
import zlib
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

A1111 = """a lighthouse on a rock, (heavy sea:1.2), evening <lora:ink-wash:0.8>
second line: with a colon
Negative prompt: people, writing
more of it
Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 1234567890, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned, Denoising strength: 0.55, Clip skip: 2, \
Lora hashes: "ink-wash: aabbccddeeff, other: 001122334455", Version: v1.9.4"""

FORGE = """boats
Steps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, \
Seed: 7, Size: 896x1152, Model hash: e1b5a7c4, Model: flux1-dev, Version: f2.0.1v1.10.1"""

INVOKE = {
    "generation_mode": "txt2img",
    "positive_prompt": "a red fox in snow",
    "negative_prompt": "blurry",
    "width": 640,
    "height": 448,
    "seed": 42,
    "rand_device": "cpu",
    "cfg_scale": 7.5,
    "steps": 30,
    "scheduler": "dpmpp_2m_k",
    "clip_skip": 0,
    "model": {"key": "k", "hash": "blake3:00ff", "name": "dreamer", "base": "sd-1", "type": "main"},
    "loras": [{"model": {"name": "snow", "hash": "blake3:11"}, "weight": 0.6}],
    "app_version": "5.4.0",
}
INVOKE_3 = {
    "positive_prompt": "an old tram",
    "negative_prompt": "",
    "seed": 9,
    "steps": 12,
    "cfg_scale": 5,
    "scheduler": "euler_a",
    "width": 512,
    "height": 512,
    "model": {"model_name": "stable-diffusion-v1-5", "base_model": "sd-1", "model_type": "main"},
    "loras": [{"lora": {"model_name": "rain", "base_model": "sd-1"}, "weight": 0.75}],
}
SD_METADATA = {
    "model": "stable diffusion",
    "model_weights": "stable-diffusion-1.5",
    "model_hash": "cc6cb27103417325ff94f52b7a5d2dde45a7515b25c255d8e396c90014281516",
    "app_id": "invoke-ai/InvokeAI",
    "app_version": "2.2.5",
    "image": {
        "prompt": [{"prompt": "mountain lake [crowd, cars]", "weight": 1.0}],
        "steps": 40,
        "cfg_scale": 8.0,
        "seed": 77,
        "sampler": "k_euler_a",
        "width": 512,
        "height": 640,
        "type": "txt2img",
    },
}
DREAM = '"paper boats [blurry]" -s 25 -S 31 -W 576 -H 512 -C 7.0 -A k_lms'

FOOOCUS = {
    "adm_guidance": "(1.5, 0.8, 0.3)",
    "base_model": "juggernautXL",
    "base_model_hash": "aeb7e9e689",
    "full_negative_prompt": ["cartoon", "ugly"],
    "full_prompt": ["cinematic still city roofs", "city roofs"],
    "guidance_scale": 4,
    "loras": [["sd_xl_offset", 0.1, "4852686128"]],
    "metadata_scheme": "fooocus",
    "negative_prompt": "",
    "performance": "Speed",
    "prompt": "city roofs",
    "refiner_model": "None",
    "resolution": "(896, 1152)",
    "sampler": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "seed": "8765",
    "steps": 30,
    "vae": "Default (model)",
    "version": "Fooocus v2.5.5",
}
FOOOCUS_A1111 = """city roofs
Negative prompt: ugly
Steps: 30, Sampler: DPM++ 2M SDE Karras, CFG scale: 4, Seed: 8765, Size: 896x1152, \
Model: juggernautXL, Model hash: aeb7e9e689, Performance: Speed, \
Lora hashes: "sd_xl_offset: 4852686128", Lora weights: "sd_xl_offset: 0.1", \
Version: Fooocus v2.5.5"""


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs, "is_changed": [float("nan")]}


COMFY = {
    "3": node("KSampler", seed=["20", 0], steps=22, cfg=7.5, sampler_name="euler_ancestral",
              scheduler="karras", denoise=1.0, model=["11", 0], positive=["6", 0],
              negative=["7", 0], latent_image=["5", 0]),
    "4": node("CheckpointLoaderSimple", ckpt_name="sub\\dreamer.safetensors"),
    "5": node("EmptyLatentImage", width=768, height=512, batch_size=1),
    "6": node("CLIPTextEncode", text=["21", 0], clip=["11", 1]),
    "7": node("CLIPTextEncode", text="blurry", clip=["11", 1]),
    "8": node("VAEDecode", samples=["30", 0], vae=["4", 2]),
    "9": node("SaveImage", images=["8", 0], filename_prefix="ComfyUI"),
    "10": node("LoraLoader", lora_name="ink.safetensors", strength_model=0.7, strength_clip=1.0,
               model=["4", 0], clip=["4", 1]),
    "11": node("LoraLoader", lora_name="grain.safetensors", strength_model=0.3, strength_clip=0.3,
               model=["10", 0], clip=["10", 1]),
    "20": node("PrimitiveInt", value=5150),
    "21": node("String Literal", string="harbour at night"),
    "30": node("KSampler", seed=1, steps=10, cfg=3, sampler_name="ddim", scheduler="normal",
               denoise=0.5, model=["11", 0], positive=["6", 0], negative=["7", 0],
               latent_image=["31", 0]),
    "31": node("LatentUpscale", samples=["3", 0], width=1536, height=1024),
}  # fmt: skip

COMFY_FLUX = {
    "1": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
    "2": node("CLIPTextEncode", text="glass market hall", clip=["9", 0]),
    "3": node("FluxGuidance", guidance=3.5, conditioning=["2", 0]),
    "4": node("BasicGuider", model=["1", 0], conditioning=["3", 0]),
    "5": node("RandomNoise", noise_seed=99),
    "6": node("KSamplerSelect", sampler_name="euler"),
    "7": node("BasicScheduler", scheduler="simple", steps=18, denoise=1.0, model=["1", 0]),
    "8": node("EmptySD3LatentImage", width=1024, height=640, batch_size=1),
    "10": node("SamplerCustomAdvanced", noise=["5", 0], guider=["4", 0], sampler=["6", 0],
               sigmas=["7", 0], latent_image=["8", 0]),
}  # fmt: skip


def ui(number: int, kind: str, values: list[Any], **links: int) -> dict[str, Any]:
    inputs = [{"name": name, "type": "*", "link": link} for name, link in links.items()]
    return {"id": number, "type": kind, "mode": 0, "widgets_values": values, "inputs": inputs}


COMFY_WORKFLOW = {
    "nodes": [
        ui(1, "CheckpointLoaderSimple", ["dreamer.safetensors"]),
        ui(2, "CLIPTextEncode", ["kites over dunes"], clip=11),
        ui(3, "CLIPTextEncode", ["fog"], clip=12),
        ui(4, "EmptyLatentImage", [704, 512, 1]),
        ui(5, "KSampler", [314, "randomize", 16, 6.0, "dpmpp_2m", "normal", 1.0],
           model=13, positive=14, negative=15, latent_image=16),
    ],
    "links": [
        [11, 1, 1, 2, 0, "CLIP"], [12, 1, 1, 3, 0, "CLIP"], [13, 1, 0, 5, 0, "MODEL"],
        [14, 2, 0, 5, 1, "CONDITIONING"], [15, 3, 0, 5, 2, "CONDITIONING"],
        [16, 4, 0, 5, 3, "LATENT"],
    ],
    "version": 0.4,
}  # fmt: skip


def plain(kind: str, **options: Any) -> bytes:
    """Return a small picture without words; the same each time."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((24, 16)).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def png(packed: bool = False, **texts: str) -> bytes:
    """Return a PNG with texts as Pillow, and so A1111 and ComfyUI, writes them."""
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword.replace("_metadata_old", "-metadata"), text, zip=packed)
    return plain("PNG", pnginfo=info)


def with_exif(kind: str, tags: dict[int, Any], inner: dict[int, Any] | None = None) -> bytes:
    """Return a JPEG or WebP with tags in the first directory, and some in the Exif one."""
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    if inner:
        exif.get_ifd(0x8769).update(inner)
    return plain(kind, exif=exif)


def comment(text: str) -> bytes:
    """Return a user comment as piexif writes one for A1111."""
    return b"UNICODE\0" + text.encode("utf-16-be")


def chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body).to_bytes(4, "big")
    return len(body).to_bytes(4, "big") + kind + body + check


def png_with_chunk(kind: bytes, body: bytes) -> bytes:
    """Put a chunk behind the header of a plain PNG."""
    data = plain("PNG")
    return data[:33] + chunk(kind, body) + data[33:]


def all_samples() -> dict[str, bytes]:
    """Return one file of each tool and kind."""
    return {
        "a1111.png": png(parameters=A1111),
        "a1111.jpg": with_exif("JPEG", {}, {0x9286: comment(A1111)}),
        "a1111.webp": with_exif("WEBP", {}, {0x9286: comment(A1111)}),
        "forge.png": png(parameters=FORGE),
        "invoke.png": png(invokeai_metadata=json.dumps(INVOKE)),
        "invoke.jpg": with_exif("JPEG", {}, {0x9286: comment(json.dumps(INVOKE))}),
        "invoke3.png": png(packed=True, invokeai_metadata=json.dumps(INVOKE_3)),
        "sd-metadata.png": png(sd_metadata_old=json.dumps(SD_METADATA)),
        "dream.png": png(Dream=DREAM),
        "fooocus.png": png(parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus"),
        "fooocus.jpg": with_exif("JPEG", {0x9286: json.dumps(FOOOCUS), 0x927C: "fooocus"}),
        "fooocus.webp": with_exif("WEBP", {0x9286: FOOOCUS_A1111, 0x927C: "a1111"}),
        "comfy.png": png(prompt=json.dumps(COMFY), workflow=json.dumps(COMFY_WORKFLOW)),
        "comfy-flux.png": png(prompt=json.dumps(COMFY_FLUX)),
        "comfy-workflow.png": png(workflow=json.dumps(COMFY_WORKFLOW)),
        "comfy.webp": with_exif("WEBP", {0x0110: "prompt:" + json.dumps(COMFY)}),
        "comfy.jpg": with_exif("JPEG", {0x010F: "workflow:" + json.dumps(COMFY_WORKFLOW)}),
    }
