"""The aids of a drawing around the UNet that is held now, put on again when a part is exchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from engines.image import needs
from engines.image.guiding import Aid, Guide
from engines.image.sitting import Held, Sitting
from engines.memory.ladder import Rung
from engines.memory.lease import Component, Working


def components(aids: Sequence[Aid]) -> list[Component[Any]]:
    """List what aids need beside the UNet, each once, in the order of their lists."""
    found = {part.key: part for aid in aids for part in aid.components}
    return list(found.values())


def working(alone: Working, aids: Sequence[Aid]) -> Working:
    """Return what a step takes with aids, of what it takes alone."""
    return needs.aided(alone) if components(aids) else alone


class Dressing:
    """Keeps the guides of a drawing fitted to the UNet and to their own parts.

    Attributes:
        guides: What has a say in each call now; empty when nothing is put on.
    """

    def __init__(self, sitting: Sitting, loaded: Sequence[Any]) -> None:
        """Put nothing on yet.

        Args:
            loaded: The `components` of the sitting's aids, in their order.
        """
        self.guides: Sequence[Guide] = ()
        self._sitting = sitting
        self._keys = [part.key for part in components(sitting.aids)]
        self._loaded = dict(zip(self._keys, loaded, strict=True))
        self._unet: Any = None
        self._stack = ExitStack()

    @contextmanager
    def on(self, unet: Any, attempt: Callable[[Callable[[], None]], None]) -> Iterator[None]:
        """Have all aids on a UNet for a `with` block.

        Args:
            attempt: Calls what it is given, again if the device runs short.
        """
        self._unet = unet
        try:
            attempt(self._put_on)
            yield
        finally:
            self._unet = None
            self._take_off()

    def move_to(self, unet: Any) -> None:
        """Put the aids on the UNet that is held from now on."""
        if self._unet is not None:
            self._unet = unet
            self._put_on()

    def rungs(self) -> Sequence[Rung]:
        """Return one rung for each smaller way of each component, by its name."""
        return [
            rung
            for part in components(self._sitting.aids)
            for rung in Held(self._sitting, part, partial(self._exchange, part.key)).rungs()
        ]

    def _exchange(self, key: str, smaller: Any) -> None:
        self._loaded[key] = smaller
        if self._unet is not None:
            self._put_on()

    def _put_on(self) -> None:
        self._take_off()
        with ExitStack() as stack:
            guides = []
            for aid in self._sitting.aids:
                own = [self._loaded[part.key] for part in aid.components]
                guides.append(stack.enter_context(aid.dressed(self._unet, own)))
            self._stack = stack.pop_all()
            self.guides = guides

    def _take_off(self) -> None:
        self.guides = ()
        self._stack.close()
