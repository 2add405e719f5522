"""What jobs are called before they begin."""

from __future__ import annotations

from pathlib import Path

from engines.api import BackgroundRequest, ImageRequest, TextRequest
from engines.catalog import Catalog
from engines.hosting.labels import label_of, named


def test_a_label_is_the_kind_and_the_model() -> None:
    assert label_of(TextRequest(prompt="x", seed=1, model="smol")) == "text:smol"
    assert label_of(ImageRequest(prompt="x", seed=1)) == "image:"
    background = BackgroundRequest(prompt="x", seed=1, width_px=64, height_px=64)
    assert label_of(background) == "background:"


def test_the_librarys_own_choice_is_written_in(tmp_path: Path) -> None:
    catalog = Catalog(library=tmp_path)
    labels = ("image:", "image:sdxl", "background:", "odd:", "")
    assert named(labels, catalog) == (
        "image:triptych-image-1", "image:sdxl", "background:", "odd:", "",
    )  # fmt: skip


def test_an_empty_library_leaves_the_label_open(tmp_path: Path) -> None:
    assert named(("image:",), Catalog([], library=tmp_path)) == ("image:",)
