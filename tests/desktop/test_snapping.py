"""Where dragged boxes click into place."""

import pytest

from desktop.canvas.geometry import (
    Handle,
    Sizing,
    bounds,
    contains,
    middle,
    on_box,
    resized,
    turned,
)
from desktop.canvas.snapping import snap, snap_angle, snap_edges, targets
from desktop.document.model import Box


def box(x: float, y: float, width: float, height: float, turn: float = 0.0) -> Box:
    return Box(x_mm=x, y_mm=y, width_mm=width, height_mm=height, rotation_deg=turn)


def test_a_box_near_the_middle_clicks_to_it_and_shows_both_guides() -> None:
    found = snap(box(39.0, 89.5, 20, 20), targets(100, 200, ()), 2.0)
    assert (found.dx_mm, found.dy_mm) == (1.0, 0.5)
    assert {(guide.upright, guide.at_mm) for guide in found.guides} == {
        (True, 50.0),
        (False, 100.0),
    }


def test_out_of_reach_nothing_moves() -> None:
    found = snap(box(30, 60, 11, 13), targets(100, 200, ()), 0.5)
    assert (found.dx_mm, found.dy_mm, found.guides) == (0.0, 0.0, ())


def test_the_nearest_of_several_lines_wins() -> None:
    other = box(0, 0, 33.0, 1)
    found = snap(box(32.4, 150, 7, 7), targets(1000, 1000, (other,)), 5.0)
    assert found.dx_mm == pytest.approx(0.6)


def test_margins_are_a_twentieth_of_the_shorter_side() -> None:
    found = snap(box(5.6, 11, 20, 20), targets(100, 200, ()), 1.0)
    assert found.dx_mm == pytest.approx(-0.6)


def test_a_guide_reaches_the_layer_it_comes_from() -> None:
    other = box(40, 150, 10, 30)
    found = snap(box(40.2, 20, 30, 7), targets(1000, 1000, (other,)), 1.0)
    guide = next(x for x in found.guides if x.at_mm == pytest.approx(40.0))
    assert (guide.start_mm, guide.end_mm) == (20, 180)


def test_a_handle_clicks_only_the_edge_it_moves() -> None:
    found = snap_edges((99.2,), (), box(10, 10, 89.2, 31), targets(100, 200, ()), 1.0)
    assert found.dx_mm == pytest.approx(0.8)
    assert found.dy_mm == 0.0


def test_angles_click_to_steps() -> None:
    assert snap_angle(44.0, 45.0, 2.5) == 45.0
    assert snap_angle(40.0, 45.0, 2.5) == 40.0


def test_the_opposite_corner_stays_when_a_turned_box_is_resized() -> None:
    before = box(20, 30, 40, 20, 30.0)
    after = resized(before, Handle.BOTTOM_RIGHT, 9.0, 14.0, Sizing())
    assert on_box(after, -1, -1) == pytest.approx(on_box(before, -1, -1))
    corner = on_box(before, 1, 1)
    assert on_box(after, 1, 1) == pytest.approx((corner[0] + 9.0, corner[1] + 14.0))


def test_a_kept_ratio_is_kept_and_a_centred_box_stays_centred() -> None:
    before = box(0, 0, 40, 20)
    after = resized(before, Handle.TOP_LEFT, -13.0, 2.0, Sizing(keep_ratio=True, centered=True))
    assert after.width_mm / after.height_mm == pytest.approx(2.0)
    assert middle(after) == pytest.approx(middle(before))


def test_a_box_is_never_dragged_inside_out() -> None:
    after = resized(box(0, 0, 40, 20), Handle.RIGHT, -500.0, 0.0, Sizing())
    assert after.width_mm == 1.0


def test_turning_four_times_a_quarter_comes_back() -> None:
    start = box(10, 20, 30, 5, 12.0)
    end = start
    for _ in range(4):
        end = turned(end, (100.0, -7.0), 90.0)
    assert (end.x_mm, end.y_mm, end.rotation_deg) == pytest.approx((10, 20, 12.0))


def test_a_turned_box_contains_its_ends_and_its_bounds_are_around_them() -> None:
    bar = box(0, 45, 100, 10, 90.0)
    assert contains(bar, 50, 2)
    assert not contains(bar, 2, 50)
    around = bounds(bar)
    assert (around.x_mm, around.y_mm) == pytest.approx((45, 0))
    assert (around.width_mm, around.height_mm) == pytest.approx((10, 100))
