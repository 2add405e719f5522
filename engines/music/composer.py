"""Write a cue section by section: several candidates at once, of which the best goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.api import Run
from engines.devices import generator
from engines.music import tokens
from engines.music.controls import Cue
from engines.music.drafting import draw_lines
from engines.music.encode import Spelled, take_apart
from engines.music.form import PREFIX_BARS, Section, plan_form
from engines.music.grammar import WindowPlan, write_window
from engines.music.masks import Masks
from engines.music.moods import MOODS
from engines.music.part_writer import BarPlan
from engines.music.parts import Part, cast, writing_order
from engines.music.ranking import rate
from engines.music.tokens import BLOCKS
from engines.sampling import Sampling

if TYPE_CHECKING:
    from engines.music.decoder import Decoder

TRAINED_TOKENS: Final = 1024
"""Windows longer than this were not seen in training."""

MOST_TOKENS: Final = 1344
"""A window with all its bars full; the end of one may thus lie a little beyond."""

TOKENS_A_BAR: Final = 15
"""About what one part takes for one bar."""

TOP_P: Final = 0.97
MIN_P: Final = 0.02
STEPS_A_BAR: Final = 100
SEED_STRIDE: Final = 1_000_003


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A piece as it grows: chords by bar, and tokens by part and bar."""

    parts: tuple[Part, ...]
    chords: tuple[tuple[int, ...], ...] = ()
    contents: tuple[tuple[tuple[int, ...], ...], ...] = ()

    @property
    def bars(self) -> int:
        return len(self.chords)

    def joined(self, spelled: Spelled, skip: int) -> Draft:
        """Add the bars of a window after its first `skip`."""
        old = self.contents or ((),) * len(self.parts)
        return Draft(
            parts=self.parts,
            chords=self.chords + spelled.chords[skip:],
            contents=tuple(a + b[skip:] for a, b in zip(old, spelled.contents, strict=True)),
        )


def section_bars(parts: int) -> int:
    """Choose the length of a section so that its window is as long as those of training."""
    return 8 if parts * (8 + PREFIX_BARS) * TOKENS_A_BAR <= TRAINED_TOKENS else 4


def compose(
    decoder: Decoder,
    cue: Cue,
    *,
    seed: int,
    candidates: int,
    temperature: float,
    run: Run,
    preview: Callable[[Draft], bytes],
) -> Draft:
    """Write all sections of a cue; the parts stand in the order of writing."""
    parts = cast(cue.programs, cue.manner.density)
    parts = tuple(parts[i] for i in writing_order(parts))
    masks = Masks(cue.key, cue.meter, cue.manner.loudness, cue.manner.chord_pull)
    context = min(decoder.shape.context, MOST_TOKENS)
    form = plan_form(cue.bars, section_bars(len(parts)))
    draft = Draft(parts=parts)
    total = cue.bars * STEPS_A_BAR
    shown: bytes | None = None
    for number, section in enumerate(form):
        skip = 0 if section.recalls >= 0 else min(PREFIX_BARS, section.first_bar)
        window = plan_window(cue, draft, form, section, masks, context)
        size = len(window.bars) * len(parts) * TOKENS_A_BAR

        def on_step(
            count: int, section: Section = section, size: int = size, shown: bytes | None = shown
        ) -> None:
            part = section.bars * min(0.99, count / size)
            done = int((section.first_bar + part) * STEPS_A_BAR)
            run.step(done, total, shown if count == 0 else None, stage="composing")

        written = draw_lines(
            decoder,
            head_of(cue, len(window.bars)),
            lambda row, window=window: write_window(window, masks, row),  # type: ignore[misc]
            candidates,
            room=context,
            sampling=Sampling(temperature=temperature, top_p=TOP_P, min_p=MIN_P),
            generator=generator((seed + SEED_STRIDE * number) % 2**63),
            on_step=on_step,
        )
        grown = [draft.joined(take_apart(ids), skip) for ids in written]
        ratings = [rate(d.parts, d.chords, d.contents, cue, section.first_bar) for d in grown]
        draft = grown[int(np.argmax(ratings))]
        shown = preview(draft)
    return draft


def head_of(cue: Cue, bars: int) -> list[int]:
    """Spell the controls of a window."""
    manner = cue.manner
    return [
        tokens.BOS,
        BLOCKS["MOOD"][MOODS.index(cue.mood)],
        BLOCKS["ENERGY"][manner.energy],
        BLOCKS["DENSITY"][manner.density],
        BLOCKS["TONIC"][cue.key.tonic],
        BLOCKS["MODE"][cue.key.mode],
        BLOCKS["METER"][tokens.METERS.index(cue.meter.name)],
        BLOCKS["TEMPO"][tokens.tempo_bucket(cue.bpm)],
        BLOCKS["BARS"][bars - 1],
        BLOCKS["SOURCE"][tokens.SOURCES.index(manner.source)],
    ]


def plan_window(
    cue: Cue,
    draft: Draft,
    form: Sequence[Section],
    section: Section,
    masks: Masks,
    context: int,
) -> WindowPlan:
    """Say for each bar of a section's window what is given and what is free.

    A section that recalls another takes over its first half; any other hears
    the bars before it. The piece starts on the tonic and ends with dominant
    and tonic.
    """
    bars: list[BarPlan] = []
    free: list[np.ndarray | None] = []
    sources: list[int] = []
    given = _given_bars(form, section)
    for i in range(len(given) + section.bars - _overlap(section, given)):
        source = given[i] if i < len(given) else -1
        number = section.first_bar + i - (0 if section.recalls >= 0 else len(given))
        sources.append(source)
        bars.append(
            BarPlan(
                chords=draft.chords[source] if source >= 0 else (),
                ends=section.is_last and number == cue.bars - 1,
            )
        )
        free.append(None if source >= 0 else _free_chords(cue, masks, number))
    kept = tuple(
        tuple(draft.contents[p][s] if s >= 0 else None for s in sources)
        for p in range(len(draft.parts))
    )
    return WindowPlan(
        bars=tuple(bars),
        parts=draft.parts,
        free_chords=tuple(free),
        kept=kept,
        section_start=0 if section.recalls >= 0 else len(given),
        context=context,
    )


def _given_bars(form: Sequence[Section], section: Section) -> list[int]:
    """Bars of the draft that stand at the window's beginning."""
    if section.recalls < 0:
        return list(range(max(0, section.first_bar - PREFIX_BARS), section.first_bar))
    source = form[section.recalls]
    half = min(source.bars, section.bars) // 2
    return list(range(source.first_bar, source.first_bar + half))


def _overlap(section: Section, given: Sequence[int]) -> int:
    """Given bars that are part of the section itself."""
    return len(given) if section.recalls >= 0 else 0


def _free_chords(cue: Cue, masks: Masks, number: int) -> np.ndarray:
    """Chords that may stand in a bar of the piece, by its number."""
    mask = np.zeros(tokens.SIZE, bool)
    if number in (0, cue.bars - 1):
        mask[cue.key.tonic_chord] = True
    elif number == cue.bars - 2:
        mask[list(cue.key.dominant_chords)] = True
    else:
        return masks.chords
    return mask
