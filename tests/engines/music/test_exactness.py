"""What was asked is what comes, to the tick: over many random requests to the shipped model."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path

import mido
import pretty_midi
import pytest
import symusic
import torch

from engines.api import MusicRequest, Run
from engines.api.models import Kind
from engines.catalog import Catalog
from engines.music.controls import MOODS, Cue, plan_cue
from engines.music.engine import answer
from engines.music.files.midi_reader import read_midi
from engines.music.instruments import programs_of
from engines.music.model import tokens
from engines.music.model.decoder import Decoder, load_decoder
from engines.music.score import Score
from engines.music.theory import parse_key
from engines.music.writing import composer, ranking
from engines.music.writing.composer import Draft
from engines.music.writing.finishing import finish
from engines.music.writing.parts import Part
from engines.music.writing.verbs import write_piece
from tests.engines.music import tiny
from tests.engines.music.test_timing import END_S, HIT_S, random_hits, random_request

PIECES, ALL_PIECES, TIMED = 14, 1000, 500
AT_ONCE = 16
"""Pieces drawn for one request in one batch, where all of them are looked at."""

IN_KEY = 0.95
TEMPO = 0.01
NAMES = ("piano", "violin", "flute", "cello", "strings", "trumpet", "harp", "drums", "choir")
KEYS = ("C major", "D minor", "F# minor", "Bb major", "E major", "G minor", "A minor")


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    catalog = Catalog(library=tmp_path_factory.mktemp("library"))
    return load_decoder(Path(catalog.get("", Kind.MUSIC).path), "cpu", torch.float32)


def short_request(seed: int) -> MusicRequest:
    """A short piece with some controls set, or a short cue with hits."""
    chance = random.Random(seed)
    seconds = round(chance.uniform(3, 9), 2) if chance.random() < 0.4 else 0.0
    return MusicRequest(
        seed=seed,
        candidates=1,
        mood=chance.choice(MOODS),
        key=chance.choice(KEYS),
        meter=chance.choice(("", "3/4", "4/4", "6/8", "2/4", "5/4", "7/8")),
        tempo_bpm=chance.choice((0.0, round(chance.uniform(50, 190), 1))),
        seconds=seconds,
        hits=random_hits(chance, seconds, chance.randint(0, 2)) if seconds else (),
        bars=0 if seconds else chance.randint(2, 5),
        instruments=tuple(chance.sample(NAMES, chance.randint(1, 3))),
        polyphony=chance.choice((0, 0, 2)),
        density=chance.choice((-1, 1, 4)),
        loop=chance.random() < 0.15,
    )


def write(decoder: Decoder, request: MusicRequest) -> tuple[Cue, Draft, Score, bytes]:
    cue = plan_cue(request)
    draft = write_piece(decoder, cue, request, Run())
    score = finish(draft, cue, request.seed)
    return cue, draft, score, answer(score, cue, request, "starter").midi


def illegal_tokens(draft: Draft, cue: Cue) -> int:
    """Count tokens that break the format, the instruments' ranges, or the bar."""
    wrong = 0
    for part, bars in zip(draft.parts, draft.contents, strict=True):
        wrong += len(bars) != cue.bars
        wrong += sum(_illegal_in(bar, part, cue) for bar in bars)
    chord = tokens.BLOCKS["CHORD"]
    return wrong + sum(c not in chord for chords in draft.chords for c in chords)


def _illegal_in(bar: tuple[int, ...], part: Part, cue: Cue) -> int:
    blocks = tokens.BLOCKS
    wrong, position, pitch, expected = 0, -1, -1, ("POSITION",)
    is_drum = part.instrument.is_drum
    sound = "DRUM" if is_drum else "PITCH"
    for token in bar:
        name = next((n for n in expected if token in blocks[n]), "")
        if not name:
            return wrong + 1
        value = token - blocks[name].first
        if name == "POSITION":
            wrong += not position < value < cue.meter.bar_ticks
            position, pitch = value, -1
            expected = ("VELOCITY", sound)
        elif name == "VELOCITY":
            expected = (sound,)
        elif name == "DURATION":
            wrong += position + tokens.DURATIONS[value] > cue.meter.bar_ticks * 2
            expected = ("POSITION", "VELOCITY", sound)
        else:
            wrong += value <= pitch
            wrong += not is_drum and not part.instrument.low <= value <= part.instrument.high
            pitch = value
            expected = ("POSITION", "VELOCITY", sound) if is_drum else ("DURATION",)
    return wrong + bool(bar and expected[0] != "POSITION")


