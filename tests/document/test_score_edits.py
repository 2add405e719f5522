"""Edits of notes are pure: what was chosen changes, all else stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktop.document import score_edits as edits
from desktop.document.notes import NoteScore, Part, ScoreNote


def score_of(*parts: tuple[ScoreNote, ...]) -> NoteScore:
    return NoteScore(
        ticks_per_quarter=24,
        parts=tuple(
            Part(chunk=0, channel=i, name=f"p{i}", program=0, notes=tuple(sorted(notes)))
            for i, notes in enumerate(parts)
        ),
        chunks=((),),
        end_tick=24 * 16,
    )


notes = st.builds(
    ScoreNote,
    st.integers(0, 300),
    st.integers(0, 127),
    st.integers(1, 96),
    st.integers(1, 127),
)
scores = st.lists(st.frozensets(notes, max_size=8).map(tuple), min_size=2, max_size=3).map(
    lambda parts: score_of(*parts)
)


def everything(score: NoteScore) -> edits.Choice:
    return frozenset((i, x) for i, part in enumerate(score.parts) for x in part.notes)


@given(scores, st.integers(-500, 500), st.integers(-200, 200))
def test_a_move_keeps_shape_and_stays_within_the_range(
    score: NoteScore, ticks: int, semitones: int
) -> None:
    chosen = everything(score)
    after, became = edits.moved(score, chosen, ticks=ticks, semitones=semitones)
    assert all(x.start_tick >= 0 and 0 <= x.pitch <= 127 for _, x in became)
    assert everything(after) == became and len(became) == len(chosen)
    assert {x.length_ticks for _, x in became} == {x.length_ticks for _, x in chosen}


@given(scores, st.integers(-200, 200), st.integers(1, 24))
def test_a_stretch_never_makes_a_note_vanish(score: NoteScore, ticks: int, least: int) -> None:
    for change in (edits.stretched, edits.begun_later):
        after, became = change(score, everything(score), ticks=ticks, least_ticks=least)
        assert all(x.length_ticks >= 1 and x.start_tick >= 0 for _, x in became)
        assert everything(after) == became


@given(scores)
def test_what_is_not_chosen_stays(score: NoteScore) -> None:
    chosen = frozenset(x for x in everything(score) if x[0] == 0)
    after, _ = edits.louder(score, chosen, by=30)
    assert after.parts[1:] == score.parts[1:]
    gone, none = edits.deleted(score, chosen)
    assert gone.parts[0].notes == () and gone.parts[1:] == score.parts[1:] and not none


def test_quantising_pulls_starts_and_keeps_lengths() -> None:
    score = score_of((ScoreNote(5, 60, 10, 80), ScoreNote(20, 62, 10, 80)))
    after, _ = edits.quantised(score, everything(score), grid_ticks=12)
    assert [x.start_tick for x in after.parts[0].notes] == [0, 24]
    half, _ = edits.quantised(score, everything(score), grid_ticks=12, strength=0.5)
    assert [x.start_tick for x in half.parts[0].notes] == [2, 22]
    assert {x.length_ticks for x in after.parts[0].notes} == {10}


def test_a_paste_starts_where_it_is_told_and_joins_its_parts() -> None:
    score = score_of((ScoreNote(24, 60, 12, 80),), (ScoreNote(36, 40, 12, 80),))
    after, became = edits.pasted(score, everything(score), at_tick=96)
    assert became == {(0, ScoreNote(96, 60, 12, 80)), (1, ScoreNote(108, 40, 12, 80))}
    assert len(after.parts[0].notes) == 2
    again, _ = edits.pasted(after, everything(score), at_tick=96)
    assert again.parts == after.parts


def test_a_scale_step_stays_in_the_scale() -> None:
    c_major = tuple(ScoreNote(i, 60 + x, 1, 80) for i, x in enumerate((0, 2, 4, 5, 7, 9, 11)))
    score = score_of(c_major)
    after, _ = edits.transposed_in_scale(score, everything(score), steps=2, tonic=0, mode="major")
    assert [x.pitch for x in after.parts[0].notes] == [64, 65, 67, 69, 71, 72, 74]
    down, _ = edits.transposed_in_scale(after, everything(after), steps=-2, tonic=0, mode="major")
    assert down.parts == score.parts


def test_minor_has_its_raised_sixth_and_seventh() -> None:
    assert edits.in_scale(57 + 11, 9, "minor") and edits.in_scale(57 + 10, 9, "minor")
    assert not edits.in_scale(57 + 1, 9, "minor") and not edits.in_scale(61, 0, "major")


def test_a_rectangle_chooses_what_touches_it() -> None:
    score = score_of(
        (ScoreNote(0, 60, 24, 80), ScoreNote(48, 60, 24, 80), ScoreNote(0, 72, 24, 80))
    )
    found = edits.chosen_between(
        score, first_tick=20, last_tick=48, lowest=59, highest=61, parts=(0,)
    )
    assert found == {(0, ScoreNote(0, 60, 24, 80))}


def test_a_bar_is_cleared_in_the_parts_asked() -> None:
    score = score_of(
        (ScoreNote(0, 60, 24, 80), ScoreNote(96, 60, 24, 80)), (ScoreNote(96, 50, 9, 9),)
    )
    after, _ = edits.bar_cleared(score, bars=range(1, 2), parts=(0,))
    assert [x.start_tick for x in after.parts[0].notes] == [0]
    assert after.parts[1] == score.parts[1]
