"""ONNX files: cut-out networks are known by what they take, all others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.api import Kind, ModelRefused, ModelSpec, Role
from engines.formats.recognition import recognise
from tests.engines import onnx_files


def known(tmp_path: Path, data: bytes, name: str = "model.onnx") -> ModelSpec:
    path = tmp_path / name
    path.write_bytes(data)
    return recognise(path)


@pytest.mark.parametrize(
    ("side_px", "operators", "family"),
    [(320, (), "u2net"), (1024, (), "isnet"), (1024, ("Softmax",), "birefnet")],
)
def test_a_family_is_known_by_what_it_takes(
    tmp_path: Path, side_px: int, operators: tuple[str, ...], family: str
) -> None:
    spec = known(tmp_path, onnx_files.cutout(side_px, operators=operators))
    assert (spec.kind, spec.role, spec.format) == (Kind.CUTOUT, Role.CUTOUT, "onnx")
    assert spec.architecture == family


@pytest.mark.parametrize("where", ["name", "words"])
def test_a_licence_that_forbids_trade_is_told(tmp_path: Path, where: str) -> None:
    data = onnx_files.cutout(1024, about="BRIA RMBG 1.4" if where == "words" else "")
    spec = known(tmp_path, data, "rmbg-1.4.onnx" if where == "name" else "model.onnx")
    assert "non-commercial" in spec.restrictions and spec.licence


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (onnx_files.cutout(external=True), "another file"),
        (onnx_files.cutout(operators=("Loop",)), "program inside"),
        (onnx_files.cutout(operators=("Run",), domain="evil"), "code of its own"),
        (onnx_files.cutout(shape=(1, 3, 64, 32)), "one picture"),
        (onnx_files.cutout(shape=(1, 1, 64, 64)), "one picture"),
        (onnx_files.cutout(shape=(1, 3, 9000, 9000)), "one picture"),
        (onnx_files.cutout()[:-20], "cut short"),
        (b"", "no network"),
        (onnx_files.field(1, 8), "no network"),
        (onnx_files.field(7, onnx_files.field(1, b"\x22" + b"\xff" * 9 + b"\x01")), "cut short"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    with pytest.raises(ModelRefused, match=reason):
        known(tmp_path, data)


def test_very_many_parts_are_refused_soon(tmp_path: Path) -> None:
    graph = onnx_files.field(7, onnx_files.field(1, b"") * 600_000)
    with pytest.raises(ModelRefused, match="more parts"):
        known(tmp_path, graph)
