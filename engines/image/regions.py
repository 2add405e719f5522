"""Regional prompts: other words for parts of a picture.

MultiDiffusion, Bar-Tal and others 2023, arXiv:2302.08113: at each step the
network is asked once for the picture's own words and once for each region's,
of the same latents, and the predictions are averaged place by place. A region
counts by its mask times its weight; the picture's own words count where the
regions leave room, which is nothing under a white mask of weight 1. So a
drawing with n regions takes n + 1 times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engines.api import ImageRequest
from engines.image import png
from engines.image.guiding import Aid, Ask, Call, Guide
from engines.image.pipelines import States
from engines.image.sitting import Sitting
from engines.memory.lease import Component


def aids(request: ImageRequest) -> tuple[Aid, ...]:
    """Return the aid of a request's regions, if it has any; it belongs around all others.

    Raises:
        BadRequest: a mask is no picture.
    """
    if not request.regions:
        return ()
    masks = [_mask(region.mask) for region in request.regions]
    return (Regions(masks, [region.weight for region in request.regions]),)


class Regions:
    """The aid of regions: it needs nothing but the network that is there."""

    components: Sequence[Component[Any]] = ()

    def __init__(self, masks: Sequence[Image.Image], weights: Sequence[float]) -> None:
        """Keep where the regions are.

        Args:
            masks: L, white where a region is.
            weights: How much each counts.
        """
        self._masks = masks
        self._weights = weights
        self._laid = masks

    def prepare(self, sitting: Sitting) -> None:
        """Lay the masks over what is drawn; the words were read before."""
        frame = sitting.settled.frame
        self._laid = [frame.laid(mask, "L") for mask in self._masks]

    @contextmanager
    def dressed(self, unet: Any, loaded: Sequence[Any]) -> Iterator[Guide]:
        """Be ready; nothing is changed."""
        yield self._guide

    def _guide(self, call: Call, ask: Ask) -> Tensor:
        fields = self._fields(call)
        predicted = ask(call)
        # Without words the regions do not differ: that row is the picture's own.
        row = len(predicted) - 1
        total = fields.sum(dim=0)
        mean = predicted[row:] * (fields[0] / total)
        for field, words in zip(fields[1:], call.regions, strict=True):
            mean += ask(replace(call, more=_spoken(call.more, words)))[row:] * (field / total)
        return torch.cat([predicted[:row], mean.to(predicted)])

    def _fields(self, call: Call) -> Tensor:
        """Return how much the picture's words and each region count, (regions + 1, ...).

        Shaped to be multiplied with one row of a prediction.
        """
        latents = call.latents
        height, width = latents.shape[-2:] if latents.ndim == 4 else _packed_size(call)
        fields = torch.stack(
            [
                _spread(mask, int(width), int(height)) * weight
                for mask, weight in zip(self._laid, self._weights, strict=True)
            ]
        )
        own = (1 - fields.sum(dim=0, keepdim=True)).clamp(min=0)
        fields = torch.cat([own, fields]).to(latents)
        if latents.ndim == 4:
            return fields[:, None, None]  # (regions + 1, 1, 1, height, width)
        return fields.flatten(1)[:, None, :, None]  # (regions + 1, 1, places, 1)


def _packed_size(call: Call) -> tuple[int, int]:
    """Return height and width of packed latents, from the places that Flux is told."""
    places = call.more["img_ids"]
    places = places[0] if places.ndim == 3 else places
    return int(places[:, 1].max()) + 1, int(places[:, 2].max()) + 1


def _spoken(more: Mapping[str, Any], words: States) -> dict[str, Any]:
    """Return the arguments of a call with a region's words in the prompt's row."""
    told = dict(more)
    told["encoder_hidden_states"] = _with_last(more["encoder_hidden_states"], words.prompted)
    if words.pooled is not None:
        if "pooled_projections" in told:
            told["pooled_projections"] = _with_last(told["pooled_projections"], words.pooled)
        else:
            added = dict(more["added_cond_kwargs"])
            added["text_embeds"] = _with_last(added["text_embeds"], words.pooled)
            told["added_cond_kwargs"] = added
    return told


def _with_last(rows: Tensor, row: Tensor) -> Tensor:
    return torch.cat([rows[:-1], row.to(rows)])


def _mask(data: bytes) -> Image.Image:
    image = png.decode(data, "the mask of a region")
    if image.mode == "RGBA":  # what is transparent is not of the region
        ground = Image.new("RGBA", image.size, "black")
        ground.alpha_composite(image)
        image = ground
    return image.convert("L")


def _spread(mask: Image.Image, width: int, height: int) -> Tensor:
    """Return a mask from 0 to 1 at the latents' size; a place half covered counts half."""
    small = mask.resize((width, height), Image.Resampling.BOX)
    flat = torch.frombuffer(bytearray(small.tobytes()), dtype=torch.uint8)
    return flat.view(height, width).float() / 255
