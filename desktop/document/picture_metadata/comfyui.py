"""What ComfyUI writes: graphs, walked from the sampler back to what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from desktop.document.picture_metadata import comfyui_guides, samplers, values
from desktop.document.picture_metadata.comfyui_graph import Graph, Node, of_prompt, of_workflow
from desktop.document.picture_metadata.described import Named, PictureSettings

KEYWORDS = ("prompt", "workflow")

_SEEDS = ("seed", "noise_seed", "value", "int", "Number")
_TEXTS = (
    "text", "text_g", "t5xxl", "clip_l", "text_positive", "positive", "prompt", "string",
    "value", "text_l", "wildcard_text", "populated_text",
)  # fmt: skip
_MODELS = ("ckpt_name", "unet_name", "base_ckpt_name", "model_name", "gguf_name")
_STRENGTHS = ("strength_model", "strength", "lora_wt", "model_strength")
_CONDITIONINGS = (
    "conditioning", "conditioning_1", "conditioning_to", "positive", "base_positive",
)  # fmt: skip
_MOST_PASSES = 12
"""Samplers one behind the other."""

_MOST_STEPS = 400
"""A walk ends after so many nodes, whatever the graph is like."""


def read(keyword: str, text: str) -> PictureSettings | None:
    """Read the text of one of `KEYWORDS`; None if there is no sampler in it.

    Raises:
        MetadataError: it is damaged.
    """
    said = values.json_object(text)
    graph = of_workflow(said) if keyword == "workflow" else of_prompt(said)
    return settings(graph)


def is_ours(said: dict[str, Any]) -> bool:
    """Say whether an object is a prompt of ComfyUI."""
    return any("class_type" in values.table(node) for node in list(said.values())[:20])


def settings(graph: Graph) -> PictureSettings | None:
    """Walk from the first sampler of the chain to its words, model, LoRAs, size and seed."""
    found = _sampler(graph)
    if found is None:
        return None
    walk = _Walk(graph, found)
    width_px, height_px = walk.size()
    steps, strength = walk.steps(), walk.strength()
    return PictureSettings(
        tool="ComfyUI",
        prompt=walk.words("positive"),
        negative=walk.words("negative"),
        seed=walk.seed(),
        steps=steps,
        sampler=walk.sampler(),
        guidance=walk.guidance(),
        width_px=width_px,
        height_px=height_px,
        model=walk.model(),
        loras=walk.loras(),
        strength=strength if strength is not None and strength < 1 else None,
        clip_skip=comfyui_guides.clip_skip(graph),
        vae=comfyui_guides.vae(graph),
        controls=comfyui_guides.controls(graph),
    )


def _sampler(graph: Graph) -> Node | None:
    """Return the sampler that begins; one that refines its picture comes later in the chain."""
    samplers_ = [node for node in graph.values() if _is_sampler(node)]
    if not samplers_:
        return None
    node = samplers_[-1]
    for _ in range(_MOST_PASSES):
        before = next((x for x in _upstream(graph, node, "latent_image") if _is_sampler(x)), None)
        if before is None or before is node:
            return node
        node = before
    return node


def _is_sampler(node: Node) -> bool:
    return bool({"positive", "guider", "basic_pipe"} & node.inputs.keys()) and (
        "latent_image" in node.inputs or "sampler_name" in node.inputs
    )


def _upstream(graph: Graph, node: Node, name: str) -> Iterator[Node]:
    """Yield the nodes an input comes from, one behind the other, each once."""
    link = node.link(name)
    seen: set[str] = set()
    while link is not None and link[0] not in seen and len(seen) < _MOST_STEPS:
        seen.add(link[0])
        node_or_none = graph.get(link[0])
        if node_or_none is None:
            return
        yield node_or_none
        same = node_or_none.link(name)
        others = (node_or_none.link(x) for x in node_or_none.inputs)
        link = same or next((x for x in others if x is not None), None)


class _Walk:
    """Finds what one sampler was given."""

    def __init__(self, graph: Graph, sampler: Node) -> None:
        self._graph = graph
        self._node = sampler
        guider = self._from(sampler, "guider")
        self._guider = guider or sampler
        if guider is not None and "conditioning" in guider.inputs:
            # A guider without a negative side names its only words so.
            self._guider = Node(
                kind=guider.kind,
                inputs={**guider.inputs, "positive": guider.inputs["conditioning"]},
            )

    def words(self, side: str) -> str:
        """Return the text on a side, "positive" or "negative"."""
        link, seen = self._guider.link(side), set[str]()
        found: list[str] = []
        todo = [link] if link is not None else []
        while todo and len(seen) < _MOST_STEPS:
            number, slot = todo.pop(0)
            node = self._graph.get(number)
            if node is None or number in seen or node.kind == "ConditioningZeroOut":
                continue
            seen.add(number)
            text = self._text(node)
            if text:
                found.append(text)
                continue
            # A node with both sides gives the positive one first.
            names = ("negative",) if slot == 1 and "negative" in node.inputs else _CONDITIONINGS
            links = [node.link(name) for name in (*names, "conditioning_2", "conditioning_from")]
            todo += [x for x in links if x is not None]
        return values.words(", ".join(dict.fromkeys(found)))

    def seed(self) -> int | None:
        noise = self._from(self._node, "noise")
        return self._whole(noise or self._node, _SEEDS[:2]) or self._whole(self._node, _SEEDS[:2])

    def steps(self) -> int | None:
        sigmas = self._from(self._node, "sigmas")
        return self._whole(sigmas or self._node, ("steps",))

    def strength(self) -> float | None:
        sigmas = self._from(self._node, "sigmas")
        return values.number((sigmas or self._node).value("denoise"))

    def sampler(self) -> str:
        chosen = self._from(self._node, "sampler")
        sigmas = self._from(self._node, "sigmas")
        return samplers.of_comfy(
            values.words((chosen or self._node).value("sampler_name"), 60),
            values.words((sigmas or self._node).value("scheduler"), 40),
        )

    def guidance(self) -> float | None:
        return values.number(self._guider.value("cfg"))

    def size(self) -> tuple[int | None, int | None]:
        for node in _upstream(self._graph, self._node, "latent_image"):
            width, height = (self._whole(node, (side,)) for side in ("width", "height"))
            if width and height and width > 0 and height > 0:
                return width, height
        return None, None

    def model(self) -> Named:
        for node in _upstream(self._graph, self._models_from(), "model"):
            for name in _MODELS:
                if values.name(node.value(name)):
                    return Named(name=values.name(node.value(name)))
        return Named()

    def loras(self) -> tuple[Named, ...]:
        """Return the LoRAs, the one next to the model first."""
        found: list[Named] = []
        for node in _upstream(self._graph, self._models_from(), "model"):
            found += reversed(list(_loras_of(node)))
        return tuple(reversed(found[: values.MOST_LORAS]))

    def _models_from(self) -> Node:
        return self._node if self._node.link("model") else self._guider

    def _from(self, node: Node, name: str) -> Node | None:
        link = node.link(name)
        return self._graph.get(link[0]) if link is not None else None

    def _text(self, node: Node) -> str:
        """Return what a node says itself, or the node that writes its text."""
        for _ in range(20):
            for name in _TEXTS:
                text = values.words(node.value(name))
                if text:
                    return text
            behind = (self._from(node, name) for name in _TEXTS if name != "positive")
            source = next((x for x in behind if x is not None), None)
            if source is None:
                return ""
            node = source
        return ""

    def _whole(self, node: Node, names: tuple[str, ...]) -> int | None:
        """Return a whole number of a node, or of the node that it comes from."""
        for name in names:
            value = values.whole(node.value(name))
            if value is not None:
                return value
            source = self._from(node, name)
            if source is not None:
                for inner in (*_SEEDS, name):
                    value = values.whole(source.value(inner))
                    if value is not None:
                        return value
        return None


def _loras_of(node: Node) -> Iterator[Named]:
    """Yield the LoRAs of a loader: of one, of a stack, or of rgthree's list."""
    if values.name(node.value("lora_name")):
        yield _lora(node.value("lora_name"), [node.value(x) for x in _STRENGTHS])
    for number in range(1, values.MOST_LORAS):
        listed = values.table(node.value(f"lora_{number}"))
        if listed.get("on") and values.name(listed.get("lora")):
            yield _lora(listed.get("lora"), [listed.get("strength")])
        stacked = values.name(node.value(f"lora_name_{number}"))
        if stacked and stacked.lower() != "none":
            yield _lora(stacked, [node.value(f"{x}_{number}") for x in _STRENGTHS])


def _lora(name: Any, strengths: list[Any]) -> Named:
    found = [x for x in map(values.number, strengths) if x is not None]
    return Named(name=values.name(name), weight=found[0] if found else 1.0)
