"""Spell a window of a score as tokens, and read tokens back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engines.music import labels
from engines.music.analysis import find_chords, find_key, pitch_weights
from engines.music.model import tokens
from engines.music.model.tokens import BLOCKS
from engines.music.score import Bar, Meter, Note, Score, Tempo, Track

CHORD_BEATS = 4
"""A bar of four beats holds two chords, any other one."""

DRUM_TICKS = 6
"""A stroke has no length of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Bars of one meter without a break, cut out of a score for its tokens.

    `mood` (index in MOODS) and `key` (tonic and mode) are None where they are
    not known and are found by rule.
    """

    bars: tuple[Bar, ...]
    tracks: tuple[Track, ...]
    bpm: float
    source: int
    mood: int | None = None
    key: tuple[int, int] | None = None

    @property
    def ticks(self) -> int:
        return sum(bar.ticks for bar in self.bars)


def chord_edges(bars: Sequence[Bar]) -> list[int]:
    """Ticks where chords may change, and the end."""
    edges = []
    for bar in bars:
        edges.append(bar.start_tick)
        if halves(bar.meter):
            edges.append(bar.start_tick + bar.ticks // 2)
    return [*edges, bars[-1].start_tick + bars[-1].ticks]


def halves(meter: Meter) -> bool:
    """Say whether a bar may hold two chords."""
    return meter.beats in (CHORD_BEATS, 12) or meter.name == "2/2"


def windows(score: Score, source: int, lengths: Iterator[int]) -> Iterator[Window]:
    """Cut a score into windows; `lengths` gives how many bars each should have."""
    bars = score.bars()
    starts = [[n.start_tick for n in t.notes] for t in score.tracks]
    first = 0
    while first < len(bars):
        meter = bars[first].meter
        wanted, stop = next(lengths), first
        while (
            stop < len(bars)
            and stop - first < wanted
            and bars[stop].meter is meter
            and bars[stop].ticks == meter.bar_ticks
        ):
            stop += 1
        if stop > first and meter.name in tokens.METERS:
            chosen = bars[first:stop]
            begin, end = chosen[0].start_tick, chosen[-1].start_tick + chosen[-1].ticks
            cut = []
            for track, at in zip(score.tracks, starts, strict=True):
                low, high = np.searchsorted(at, (begin, end))
                if high > low:
                    cut.append(
                        Track(
                            program=track.program,
                            notes=track.notes[low:high],
                            is_drum=track.is_drum,
                        )
                    )
            if cut:
                yield Window(bars=chosen, tracks=tuple(cut), bpm=score.bpm_at(begin), source=source)
        first = max(stop, first + 1)


def encode(window: Window) -> list[int]:
    """Spell a window in full: every control, the harmony, every track."""
    pitched = [n for t in window.tracks if not t.is_drum for n in t.notes]
    quarters = labels.quarters_in(window.ticks)
    notes = sum(len(t.notes) for t in window.tracks)
    out = [tokens.BOS]
    tonic = mode = None
    if pitched:
        tonic, mode = window.key or find_key(pitch_weights(pitched))
        features = labels.measure(
            pitched, mode=mode, tonic=tonic, bpm=window.bpm, quarters=quarters
        )
        mood = labels.mood_of(features, window.source) if window.mood is None else window.mood
        out.append(BLOCKS["MOOD"][mood])
        out.append(BLOCKS["ENERGY"][labels.energy_of(features)])
    out.append(BLOCKS["DENSITY"][labels.level_of(notes / quarters, labels.DENSITY_EDGES)])
    if tonic is not None and mode is not None:
        out += [BLOCKS["TONIC"][tonic], BLOCKS["MODE"][mode]]
    out.append(BLOCKS["METER"][tokens.METERS.index(window.bars[0].meter.name)])
    out.append(BLOCKS["TEMPO"][tokens.tempo_bucket(window.bpm)])
    out.append(BLOCKS["BARS"][len(window.bars) - 1])
    out.append(BLOCKS["SOURCE"][window.source])
    chords = bar_chords(pitched, window.bars) if pitched else [[] for _ in window.bars]
    if pitched:
        out.append(tokens.HARMONY)
        for i, chord in enumerate(chords):
            out += [BLOCKS["BAR"][i], *chord]
    for track in window.tracks:
        out += encode_track(track, window.bars, [[] for _ in chords] if track.is_drum else chords)
    out.append(tokens.EOS)
    return out


def bar_chords(pitched: Sequence[Note], bars: Sequence[Bar]) -> list[list[int]]:
    """Find one or two chord tokens for each bar; a second only if it differs."""
    flat = find_chords(sorted(pitched), chord_edges(bars))
    if not halves(bars[0].meter):
        return [[chord] for chord in flat]
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return [[a] if a == b else [a, b] for a, b in pairs]


def encode_track(track: Track, bars: Sequence[Bar], chords: Sequence[list[int]]) -> list[int]:
    """Spell one track over all bars, with its program, its controls and TRACK_END."""
    program = tokens.DRUM_PROGRAM if track.is_drum else track.program
    quarters = labels.quarters_in(sum(bar.ticks for bar in bars))
    out = [BLOCKS["PROGRAM"][program], *labels.track_controls(track.notes, quarters)]
    at = 0
    for i, (bar, chord) in enumerate(zip(bars, chords, strict=True)):
        end = bar.start_tick + bar.ticks
        stop = at
        while stop < len(track.notes) and track.notes[stop].start_tick < end:
            stop += 1
        out += [BLOCKS["BAR"][i], *chord]
        out += encode_bar(track.notes[at:stop], bar.start_tick, is_drum=track.is_drum)
        at = stop
    out.append(tokens.TRACK_END)
    return out


def encode_bar(notes: Sequence[Note], start_tick: int, *, is_drum: bool) -> list[int]:
    """Spell the notes that start in one bar; equal pitches at one position count once."""
    out: list[int] = []
    position = level = pitch = -1
    for note in notes:
        if note.start_tick - start_tick != position:
            position, pitch = note.start_tick - start_tick, -1
            out.append(BLOCKS["POSITION"].first + position)
        if is_drum:
            sound = tokens.drum_sound(note.pitch)
            if sound <= pitch:
                continue
            pitch = sound
        elif note.pitch <= pitch:
            continue
        else:
            pitch = note.pitch
        if (now := tokens.velocity_level(note.velocity)) != level:
            level = now
            out.append(BLOCKS["VELOCITY"].first + level)
        if is_drum:
            out.append(BLOCKS["DRUM"].first + pitch - tokens.DRUM_SOUNDS.start)
        else:
            out += [BLOCKS["PITCH"].first + pitch, tokens.duration_token(note.duration_ticks)]
    return out


def decode_bar(ids: Sequence[int], start_tick: int, *, is_drum: bool) -> list[Note]:
    """Read one bar back; whatever is not a note's is passed over."""
    notes: list[Note] = []
    position, pitch, velocity = start_tick, 0, 80
    for token in ids:
        if token in BLOCKS["POSITION"]:
            position = start_tick + token - BLOCKS["POSITION"].first
        elif token in BLOCKS["VELOCITY"]:
            velocity = tokens.VELOCITIES[token - BLOCKS["VELOCITY"].first]
        elif token in BLOCKS["PITCH"]:
            pitch = token - BLOCKS["PITCH"].first
        elif token in BLOCKS["DURATION"] and not is_drum:
            ticks = tokens.DURATIONS[token - BLOCKS["DURATION"].first]
            notes.append(Note(position, pitch, ticks, velocity))
        elif token in BLOCKS["DRUM"] and is_drum:
            sound = tokens.DRUM_SOUNDS.start + token - BLOCKS["DRUM"].first
            notes.append(Note(position, sound, DRUM_TICKS, velocity))
    return notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """A window cut into its pieces: chords by bar, and for each track its tokens by bar."""

    chords: tuple[tuple[int, ...], ...]
    programs: tuple[int, ...]
    contents: tuple[tuple[tuple[int, ...], ...], ...]


