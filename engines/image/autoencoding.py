"""The autoencoder's phases: starts become latents, finished latents become pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from diffusers.configuration_utils import FrozenDict
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.torch_utils import get_module_execution_device
from PIL import Image
from torch import Tensor, nn

from engines.api import Run
from engines.image import encoded, needs, previews, textures
from engines.image.encoded import Encoded
from engines.image.finite import check_numbers
from engines.image.recent import Recent
from engines.image.sitting import Held, Sitting
from engines.image.stepping import picture_tensor
from engines.memory.ladder import Ladder, Rung
from engines.memory.lease import Working

T = TypeVar("T")

LARGE_PIXELS = 1024 * 1024
"""Above this the autoencoder works in tiles, so that its memory stays bounded."""

TILE_PX = 512
SMALL_TILE_PX = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the autoencoder knew before the drawing.

    Attributes:
        rows: From latents to colours.
        encoded: Answers in the autoencoder's place while the UNet draws.
        kept: The latents of what is not redrawn, if the UNet does not see to that.
    """

    rows: previews.Rows
    encoded: Encoded
    kept: Tensor | None = None


def look(sitting: Sitting, known: Recent[previews.Rows]) -> Start:
    """Encode what the pictures start from, and fit the previews if nobody did before."""
    settled, parts = sitting.settled, sitting.parts
    rows = parts.preview or known.get(parts.vae.key)
    starts = settled.start is not None or bool(settled.enlarged) or parts.fills_in
    from_noise = Encoded(FrozenDict(parts.settings("vae")), ())
    if rows and not starts:
        return Start(rows=rows, encoded=from_noise)
    if starts:
        working = needs.encoding(parts, settled.width_px, settled.height_px)
    else:
        working = needs.fitting_previews(parts)
    with _leased(sitting, working) as bench:
        if not rows:
            rows = known.put(parts.vae.key, bench(previews.fit))
        if not starts:
            return Start(rows=rows, encoded=from_noise)
        answers = []
        for number in range(len(settled.enlarged) or 1):
            one = settled.alone(number)
            for picture in encoded.pictures_of(one, bench.vae.config, parts):
                answers.append((picture, bench(partial(encode, picture))))
        kept = None
        if settled.start is not None and settled.mask is not None and not parts.keeps_starts:
            kept = bench(partial(encode, picture_tensor(settled.start))).chunk(2, dim=1)[0]
            kept = kept * bench.vae.config.scaling_factor
        return Start(rows=rows, encoded=Encoded(bench.vae.config, answers), kept=kept)


def decode_all(sitting: Sitting, latents: list[Tensor]) -> list[Image.Image]:
    """Turn finished latents into pictures, one after the other."""
    settled = sitting.settled
    working = needs.decoding(sitting.parts, settled.width_px, settled.height_px)
    work = decode_texture if settled.request.tiling else decode
    with _leased(sitting, working) as bench:
        return [bench(partial(work, one)) for one in latents]


@torch.inference_mode()
def encode(picture: Tensor, vae: Any) -> Tensor:
    """Return the moments of a picture's latents, (1, 2 x channels, height/8, width/8).

    Args:
        picture: (1, 3, height, width) from -1 to 1.
    """
    given = picture.to(device=get_module_execution_device(vae), dtype=vae.dtype)
    moments: Tensor = vae.encode(given).latent_dist.parameters
    return moments.cpu()


@torch.inference_mode()
def decode(latents: Tensor, vae: Any) -> Image.Image:
    """Turn finished latents, (1, channels, height/8, width/8), into a picture."""
    given = latents.to(device=get_module_execution_device(vae), dtype=vae.dtype)
    config = vae.config
    if config.latents_mean is not None and config.latents_std is not None:
        mean, spread = (
            torch.tensor(values).view(1, -1, 1, 1).to(given)
            for values in (config.latents_mean, config.latents_std)
        )
        given = given * spread / config.scaling_factor + mean
    else:
        given = given / config.scaling_factor
        if config.shift_factor is not None:
            given = given + config.shift_factor
    decoded = vae.decode(given, return_dict=False)[0]
    check_numbers(decoded, "the autoencoder")
    picture: Image.Image = VaeImageProcessor().postprocess(decoded, output_type="pil")[0]
    return picture


