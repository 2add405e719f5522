"""Find the day and the hour that a brief states, as they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain

from engines.director.lexicon import FEASTS, MONTHS, WEEKDAY_SHORTS, WEEKDAYS


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the brief, from `start` until before `end`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


def _any(words: list[str] | tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_WEEKDAY = rf"(?i:{_any(WEEKDAYS)})s?"
_SHORT = rf"(?:{_any(WEEKDAY_SHORTS)})\.?(?=\s+\d|\s*[-–]|\s*[,;]|\s*$)"
_ANY_WEEKDAY = rf"(?:\b{_WEEKDAY}\b|\b{_SHORT})"
_MONTH = rf"(?:{_any(MONTHS)})\b\.?"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th|\.|er)?"
_YEAR = r"(?:,?\s+(?:19|20)\d\d)?"
_TO = r"\s*(?:-|–|—|to|until|till|through|and|&|und|bis|à|au|et|y|a)\s*"
_DATE = (
    rf"(?:\b{_NUMBER}(?:{_TO}{_NUMBER})?\s+(?:of\s+|de\s+)?{_MONTH}{_YEAR}"
    rf"|\b{_MONTH}\s+{_NUMBER}(?:{_TO}{_NUMBER})?\b{_YEAR}"
    rf"|\b{_MONTH}\s+(?:19|20)\d\d\b"
    r"|\b(?:19|20)\d\d-\d\d-\d\d\b"
    r"|\b\d{1,2}\.\s?\d{1,2}\.(?:\s?(?:19|20)?\d\d\b)?"
    r"|\b\d{1,2}/\d{1,2}(?:/(?:19|20)?\d\d)?\b)"
)
_EACH = r"(?:\b(?:every|each|this|next|jeden|jeden|chaque|cada)\s+)?"
_DAYS = (
    rf"{_EACH}{_ANY_WEEKDAY}(?:{_TO}{_ANY_WEEKDAY})?(?:,?\s+(?:the\s+|den\s+|le\s+)?{_DATE})?",
    rf"{_DATE}(?:{_TO}{_DATE})?",
    rf"(?i:\b(?:{_any(FEASTS)})\b)",
    r"(?i:\b(?:(?:this|next|every)\s+(?:weekend|month|week|spring|summer|autumn|winter)"
    r"|tomorrow(?:\s+(?:night|evening|morning|afternoon))?|tonight|today|heute(?:\s+abend)?|morgen"
    r"\s+(?:abend|früh)|demain(?:\s+soir)?|ce\s+soir|mañana|esta\s+noche)\b)",
    rf"(?<=\bin )\b{_MONTH}",
    r"(?:本|这|下)?(?:周|星期|礼拜)[一二三四五六日天末](?:至(?:周|星期)?[一二三四五六日天])?",
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]?|今天|明天|后天|今晚|明晚|除夕|中秋节?",
)

_CLOCK = r"\d{1,2}(?:[:.]\d{2})?"
_HALF = r"(?:a\.m\.|p\.m\.|[ap]m\b|AM\b|PM\b)"
_HOURS = (
    rf"\b{_CLOCK}\s*{_HALF}?\s*(?:-|–|—|to|until|till)\s*{_CLOCK}\s*{_HALF}",
    rf"\b{_CLOCK}\s*{_HALF}?\s*(?:-|–|—|to|until|till)\s*(?:noon|midnight|late)\b",
    rf"\b{_CLOCK}\s*{_HALF}",
    r"\b\d{1,2}(?:[:.]\d{2})?(?:\s*(?:-|–|bis)\s*\d{1,2}(?:[:.]\d{2})?)?\s*Uhr\b",
    r"\b(?:[01]?\d|2[0-4]):[0-5]\d(?:\s*(?:-|–|—|to|until|bis|à)\s*(?:[01]?\d|2[0-4]):[0-5]\d)?\b",
    r"\b(?:[01]?\d|2[0-3])\s?h(?:[0-5]\d)?\b(?!\s+[a-z])",
    r"(?i:\b(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"\s+o['’]clock\b)",
    r"(?i:\b(?:half\s+past|quarter\s+(?:past|to))\s+(?:\d{1,2}|[a-z]+)\b)",
    r"(?i:(?<=\bat )(?:noon|midnight|sunset|sunrise|dusk|dawn|nightfall)\b)",
    r"(?i:(?<=\bfrom )(?:noon|sunset|sunrise|dusk|dawn)(?:\s+(?:to|till|until)\s+[a-z]+)?\b)",
    r"(?i:\b(?:noon|midnight|sunset|sunrise|dusk)(?=\s*(?:[,;.]|$)))",
    r"(?:(?<=\bat )|(?<=\bum )|(?<=\bab )|(?<=\bfrom ))(?:[01]?\d|2[0-4])(?:[:.]\d{2})?"
    r"(?=\s*(?:[,;.]|$))",
    r"(?:早上|上午|中午|下午|傍晚|晚上|凌晨|夜里|晚)?\s*(?:\d{1,2}|[一二三四五六七八九十两]{1,3})"
    r"(?:点(?:半|一刻|\d{1,2}分?)?|[:：][0-5]\d)",
)

# "until Saturday" is another fact than "Saturday"
_BOUND = re.compile(r"\b(?:until|till|from|bis|ab|jusqu['’]au|jusqu['’]à|hasta)\s+$", re.IGNORECASE)

_DAY_PATTERNS = [re.compile(pattern) for pattern in _DAYS]
_HOUR_PATTERNS = [re.compile(pattern) for pattern in _HOURS]


def find_days(text: str, quoted: list[Span]) -> list[Span]:
    """Find all days and dates, in order; what stands in quotes is not looked at."""
    return _find(text, _DAY_PATTERNS, quoted)


def find_hours(text: str, taken: list[Span]) -> list[Span]:
    """Find all hours, in order; `taken` are days and quotes already found."""
    return _find(text, _HOUR_PATTERNS, taken)


def _find(text: str, patterns: list[re.Pattern[str]], taken: list[Span]) -> list[Span]:
    found: list[Span] = []
    matches = chain.from_iterable(pattern.finditer(text) for pattern in patterns)
    for match in matches:
        start, end = match.span()
        start += len(match.group()) - len(match.group().lstrip())
        bound = _BOUND.search(text[:start])
        span = Span(bound.start() if bound else start, end)
        if span.end > span.start and not any(span.overlaps(other) for other in [*taken, *found]):
            found.append(span)
    return sorted(found, key=lambda span: span.start)
