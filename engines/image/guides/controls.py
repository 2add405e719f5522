"""ControlNets around the UNet: what they see in their pictures is added to its maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engines.image.guides import controlnets
from engines.image.guides.picturing import Picturing, unit_tensor
from engines.image.guiding import Ask, Call, Guide
from engines.image.parts import Parts
from engines.image.sitting import Sitting
from engines.memory.lease import Component


class Controls:
    """All ControlNets of a request; two pictures may share one of them."""

    def __init__(self, uses: Sequence[Picturing], parts: Parts, device: str) -> None:
        """Read what they are.

        Raises:
            BadRequest: one does not take such a picture.
            ModelRefused: one does not fit the model.
        """
        self._uses = uses
        asked = [
            controlnets.component(use.spec, parts, device, (use.use.preprocessor,)) for use in uses
        ]
        self._sorts = [controlnets.number_of(use.spec, use.use.preprocessor) for use in uses]
        once = {component.key: component for component in asked}
        self._places = [list(once).index(component.key) for component in asked]
        self._pictures: list[Image.Image] = []
        self.components: Sequence[Component[Any]] = tuple(once.values())

    def prepare(self, sitting: Sitting) -> None:
        """Make the pictures that steer, of the size that is drawn."""
        size_px = sitting.settled.width_px, sitting.settled.height_px
        self._pictures = [use.drawn(sitting, size_px) for use in self._uses]

    @contextmanager
    def dressed(self, unet: Any, loaded: Sequence[Any]) -> Iterator[Guide]:
        """Stand beside the UNet, which is not touched."""
        place = {"device": unet.device, "dtype": unet.dtype}
        hints = [unit_tensor(one).contiguous().to(**place) for one in self._pictures]
        nets = [loaded[at] for at in self._places]

        def guide(call: Call, ask: Ask) -> Tensor:
            seen = [
                _look(net, call, hint, use.use.weight, sort)
                for use, net, hint, sort in zip(self._uses, nets, hints, self._sorts, strict=True)
                if use.counts(call)
            ]
            return ask(_told(call, seen) if seen else call)

        yield guide


def _look(net: Any, call: Call, hint: Tensor, weight: float, sort: int | None) -> list[Tensor]:
    """Return what one ControlNet would add: to each of the UNet's maps, the middle's last.

    Args:
        sort: The number of the picture's sort, for a ControlNet that takes many.
    """
    rows = len(call.latents)
    seen: dict[str, Any] = {"controlnet_cond": torch.cat([hint] * rows)}
    if sort is not None:
        kinds = torch.zeros(rows, net.config.num_control_type).to(call.latents)
        kinds[:, sort] = 1
        seen = {
            "controlnet_cond": [seen["controlnet_cond"]],
            "control_type": kinds,
            "control_type_idx": [sort],
        }
    down, middle = net(
        # A UNet that fills in sees mask and start after the latents; a ControlNet does not.
        call.latents[:, : controlnets.LATENT_CHANNELS],
        call.time,
        encoder_hidden_states=call.more["encoder_hidden_states"],
        **seen,
        conditioning_scale=weight,
        added_cond_kwargs=call.more.get("added_cond_kwargs"),
        return_dict=False,
    )
    return [*down, middle]


def _told(call: Call, seen: Sequence[Sequence[Tensor]]) -> Call:
    """Return the call with the sum of what was seen, in the order of the request."""
    *down, middle = seen[0]
    for *more, last in seen[1:]:
        down = [one + other for one, other in zip(down, more, strict=True)]
        middle = middle + last
    told = {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}
    return replace(call, more={**call.more, **told})
