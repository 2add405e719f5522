"""The shipped music model behind its engine."""

from __future__ import annotations

import io

import numpy as np
import pretty_midi
import pytest

from engines.api import MusicRequest, Run
from engines.music import copies
from engines.music.engine import MusicEngine
from engines.music.files.midi_reader import read_midi
from engines.music.theory import parse_key
from engines.services import Services


def test_the_starter_writes_what_is_asked(services: Services) -> None:
    engine = MusicEngine(services)
    request = MusicRequest(
        seed=9, prompt="melancholy piano and cello", key="A minor", seconds=11.5, candidates=2
    )
    result = engine.run(request, Run())
    assert result.model == "triptych-music-1"
    assert (result.mood, result.key) == ("melancholy", "A minor")
    assert result.length_s == pytest.approx(11.5, abs=0.005)
    assert pretty_midi.PrettyMIDI(io.BytesIO(result.midi)).get_end_time() == pytest.approx(
        11.5, abs=0.005
    )
    score = read_midi(result.midi)
    assert score.note_count == result.notes > 10
    assert {t.program for t in score.tracks} == {0, 42}
    belongs = parse_key("A minor").pitch_classes()
    assert all(n.pitch % 12 in belongs for t in score.tracks for n in t.notes)
    assert engine.run(request, Run()).midi == result.midi
    assert services.memory.status().working_bytes == 0


def test_a_tune_of_the_training_music_is_told(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = MusicEngine(services)
    request = MusicRequest(
        seed=3, prompt="playful", instruments=("flute",), bars=16, tempo_bpm=120, candidates=1
    )
    result = engine.run(request, Run())
    assert not any("training music" in notice for notice in result.notices)
    tracks = read_midi(result.midi).tracks
    keys = np.concatenate([copies.eights(track.notes)[1] for track in tracks])
    monkeypatch.setattr(copies, "load_filter", lambda folder: copies.CopyFilter.of(keys))
    again = engine.run(request, Run())
    assert again.midi == result.midi
    assert any("with the training music in bar" in notice for notice in again.notices)
