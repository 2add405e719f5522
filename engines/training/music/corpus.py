"""The collections the music model is trained on, and which composers are kept out.

A folder named like a collection is taken; the split is by composer, or by
player or piece where a collection has one composer, before anything is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engines.api import BadRequest

SUFFIXES: Final = (".mid", ".midi", ".mxl", ".musicxml", ".xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """One folder of scores.

    `source` is one of `engines.music.model.tokens.SOURCES`; `held_out` are
    beginnings of file names that are never trained on; `share` is the part
    of all training windows; `passes` how often it is cut into windows anew.
    """

    folder: str
    source: str
    licence: str
    credit: str
    held_out: tuple[str, ...]
    share: float
    passes: int = 1


OWN: Final = "procedural"
"""The collection that is written by our own composer and needs no folder."""

COLLECTIONS: Final = (
    Collection(
        folder="openscore-orchestra",
        source="orchestra",
        licence="CC0-1.0",
        credit="OpenScore Orchestra",
        held_out=("Beach_", "Boulanger_", "Bruckner_"),
        share=0.16,
    ),
    Collection(
        folder="openscore-quartets",
        source="quartet",
        licence="CC0-1.0",
        credit="OpenScore String Quartets",
        held_out=("Mayer_", "Grieg_", "Borodin_", "Smyth_"),
        share=0.12,
    ),
    Collection(
        folder="openscore-lieder",
        source="song",
        licence="CC0-1.0",
        credit="OpenScore Lieder Corpus",
        held_out=("Mendelssohn_", "Quilter_", "Viardot_", "Paradis_", "Butterworth_", "Mahler_"),
        share=0.16,
    ),
    Collection(
        folder="freedoom",
        source="game",
        licence="BSD-3-Clause",
        credit="Freedoom contributors",
        held_out=("d_e4m1", "d_e4m4", "d_e4m8", "d_e4m9"),
        share=0.15,
        passes=2,
    ),
    Collection(
        folder="helland",
        source="film",
        licence="CC-BY-4.0",
        credit="Tanner Helland",
        held_out=("Hidden_Tears", "Lost_Islands", "The_Haunting", "Retribution"),
        share=0.10,
        passes=3,
    ),
    Collection(
        folder="groove",
        source="drums",
        licence="CC-BY-4.0",
        credit="Groove MIDI Dataset, Google LLC",
        held_out=("drummer9_", "drummer10_"),
        share=0.06,
    ),
    Collection(
        folder=OWN,
        source="own",
        licence="CC0-1.0",
        credit="The Triptych authors, written by engines/training/music/procedural.py",
        held_out=("held-out",),
        share=0.25,
    ),
)


def is_held_out(collection: Collection, path: Path) -> bool:
    return path.name.startswith(collection.held_out)


def collections_in(folders: tuple[str, ...]) -> Iterator[tuple[Collection, tuple[Path, ...]]]:
    """Find the known collections in folders that are collections or hold them.

    Raises:
        BadRequest: a folder is missing, or none holds a known collection.
    """
    found = False
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise BadRequest(f"the folder {folder} is not there")
        for collection in COLLECTIONS:
            if collection.folder == OWN:
                continue
            place = folder if folder.name == collection.folder else folder / collection.folder
            files = (
                tuple(sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES))
                if place.is_dir()
                else ()
            )
            if files:
                found = True
                yield collection, files
    if not found:
        names = ", ".join(c.folder for c in COLLECTIONS if c.folder != OWN)
        raise BadRequest(f"no collection was found; folders are named {names}")
