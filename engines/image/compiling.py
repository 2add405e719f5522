"""Compiling a network's repeated blocks, where that pays: on a card, from the second picture on.

Regional compilation: torch compiles one block of each kind and uses it for all
of that kind, which takes seconds where the whole network takes minutes. The
first picture of a size is drawn as it is, so who wants a single one never waits.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from engines.image.recent import Recent

log = logging.getLogger(__name__)

COMPILES = {"cpu": False, "cuda": True}
"""Device -> whether compiling pays. On the processor it takes 20 s and gains nothing."""

BACKEND = "inductor"
BLOCKS = frozenset(
    {
        "BasicTransformerBlock",
        "JointTransformerBlock",
        "FluxTransformerBlock",
        "FluxSingleTransformerBlock",
    }
)
"""The classes of diffusers that a network repeats."""

SIZES_KNOWN = 64
NOTICE = "the model could not be compiled here, and is drawn with at its plain speed"

FAULTS = (ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError, AssertionError)
"""What torch's compiler raises where something of it is missing, or fails."""


class Compiler:
    """Knows what was drawn, compiles what will be drawn again, and takes that back if it fails.

    Attributes:
        failed: The keys of networks that could not be compiled.
    """

    def __init__(self) -> None:
        self.failed: set[str] = set()
        self._drawn: Recent[int] = Recent(SIZES_KNOWN)

    def prepare(self, network: Any, key: str, size: tuple[int, ...], *, plain: bool) -> bool:
        """Have a network compiled for the next picture, or not; returns whether that is to come.

        Args:
            key: Of its component.
            size: Of what it will be given.
            plain: Nothing is put on it: LoRAs and guides change what would be compiled.
        """
        place = torch.device(network.device).type
        again = self._drawn.get((key, size)) is not None
        plain = plain and not _is_in_a_smaller_form(network)
        if COMPILES.get(place, False) and plain and again and key not in self.failed:
            fresh = [block for block in _blocks(network) if not _is_compiled(block)]
            for block in fresh:
                block.compile(backend=BACKEND)
            return bool(fresh)
        undo(network)
        return False

    def done(self, key: str, size: tuple[int, ...]) -> None:
        """Note that a picture was drawn."""
        self._drawn.put((key, size), 1)

    def gives_up(self, network: Any, key: str, error: BaseException) -> bool:
        """Say whether an error may be the compiler's; then the network is as it was."""
        if isinstance(error, torch.OutOfMemoryError) or not is_compiled(network):
            return False
        log.warning("%s cannot be compiled", key, exc_info=error)
        undo(network)
        self.failed.add(key)
        return True


def is_compiled(network: Any) -> bool:
    """Say whether some of a network's blocks are compiled."""
    return any(_is_compiled(block) for block in _blocks(network))


def undo(network: Any) -> None:
    """Let a network work as it was made."""
    for block in _blocks(network):
        block._compiled_call_impl = None


def _blocks(network: Any) -> Iterator[nn.Module]:
    return (one for one in network.modules() if type(one).__name__ in BLOCKS)


def _is_in_a_smaller_form(network: Any) -> bool:
    """Say whether its weights are packed, in 8 bits, or come and go as they are needed."""
    if getattr(network, "is_quantized", False):
        return True
    # Some pipelines leave a list of hooks with none in it.
    hooked = (getattr(one, "_diffusers_hook", None) for one in network.modules())
    return any(one is not None and one.hooks for one in hooked)


def _is_compiled(block: nn.Module) -> bool:
    return block._compiled_call_impl is not None
