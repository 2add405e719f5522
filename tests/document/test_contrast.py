"""Colours of a page are made so that they can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.document.contrast import contrast, contrast_over, luminance, mixed, scheme_of
from desktop.document.measuring import Spread

COLORS = st.builds("#{:06x}".format, st.integers(0, 0xFFFFFF))


def test_known_figures() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert luminance("#ff0000") == pytest.approx(0.2126)
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"


def test_what_lies_between_the_pixels_cannot_be_read() -> None:
    assert contrast_over("#808080", Spread(p10=0.0, p50=0.5, p90=1.0)) == 1.0
    assert contrast_over("#ffffff", Spread(p10=0.0, p50=0.1, p90=0.1)) == pytest.approx(7.0)


@given(st.lists(COLORS, max_size=6))
def test_every_palette_gives_a_readable_scheme(palette: list[str]) -> None:
    scheme = scheme_of(palette)
    assert contrast(scheme.dark, scheme.light) >= 9
    assert contrast(scheme.accent_on_dark, scheme.dark) >= 4.5
    assert contrast(scheme.accent_on_light, scheme.light) >= 4.5
    assert scheme.middle
