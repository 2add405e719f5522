"""Groups are joined and opened at the same place."""

from __future__ import annotations

from desktop.document.assets import AssetStore
from desktop.document.grouping import bounds, grouped, ungrouped
from desktop.document.model import GroupLayer
from tests.document.samples import box, poster, shape


def test_grouping_and_ungrouping_bring_the_layers_back() -> None:
    document = poster(AssetStore())
    joined, group_id = grouped(document, {"picture", "words"})
    assert [layer.id for layer in joined.layers] == ["shape", "group", group_id]
    group = joined.layer(group_id)
    assert isinstance(group, GroupLayer)
    assert [layer.id for layer in group.layers] == ["picture", "words"]
    opened, ids = ungrouped(joined, {group_id})
    assert ids == {"picture", "words"}
    assert [layer.id for layer in opened.layers] == ["shape", "group", "picture", "words"]


def test_one_layer_is_no_group() -> None:
    document = poster(AssetStore())
    assert grouped(document, {"words"}) == (document, "")


def test_bounds_hold_all_boxes() -> None:
    assert bounds([shape()]) == box(10, 10)
    assert bounds([]).width_mm == 0
