"""Pieces of our own with exact labels: a mood sets harmony, pace, touch and players.

They teach the model what its controls mean; the collections teach it music.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from engines.music.instruments import Instrument, instrument
from engines.music.score import Meter, Note, Score, Tempo, Track
from engines.training.music.procedural_melody import Motif, ladder, make_motif, sing, vary
from engines.training.music.procedural_patterns import (
    Event,
    accompany,
    bass_line,
    chord_tones,
    drum_bar,
    voicing,
)
from engines.training.music.procedural_styles import STYLES, Chord, Ensemble, Style, chords

SECTION_BARS: Final = 8
FORMS: Final = ("AA", "AB", "ABA", "AABA", "ABAC", "ABAB")
LEVELS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a piece is made from; `energy` is 0 to 5, `riff` a row of numbers it keeps."""

    mood: str
    energy: int
    tonic: int
    minor: bool
    meter: Meter
    bpm: float
    form: str
    ensemble: Ensemble
    pattern: str
    bass: str
    kit: str
    riff: tuple[int, ...]

    @property
    def style(self) -> Style:
        return STYLES[self.mood]

    @property
    def beat(self) -> int:
        """Ticks of a beat: a dotted quarter in compound meters, a half in 2/2."""
        if self.meter.unit == 8:
            return 36 if self.meter.beats % 3 == 0 else 12
        return 96 // self.meter.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A score and what it was made from."""

    score: Score
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    chord: Chord
    motif: Motif
    is_last: bool


def plan_piece(mood: str, random: Random) -> Plan:
    """Draw all choices of a piece of one mood; energy moves tempo within the mood's own."""
    style = STYLES[mood]
    energy = random.randrange(LEVELS)
    low, high = style.tempo_bpm
    share = 0.55 * energy / (LEVELS - 1) + 0.45 * random.random()
    beats, unit = (int(part) for part in random.choice(style.meters).split("/"))
    bpm = low * (high / low) ** share * (1.5 if unit == 8 and beats % 3 == 0 else 1.0)
    return Plan(
        mood=mood,
        energy=energy,
        tonic=random.randrange(12),
        minor=random.random() < style.minor,
        meter=Meter(beats=beats, unit=unit),
        bpm=round(min(bpm, 216.0), 1),
        form=random.choice(FORMS),
        ensemble=random.choice(style.ensembles),
        pattern=random.choice(style.patterns),
        bass=random.choice(style.basses),
        kit=random.choice(style.kits) if style.kits else "",
        riff=tuple(random.randrange(4) for _ in range(random.choice((4, 8, 8, 6)))),
    )


def compose(plan: Plan, random: Random) -> Piece:
    """Write the piece of a plan."""
    sections = {letter: _section(plan, letter, random) for letter in sorted(set(plan.form))}
    bars: list[_Bar] = []
    for number, letter in enumerate(plan.form):
        again = letter in plan.form[:number]
        bars += _recalled(sections[letter], random) if again else sections[letter]
    bars[-1] = _Bar(chord=_home(plan), motif=Motif(lengths=(plan.meter.bar_ticks,), steps=(0,)),
                    is_last=True)  # fmt: skip
    tracks = _tracks(plan, bars, random)
    return Piece(
        score=Score(tracks=tracks, meters=(plan.meter,), tempos=(Tempo(bpm=plan.bpm),)), plan=plan
    )


def _home(plan: Plan) -> Chord:
    return (0, 1) if plan.minor else (0, 0)


