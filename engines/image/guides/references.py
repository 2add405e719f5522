"""IP-Adapters: what an image encoder tells of a picture is read beside the prompt.

Ye and others 2023, arXiv:2308.06721. Each of the UNet's layers that read the
prompt gets a second pair of keys and values for the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from diffusers.models.embeddings import MultiIPAdapterImageProjection
from PIL import Image
from torch import Tensor

from engines import devices
from engines.api import ModelRefused, ReferenceUse, Role
from engines.catalog import Catalog
from engines.image import needs, png
from engines.image.guides import encoders, weights
from engines.image.guides.controlnets import check_base
from engines.image.guides.encoders import Encoder
from engines.image.guides.ip_adapters import (
    IpAdapter,
    Sort,
    fits,
    load,
    sort_of,
    width_of,
)
from engines.image.guides.picturing import opaque
from engines.image.guiding import Ask, Call, Guide
from engines.image.parts import Parts
from engines.image.sitting import Sitting
from engines.memory.ladder import Ladder
from engines.memory.lease import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    """One reference of a request; what is told of its picture depends on its adapter."""

    use: ReferenceUse
    sort: Sort
    encoder: Encoder
    picture: Image.Image
    component: Component[IpAdapter]


class References:
    """All references of a request; two pictures may share an adapter."""

    def __init__(
        self, uses: Sequence[ReferenceUse], parts: Parts, catalog: Catalog, device: str
    ) -> None:
        """Read what they are.

        Raises:
            BadRequest: a picture cannot be read.
            ModelMissing: there is no image encoder for one.
            ModelRefused: one does not fit the model.
        """
        self._asked = [_reference(use, parts, catalog, device) for use in uses]
        once = {one.component.key: one.component for one in self._asked}
        self._places = [list(once).index(one.component.key) for one in self._asked]
        self._told: list[tuple[Tensor, Tensor]] = []
        self.components: Sequence[Component[Any]] = tuple(once.values())

    def prepare(self, sitting: Sitting) -> None:
        """Let the encoders look at the pictures, once for all drawings of a request."""
        if not self._told:
            self._told = [_look(one, sitting) for one in self._asked]

    @contextmanager
    def dressed(self, unet: Any, loaded: Sequence[Any]) -> Iterator[Guide]:
        """Give the UNet's layers their second keys and values, and take them away after."""
        worn: list[IpAdapter] = [loaded[at] for at in self._places]
        place = {"device": unet.device, "dtype": unet.dtype}
        told = [(seen.to(**place), nothing.to(**place)) for seen, nothing in self._told]

        def guide(call: Call, ask: Ask) -> Tensor:
            rows = len(call.latents)
            # With guidance the first row is what is not wanted: it sees an empty picture.
            given = [
                torch.cat([nothing] * min(rows - 1, 1) + [seen] * max(rows - 1, 1))
                for seen, nothing in told
            ]
            added = {**(call.more.get("added_cond_kwargs") or {}), "image_embeds": given}
            return ask(replace(call, more={**call.more, "added_cond_kwargs": added}))

        with _reading(unet, worn, [one.use.weight for one in self._asked]):
            yield guide


@contextmanager
def _reading(unet: Any, worn: Sequence[IpAdapter], shares: Sequence[float]) -> Iterator[None]:
    """Have adapters on a UNet for a `with` block; it is left as it was."""
    own, projection = dict(unet.attn_processors), unet.encoder_hid_proj
    told_by = unet.config.encoder_hid_dim_type
    layers = [name for name in own if name.endswith("attn2.processor")]
    owners = [unet.get_submodule(name.removesuffix(".processor")) for name in layers]
    for adapter in worn:
        if not fits(adapter, owners):
            raise ModelRefused(adapter.path, "it was made for another UNet than this model's")
    reading = {name: _processor(number, worn, shares, unet) for number, name in enumerate(layers)}
    try:
        unet.set_attn_processor({**own, **reading})
        unet.encoder_hid_proj = MultiIPAdapterImageProjection([one.projection for one in worn])
        unet.config.encoder_hid_dim_type = "ip_image_proj"
        yield
    finally:
        # A projection may have attention of its own, which would be counted with the UNet's.
        unet.encoder_hid_proj = projection
        unet.set_attn_processor(dict(own))
        unet.config.encoder_hid_dim_type = told_by


def _processor(
    number: int, worn: Sequence[IpAdapter], shares: Sequence[float], unet: Any
) -> IPAdapterAttnProcessor2_0:
    """Return what reads prompt and pictures in one layer; the weights are the adapters' own."""
    keys = [adapter.keys[number] for adapter in worn]
    values = [adapter.values[number] for adapter in worn]
    with torch.device("meta"):
        made = IPAdapterAttnProcessor2_0(
            hidden_size=keys[0].out_features,
            cross_attention_dim=unet.config.cross_attention_dim,
            num_tokens=[adapter.tokens for adapter in worn],
            scale=list(shares),
        )
    made.to_k_ip, made.to_v_ip = torch.nn.ModuleList(keys), torch.nn.ModuleList(values)
    return made


def _reference(use: ReferenceUse, parts: Parts, catalog: Catalog, device: str) -> _Reference:
    spec = catalog.check(use.path)
    if spec.role is not Role.IP_ADAPTER or not Path(spec.path).is_file():
        raise ModelRefused(use.path, "it is not a file of an IP-Adapter")
    shapes = weights.shapes_of(spec)
    sort = sort_of(spec, shapes)
    check_base(spec, parts, width_of(shapes))
    return _Reference(
        use=use,
        sort=sort,
        encoder=encoders.find(use.encoder, sort.width(shapes), catalog, device, pooled=sort.pooled),
        picture=opaque(png.decode(use.picture, "the picture of a reference")),
        component=weights.component(
            spec, "ip-adapter", device, partial(load, spec, devices.dtype(device))
        ),
    )


def _look(one: _Reference, sitting: Sitting) -> tuple[Tensor, Tensor]:
    """Return what is told of a picture and of nothing, each (1, 1, ...), in main memory."""
    encoder = one.encoder
    # The library's own way to the encoder's size and colours, which the adapters learnt with.
    prepared = transformers.CLIPImageProcessorPil(size=encoder.side_px, crop_size=encoder.side_px)
    given = prepared(one.picture, return_tensors="pt").pixel_values
    working = needs.regarding(encoder.spec.id, encoder.side_px, encoder.tokens, encoder.width)
    with sitting.memory.lease(encoder.component, working=working, run=sitting.run) as (network,):
        sitting.run.token.check()
        ladder = Ladder(sitting.memory, sitting.run, working)
        return ladder(partial(_ask, network, given, pooled=one.sort.pooled))


@torch.inference_mode()
def _ask(network: Any, given: Tensor, *, pooled: bool) -> tuple[Tensor, Tensor]:
    given = given.to(network.device, network.dtype)
    if pooled:
        seen = network(given).image_embeds
        return seen[None].cpu(), torch.zeros_like(seen)[None].cpu()
    seen, nothing = (
        network(one, output_hidden_states=True).hidden_states[-2]
        for one in (given, torch.zeros_like(given))
    )
    return seen[None].cpu(), nothing[None].cpu()
