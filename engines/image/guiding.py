"""What has a say in a drawing besides the words: ControlNets, references, regions.

A pipeline asks the UNet for one prediction at each step (`denoising.Forward`).
Guides stand around that call like the skins of an onion: each may change what
is asked, ask more than once, and put the answers together. A guide belongs to
an aid, which says which components it needs and what it works out beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor

from engines.memory.lease import Component

if TYPE_CHECKING:
    from engines.image.pipelines import States
    from engines.image.sitting import Sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question to the network.

    Attributes:
        latents: (rows, channels, height/8, width/8); with guidance the row of
            what is not wanted comes first, then the prompt's.
        time: The step's time, as the pipeline gives it.
        more: All other arguments by name, such as "encoder_hidden_states".
        step: Which of the `steps` of this picture it is for, from 0.
        regions: The states of the words for parts of the picture.
    """

    latents: Tensor
    time: Any
    more: Mapping[str, Any]
    step: int
    steps: int
    regions: tuple[States, ...] = ()


Ask = Callable[[Call], Tensor]
"""Answers a call with the prediction, of the shape of its latents."""


class Guide(Protocol):
    """A skin around the network."""

    def __call__(self, call: Call, ask: Ask) -> Tensor:
        """Answer a call, by asking on once or more often."""
        ...


class Aid(Protocol):
    """What a guide is made of.

    Attributes:
        components: What is leased together with the UNet.
    """

    components: Sequence[Component[Any]]

    def prepare(self, sitting: Sitting) -> None:
        """Do what comes before the drawing, in leases of its own."""
        ...

    def dressed(self, unet: Any, loaded: Sequence[Any]) -> AbstractContextManager[Guide]:
        """Be ready for a `with` block, within the lease of the UNet.

        Args:
            unet: May be changed, and is left as it was.
            loaded: The `components`.
        """
        ...


def through(guides: Sequence[Guide], ask: Ask) -> Ask:
    """Return what answers a call through all guides; the first is the outermost."""

    def skin(guide: Guide, inner: Ask) -> Ask:
        return lambda call: guide(call, inner)

    for guide in reversed(guides):
        ask = skin(guide, ask)
    return ask