def decode_texture(latents: Tensor, vae: Any) -> Image.Image:
    """Turn finished latents into a picture that fits to itself.

    In tiles the convolutions do not reach around the edge: then it is drawn
    past its end, and that fades into its beginning.
    """
    if not vae.use_tiling:
        with textures.circular(vae):
            return decode(latents, vae)
    factor = 2 ** (len(vae.config.block_out_channels) - 1)
    height, width = latents.shape[-2:]
    whole = decode(textures.lapped(latents, factor), vae)
    return textures.closed(whole, (width * factor, height * factor))


class Bench:
    """An autoencoder at work: each call can be repeated, in tiles or with less of the device.

    Attributes:
        vae: The autoencoder as it is held now.
    """

    def __init__(self, sitting: Sitting, vae: Any, working: Working) -> None:
        settled = sitting.settled
        self.vae = vae
        self._run = sitting.run
        self._side_px = max(settled.width_px, settled.height_px)
        self._own_tile = vae.tile_sample_min_size, vae.tile_latent_min_size
        if settled.width_px * settled.height_px > LARGE_PIXELS:
            vae.enable_tiling()
        rungs = [
            Rung(name="tile the VAE", climb=lambda: self._tile(TILE_PX)),
            Rung(name="smaller tiles", climb=lambda: self._tile(SMALL_TILE_PX)),
            *Held(sitting, sitting.parts.vae, self._take).rungs(),
        ]
        self._ladder = Ladder(sitting.memory, sitting.run, working, rungs)

    def __call__(self, work: Callable[[Any], T]) -> T:
        """Return what `work` makes with the autoencoder.

        Raises:
            Cancelled: the user asked to stop, looked at before each convolution.
        """

        def attempt() -> T:
            with _stoppable(self.vae, self._run):
                return work(self.vae)

        return self._ladder(attempt)

    def clear(self) -> None:
        """Leave the autoencoder as it was: it is shared."""
        self.vae.disable_tiling()
        self.vae.disable_slicing()
        self.vae.tile_sample_min_size, self.vae.tile_latent_min_size = self._own_tile

    def _tile(self, side_px: int) -> bool:
        """Work in tiles of that side; False if that is no less than now."""
        now_px = self.vae.tile_sample_min_size if self.vae.use_tiling else self._side_px
        if side_px >= min(now_px, self._side_px):
            return False
        own_px, own_latents = self._own_tile
        self.vae.enable_tiling()
        self.vae.enable_slicing()
        self.vae.tile_sample_min_size = side_px
        self.vae.tile_latent_min_size = side_px * own_latents // own_px
        return True

    def _take(self, vae: Any) -> None:
        """Go on with another one, in the same tiles."""
        vae.use_tiling, vae.use_slicing = self.vae.use_tiling, self.vae.use_slicing
        vae.tile_sample_min_size = self.vae.tile_sample_min_size
        vae.tile_latent_min_size = self.vae.tile_latent_min_size
        self.vae = vae


@contextmanager
def _stoppable(vae: Any, run: Run) -> Iterator[None]:
    """Let a cancel end a large picture's decoding within a moment."""

    def look(layer: nn.Module, given: Any) -> None:
        run.token.check()

    layers = [layer for layer in vae.modules() if isinstance(layer, nn.Conv2d)]
    hooks = [layer.register_forward_pre_hook(look) for layer in layers]
    try:
        run.token.check()
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _leased(sitting: Sitting, working: Working) -> Iterator[Bench]:
    """Lease the autoencoder for a `with` block."""
    with sitting.memory.lease(sitting.parts.vae, working=working, run=sitting.run) as (vae,):
        bench = Bench(sitting, vae, working)
        try:
            yield bench
        finally:
            bench.clear()
