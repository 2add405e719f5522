"""Choices left open in a prompt, made anew for each picture by its own seed.

`{red|blue}` takes one, `{2$$a|b|c}` two of them, `{1-2$$ and $$a|b|c}` one or
two joined by " and "; `{3::red|blue}` takes red three times as often. A
`__name__` takes a line of a list, see `wildcards`. All of it nests. The
notation is that of the sd-dynamic-prompts extension. What is not closed is
taken as it stands, so no text is wrong but one whose lists are missing.
"""

from __future__ import annotations

import heapq
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engines.api import BadRequest, ImageRequest
from engines.api.checks import SEEDS
from engines.image.words.wildcards import Choice, Wildcards, choice

MOST_DEPTH = 24
MOST_CHOICES = 500
MOST_LETTERS = 100_000
JOINER = ", "
"""What several choices are joined by, unless the prompt says otherwise."""

_LIST = re.compile(r"__((?:[^\W_]|\*)(?:[\w \-./*]{0,200}?(?:[^\W_]|\*))?)__")
_BEGIN = re.compile(r"\{|" + _LIST.pattern)
_COUNT = re.compile(r"\s*(?:(\d{1,3})?\s*(-)\s*(\d{1,3})?|(\d{1,3}))\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of one picture, with every choice made."""

    prompt: str
    negative: str = ""
    regions: tuple[str, ...] = ()


def wordings(request: ImageRequest, lists: Wildcards) -> tuple[Wording, ...]:
    """Make the choices of each picture of a request.

    Raises:
        BadRequest: a list is missing, or the choices have no end.
    """
    return tuple(
        _wording(request, (request.seed + number) % SEEDS, lists) for number in range(request.count)
    )


def _wording(request: ImageRequest, seed: int, lists: Wildcards) -> Wording:
    # Each text has its own chance, so that changing one leaves the others' choices as they were.
    regions = enumerate(request.regions)
    return Wording(
        prompt=expand(request.prompt, f"{seed} prompt", lists),
        negative=expand(request.negative, f"{seed} negative", lists),
        regions=tuple(expand(one.prompt, f"{seed} region {n}", lists) for n, one in regions),
    )


def expand(text: str, seed: str, lists: Wildcards) -> str:
    """Make the choices of one text; the same seed makes the same ones everywhere.

    Raises:
        BadRequest: as `wordings`.
    """
    return _Expansion(random.Random(seed), lists).of(text, 0)


@dataclass(slots=True)
class _Expansion:
    """One text being expanded; `chosen` counts the choices."""

    chance: random.Random
    lists: Wildcards
    chosen: int = field(default=0)

    def of(self, text: str, depth: int) -> str:
        """Expand a text that stands `depth` choices deep."""
        if depth > MOST_DEPTH:
            raise BadRequest("the choices of the prompt lead back to themselves, or nest too deep")
        done: list[str] = []
        place = 0
        for begin, end in _open(text):
            done += [text[place:begin], self._one(text[begin:end], depth)]
            place = end
        whole = "".join([*done, text[place:]])
        if len(whole) > MOST_LETTERS:
            raise BadRequest("the choices of the prompt make a text without end")
        return whole

    def _one(self, text: str, depth: int) -> str:
        """Expand one `{...}` or `__name__`."""
        self.chosen += 1
        if self.chosen > MOST_CHOICES:
            raise BadRequest(f"the prompt has more than {MOST_CHOICES} choices in it")
        if text.startswith("__"):
            return self.of(self._take(self.lists.choices(text[2:-2]), 1)[0], depth + 1)
        least, most, joiner, texts = _variant(text[1:-1])
        options: Sequence[Choice] = [choice(one) for one in texts]
        if len(texts) == 1 and most > 1 and (whole := _LIST.fullmatch(texts[0].strip())):
            options = self.lists.choices(whole[1])
        most = min(most, len(options))
        least = min(least, most)
        count = least + int(self.chance.random() * (most - least + 1))
        return joiner.join(self.of(one, depth + 1) for one in self._take(options, count))

    def _take(self, options: Sequence[Choice], count: int) -> list[str]:
        """Take so many different ones, in the order of chance.

        Each waits a time drawn for its odds, and the first ones come: Efraimidis
        and Spirakis 2006, doi:10.1016/j.ipl.2005.11.003.
        """
        waits = (
            (-math.log(1 - self.chance.random()) / odds if odds else math.inf, number)
            for number, (odds, _text) in enumerate(options)
        )
        return [options[number][1] for _wait, number in heapq.nsmallest(count, waits)]


def _open(text: str) -> list[tuple[int, int]]:
    """Find the outermost choices of a text: where each begins, and where it ends."""
    closed: dict[int, int] = {}
    begun: list[int] = []
    for found in re.finditer(r"[{}]", text):
        if found[0] == "{":
            begun.append(found.start())
        elif begun:
            closed[begun.pop()] = found.end()
    spans: list[tuple[int, int]] = []
    for found in _BEGIN.finditer(text):
        begin = found.start()
        end = closed.get(begin, 0) if found[0] == "{" else found.end()
        if end and not (spans and begin < spans[-1][1]):
            spans.append((begin, end))
    return spans


def _variant(inner: str) -> tuple[int, int, str, list[str]]:
    """Read what stands between braces: least, most, joiner, options."""
    head, marked, rest = inner.partition("$$")
    found = _COUNT.match(head) if marked else None
    if found is None:
        return 1, 1, JOINER, _split(inner)
    joiner, marked, after = rest.partition("$$")
    if marked and not set("{}|") & set(joiner):
        rest = after
    else:
        joiner = JOINER
    options = _split(rest)
    if found[4]:
        return int(found[4]), int(found[4]), joiner, options
    least = int(found[1]) if found[1] else 1
    most = int(found[3]) if found[3] else MOST_CHOICES  # as many as there are
    return min(least, most), max(least, most), joiner, options


def _split(inner: str) -> list[str]:
    """Cut at each `|` that is not inside braces."""
    options, depth, begin = [], 0, 0
    for place, sign in enumerate(inner):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "|" and depth == 0:
            options.append(inner[begin:place])
            begin = place + 1
    return [*options, inner[begin:]]
