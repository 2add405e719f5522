"""Tokens become whole characters, up to a stop string."""

from __future__ import annotations

from engines.text.stream import TextStream


def decode(ids: list[int]) -> str:
    """A tokenizer whose tokens are single bytes."""
    return bytes(ids).decode("utf-8", errors="replace")


def pushed(text: str, *stops: str) -> tuple[TextStream, list[str]]:
    stream = TextStream(decode, stops)
    seen = []
    for byte in text.encode("utf-8"):
        stream.push(byte)
        seen.append(stream.preview)
        if stream.stopped:
            break
    return stream, seen


def test_a_preview_never_shows_half_a_character() -> None:
    stream, seen = pushed("Hafen 音 🎷!")
    assert stream.text == "Hafen 音 🎷!"
    assert not any("�" in text for text in seen)


def test_a_stop_string_is_held_back_until_it_is_sure() -> None:
    stream, seen = pushed("one. END two", "END")
    assert stream.text == "one. "
    assert stream.stopped
    assert not any(text.endswith(("E", "EN")) for text in seen)


def test_what_only_looks_like_a_stop_string_is_shown() -> None:
    stream, _ = pushed("ENcore", "END")
    assert (stream.text, stream.stopped) == ("ENcore", False)


def test_the_first_of_two_stops_counts() -> None:
    stream, _ = pushed("a;b.c", ".", ";")
    assert stream.text == "a"
