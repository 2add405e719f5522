"""Documents become JSON and back; what a newer version wrote is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from desktop.document.assets import AssetStore
from desktop.document.codec import from_dict, to_dict
from desktop.document.model import Document
from desktop.document.problems import DocumentError
from tests.document.samples import poster, scene


@pytest.fixture
def data() -> dict[str, Any]:
    return json.loads(json.dumps(to_dict(poster(AssetStore()))))


@pytest.mark.parametrize("make", [poster, scene])
def test_a_document_reads_back_equal(make: Any) -> None:
    document: Document = make(AssetStore())
    assert from_dict(json.loads(json.dumps(to_dict(document)))) == document


def test_unknown_fields_come_back_where_they_were(data: dict[str, Any]) -> None:
    data["future"] = {"a": [1, 2]}
    data["layers"][1]["glow"] = 3
    data["layers"][1]["fill"]["stops"][1]["space"] = "oklab"
    data["layers"][2]["layers"][0]["deep"] = True
    again = to_dict(from_dict(data))
    assert again["future"] == {"a": [1, 2]}
    assert again["layers"][1]["glow"] == 3
    assert again["layers"][1]["fill"]["stops"][1]["space"] == "oklab"
    assert again["layers"][2]["layers"][0]["deep"] is True
    assert "extra" not in again


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("title",), 5),
        (("width_mm",), "wide"),
        (("width_mm",), 0),
        (("width_mm",), True),
        (("dpi",), 1e9),
        (("fps",), 24.5),
        (("kind",), "novel"),
        (("background",), "red"),
        (("layers",), {"0": 1}),
        (("layers", 0, "asset"), "../../etc/passwd"),
        (("layers", 0, "box", "x_mm"), 1e300),
        (("layers", 0, "opacity"), 7),
        (("layers", 0, "type"), "hologram"),
        (("layers", 0, "type"), ["picture"]),
        (("layers", 0, "id"), "words"),
        (("layers", 1, "fill", "stops"), []),
        (("layers", 3, "color"), "#12"),
        (("layers", 3, "size_mm"), -1),
        (("layers", 3, "text"), "\ud800"),
    ],
)
def test_a_wrong_value_is_refused_in_words(
    data: dict[str, Any], place: tuple[Any, ...], value: Any
) -> None:
    part = data
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    with pytest.raises(DocumentError) as caught:
        from_dict(data)
    assert len(caught.value.reason) > 8


def test_a_missing_value_is_refused(data: dict[str, Any]) -> None:
    del data["layers"][0]["box"]
    with pytest.raises(DocumentError, match="missing"):
        from_dict(data)
