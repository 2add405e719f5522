"""What a file of weights is, told by the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping

from engines.api import ModelRefused
from engines.formats.adapters import addition
from engines.formats.components import part
from engines.formats.content import Content, Weights
from engines.formats.denoisers import drawing, foreign
from engines.formats.safetensors import Tensor


def content(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None, path: str = ""
) -> Content:
    """Recognise a file's tensors; `path` is for the refusal.

    Raises:
        ModelRefused: they are of no model that is known here.
    """
    weights = Weights(tensors, metadata)
    # The order matters: a ControlNet has half a UNet in it, and a LoRA names its layers.
    found = addition(weights) or drawing(weights) or part(weights)
    if found is None:
        raise ModelRefused(path, _why(weights))
    return found


def _why(weights: Weights) -> str:
    name = foreign(weights)
    if name:
        return f"it is a model of another family ({name}), which is not used here"
    if weights.begins("model.layers.", "transformer.h.", "gpt_neox.", "lm_head."):
        return (
            "it holds the weights of a language model alone; choose the folder that it lies in, "
            "with its config.json and its tokenizer"
        )
    if weights.begins("motion_", "down_blocks.0.motion_modules."):
        return "it is a motion module, for video, which is not used here"
    return (
        "its tensors are of no model known here; if it belongs to a folder with a "
        "config.json, choose the folder"
    )
