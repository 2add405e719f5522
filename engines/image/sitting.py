"""One job of the picture engine, as its phases hand it on to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from engines.api import LoraUse, Run
from engines.image import loras
from engines.image.compiling import Compiler
from engines.image.guiding import Aid
from engines.image.loras import Lora
from engines.image.parts import Parts
from engines.image.settling import Settled
from engines.image.tiny_previews import Decoder
from engines.image.words.inversions import Inversion
from engines.memory.ladder import Rung
from engines.memory.lease import Component
from engines.memory.manager import MemoryManager

M = TypeVar("M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What all phases know.

    `worn` are the components of the `uses`, in their order; `inversions` are
    words that were learnt; `aids` have a say in the drawing besides the words;
    `tiny` draws previews, if the library has such a decoder; `compiler` knows
    what was drawn before this sitting.
    """

    memory: MemoryManager
    run: Run
    parts: Parts
    settled: Settled
    uses: tuple[LoraUse, ...] = ()
    worn: tuple[Component[Lora], ...] = ()
    inversions: tuple[Component[Inversion], ...] = ()
    aids: tuple[Aid, ...] = ()
    tiny: tuple[Component[Decoder], ...] = ()
    compiler: Compiler = field(default_factory=Compiler)

    def dress(self, module: Any, part: str, worn: Sequence[Lora]) -> None:
        """Put the LoRAs on the UNet or a text encoder, as `loras.put_on`."""
        if worn:
            with self.memory.loading(self.run):
                loras.put_on(module, part, self.parts, worn, self.uses)


class Held(Generic[M]):
    """A leased model that the ladder may exchange for a smaller way of it."""

    def __init__(
        self, sitting: Sitting, component: Component[M], take: Callable[[M], None]
    ) -> None:
        """Hold nothing itself.

        Args:
            take: Given the model that is used from now on; makes it ready.
        """
        self._sitting = sitting
        self._component = component
        self._take = take

    def rungs(self) -> Sequence[Rung]:
        """Return one rung for each smaller way, by its name."""
        return [Rung(name=way.name, climb=self._shrink) for way in self._component.smaller]

    def _shrink(self) -> bool:
        memory, run = self._sitting.memory, self._sitting.run
        smaller = memory.shrink(run, self._component.key)
        if smaller is None:
            return False
        try:
            self._take(smaller)
        except BaseException as error:
            if memory.is_shortage(error):  # what is only half ready must not draw
                raise memory.shortage(run) from None
            raise
        return True
