"""Write a cue section by section: several candidates at once, of which the best goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.api import Run
from engines.devices import generator
from engines.music.controls import Cue
from engines.music.model import tokens
from engines.music.model.encode import Spelled, take_apart
from engines.music.model.grammar import WindowPlan, write_window
from engines.music.model.masks import Masks
from engines.music.model.shape import MOST_TOKENS
from engines.music.model.tokens import BLOCKS
from engines.music.moods import MOODS
from engines.music.writing.drafting import draw_lines
from engines.music.writing.form import PREFIX_BARS, Section, plan_form
from engines.music.writing.part_writer import BarPlan
from engines.music.writing.parts import Part, cast, writing_order
from engines.music.writing.ranking import rate
from engines.sampling import Sampling

if TYPE_CHECKING:
    from engines.music.model.decoder import Decoder

TRAINED_TOKENS: Final = 1024
"""Windows longer than this were not seen in training."""

TOKENS_A_BAR: Final = 15
"""About what one part takes for one bar."""

TOP_P: Final = 0.97
MIN_P: Final = 0.02
MOST_PARTS: Final = 11
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


def section_bars(parts: float) -> int:
    """Choose the length of a section so that its window is as long as those of training."""
    able = (n for n in (8, 4) if parts * (n + PREFIX_BARS) * TOKENS_A_BAR <= TRAINED_TOKENS)
    return next(able, 4 if parts <= MOST_PARTS else 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a piece is written onto: `begun` bars that stand before it, and parts that are given.

    The first parts of `begun` may be given for all bars to come: `given` has
    their tokens by bar, `chords` the harmony that they have. `weight` is how
    many parts of usual length they are.
    """

    begun: Draft
    weight: float = 0.0
    given: tuple[tuple[tuple[int, ...], ...], ...] = ()
    chords: tuple[tuple[int, ...], ...] = ()


def new_task(cue: Cue) -> Task:
    """Begin with nothing; the parts stand in the order of writing."""
    parts = cast(
        cue.programs,
        cue.manner.density,
        densities=cue.densities,
        polyphony=cue.polyphony,
        leads=cue.leads,
        register=cue.manner.register,
    )
    return Task(begun=Draft(parts=tuple(parts[i] for i in writing_order(parts))))


def masks_of(cue: Cue) -> Masks:
    """Make the tables of a cue."""
    manner = cue.manner
    return Masks(cue.key, cue.meter, manner.loudness, manner.chord_pull, cue.key_lock)


def compose(
    decoder: Decoder,
    cue: Cue,
    task: Task,
    *,
    seed: int,
    candidates: int,
    temperature: float,
    run: Run,
    preview: Callable[[Draft], bytes],
) -> Draft:
    """Write all sections of a cue after the bars that stand before it."""
    masks = masks_of(cue)
    draft = task.begun
    parts, begun = draft.parts, draft.bars
    context = min(decoder.shape.context, MOST_TOKENS)
    form = plan_form(cue.bars, section_bars(max(task.weight, len(parts))), cue.form)
    if task.given:  # what comes back in the given parts is not ours to say
        form = tuple(replace(section, recalls=-1) for section in form)
    total = cue.bars * STEPS_A_BAR
    shown: bytes | None = None
    for number, section in enumerate(form):
        skip = 0 if section.recalls >= 0 else min(PREFIX_BARS, begun + section.first_bar)
        window = plan_window(cue, task, draft, form, section, masks, context)
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
        first = begun + section.first_bar
        ratings = [rate(d.parts, d.chords, d.contents, cue, first) for d in grown]
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
    task: Task,
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
    begun = task.begun.bars
    sources = _sources(form, section, begun)
    first = begun + section.first_bar
    first -= 0 if section.recalls >= 0 else sum(s >= 0 for s in sources)
    bars: list[BarPlan] = []
    free: list[np.ndarray | None] = []
    for i, source in enumerate(sources):
        number = first + i - begun
        given = task.chords[number] if source < 0 and task.chords else None
        bars.append(_plan_bar(cue, number, draft.chords[source] if source >= 0 else given or ()))
        free.append(
            None if source >= 0 or given is not None else _free_chords(cue, task, masks, number)
        )
    kept = tuple(
        tuple(
            draft.contents[p][source] if source >= 0 else _given(task, p, first + i - begun)
            for i, source in enumerate(sources)
        )
        for p in range(len(draft.parts))
    )
    return WindowPlan(
        bars=tuple(bars),
        parts=draft.parts,
        free_chords=tuple(free),
        kept=kept,
        section_start=0 if section.recalls >= 0 else sum(s >= 0 for s in sources),
        context=context,
    )


def _sources(form: Sequence[Section], section: Section, begun: int) -> list[int]:
    """For each bar of the window, the bar of the draft that is taken over, or -1."""
    if section.recalls < 0:
        first = begun + section.first_bar
        heard = list(range(max(0, first - PREFIX_BARS), first))
        return heard + [-1] * section.bars
    source = form[section.recalls]
    half = min(source.bars, section.bars) // 2
    again = list(range(begun + source.first_bar, begun + source.first_bar + half))
    return again + [-1] * (section.bars - half)


def _given(task: Task, part: int, number: int) -> tuple[int, ...] | None:
    return task.given[part][number] if part < len(task.given) else None


def _plan_bar(cue: Cue, number: int, chords: tuple[int, ...]) -> BarPlan:
    """Plan a bar of the piece by its number; those before it have one below 0."""
    if number < 0:
        return BarPlan(chords=chords)
    ticks = cue.table.bars[number].ticks
    return BarPlan(
        chords=chords,
        ends=number == cue.bars - 1 and cue.closes,
        strikes=number in cue.table.hit_bars,
        ticks=ticks if ticks < cue.meter.bar_ticks else 0,
    )


def _free_chords(cue: Cue, task: Task, masks: Masks, number: int) -> np.ndarray:
    """Chords that may stand in a bar of the piece, by its number."""
    mask = np.zeros(tokens.SIZE, bool)
    turn = cue.bars - 2 if cue.closes else cue.bars - 1
    if (number == 0 and not task.begun.bars) or (cue.closes and number == cue.bars - 1):
        mask[cue.key.tonic_chord] = True
    elif number == turn:
        mask[list(cue.key.dominant_chords)] = True
    else:
        return masks.chords
    return mask