def _section(plan: Plan, letter: str, random: Random) -> list[_Bar]:
    """Write chords and motifs of eight bars: question, answer, question, close."""
    style = plan.style
    pool = style.minor_progressions if plan.minor else style.major_progressions
    first = chords(random.choice(pool))
    second = first if random.random() < 0.6 else chords(random.choice(pool))
    row = [*first, *second]
    if letter == "A" and random.random() < 0.7:
        row[0] = _home(plan)
    if letter != "A" and random.random() < 0.6:
        row = [*second[1:], second[0], *first]
    if random.random() < 0.5:
        row[-1] = (7, 3 if random.random() < 0.5 else 0)
    bar, beat = plan.meter.bar_ticks, plan.beat
    low, high = style.notes
    notes = low + (high - low) * (plan.energy + random.random()) / LEVELS
    notes *= 0.7 if letter == "B" and random.random() < 0.4 else 1.0
    motif = make_motif(bar, beat, notes, style.leaps, random)
    other = (
        vary(motif, random)
        if random.random() < 0.6
        else make_motif(bar, beat, notes, style.leaps, random)
    )
    close = make_motif(bar, beat, max(0.25, notes / 2), style.leaps / 2, random)
    motifs = [motif, other, motif, vary(other, random), motif, other, vary(motif, random), close]
    return [_Bar(chord=c, motif=m, is_last=False) for c, m in zip(row, motifs, strict=True)]


def _recalled(section: Sequence[_Bar], random: Random) -> list[_Bar]:
    """Bring a section back, sometimes with its second half varied."""
    if random.random() < 0.5:
        return list(section)
    return [
        bar if i < 4 else _Bar(chord=bar.chord, motif=vary(bar.motif, random), is_last=False)
        for i, bar in enumerate(section)
    ]


def _tracks(plan: Plan, bars: Sequence[_Bar], random: Random) -> tuple[Track, ...]:
    band, style = plan.ensemble, plan.style
    base = style.velocity[0] + (style.velocity[1] - style.velocity[0]) * plan.energy / (LEVELS - 1)
    tracks = [
        _track(
            band.melody[0],
            _melody(plan, bars, instrument(band.melody[0]), random),
            base + 8,
            plan,
            random,
        )
    ]
    layers = plan.energy + random.randrange(3)
    for program in band.harmony[:1]:
        tracks.append(
            _track(
                program, _harmony(plan, bars, instrument(program), random), base - 8, plan, random
            )
        )
    for program in band.bass:
        if len(bars) > 8 or random.random() < 0.9:
            tracks.append(
                _track(program, _bass(plan, bars, instrument(program)), base, plan, random)
            )
    for program in band.counter:
        if layers > 1:
            tracks.append(
                _track(
                    program,
                    _counter(plan, bars, instrument(program), random),
                    base - 4,
                    plan,
                    random,
                )
            )
    if band.drums and plan.kit and layers > 0:
        hits = [
            drum_bar(plan.kit, plan.meter.bar_ticks, plan.beat, number=i, riff=plan.riff)
            if not bar.is_last else [Event(0, 36, 1, 8), Event(0, 49, 1, 8)]
            for i, bar in enumerate(bars)
        ]  # fmt: skip
        tracks.append(_track(128, hits, base, plan, random))
    return tuple(t for t in tracks if t.notes)


def _track(
    program: int, by_bar: Sequence[Sequence[Event]], base: float, plan: Plan, random: Random
) -> Track:
    """Lay bars of events on one track, held and struck as the mood has it."""
    is_drum = program == 128
    low, high = plan.style.held
    held = random.uniform(low, high)
    notes: dict[tuple[int, int], Note] = {}
    bar = plan.meter.bar_ticks
    end = bar * len(by_bar)
    top = 127 if is_drum else instrument(program).high
    for number, events in enumerate(by_bar):
        swell = 6 * ((number % SECTION_BARS) / SECTION_BARS - 0.4)
        for event in events:
            velocity = int(base + event.accent + swell + random.uniform(-4, 4))
            ticks = 6 if is_drum else max(3, round(event.ticks * held / 3) * 3)
            start = number * bar + event.tick
            pitch = event.pitch - 12 * (event.pitch > top)
            note = Note(start, max(0, pitch), min(ticks, end - start),
                        max(12, min(127, velocity)))  # fmt: skip
            notes[note.start_tick, note.pitch] = note
    return Track(
        program=0 if is_drum else program, notes=tuple(sorted(notes.values())), is_drum=is_drum
    )


