"""Words: which font, how large, where lines break."""

from __future__ import annotations

import pytest

from desktop.document.model import Align, VAlign
from desktop.render.fonts import FAMILIES, drawable, load_fonts, resolved_family, spans, weights
from desktop.render.text import fit_size_mm, measure, text_path
from tests.desktop.pages import box, words

pytestmark = pytest.mark.usefixtures("qapp")


def test_every_bundled_family_is_really_used() -> None:
    load_fonts()
    for family in FAMILIES:
        for weight in weights(family):
            assert resolved_family(family, weight) == family


def test_letters_that_a_family_lacks_come_from_one_that_has_them() -> None:
    assert [span.family for span in spans("Jazz 夜 Я", "Anton")] == [
        "Anton",
        "Noto Sans CJK SC",
        "Anton",
        "Inter",
    ]


def test_spans_count_as_qt_does() -> None:
    assert [(span.start, span.length) for span in spans("a😀夜b", "Inter")] == [
        (0, 3),
        (3, 1),
        (4, 1),
    ]


def test_emoji_and_controls_are_left_out() -> None:
    assert drawable("Jazz 🎷\x00\u202e — “ok” 夜ب") == "Jazz  — “ok” 夜ب"


def test_a_line_grows_with_its_size() -> None:
    small, large = (measure(words("Jazz", size_mm=size)) for size in (5.0, 10.0))
    assert large.width_mm == pytest.approx(2 * small.width_mm, rel=0.002)
    assert large.height_mm == pytest.approx(12.0)


def test_tracking_adds_space_between_letters_only() -> None:
    plain, spaced = (measure(words("JAZZ", tracking=value)) for value in (0.0, 0.5))
    assert spaced.width_mm - plain.width_mm == pytest.approx(3 * 0.5 * 8.0, abs=0.1)


def test_text_wraps_in_its_box_and_says_when_a_word_breaks() -> None:
    wrapped = measure(words("some words that need more lines than one"))
    assert wrapped.lines > 1
    assert not wrapped.broken
    assert wrapped.width_mm <= 80.0
    assert measure(words("Donaudampfschifffahrtsgesellschaft", size_mm=12)).broken
    assert not measure(words("夜市爵士音乐节夜市爵士音乐节", size_mm=12)).broken


@pytest.mark.parametrize(
    ("align", "place"), [(Align.LEFT, 0.0), (Align.CENTER, 0.5), (Align.RIGHT, 1.0)]
)
def test_lines_stand_where_they_are_aligned(align: Align, place: float) -> None:
    size = measure(words("HIHIH", align=align, tracking=0.3))
    spare = 80.0 - size.width_mm
    assert size.ink_left_mm == pytest.approx(spare * place, abs=1.2)


def test_blocks_stand_where_they_are_aligned() -> None:
    tops = [measure(words("H", valign=valign)).ink_top_mm for valign in VAlign]
    assert tops[1] - tops[0] == pytest.approx((40.0 - 9.6) / 2)
    assert tops[2] - tops[0] == pytest.approx(40.0 - 9.6)


def test_outlines_and_measures_agree() -> None:
    layer = words("Überraschung 夜市")
    bounds = text_path(layer).boundingRect()
    size = measure(layer)
    assert (bounds.left(), bounds.bottom()) == (size.ink_left_mm, size.ink_bottom_mm)
    assert size.ink_right_mm - size.ink_left_mm <= size.width_mm + 0.5


def test_capitals_are_drawn_from_small_letters() -> None:
    assert measure(words("straße", uppercase=True)) == measure(words("STRASSE"))


def test_fitting_finds_the_largest_size() -> None:
    layer = words("A title that should fill its box", box=box(0, 0, 60, 30))
    size_mm = fit_size_mm(layer, least_mm=2, most_mm=40)
    from dataclasses import replace

    fitting, larger = replace(layer, size_mm=size_mm), replace(layer, size_mm=size_mm + 0.2)
    assert measure(fitting).fits(fitting)
    assert not measure(larger).fits(larger)


def test_nothing_to_read_draws_nothing() -> None:
    for text in ("", "   ", "\n\n", "🎷"):
        assert text_path(words(text)).isEmpty()
