"""Takes of a document's music: those that were tried, side by side, one of them in use."""

from __future__ import annotations

from dataclasses import replace

from desktop.document.model import Document, MusicTrack, Take

MOST_TAKES = 32
"""The oldest that is not kept goes when there are more."""

SUPERSEDED = "Before"


def take_in_use(document: Document) -> Take | None:
    """Return the take that is the document's music, if it is one as it was written."""
    music = document.music
    if music is None:
        return None
    return next((x for x in reversed(document.takes) if _same(x.track, music)), None)


def find_take(document: Document, take_id: str) -> Take | None:
    """Return a take by its id, None if it is gone."""
    return next((take for take in document.takes if take.id == take_id), None)


def with_take(document: Document, take: Take) -> Document:
    """Add a take; the music is kept as one too if it is not yet, for it may be replaced now."""
    takes = (*_with_music(document).takes, take)
    return replace(document, takes=_fewer(takes))


def with_music(document: Document, track: MusicTrack) -> Document:
    """Put another score under the document; the one before stays as a take."""
    kept = _with_music(document)
    return replace(kept, music=track, takes=_fewer(kept.takes))


def with_track(document: Document, track: MusicTrack) -> Document:
    """Change how the music is treated, or its notes; its take follows while it is the same."""
    takes = tuple(
        replace(take, track=track) if _same(take.track, track) else take for take in document.takes
    )
    return replace(document, music=track, takes=takes)


def without_take(document: Document, take_id: str) -> Document:
    """Take one away; the music stays what it is."""
    return replace(document, takes=tuple(x for x in document.takes if x.id != take_id))


def with_changed_take(document: Document, take: Take) -> Document:
    """Put a changed take in the place of the one with its id."""
    takes = tuple(take if x.id == take.id else x for x in document.takes)
    return replace(document, takes=takes)


def without_sounds(document: Document) -> Document:
    """Return a document whose scores are to be played anew when they are next heard."""
    if document.music is None and not document.takes:
        return document
    takes = tuple(
        replace(take, track=replace(take.track, sound_asset="")) for take in document.takes
    )
    music = document.music
    silent = replace(music, sound_asset="") if music is not None else None
    return replace(document, music=silent, takes=takes)


def _with_music(document: Document) -> Document:
    music = document.music
    if music is None or take_in_use(document) is not None:
        return document
    take = Take(name=music.name if music.name != "Score" else SUPERSEDED, track=music)
    return replace(document, takes=(*document.takes, take))


def _same(one: MusicTrack, other: MusicTrack) -> bool:
    return one.midi_asset == other.midi_asset and one.recipe == other.recipe


def _fewer(takes: tuple[Take, ...]) -> tuple[Take, ...]:
    """Drop the oldest that are not kept."""
    too_many = len(takes) - MOST_TAKES
    spare = [take.id for take in takes[:-1] if not take.kept]
    gone = frozenset(spare[: max(0, too_many)])
    return tuple(take for take in takes if take.id not in gone)
