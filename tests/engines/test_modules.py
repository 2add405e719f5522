"""Weights that are parked, returned, offloaded and stored in 8 bits, on the processor."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from engines.formats.safetensors import Tensor
from engines.memory.weights import parking
from engines.memory.weights.footprints import footprint, together
from engines.memory.weights.modules import (
    _parkings,
    distinct,
    fp8,
    itself,
    mover,
    offloaded,
    smaller_ways,
)
from engines.memory.weights.parking import Shelf, Shelves


class Network(nn.Module):
    """A bit of everything: convolutions in channels-last order, tied weights, buffers, a scalar."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.inner = nn.Linear(8, 16)
        self.outer = nn.Linear(8, 16)
        self.outer.weight = self.inner.weight
        self.scale = nn.Parameter(torch.tensor(0.5))
        self.register_buffer("empty", torch.zeros(0, 3))
        self.register_buffer("times", torch.arange(5), persistent=False)
        for weight in self.parameters():
            weight.data.normal_(generator=generator)
        self.first.to(memory_format=torch.channels_last)
        self.eval().requires_grad_(False)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        seen = self.norm(self.first(picture)).mean((2, 3))
        return (self.inner(seen) + self.outer(seen)) * self.scale + self.times.sum()


def result(network: nn.Module) -> torch.Tensor:
    with torch.no_grad():
        out: torch.Tensor = network(torch.linspace(-1, 1, 192).view(1, 3, 8, 8))
    return out


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def pool() -> Shelves:
    pool = Shelves()
    pool.limit(2**30)
    return pool


def places(network: nn.Module) -> list[int]:
    return [group[0].data_ptr() for group in distinct([network])]


@pytest.mark.parametrize("slab_bytes", [1, 1024, 2**20])
def test_parked_and_returned_weights_give_the_same_results(
    network: Network, pool: Shelves, slab_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "SLAB_BYTES", slab_bytes)
    before, spot, weights = result(network), pool.parking(), distinct([network])
    spot.park(weights)
    assert spot.parked
    assert torch.equal(result(network), before)
    spot.bring(weights, "cpu")
    assert not spot.parked
    assert torch.equal(result(network), before)
    assert network.inner.weight is network.outer.weight
    assert network.first.weight.is_contiguous(memory_format=torch.channels_last)
    assert network.empty.shape == (0, 3) and network.scale.shape == ()


def test_tied_weights_and_views_of_the_same_bytes_lie_there_once(network: Network) -> None:
    network.register_buffer("alias", network.first.weight.detach())
    groups = distinct([network, network])
    together_now = [len(group) for group in groups if len(group) > 1]
    assert together_now == [2], "the alias lies with its weight; one object counts once"
    spot = Shelves().parking()
    spot.park(groups)
    assert network.alias.data_ptr() == network.first.weight.data_ptr()


def test_a_second_parking_copies_nothing(network: Network, pool: Shelves) -> None:
    spot, weights = pool.parking(), distinct([network])
    spot.park(weights)
    kept, at = spot.shelf, places(network)
    spot.bring(weights, "cpu")
    assert places(network) != at
    spot.park(weights)
    assert spot.shelf is kept
    assert places(network) == at


def test_weights_that_changed_are_copied_anew(network: Network, pool: Shelves) -> None:
    spot, weights = pool.parking(), distinct([network])
    spot.park(weights)
    spot.bring(weights, "cpu")
    network.scale.add_(1.0)
    changed = result(network)
    spot.park(weights)
    spot.bring(weights, "cpu")
    assert torch.equal(result(network), changed)


def test_new_weights_are_parked_with_the_others(network: Network, pool: Shelves) -> None:
    spot = pool.parking()
    spot.park(distinct([network]))
    spot.bring(distinct([network]), "cpu")
    network.inner = nn.Linear(8, 16)
    changed = result(network)
    spot.park(distinct([network]))
    spot.bring(distinct([network]), "cpu")
    assert torch.equal(result(network), changed)


def test_without_room_no_spare_copy_is_kept(network: Network) -> None:
    pool = Shelves()
    spot, weights = pool.parking(), distinct([network])
    spot.park(weights)
    assert pool.held_bytes > 0, "what is parked is the manager's to decide"
    spot.bring(weights, "cpu")
    assert pool.held_bytes == 0


def test_spare_copies_give_way_to_what_is_parked() -> None:
    pool = Shelves()
    networks = [Network() for _ in range(3)]
    spots = [pool.parking() for _ in networks]
    size_bytes = Shelf([group[0] for group in distinct([networks[0]])]).size_bytes
    pool.limit(2 * size_bytes)
    for spot, network in zip(spots, networks, strict=True):
        spot.park(distinct([network]))
        spot.bring(distinct([network]), "cpu")
    assert pool.held_bytes == 2 * size_bytes
    assert spots[0].shelf is None, "the first that returned gave way"
    spots[0].park(distinct([networks[0]]))
    assert pool.held_bytes == 2 * size_bytes
    assert spots[1].shelf is None and spots[2].shelf is not None
    pool.limit(0)
    assert pool.held_bytes == size_bytes, "what is parked stays"


class Breaks(Exception):
    """Raised by a tensor operation on purpose."""


