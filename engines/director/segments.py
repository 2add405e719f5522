"""Cut a brief into the parts between its commas, leaving quotes and dates whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engines.director.times import Span, find_days, find_hours

_QUOTED = re.compile(
    r'"([^"\n]{2,80})"|“([^”\n]{2,80})”|„([^“”\n]{2,80})[“”]|«\s?([^»\n]{2,80}?)\s?»'
    r"|《([^》\n]{1,60})》|「([^」\n]{1,60})」|(?<!\w)'([A-Z][^'\n]{1,80})'(?!\w)|‘([A-Z][^’\n]{1,80})’"
)
_CUT = re.compile(
    r"\s*[,;，；、。！？|•·\n]\s*|\s+[-–—]\s+|(?<=[^\s.]{3})[.!?](?=\s|$)\s*|:\s+|：|[.!?]\s*$"
)
_ABBREVIATION = re.compile(r"\b(?:St|Dr|Mr|Mrs|Ms|No|Nr|feat|ft|vs|Prof)$")
_CONNECTOR = re.compile(
    r"(?:(?<=^)|(?<=\s))(?:on|at|from|by|until|till|starting|starts|doors|um|am|im|ab|le|à|a las"
    r"|el|den|dem|on the|du)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of the brief; `text` is without days and hours, `timed` says one was there."""

    span: Span
    text: str
    timed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A brief cut up: where quotes, days and hours are, and the segments."""

    brief: str
    quotes: tuple[Span, ...]
    days: tuple[Span, ...]
    hours: tuple[Span, ...]
    segments: tuple[Segment, ...]


def cut_up(brief: str) -> Parts:
    """Find quotes, days and hours, then cut at commas, dashes and stops outside them."""
    quotes = [_inside(match) for match in _QUOTED.finditer(brief)]
    days = find_days(brief, quotes)
    hours = find_hours(brief, [*quotes, *days])
    whole = [*quotes, *days, *hours]
    segments: list[Segment] = []
    start = 0
    for cut in [*_cuts(brief, whole), Span(len(brief), len(brief))]:
        if cut.start > start:
            segments.append(_segment(brief, Span(start, cut.start), [*days, *hours]))
        start = cut.end
    return Parts(
        brief=brief,
        quotes=tuple(quotes),
        days=tuple(days),
        hours=tuple(hours),
        segments=tuple(segment for segment in segments if segment.text or segment.timed),
    )


def _inside(match: re.Match[str]) -> Span:
    group = match.lastindex or 0
    return Span(match.start(group), match.end(group))


def _cuts(brief: str, whole: list[Span]) -> list[Span]:
    cuts = []
    for match in _CUT.finditer(brief):
        span = Span(match.start(), max(match.end(), match.start() + 1))
        if any(span.overlaps(other) for other in whole):
            continue
        if match.group().startswith(".") and _ABBREVIATION.search(brief[: match.start()]):
            continue
        cuts.append(span)
    return cuts


def _segment(brief: str, span: Span, times: list[Span]) -> Segment:
    inside = sorted((t for t in times if t.overlaps(span)), key=lambda t: t.start)
    text = without(brief, span, inside)
    return Segment(span=span, text=text, timed=bool(inside))


def without(brief: str, span: Span, gone: list[Span]) -> str:
    """Return a part of the brief without some spans and the words that led to them.

    A day before a noun stays ("Sunday brunch", "Friday night jazz"): there it
    belongs to the name of the thing.
    """
    kept = ""
    at = span.start
    for hole in sorted(gone, key=lambda hole: hole.start):
        before = brief[at : hole.start]
        follows = brief[hole.end : span.end].lstrip()
        leads = not (kept + before).strip()
        if leads and re.match(r"[a-z]", follows) and not _starts_remark(follows):
            continue
        kept += _CONNECTOR.sub("", before.rstrip() + " ") if before.strip() else ""
        at = hole.end
    kept += brief[at : span.end]
    return re.sub(r"\s+", " ", kept).strip(" \t\n,;-–—:().")


def _starts_remark(text: str) -> bool:
    return bool(
        re.match(
            r"(?:at|in|on|from|with|by|until|im|am|in|bei|à|au|dans|ab|um|und|to|for|and)\b", text
        )
    )