def _tune_range(plan: Plan, player: Instrument) -> tuple[int, int]:
    low, high = plan.style.melody_pitch
    low, high = low - 4, high + 4
    while low < player.low:
        low, high = low + 12, high + 12
    while high > player.high and low - 12 >= player.low:
        low, high = low - 12, high - 12
    return max(low, player.low), min(max(high, low + 12), player.high)


def _melody(
    plan: Plan, bars: Sequence[_Bar], player: Instrument, random: Random
) -> list[list[Event]]:
    low, high = _tune_range(plan, player)
    at = (low + high) // 2
    row: list[list[Event]] = []
    for bar in bars:
        tones = [(plan.tonic + t) % 12 for t in chord_tones(*bar.chord)]
        raised = (plan.tonic + 11) % 12 in tones
        pitches = ladder(plan.tonic, minor=plan.minor, raised=raised, low=low, high=high)
        colour = 0.0 if bar.is_last else plan.style.colour
        events, at = sing(
            bar.motif, tones, pitches, at, plan.beat, colour=colour, random=random
        )  # fmt: skip
        row.append(events)
    return row


def _counter(
    plan: Plan, bars: Sequence[_Bar], player: Instrument, random: Random
) -> list[list[Event]]:
    """Sing slow chord notes under the tune."""
    low = max(player.low, min(plan.style.melody_pitch[0] - 9, player.high - 14))
    high = min(player.high, low + 16)
    at = (low + high) // 2
    row = []
    bar_ticks, beat = plan.meter.bar_ticks, plan.beat
    for bar in bars:
        tones = [(plan.tonic + t) % 12 for t in chord_tones(*bar.chord)]
        pitches = [p for p in range(low, high + 1) if p % 12 in tones]
        even = bar_ticks % (2 * beat) == 0
        lengths = (
            (bar_ticks,)
            if bar.is_last or random.random() < 0.5 or not even
            else (bar_ticks // 2,) * 2
        )
        events, tick = [], 0
        for ticks in lengths:
            at = min(pitches, key=lambda p: abs(p - at) + random.uniform(0, 3))
            events.append(Event(tick, at, ticks))
            tick += ticks
        row.append(events)
    return row


def _harmony(
    plan: Plan, bars: Sequence[_Bar], player: Instrument, random: Random
) -> list[list[Event]]:
    is_low = plan.pattern.startswith("low")
    low = max(player.low, (40 if is_low else 50) + random.randrange(-2, 5))
    low = min(low, player.high - 14)
    voices = min(max(2, player.voices), random.choice((3, 3, 4)))
    last: tuple[int, ...] = ()
    row = []
    for bar in bars:
        tones = [(plan.tonic + t) % 12 for t in chord_tones(*bar.chord)]
        last = voicing(tones, low, voices if len(tones) < 4 else max(voices, 3), last)
        last = tuple(p for p in last if p <= player.high)
        pattern = "pad" if bar.is_last else plan.pattern
        row.append(accompany(pattern, last, plan.meter.bar_ticks, plan.beat, random, plan.riff))
    return row


def _bass(plan: Plan, bars: Sequence[_Bar], player: Instrument) -> list[list[Event]]:
    low = max(player.low, 28 if player.low < 36 else 36)
    low = min(low, player.high - 12)
    row = []
    for i, bar in enumerate(bars):
        tones = [(plan.tonic + t) % 12 for t in chord_tones(*bar.chord)]
        following = (plan.tonic + bars[min(i + 1, len(bars) - 1)].chord[0]) % 12
        pattern = "whole" if bar.is_last else plan.bass
        row.append(bass_line(pattern, tones, plan.tonic, low, plan.meter.bar_ticks, plan.beat,
                             following, plan.riff))  # fmt: skip
    return row
