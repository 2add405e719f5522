"""The model card: data, recipe, figures and limits, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from engines.music.model import tokens
from engines.training.music.checkpoint import Progress
from engines.training.music.corpus import COLLECTIONS
from engines.training.music.evaluate import Bits
from engines.training.music.judging import Style
from engines.training.music.style import MEASURES


def model_card(
    parameters: int, progress: Progress, bits: Sequence[Bits], styles: Sequence[Style]
) -> str:
    """Tell what the model is, what it learned from, and how well."""
    grown = " It was grown from a narrower model of 9.2 million tokens." * bool(progress.begun_from)
    return f"""# Triptych Music 1

A Llama-style decoder of {parameters / 1e6:.1f} million parameters that writes scores
track by track and bar by bar ({tokens.SIZE} tokens, see `engines/music/model/tokens.py`).

## Data

| collection | credit | licence | kept out of training (beginnings of file names) | share |
|---|---|---|---|---|
{_data()}

Windows of 4 to 16 bars, transposed by -5 to +6 semitones, tempo bent by up to
a tenth, tracks shuffled, dropped and given to other ensembles within their
ranges. Half the examples are written from left to right, a quarter has bars
to fill in, an eighth goes on in all tracks, an eighth begins with its tune.
Every control is left out 30% of the time. Moods are labelled by rule (`engines/music/labels.py`),
exact only in our own pieces (`procedural.py`); rare moods and slow pieces are
drawn more often. No listener has confirmed the labels.

## Recipe

Preset `{progress.preset}`, seed {progress.seed}: {progress.steps} steps and
{progress.tokens / 1e6:.1f} million tokens in {progress.seconds / 60:.0f} minutes of wall time
(AdamW, warm-up, constant rate, cooling at the end; averaged weights; bfloat16
autocast).{grown} `engines/training/music` does it again.

## Bits per note on composers never seen

Kept out by composer; by player (groove) and by piece (helland, freedoom, our
own) where a collection has one composer. Teacher-forced over whole windows
with every control, chord and track control left out; every other token after
the first is counted. Unigrams and 5-grams (interpolated modified Kneser-Ney)
count the same scores, our own pieces left out.

| collection | model | 5-gram | unigram | under the unigram by | notes |
|---|---|---|---|---|---|
{_bits(bits)}

## Style

{style_table(styles)}

## Limits

Small: melodies are local and it has no plan beyond its
harmony. The engine keeps it in key, meter and range by masks, gives it a
chord plan and a form, and ranks several candidates. It knows European art
music of 1700 to 1920 and some game and film music, and little else.

## Licence

The weights: CC BY 4.0, with the credits in `resources/models/NOTICE`.
"""


def _data() -> str:
    return "\n".join(
        f"| {c.folder} | {c.credit} | {c.licence} | {', '.join(c.held_out)} | {c.share:.0%} |"
        for c in COLLECTIONS
    )


def _bits(bits: Sequence[Bits]) -> str:
    return "\n".join(
        f"| {b.collection} | {b.model:.2f} | {b.five_gram:.2f} | {b.unigram:.2f} | "
        f"{100 * (1 - b.model / b.unigram):.0f}% | {b.notes} |"
        for b in bits
    )


def style_table(styles: Sequence[Style]) -> str:
    """Tell how far the model's own pieces are from each collection, in Markdown."""
    if not styles:
        return "Not measured."
    rows = "\n".join(
        f"| {s.collection} | {s.pieces} | "
        + " | ".join(
            f"{own:.3f} / {mean:.3f} ({distance:.3f}; {deviation:.3f})"
            if distance == distance  # drums have no pitches
            else "–"
            for own, mean, distance, deviation in zip(
                s.own, s.spread.mean, s.distance, s.spread.deviation, strict=True
            )
        )
        + f" | {s.overlap:.1%} | {s.copying:.1%} |"
        for s in styles
    )
    return f"""Pieces of 16 bars written freely, without key lock, plan or ranking, told only the
source and a meter (temperature 1, top 99%). In each cell: the model's mean / the
collection's (their distance; the deviation among held-out composers, or pieces where there is one
composer). "Eights known": the part of eights of notes, transposition left out
and scales and trills left out, that stand in the training music. "Copying":
pieces with a run of twelve notes that does. `copies.bloom` holds the eights; it
takes one new eight in 47 for known, and a new run of twelve, which is five
eights, once in some hundred million.

| style | pieces | {" | ".join(MEASURES)} | eights known | copying |
|---|---|---|---|---|---|---|
{rows}"""