def check(decoder: Decoder, request: MusicRequest) -> None:
    """Hold a piece against its request and against three readers."""
    cue, draft, score, midi = write(decoder, request)
    assert illegal_tokens(draft, cue) == 0
    mine = read_midi(midi)
    pretty = pretty_midi.PrettyMIDI(io.BytesIO(midi))
    assert sum(len(i.notes) for i in pretty.instruments) == mine.note_count > 0
    assert symusic.Score.from_midi(midi).note_num() == mine.note_count
    assert len(mido.MidiFile(file=io.BytesIO(midi)).tracks) == len(mine.tracks) + 1
    pitched = [n.pitch % 12 for t in mine.tracks if not t.is_drum for n in t.notes]
    belongs = parse_key(request.key or cue.key.name).pitch_classes()
    assert sum(p in belongs for p in pitched) >= IN_KEY * len(pitched)
    asked = {p for name in request.instruments for p in programs_of(name) or ()}
    if asked:
        assert {128 if t.is_drum else t.program for t in mine.tracks if t.notes} == asked
    if request.meter:
        assert cue.meter.name == request.meter
        names = [bar.meter.name for bar in mine.bars()]
        assert request.seconds or set(names) == {request.meter}
    if request.bars and not request.seconds:
        assert len(mine.bars()) == cue.bars == request.bars
    if request.tempo_bpm and not request.seconds:
        assert pretty.get_tempo_changes()[1][0] == pytest.approx(request.tempo_bpm, rel=TEMPO)
    if request.seconds:
        _check_times(request, cue, mine, pretty.get_end_time())
    assert score.note_count == mine.note_count


def _check_times(request: MusicRequest, cue: Cue, score: Score, end_s: float) -> None:
    if not cue.loop:
        assert end_s == pytest.approx(request.seconds, abs=END_S)
    for hit in request.hits:
        for track in score.tracks:
            near = [n for n in track.notes if abs(score.seconds_at(n.start_tick) - hit) < HIT_S]
            assert near, (hit, track.name)


def test_a_few_pieces_of_the_starter_are_exact(starter: Decoder) -> None:
    for seed in range(PIECES):
        check(starter, short_request(seed))


def test_a_few_timed_pieces_are_exact() -> None:
    chance = random.Random(3)
    decoder = tiny.decoder()
    for seed in range(3):
        check(decoder, _timed(chance, seed))


def _timed(chance: random.Random, seed: int) -> MusicRequest:
    request = random_request(chance, seed)
    return MusicRequest(
        seed=seed, candidates=1, seconds=request.seconds, mood=request.mood, hits=request.hits,
        tempo_bpm=request.tempo_bpm, meter=request.meter,
        instruments=tuple(chance.sample(NAMES[:-1], 2)), density=1,
    )  # fmt: skip


def check_all_drawn(
    decoder: Decoder, request: MusicRequest, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Hold every piece that is drawn for a request against the grammar; gives their number."""
    cue = plan_cue(request)
    drawn: list[Draft] = []

    def rate(
        parts: tuple[Part, ...],
        chords: tuple[tuple[int, ...], ...],
        contents: tuple[tuple[tuple[int, ...], ...], ...],
        asked: Cue,
        first_bar: int,
    ) -> float:
        drawn.append(Draft(parts=parts, chords=chords, contents=contents))
        return ranking.rate(parts, chords, contents, asked, first_bar)

    monkeypatch.setattr(composer, "rate", rate)
    check(decoder, request)
    whole = [draft for draft in drawn if draft.bars == cue.bars]
    assert sum(illegal_tokens(draft, cue) for draft in whole) == 0
    return len(whole)


def test_all_candidates_of_a_piece_are_legal(
    starter: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = replace(short_request(5), candidates=AT_ONCE)
    assert check_all_drawn(starter, request, monkeypatch) == AT_ONCE


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_thousand_pieces_of_the_starter_are_exact(
    starter: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces, seed = 0, 1000
    while pieces < ALL_PIECES:
        request = replace(short_request(seed), candidates=AT_ONCE)
        pieces += check_all_drawn(starter, request, monkeypatch)
        seed += 1


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_five_hundred_timed_pieces_are_exact() -> None:
    chance = random.Random(4)
    decoder = tiny.decoder()
    for seed in range(TIMED):
        check(decoder, _timed(chance, seed))
