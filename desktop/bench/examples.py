"""Eight pieces of the music model, rendered, with pictures of their notes.

The same command writes the same pieces again: seeds and requests stand in
the README.md that lies beside them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.canvas.score_grid import KEYS_PX
from desktop.canvas.score_layout import ScoreLayout
from desktop.canvas.score_tiles import Look
from desktop.canvas.score_view import ScoreView
from desktop.document.midi_file import read_notes
from desktop.document.notes import HIGHEST_PITCH, NoteScore
from engines.api import MusicRequest, MusicResult, Run, SoundRequest, SoundResult
from engines.host import LocalHost

ROOT: Final = Path(__file__).resolve().parents[2]
SIZE_PX: Final = (1280, 480)
MOST_BYTES: Final = 2_000_000
"""All sounds together."""

SECONDS: Final = 24.0
QUALITY: Final = 0.15
"""Of the sounds, so that eight of them stay small."""

EXAMPLES: Final = {
    "tense-quartet": MusicRequest(
        seed=11, prompt="tense string quartet, fast, D minor", seconds=SECONDS,
        instruments=("violin", "violin", "viola", "cello"),
    ),
    "calm-piano": MusicRequest(
        seed=22, mood="calm", seconds=SECONDS, instruments=("piano",), key="F major",
        tempo_bpm=84.0,
    ),
    "playful-winds": MusicRequest(
        seed=13, mood="playful", bars=24, meter="2/4", instruments=("clarinet", "flute", "bassoon"),
    ),
    "triumphant-brass": MusicRequest(
        seed=14, mood="triumphant", seconds=SECONDS,
        instruments=("trumpet", "horn", "trombone", "timpani"),
    ),
    "scene-cue-with-hits": MusicRequest(
        seed=15, mood="mysterious", seconds=SECONDS, hits=(7.5, 15.5),
        instruments=("flute", "harp", "strings", "contrabass"),
    ),
    "melancholy-song": MusicRequest(
        seed=23, mood="melancholy", seconds=SECONDS, meter="3/4", source="song",
        instruments=("cello", "piano"),
    ),
    "epic-loop": MusicRequest(
        seed=17, mood="epic", bars=12, loop=True, tempo_bpm=112.0,
        instruments=("horn", "strings", "contrabass", "drums"),
    ),
    "romantic-waltz-aaba": MusicRequest(
        seed=18, prompt="a romantic waltz, form AABA, 16 bars", tempo_bpm=168.0,
        instruments=("violin", "piano"),
    ),
}  # fmt: skip
"""Name of the files to what is asked."""


def main(argv: Sequence[str]) -> int:
    """Write a sound (OGG), a score (MIDI) and a picture (PNG) for each example, and README.md."""
    parser = argparse.ArgumentParser(prog="main.py bench examples")
    parser.add_argument("--out", type=Path, default=ROOT / "resources" / "examples" / "music")
    parser.add_argument("--model", default="", help="a music model; the starter by default")
    parser.add_argument("--only", choices=tuple(EXAMPLES), help="only this one, no README.md")
    asked = parser.parse_args(argv)
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme.apply(application)
    asked.out.mkdir(parents=True, exist_ok=True)
    rows, total = [], 0
    with LocalHost(device="cpu") as host:
        for name in (asked.only,) if asked.only else EXAMPLES:
            request = EXAMPLES[name]
            piece, sound = _make(host, request, asked.model)
            (asked.out / f"{name}.ogg").write_bytes(sound.data)
            (asked.out / f"{name}.mid").write_bytes(piece.midi)
            picture(read_notes(piece.midi), _key(piece.key), asked.out / f"{name}.png")
            total += len(sound.data)
            rows.append(_row(name, request, piece, sound))
            sys.stderr.write(f"{name}: {piece.notes} notes, {len(sound.data) / 1e3:.0f} KB\n")
    if not asked.only:
        (asked.out / "README.md").write_text(_readme(rows), encoding="utf-8")
    return 0 if total <= MOST_BYTES else 1


def _make(host: LocalHost, request: MusicRequest, model: str) -> tuple[MusicResult, SoundResult]:
    piece: MusicResult = host.run(replace(request, model=model), Run())
    seconds = request.seconds + 1.5 if request.seconds else 0.0
    sound: SoundResult = host.run(
        SoundRequest(
            midi=piece.midi,
            format="ogg",
            seconds=seconds,
            loop=request.loop,
            sample_rate_hz=44100,
            quality=QUALITY,
        ),
        Run(),
    )
    return piece, sound


def picture(score: NoteScore, key: tuple[int, str] | None, path: Path) -> None:
    """Paint a whole score as the editor shows it."""
    view = ScoreView()
    view.resize(*SIZE_PX)
    view.show()
    view.look(Look(key=key))
    view.show_score(ScoreLayout(score), frozenset())
    pitches = [note.pitch for part in score.parts for note in part.notes]
    room_px = view.grid.notes.height() / (max(pitches) - min(pitches) + 5)
    wide = (SIZE_PX[0] - KEYS_PX) / (view.length_s + 0.2) / view.grid.px_per_s
    view.zoom(time=wide, rows=room_px / view.grid.row_px)
    view.show_place(left_s=0.0, top_px=(HIGHEST_PITCH - max(pitches) - 2) * view.grid.row_px)
    notes = QRect(0, 0, view.width(), view.height() - view.grid.lane_px)
    view.grab(notes).save(str(path))
    view.close()


def _key(name: str) -> tuple[int, str] | None:
    tonic, _, mode = name.partition(" ")
    names = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    return (names.index(tonic), mode) if tonic in names else None


def _row(name: str, request: MusicRequest, piece: MusicResult, sound: SoundResult) -> str:
    asked = {
        field: value
        for field in request.__slots__
        if (
            field not in ("seed", "candidates", "temperature", "verb", "amount")
            and (value := getattr(request, field)) not in ("", 0, (), b"", -1, False, True)
        )
        or (field == "loop" and request.loop)
    }
    said = "; ".join(f"{field}: {_plain(value)}" for field, value in asked.items())
    return (
        f"| [{name}]({name}.ogg) | {request.seed} | {said} | {piece.mood}, {piece.key}, "
        f"{piece.meter}, {piece.tempo_bpm:.0f} bpm, {piece.bars} bars, {sound.length_s:.1f} s |"
    )


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _readme(rows: Sequence[str]) -> str:
    listed = "\n".join(rows)
    return f"""# Examples of the music starter

Written by `python main.py bench examples`, each the best of four candidates,
not touched by hand; the sound is rendered with the soundfont that comes with
the program. Beside each sound lie its score (`.mid`) and a picture of it (`.png`).

| piece | seed | asked | what came |
|---|---|---|---|
{listed}
"""
