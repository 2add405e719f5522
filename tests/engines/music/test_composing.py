"""Composing with an untrained model: whatever the weights, the grammar holds."""

from __future__ import annotations

import io

import mido
import pretty_midi
import pytest
import symusic
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from engines.api import Cancelled, CancelToken, MusicRequest, Progress, Run
from engines.music.controls import plan_cue
from engines.music.engine import answer
from engines.music.files.midi_reader import read_midi
from engines.music.instruments import instrument
from engines.music.model import tokens
from engines.music.moods import MOODS
from engines.music.theory import parse_key
from engines.music.writing.composer import Draft, plan_form, section_bars
from engines.music.writing.finishing import finish
from engines.music.writing.verbs import write_piece
from tests.engines.music import tiny


@pytest.fixture(scope="module")
def decoder() -> tiny.Decoder:
    return tiny.decoder()


def compose(
    decoder: tiny.Decoder, run: Run | None = None, **controls: object
) -> tuple[Draft, bytes]:
    request = MusicRequest(**{"seed": 3, "candidates": 2, "bars": 6, **controls})  # type: ignore[arg-type]
    cue = plan_cue(request)
    draft = write_piece(decoder, cue, request, run or Run())
    return draft, answer(finish(draft, cue, request.seed), cue, request, "tiny").midi


