"""Measure how often a mood that is asked for is heard in the piece, and put it into the card.

`python -m engines.training.music.moods MODEL`
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.api import MusicRequest, Run
from engines.devices import choose, dtype, fix_threads
from engines.music import labels
from engines.music.controls import plan_cue
from engines.music.model.decoder import load_decoder
from engines.music.moods import MOODS
from engines.music.score import TICKS_PER_QUARTER
from engines.music.writing.verbs import write_new

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder

PIECES: Final = 8
BARS: Final = 8
FIRST_SEED: Final = 500
"""Other seeds than those by which the manners were chosen."""
ENERGIES: Final = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came when a mood, and maybe an energy, was asked: each piece's label and energy."""

    mood: str
    heard: tuple[str, ...]
    energies: tuple[int, ...]

    @property
    def recognised(self) -> int:
        return sum(mood == self.mood for mood in self.heard)


def ask(decoder: Decoder, mood: str, *, pieces: int = PIECES, energy: int = -1) -> Asked:
    """Write pieces that are told a mood and nothing else, and label them by the rules."""
    heard, energies = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + pieces):
        request = MusicRequest(seed=seed, mood=mood, bars=BARS, energy=energy)
        features = _features(decoder, request)
        heard.append(MOODS[labels.mood_of(features)])
        energies.append(labels.energy_of(features))
    return Asked(mood=mood, heard=tuple(heard), energies=tuple(energies))


def _features(decoder: Decoder, request: MusicRequest) -> np.ndarray:
    cue = plan_cue(request)
    score = write_new(decoder, cue, request, Run())
    notes = sorted(n for track in score.tracks if not track.is_drum for n in track.notes)
    return labels.measure(
        notes,
        mode=cue.key.mode,
        tonic=cue.key.tonic,
        bpm=score.bpm_at(0),
        quarters=notes[-1].end_tick / TICKS_PER_QUARTER,
    )


def mood_table(asked: Sequence[Asked], energies: Sequence[Asked]) -> str:
    """Tell what was recognised, in Markdown; `energies` has one row for each of `ENERGIES`."""
    rows = "\n".join(
        f"| {a.mood} | {a.recognised} of {len(a.heard)} | {_others(a)} |" for a in asked
    )
    levels = "\n".join(
        f"| {level} | {np.mean(a.energies):.1f} |"
        for level, a in zip(ENERGIES, energies, strict=False)
    )
    text = f"""Pieces of {BARS} bars that are told a mood and nothing else, labelled by the rules of
`engines/music/labels.py`; `python -m engines.training.music.moods MODEL` writes this again.

| asked | recognised | taken for |
|---|---|---|
{rows}"""
    if not levels:
        return text
    return f"""{text}

| energy asked ({energies[0].mood}) | energy by the rules, mean |
|---|---|
{levels}"""


def _others(asked: Asked) -> str:
    others = Counter(mood for mood in asked.heard if mood != asked.mood)
    return ", ".join(f"{mood} {count}" for mood, count in others.most_common()) or "–"


def put(card: str, table: str) -> str:
    """Give a card its table of moods, before its limits."""
    section = f"## Moods\n\n{table}\n\n## Limits"
    return re.sub(r"(## Moods\n.*?)?## Limits", lambda _: section, card, count=1, flags=re.S)


def main(argv: Sequence[str]) -> int:
    """Write and label the pieces; print the table and put it into README.md."""
    parser = argparse.ArgumentParser(prog="engines.training.music.moods")
    parser.add_argument("model", type=Path, help="the folder of a music model")
    parser.add_argument("--pieces", type=int, default=PIECES, help="for each mood")
    parser.add_argument("--energy-of", default="hopeful", help="the mood asked at each energy")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    asked = parser.parse_args(argv)
    fix_threads()
    device = choose(asked.device)
    decoder = load_decoder(asked.model, device, dtype(device))
    moods = []
    for mood in MOODS:
        moods.append(ask(decoder, mood, pieces=asked.pieces))
        sys.stderr.write(f"{mood}: {moods[-1].recognised} of {asked.pieces}\n")
    some = max(1, asked.pieces // 4)
    energies = [ask(decoder, asked.energy_of, pieces=some, energy=level) for level in ENERGIES]
    table = mood_table(moods, energies)
    sys.stdout.write(table + "\n")
    card = asked.model / "README.md"
    if card.is_file():
        card.write_text(put(card.read_text(encoding="utf-8"), table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
