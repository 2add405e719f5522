"""What ComfyUI's graphs say besides the sampler's inputs: guides, VAE, CLIP's last layer."""

from __future__ import annotations

from desktop.document.picture_metadata import values
from desktop.document.picture_metadata.comfyui_graph import Graph, Node
from desktop.document.picture_metadata.described import Guide, Named


def vae(graph: Graph) -> str:
    """Return the VAE's file, if one is loaded for itself and no other."""
    names = {values.name(x.value("vae_name")) for x in graph.values() if x.kind == "VAELoader"}
    names.discard("")
    return names.pop() if len(names) == 1 else ""


def clip_skip(graph: Graph) -> int | None:
    """Return the last layer of CLIP that counts, from the end: 1 leaves none out."""
    for node in graph.values():
        if node.kind == "CLIPSetLastLayer":
            last = values.whole(node.value("stop_at_clip_layer"))
            if last is not None and -24 <= last < 0:
                return -last
    return None


def controls(graph: Graph) -> tuple[Guide, ...]:
    """Return the ControlNets in use; the pictures themselves are not in the file."""
    found: list[Guide] = []
    for node in graph.values():
        if not node.kind.startswith("ControlNetApply"):
            continue
        guide = _guide(graph, node)
        if guide.model and guide.weight and len(found) < values.MOST_GUIDES:
            found.append(guide)
    return tuple(found)


def _guide(graph: Graph, node: Node) -> Guide:
    link = node.link("control_net")
    loader = graph.get(link[0]) if link is not None else None
    weight = values.number(node.value("strength"))
    end = values.number(node.value("end_percent"))
    return Guide(
        model=Named(name=values.name(loader.value("control_net_name")) if loader else ""),
        weight=1.0 if weight is None else weight,
        start=values.number(node.value("start_percent")) or 0.0,
        end=1.0 if end is None else end,
    )
