"""Aids are put on again when the way down exchanges the UNet or one of their own parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from engines.image import dressing
from engines.image.dressing import Dressing
from engines.image.guiding import Guide
from engines.memory.lease import Component, Smaller, Working


class Hat:
    """An aid that notes what it is on, and with which parts."""

    def __init__(self, *components: Component[Any]) -> None:
        self.components: Sequence[Component[Any]] = components
        self.log: list[tuple[str, Any]] = []

    def prepare(self, sitting: Any) -> None:
        self.log.append(("prepared", None))

    @contextmanager
    def dressed(self, unet: Any, loaded: Sequence[Any]) -> Iterator[Guide]:
        self.log.append(("on", (unet, *loaded)))
        try:
            yield lambda call, ask: ask(call)
        finally:
            self.log.append(("off", unet))


class Memory:
    """Gives the one smaller way of a component."""

    def shrink(self, run: Any, key: str) -> str:
        return f"small {key}"

    def is_shortage(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError)


def part(key: str) -> Component[Any]:
    smaller = Smaller(name="offload", size_bytes=1, load=str, exact=True)
    return Component(key=key, size_bytes=2, load=str, smaller=(smaller,))


def sitting(*aids: Hat) -> Any:
    return SimpleNamespace(aids=aids, memory=Memory(), run=None)


def test_each_aid_gets_its_own_parts_and_a_shared_one_is_leased_once() -> None:
    first, second = Hat(part("a"), part("b")), Hat(part("b"), part("c"))
    assert [one.key for one in dressing.components((first, second))] == ["a", "b", "c"]
    dress = Dressing(sitting(first, second), ["A", "B", "C"])
    with dress.on("unet", lambda put_on: put_on()):
        assert len(dress.guides) == 2
    assert dress.guides == ()
    assert first.log == [("on", ("unet", "A", "B")), ("off", "unet")]
    assert second.log == [("on", ("unet", "B", "C")), ("off", "unet")]


def test_they_move_to_the_unet_that_is_held_from_then_on() -> None:
    hat = Hat(part("a"))
    dress = Dressing(sitting(hat), ["A"])
    with dress.on("large", lambda put_on: put_on()):
        dress.move_to("small")
    dress.move_to("smallest")
    assert hat.log == [
        ("on", ("large", "A")), ("off", "large"), ("on", ("small", "A")), ("off", "small"),
    ]  # fmt: skip


def test_a_part_that_is_exchanged_is_put_on_again() -> None:
    hat = Hat(part("a"), part("b"))
    dress = Dressing(sitting(hat), ["A", "B"])
    with dress.on("unet", lambda put_on: put_on()):
        names = [rung.name for rung in dress.rungs()]
        assert dress.rungs()[1].climb()
    assert names == ["offload", "offload"]
    assert hat.log[-2:] == [("on", ("unet", "A", "small b")), ("off", "unet")]


def test_an_aid_that_fails_takes_off_the_others() -> None:
    class Torn(Hat):
        def dressed(self, unet: Any, loaded: Sequence[Any]) -> Any:
            raise MemoryError

    hat = Hat()
    dress = Dressing(sitting(hat, Torn()), [])
    with pytest.raises(MemoryError), dress.on("unet", lambda put_on: put_on()):
        pytest.fail("the block must not begin")
    assert hat.log == [("on", ("unet",)), ("off", "unet")]


def test_only_parts_beside_the_unet_need_more_room() -> None:
    alone = Working(operation="image.denoise", estimate_bytes=100)
    assert dressing.working(alone, (Hat(),)) is alone
    more = dressing.working(alone, (Hat(part("a")),))
    assert more.estimate_bytes == 150 and more.operation == "image.denoise.aided"
