"""A scene's captions as a subtitle file, SubRip or WebVTT."""

from __future__ import annotations

from desktop.document.model import Document


def subtitles(document: Document, suffix: str) -> str:
    """Return the captions in the order of their starts, as ".srt" or ".vtt"."""
    web = suffix == ".vtt"
    blocks = ["WEBVTT\n"] if web else []
    captions = sorted(document.captions, key=lambda x: (x.start_s, x.end_s))
    for number, caption in enumerate(captions, start=1):
        mark = "." if web else ","
        times = f"{_clock(caption.start_s, mark)} --> {_clock(caption.end_s, mark)}"
        # A blank line would end the block, and an arrow would start another.
        lines = [line.strip() for line in caption.text.splitlines() if line.strip()]
        words = "\n".join(lines).replace("-->", "->")
        if web:
            words = words.replace("&", "&amp;").replace("<", "&lt;")
        blocks.append(f"{number}\n{times}\n{words}\n")
    return "\n".join(blocks)


def _clock(time_s: float, mark: str) -> str:
    time_ms = round(time_s * 1000)
    hours, rest = divmod(time_ms, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, milliseconds = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{milliseconds:03}"
