"""Moments that are typed."""

from __future__ import annotations

import pytest

from desktop.document.moments import read_moments, written_moments


@pytest.mark.parametrize(
    ("text", "moments_s"),
    [
        ("", ()),
        ("3.5, 8, 12.25", (3.5, 8.0, 12.25)),
        ("8;3.5 8", (3.5, 8.0)),
        ("1:04.5 .5", (0.5, 64.5)),
        (" 2:05,", (125.0,)),
    ],
)
def test_moments_are_read_in_order_and_once(text: str, moments_s: tuple[float, ...]) -> None:
    assert read_moments(text) == moments_s
    assert read_moments(written_moments(moments_s)) == moments_s


@pytest.mark.parametrize("word", ["four", "-3", "nan", "inf", "1e9", "1:75", "1:2:3", "3.5s", "٣"])
def test_a_word_that_is_no_moment_is_named(word: str) -> None:
    with pytest.raises(ValueError, match="is not seconds such as"):
        read_moments(f"2, {word}")
