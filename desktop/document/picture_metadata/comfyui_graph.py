"""ComfyUI's graphs as one form: the nodes of a prompt, or those of a workflow brought to it.

A prompt is {id: {"class_type": ..., "inputs": {name: value or [id, slot]}}}.
A workflow has a list of nodes whose values stand in a row without names, and
a list of links (id, from node, from slot, to node, to slot, type).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from desktop.document.picture_metadata import values

MOST_NODES = 5000
_MOST_LINKS = 20_000
_SWITCHED_OFF = (2, 4)
"""Modes of a workflow's nodes: muted, and passed by."""

WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler",
        "start_at_step", "end_at_step", "return_with_leftover_noise",
    ),
    "SamplerCustom": ("add_noise", "noise_seed", "", "cfg"),
    "RandomNoise": ("noise_seed", ""),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeSDXL": (
        "width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l",
    ),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CheckpointLoader": ("config_name", "ckpt_name"),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "UnetLoaderGGUF": ("unet_name",),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "VAELoader": ("vae_name",),
    "ControlNetLoader": ("control_net_name",),
    "ControlNetApply": ("strength",),
    "ControlNetApplyAdvanced": ("strength", "start_percent", "end_percent"),
    "PrimitiveNode": ("value",),
}  # fmt: skip
"""The order of values of the usual nodes; an empty name is what the window adds to a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node: its class, and its inputs, each a value or a link (id, slot)."""

    kind: str
    inputs: dict[str, Any] = field(default_factory=dict)

    def link(self, name: str) -> tuple[str, int] | None:
        """Return where an input comes from; None if it is a value or not there."""
        value = self.inputs.get(name)
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
            return str(value[0]), values.whole(value[1]) or 0
        return None

    def value(self, name: str) -> Any:
        """Return an input's own value; None if it comes from a node."""
        return None if isinstance(self.inputs.get(name), list) else self.inputs.get(name)


Graph = dict[str, Node]


def of_prompt(said: dict[str, Any]) -> Graph:
    """Read a prompt's nodes; what is none is left out."""
    nodes = {}
    for number, node in list(values.table(said.get("prompt", said)).items())[:MOST_NODES]:
        kind = values.words(values.table(node).get("class_type"), 200)
        if kind:
            nodes[str(number)] = Node(kind=kind, inputs=values.table(node.get("inputs")))
    return nodes


def of_workflow(said: dict[str, Any]) -> Graph:
    """Read a workflow's nodes as if it were a prompt."""
    sources = {}
    for link in values.items(said.get("links"), _MOST_LINKS):
        if isinstance(link, list) and len(link) >= 5:
            sources[values.whole(link[0])] = [str(link[1]), values.whole(link[2]) or 0]
    nodes = {}
    for node in values.items(said.get("nodes"), MOST_NODES):
        node = values.table(node)
        kind = values.words(node.get("type"), 200)
        if kind and values.whole(node.get("mode")) not in _SWITCHED_OFF:
            nodes[str(node.get("id"))] = Node(kind=kind, inputs=_inputs(kind, node, sources))
    return nodes


def _inputs(
    kind: str, node: dict[str, Any], sources: dict[int | None, list[Any]]
) -> dict[str, Any]:
    """Give a workflow's node its values by name, and its links."""
    row = node.get("widgets_values")
    inputs: dict[str, Any] = dict(row) if isinstance(row, dict) else {}
    if isinstance(row, list):
        inputs = {
            name: value
            for name, value in zip(WIDGETS.get(kind, ()), row, strict=False)
            if name and not isinstance(value, list)
        }
        if kind not in WIDGETS:
            inputs = _by_kind(row)
    for entry in values.items(node.get("inputs"), 200):
        entry = values.table(entry)
        link = values.whole(entry.get("link"))
        if link is not None and link in sources:
            inputs[values.words(entry.get("name"), 200)] = sources[link]
    return inputs


def _by_kind(row: list[Any]) -> dict[str, Any]:
    """Guess what an unknown node's values are: its longest text is what it says."""
    texts = [value for value in row if isinstance(value, str)]
    return {"text": max(texts, key=len)} if texts else {}