@pytest.fixture
def break_copy(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what lets the n-th copy from now on fail."""
    left = 0
    copy = torch.Tensor.copy_

    def copy_or_break(self: torch.Tensor, *given: Any, **named: Any) -> torch.Tensor:
        nonlocal left
        left -= 1
        if left == 0:
            raise Breaks
        return copy(self, *given, **named)

    def arm(number: int) -> None:
        nonlocal left
        left = number

    monkeypatch.setattr(parking, "SLAB_BYTES", 1)
    monkeypatch.setattr(torch.Tensor, "copy_", copy_or_break)
    return arm


@pytest.mark.parametrize("number", [1, 4, 12])
def test_a_parking_that_fails_leaves_all_at_home(
    network: Network, pool: Shelves, break_copy: Callable[[int], None], number: int
) -> None:
    before, at, spot = result(network), places(network), pool.parking()
    break_copy(number)
    with pytest.raises(Breaks):
        spot.park(distinct([network]))
    assert not spot.parked and pool.held_bytes == 0
    assert places(network) == at
    assert torch.equal(result(network), before)
    spot.park(distinct([network]))
    assert spot.parked


@pytest.mark.parametrize("number", [1, 4, 12])
def test_a_return_that_fails_leaves_all_parked(
    network: Network, pool: Shelves, break_copy: Callable[[int], None], number: int
) -> None:
    before, spot, weights = result(network), pool.parking(), distinct([network])
    spot.park(weights)
    at = places(network)
    break_copy(number)
    with pytest.raises(Breaks):
        spot.bring(weights, "cpu")
    assert spot.parked and places(network) == at
    assert torch.equal(result(network), before)
    spot.bring(weights, "cpu")
    assert not spot.parked


def test_a_mover_takes_all_of_a_thing_and_forgets_it_with_the_thing() -> None:
    class Held:
        def __init__(self) -> None:
            self.network, self.rows = Network(), torch.ones(7)

    move = mover(lambda held: (held.network, held.rows))
    held = Held()
    before, known = result(held.network), len(_parkings)
    rows_at = held.rows.data_ptr()
    move(held, "cpu")
    assert len(_parkings) == known + 1
    assert held.rows.data_ptr() != rows_at and held.rows.sum() == 7
    assert torch.equal(result(held.network), before)
    move(held, "cpu")
    assert len(_parkings) == known + 1
    del held
    gc.collect()
    assert len(_parkings) == known


def test_a_move_within_inference_mode_leaves_ordinary_weights(network: Network) -> None:
    move = mover(itself)
    with torch.inference_mode():
        move(network, "cpu")
    assert not network.scale.is_inference()
    network.scale.add_(1.0)


def test_weights_of_other_types_survive(pool: Shelves) -> None:
    rows = [
        torch.arange(6).view(2, 3).t(),
        torch.tensor([True, False, True]),
        torch.randn(5).to(torch.float8_e4m3fn),
        torch.randn(3, dtype=torch.bfloat16),
        torch.ones(1).expand(4),
    ]
    wanted = [row.clone() for row in rows]
    spot = pool.parking()
    spot.park(distinct(rows))
    spot.bring(distinct(rows), "cpu")
    for row, want in zip(rows, wanted, strict=True):
        assert row.dtype == want.dtype
        assert torch.equal(row.float(), want.float())


class Layers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 32)
        self.layers = nn.ModuleList(nn.Linear(32, 32) for _ in range(6))
        self.norm = nn.LayerNorm(32)
        self.requires_grad_(False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embed(ids)
        for layer in self.layers:
            x = x + layer(x)
        return self.norm(x)


def header_of(module: nn.Module) -> dict[str, Tensor]:
    return {
        name: Tensor("F32", tuple(weight.shape), weight.numel() * 4)
        for name, weight in module.state_dict().items()
    }


def test_offloaded_layers_give_the_same_bits() -> None:
    layers, ids = Layers(), torch.arange(10)
    before = layers(ids)
    assert offloaded(layers, "cpu") is layers
    assert torch.equal(layers(ids), before)
    assert torch.equal(layers(ids), before)


def test_eight_bits_take_what_the_header_foretold_and_stay_close() -> None:
    layers, ids = Layers(), torch.arange(10)
    before = layers(ids)
    foretold = footprint(header_of(layers)).fp8_bytes(4)
    assert fp8(layers) is layers
    after = layers(ids)
    assert layers.layers[0].weight.dtype is torch.float8_e4m3fn
    assert layers.embed.weight.dtype is layers.norm.weight.dtype is torch.float32
    assert nn.functional.cosine_similarity(before, after).min() > 0.98
    held = sum(p.numel() * p.element_size() for p in layers.parameters())
    one_layer = 4 * (32 * 32 + 32)
    assert held <= foretold <= (held + one_layer) * 1.1


def test_sizes_come_from_the_header() -> None:
    known = footprint(header_of(Layers()))
    layer = 32 * 32 + 32
    assert known.elements == 6 * layer + 10 * 32 + 64
    assert known.largest == layer
    assert known.castable == 6 * 32 * 32
    assert known.whole_bytes(2) == 2 * known.elements
    assert known.offloaded_bytes(2) == 2 * 2 * layer
    both = together([known, footprint({"head.weight": Tensor("F16", (50, 50), 5000)})])
    assert both.elements == known.elements + 2500
    assert both.largest == 2500
    assert footprint({}).whole_bytes(4) == 0


def test_smaller_ways_load_what_they_say() -> None:
    layers, ids = Layers(), torch.arange(10)
    before = layers(ids)
    asked: list[str] = []

    def load(device: str) -> Layers:
        asked.append(device)
        return layers

    ways = smaller_ways(footprint(header_of(layers)), 4, load)
    assert [(way.name, way.exact) for way in ways] == [("offload", True), ("fp8", False)]
    assert ways[0].size_bytes < ways[1].size_bytes < footprint(header_of(layers)).whole_bytes(4)
    assert torch.equal(ways[0].load("cpu")(ids), before)
    assert asked == ["cpu"], "it is made smaller before it touches the card"


def test_a_network_of_one_layer_has_no_smaller_way() -> None:
    one = footprint({"layer.norm": Tensor("F32", (100,), 400)})
    assert smaller_ways(one, 4, lambda _device: None) == ()