def take_apart(ids: Sequence[int]) -> Spelled:
    """Cut the tokens of a window into its pieces; controls are left out."""
    harmony: list[list[int]] = []
    programs: list[int] = []
    contents: list[list[list[int]]] = []
    chords = BLOCKS["CHORD"]
    for token in ids:
        if token in BLOCKS["PROGRAM"]:
            programs.append(token - BLOCKS["PROGRAM"].first)
            contents.append([])
        elif token in BLOCKS["BAR"]:
            (contents[-1] if contents else harmony).append([])
        elif token in chords and not contents and harmony:
            harmony[-1].append(token)
        elif token >= BLOCKS["POSITION"].first and contents and contents[-1]:
            contents[-1][-1].append(token)
    return Spelled(
        chords=tuple(map(tuple, harmony)),
        programs=tuple(programs),
        contents=tuple(tuple(tuple(bar) for bar in track) for track in contents),
    )


def take_fills(ids: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Cut out what was written for the holes of a window, in their order."""
    fills: list[list[int]] = []
    is_inside = False
    for token in ids:
        if token in (tokens.FILL, tokens.FILL_END):
            is_inside = token == tokens.FILL
            fills += [[]] if is_inside else []
        elif is_inside and token >= BLOCKS["POSITION"].first:
            fills[-1].append(token)
    return tuple(map(tuple, fills))


def decode(ids: Sequence[int], *, meter: Meter, bpm: float) -> Score:
    """Read a window back as a score from tick 0."""
    spelled = take_apart(ids)
    tracks = []
    for program, bars in zip(spelled.programs, spelled.contents, strict=True):
        is_drum = program == tokens.DRUM_PROGRAM
        notes = [
            note
            for i, bar in enumerate(bars)
            for note in decode_bar(bar, i * meter.bar_ticks, is_drum=is_drum)
        ]
        tracks.append(Track(program=0 if is_drum else program, notes=tuple(notes), is_drum=is_drum))
    return Score(tracks=tuple(tracks), meters=(meter,), tempos=(Tempo(bpm=bpm),))
