"""Looking through many files: each state of a file is read once, by its header alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from engines.api import Kind, ModelMissing, ModelRefused, ModelSpec, Role
from engines.formats.places import Candidate, children, walk
from engines.formats.recognition import recognise
from engines.formats.wording import identifier
from engines.library import Registered, Seen, fingerprint

READERS = 4
"""Threads that read headers: while one waits for the disk, another one parses."""

STEP = 64
"""Files between two reports of how far it is."""

RECOGNISER = 2
"""Counts the changes of what is recognised; what an older one found is looked at anew."""

Outcome = ModelSpec | ModelRefused
Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are; may raise to stop."""

_TOLD = tuple(x.name for x in fields(ModelSpec) if x.name not in ("path", "sha256", "preview"))
_NUMBERS = frozenset({"size_bytes", "channels"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One scan of the library: what each id stands for, and the state its files were in.

    `register` is the state of what the user had registered then.
    """

    by_id: dict[str, Outcome] = field(default_factory=dict)
    by_path: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    register: str = ""

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        return tuple(x for x in self.by_id.values() if isinstance(x, ModelSpec))

    @property
    def refused(self) -> tuple[ModelRefused, ...]:
        return tuple(x for x in self.by_id.values() if isinstance(x, ModelRefused))


class Scanner:
    """Recognises candidates, out of the cache where their files are as they were."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def look_at(
        self, candidates: Sequence[Candidate], progress: Progress
    ) -> list[tuple[Candidate, str, Outcome]]:
        """Return each candidate with its state and what it is, in the order given."""
        found: dict[int, tuple[str, Outcome]] = {}
        unknown: list[tuple[int, str]] = []
        for number, candidate in enumerate(candidates):
            if number % STEP == 0:
                progress(0, len(candidates))
            state = fingerprint(candidate.path)
            entry = self._seen.get(str(candidate.path), state)
            known = _unpacked(entry, candidate.path) if entry is not None else None
            if known is None:
                unknown.append((number, state))
            else:
                found[number] = (state, known)
        with ThreadPoolExecutor(READERS, "library") as readers:
            try:
                paths = [candidates[number].path for number, _ in unknown]
                for (number, state), outcome in zip(unknown, readers.map(look, paths), strict=True):
                    found[number] = (state, outcome)
                    if len(found) % STEP == 0:
                        progress(len(found), len(candidates))
            except BaseException:
                readers.shutdown(cancel_futures=True)
                raise
            finally:
                for number, state in unknown:
                    if number in found:
                        self._note(candidates[number].path, state, found[number][1])
        self._seen.keep({str(candidate.path) for candidate in candidates})
        progress(len(candidates), len(candidates))
        return [
            (candidate, *_with_preview(found[number], candidate))
            for number, candidate in enumerate(candidates)
        ]

    def _note(self, path: Path, state: str, outcome: Outcome) -> None:
        self._seen.put(str(path), state, _packed(outcome))


def gather(
    roots: Sequence[Path], registered: Registered, keep_on: Callable[[], None]
) -> tuple[list[Candidate], list[str]]:
    """Return what may be models, each place once, and the ids that were promised to some.

    The roots' come first, then what was registered, then what lies in the user's folders.
    """
    candidates = [x for root in roots for x in children(root)]
    wishes = [""] * len(candidates)
    for model_id, path in registered.models.items():
        candidates.append(Candidate(Path(path), ""))
        wishes.append(model_id)
    known = {str(x.path) for x in candidates} | set(registered.hidden)
    for folder in registered.folders:
        for candidate in walk(Path(folder), keep_on):
            if str(candidate.path) not in known:
                known.add(str(candidate.path))
                candidates.append(candidate)
    return candidates, wishes + [""] * (len(candidates) - len(wishes))


def named(
    seen: Sequence[tuple[Candidate, str, Outcome]],
    wishes: Sequence[str],
    hashed: Callable[[ModelSpec], ModelSpec],
    register: str,
) -> Found:
    """Give each outcome an id of its own; a later one never takes an earlier one's."""
    found = Found(register=register)
    numbers: dict[str, int] = {}
    for (candidate, state, outcome), wish in zip(seen, wishes, strict=True):
        own = outcome.id if isinstance(outcome, ModelSpec) else identifier(candidate.path.stem)
        model_id = free_id(wish or own, found.by_id, numbers)
        if isinstance(outcome, ModelSpec):
            outcome = replace(hashed(outcome), id=model_id)
        found.by_id[model_id] = outcome
        found.by_path[str(candidate.path)] = model_id
        found.states[model_id] = state
    return found


def free_id(wish: str, taken: Mapping[str, Outcome], numbers: dict[str, int]) -> str:
    """Return `wish`, or `wish-2`, `wish-3`, ... if it is taken; `numbers` are the last given."""
    number = numbers.get(wish, 1)
    model_id = wish
    while model_id in taken:
        number += 1
        model_id = f"{wish}-{number}"
    numbers[wish] = number
    return model_id


def look(path: Path) -> Outcome:
    """Recognise what lies at a path; a refusal is an answer here."""
    try:
        return recognise(path)
    except ModelRefused as refusal:
        return ModelRefused(refusal.path, refusal.reason)
    except ModelMissing:
        return ModelRefused(str(path), "it is not there any more")


def _with_preview(found: tuple[str, Outcome], candidate: Candidate) -> tuple[str, Outcome]:
    state, outcome = found
    if isinstance(outcome, ModelSpec) and candidate.preview:
        outcome = replace(outcome, preview=candidate.preview)
    return state, outcome


def _packed(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, ModelRefused):
        return {"refused": outcome.reason, "place": outcome.path, "recogniser": RECOGNISER}
    told: dict[str, Any] = {name: getattr(outcome, name) for name in _TOLD}
    kinds = {"kind": str(outcome.kind), "role": str(outcome.role)}
    return {**told, **kinds, "recogniser": RECOGNISER}


def _unpacked(entry: dict[str, Any], path: Path) -> Outcome | None:
    """Return what an entry of the cache says; None if it is not what this version writes."""
    if entry.get("recogniser") != RECOGNISER:
        return None
    if "refused" in entry:
        reason, place = entry["refused"], entry.get("place")
        texts = isinstance(reason, str) and isinstance(place, str)
        return ModelRefused(str(place), str(reason)) if texts else None
    try:
        if any(type(entry[name]) is not (int if name in _NUMBERS else str) for name in _TOLD):
            return None
        told = {name: entry[name] for name in _TOLD}
        told |= {"kind": Kind(entry["kind"]), "role": Role(entry["role"])}
        return ModelSpec(path=str(path), **told)
    except (KeyError, TypeError, ValueError):
        return None
