"""Titles break evenly and only where they may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop.document.linebreaks import balanced, joined, pieces

WORDS = st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=12), min_size=1, max_size=14)


def test_lines_are_even() -> None:
    assert balanced(pieces("Night Market Jazz Festival"), 2, len) == (
        "Night Market",
        "Jazz Festival",
    )


def test_chinese_breaks_between_characters_but_not_before_a_comma() -> None:
    assert [piece.text for piece in pieces("夜市，jazz 音乐")] == ["夜", "市，", "jazz", "音", "乐"]
    assert joined(pieces("夜市，jazz 音乐")) == "夜市，jazz 音乐"


@given(WORDS, st.integers(1, 6))
def test_nothing_is_lost_and_no_other_breaks_are_narrower(words: list[str], count: int) -> None:
    text = " ".join(words)
    lines = balanced(pieces(text), count, len)
    assert " ".join(lines) == text
    assert len(lines) == min(count, len(words))
    assert max(map(len, lines)) <= len(text)
    if len(words) > 1 and count == 2:
        best = min(
            max(len(" ".join(words[:i])), len(" ".join(words[i:]))) for i in range(1, len(words))
        )
        assert max(map(len, lines)) == best
