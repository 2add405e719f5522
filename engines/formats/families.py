"""What a weights file holds, told by the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping

from engines.api import Kind
from engines.formats.safetensors import Tensor

_UNET = "model.diffusion_model."
_CROSS_ATTENTION = {
    # Where the first text-conditioned layer of each UNet lies, and its text width.
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": {
        768: "stable-diffusion",
        1024: "stable-diffusion-2",
    },
    "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": {2048: "stable-diffusion-xl"},
}
_LORA_ENDS = (".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight", ".lora.down.weight")
_VAE_KEYS = ("encoder.conv_in.weight", "decoder.conv_in.weight")
_VAE_PREFIX = "first_stage_model."


def family(tensors: Mapping[str, Tensor]) -> tuple[Kind, str] | None:
    """Return the kind and architecture, or None for tensors of no known model."""
    if any(name.startswith(_UNET) for name in tensors):
        architecture = _diffusion(tensors)
        return (Kind.IMAGE, architecture) if architecture else None
    if any(name.endswith(_LORA_ENDS) for name in tensors):
        words = any(name.startswith(("base_model.model.", "model.layers.")) for name in tensors)
        return (Kind.TEXT if words else Kind.IMAGE), "lora"
    if all(name in tensors for name in _VAE_KEYS) or all(
        _VAE_PREFIX + name in tensors for name in _VAE_KEYS
    ):
        return Kind.IMAGE, "vae"
    return None


def _diffusion(tensors: Mapping[str, Tensor]) -> str:
    """Name the Stable Diffusion whose UNet, VAE and text encoder are all there."""
    if not any(name.startswith(_VAE_PREFIX) for name in tensors):
        return ""
    if not any(name.startswith(("cond_stage_model.", "conditioner.")) for name in tensors):
        return ""
    for place, widths in _CROSS_ATTENTION.items():
        tensor = tensors.get(_UNET + place)
        if tensor is not None and len(tensor.shape) == 2:
            return widths.get(tensor.shape[1], "")
    return ""
