"""Which form each component of a lease takes."""

from __future__ import annotations

import pytest

from engines.memory.lease import Component
from engines.memory.simulated import SimulatedDevice, Weights
from engines.memory.ways import choose, least_bytes

DEVICE = SimulatedDevice(10_000)

UNET = DEVICE.component("unet", 500, smaller=[("offload", 180, True), ("fp8", 260, False)])
LM = DEVICE.component("lm", 400, smaller=[("int8", 200, False)])
VAE = DEVICE.component("vae", 100)


@pytest.mark.parametrize(
    ("components", "room_bytes", "names"),
    [
        ((UNET, LM, VAE), 1000, ["", "", ""]),
        ((UNET, LM, VAE), 999, ["offload", "", ""]),  # exact goes before inexact
        ((UNET, LM, VAE), 600, ["offload", "int8", ""]),
        ((UNET, LM, VAE), 479, None),
        ((LM,), 300, ["int8"]),
        ((VAE,), 99, None),
        ((), 0, []),
    ],
)
def test_the_least_harm_that_fits_is_chosen(
    components: tuple[Component[Weights], ...], room_bytes: int, names: list[str] | None
) -> None:
    ways = choose(components, room_bytes)
    if names is None:
        assert ways is None
    else:
        assert ways is not None
        assert [way.name if way else "" for way in ways] == names


def test_of_two_equal_harms_the_one_that_keeps_more_on_the_device_goes() -> None:
    large = DEVICE.component("large", 400, smaller=[("offload", 100, True)])
    small = DEVICE.component("small", 200, smaller=[("offload", 100, True)])
    ways = choose((large, small), 500)
    assert ways is not None
    assert [way.name if way else "" for way in ways] == ["", "offload"]


def test_only_allowed_forms_are_chosen() -> None:
    fp8 = UNET.smaller[1]
    assert choose((UNET,), 1000, {"unet": (fp8,)}) == (fp8,)
    assert choose((UNET,), 200, {"unet": (fp8,)}) is None


def test_many_forms_are_still_decided_quickly() -> None:
    many = [
        DEVICE.component(str(i), 100, smaller=[(name, 50, True) for name in "abcdef"])
        for i in range(8)
    ]
    ways = choose(many, 450)
    assert ways is not None
    assert sum(100 if way is None else way.size_bytes for way in ways) <= 450


def test_the_least_a_component_can_take() -> None:
    assert [least_bytes(component) for component in (UNET, LM, VAE)] == [180, 200, 100]
