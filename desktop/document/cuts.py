"""Which moments of a scene its music should hit: its length, and the cuts between its shots."""

from __future__ import annotations

from dataclasses import replace

from desktop.document.model import CutFit, Document, DocumentKind

SAME_S = 1e-3
"""Times nearer than this are the same."""


def cut_times(document: Document) -> tuple[tuple[str, float], ...]:
    """Return the cuts: the shot that begins there, by id, and when."""
    return tuple(
        (shot.id, round(document.shot_start_s(index), 6))
        for index, shot in enumerate(document.shots)
        if index
    )


def fit_to_scene(
    document: Document, wish: CutFit, *, gap_s: float, most: int
) -> tuple[CutFit, int]:
    """Return what the music should follow now, and how many cuts had to be left out.

    Moments of the user's own go before cuts; one without room is not among the hits.

    Args:
        wish: which cuts count; its times are replaced.
        gap_s: hits stand at least so far apart, and so far from both ends.
        most: so many hits there may be.
    """
    seconds = document.duration_s
    hits: list[float] = []

    def has_room(time_s: float) -> bool:
        away_s = min(abs(time_s - other) for other in (0.0, seconds, *hits))
        return time_s < seconds and away_s >= gap_s and len(hits) < most

    for own_s in wish.own_s:
        if has_room(own_s):
            hits.append(own_s)
    left_out = 0
    for shot, time_s in cut_times(document) if wish.hits_cuts else ():
        if shot in wish.skipped or any(abs(time_s - hit) < SAME_S for hit in hits):
            continue
        if has_room(time_s):
            hits.append(time_s)
        else:
            left_out += 1
    return replace(wish, seconds=seconds, hits_s=tuple(sorted(hits))), left_out


def follows_still(document: Document, fit: CutFit, now: CutFit) -> bool:
    """Say whether a score that was fitted is still right for the scene, or has none to follow."""
    if document.kind is not DocumentKind.SCENE or not document.shots:
        return True
    if len(fit.hits_s) != len(now.hits_s):
        return False
    pairs = zip((fit.seconds, *fit.hits_s), (now.seconds, *now.hits_s), strict=True)
    return all(abs(one - other) < SAME_S for one, other in pairs)