def test_the_decoder_equals_the_one_that_was_trained() -> None:
    config = LlamaConfig(
        vocab_size=tokens.SIZE, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=2048,
        tie_word_embeddings=True,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.load_state_dict(tiny.weights(), strict=False)
    model.eval()
    ids = torch.randint(0, tokens.SIZE, (2, 20), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = model(input_ids=ids).logits[:, -1]
    decoder = tiny.decoder()
    cache = decoder.cache(2, 64)
    decoder.step(ids[:, :13], torch.tensor([13, 9]), cache)  # the rows go at their own pace
    decoder.step(ids[:, [13, 14]], torch.tensor([2, 0]), cache)
    decoder.step(torch.stack([ids[0, 15:19], ids[1, 9:13]]), torch.tensor([4, 4]), cache)
    decoder.step(ids[:, 13:19], torch.tensor([0, 6]), cache)
    got = decoder.step(ids[:, 19:], torch.tensor([1, 1]), cache)
    assert cache.filled.tolist() == [20, 20]
    assert torch.allclose(got[:, 0], wanted, atol=1e-4)


@pytest.mark.parametrize("mood", MOODS)
def test_every_mood_obeys_its_grammar(decoder: tiny.Decoder, mood: str) -> None:
    request = MusicRequest(seed=7, candidates=2, bars=5, mood=mood)
    cue = plan_cue(request)
    draft = write_piece(decoder, cue, request, Run())
    assert draft.bars == 5
    assert draft.chords[-1] == (cue.key.tonic_chord,)
    assert draft.chords[-2][0] in cue.key.dominant_chords
    for part, bars in zip(draft.parts, draft.contents, strict=True):
        assert len(bars) == 5
        for bar in bars:
            _check_bar(bar, part.voices, is_drum=part.instrument.is_drum)
            for token in bar:
                if token in tokens.BLOCKS["PITCH"]:
                    pitch = token - tokens.BLOCKS["PITCH"].first
                    player = instrument(part.program)
                    assert player.low <= pitch <= player.high
                    assert pitch % 12 in cue.key.pitch_classes()


def _check_bar(bar: tuple[int, ...], voices: int, *, is_drum: bool) -> None:
    """Position, then velocity where it is due, then pitch and length; all in order."""
    names = [tokens.name_of(token).rsplit("_", 1)[0] for token in bar]
    position = -1
    pitches: list[int] = []
    for i, (name, token) in enumerate(zip(names, bar, strict=True)):
        if name == "POSITION":
            assert token > position
            position, pitches = token, []
            assert names[i + 1] in ("VELOCITY", "DRUM" if is_drum else "PITCH")
        elif name in ("PITCH", "DRUM"):
            assert (name == "DRUM") == is_drum
            assert all(token > other for other in pitches)
            pitches.append(token)
            assert len(pitches) <= voices
            assert is_drum or names[i + 1] == "DURATION"
        else:
            assert name in ("VELOCITY", "DURATION")
    if names:
        assert names[0] == "POSITION"
        assert names[1] == "VELOCITY"


@pytest.mark.parametrize("seconds", [1.0, 3.0, 7.77, 24.0])
def test_a_cue_ends_exactly_on_time(decoder: tiny.Decoder, seconds: float) -> None:
    _, midi = compose(decoder, seconds=seconds, bars=0, candidates=1, instruments=("piano",))
    assert pretty_midi.PrettyMIDI(io.BytesIO(midi)).get_end_time() == pytest.approx(
        seconds, abs=0.005
    )


def test_the_answer_is_readable_by_all(decoder: tiny.Decoder) -> None:
    _, midi = compose(decoder, mood="epic", key="F# minor", meter="3/4", tempo_bpm=100.0)
    pretty = pretty_midi.PrettyMIDI(io.BytesIO(midi))
    signature = pretty.time_signature_changes[0]
    assert (signature.numerator, signature.denominator) == (3, 4)
    assert pretty.get_tempo_changes()[1][0] == pytest.approx(100.0, rel=1e-4)
    mine = read_midi(midi)
    assert symusic.Score.from_midi(midi).note_num() == mine.note_count > 0
    assert len(mido.MidiFile(file=io.BytesIO(midi)).tracks) == len(mine.tracks) + 1
    key = parse_key("F# minor").pitch_classes()
    assert all(n.pitch % 12 in key for t in mine.tracks if not t.is_drum for n in t.notes)


def test_asked_instruments_play_and_no_others(decoder: tiny.Decoder) -> None:
    _, midi = compose(decoder, instruments=("violin", "French horn", "drums"))
    tracks = read_midi(midi).tracks
    assert {(t.program, t.is_drum) for t in tracks} == {(40, False), (60, False), (0, True)}


def test_the_same_seed_gives_the_same_bytes(decoder: tiny.Decoder) -> None:
    assert compose(decoder)[1] == compose(decoder)[1]
    assert compose(decoder)[1] != compose(decoder, seed=4)[1]


def test_progress_rises_and_shows_the_bars_so_far(decoder: tiny.Decoder) -> None:
    told: list[Progress] = []
    compose(decoder, Run(report=told.append), bars=24, instruments=("flute", "cello"))
    done = [p.done for p in told]
    assert done == sorted(done)
    assert done[-1] <= told[-1].total
    shown = [p.preview for p in told if isinstance(p.preview, bytes)]
    assert len(shown) == 2
    assert read_midi(shown[0]).note_count > 0


def test_a_cancel_stops_at_the_next_step(decoder: tiny.Decoder) -> None:
    token = CancelToken()
    steps = 0

    def count(_: Progress) -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            token.cancel()

    with pytest.raises(Cancelled):
        compose(decoder, Run(token=token, report=count))
    assert steps == 5


def test_a_recalled_section_begins_like_the_first(decoder: tiny.Decoder) -> None:
    draft, _ = compose(decoder, bars=24, candidates=1, instruments=("flute", "cello"))
    form = plan_form(24, section_bars(2))
    assert [s.letter for s in form] == ["A", "B", "A"]
    for part in draft.contents:
        assert part[16:20] == part[0:4]


def test_ten_instruments_fit_the_context(decoder: tiny.Decoder) -> None:
    names = (
        "flute",
        "oboe",
        "clarinet",
        "bassoon",
        "horn",
        "trumpet",
        "strings",
        "violin",
        "cello",
    )
    draft, _ = compose(decoder, bars=12, candidates=1, instruments=(*names, "drums"))
    assert draft.bars == 12
    assert all(len(bars) == 12 for bars in draft.contents)
