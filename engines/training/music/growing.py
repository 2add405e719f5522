"""Begin a larger model from a smaller one that was trained before, without losing what it knows."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from engines.api import BadRequest


@torch.no_grad()
def grow(model: torch.nn.Module, small: Mapping[str, Tensor]) -> None:
    """Put the weights of a narrower model of as many layers into an untrained one.

    In the manner of Net2Net, Chen et al. 2016, arXiv:1511.05641: the wider
    model computes, nearly, what the small one did. New dimensions carry fresh
    values that nothing old reads yet, as the columns by which old rows would
    read them begin at zero; so do the columns by which old dimensions would
    hear new heads and new inner units. The scale of the norms makes up for the
    mean over more dimensions.

    Raises:
        BadRequest: the small model has other layers, or is wider somewhere.
    """
    shapes = {name: p.shape for name, p in model.named_parameters()}
    if shapes.keys() != small.keys() or any(
        source.dim() != len(shapes[name])
        or any(a > b for a, b in zip(source.shape, shapes[name], strict=True))
        for name, source in small.items()
    ):
        raise BadRequest("the model to begin from does not fit into the recipe's")
    for name, p in model.named_parameters():
        source = small[name].to(p)
        if p.dim() == 1:
            p[: len(source)] = source * (len(source) / len(p)) ** 0.5
            continue
        rows, columns = source.shape
        p[:rows, :columns] = source
        if not name.endswith("embed_tokens.weight"):
            p[:rows, columns:] = 0.0
