"""One line of the library for each model, each refused file and each folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from desktop.messages import size_text
from desktop.panels.model_rows import Row
from desktop.panels.model_words import counted, facts
from desktop.theme import COLORS
from engines.api import Fit, Kind, ModelRefused, ModelSpec, Role, Verdict

TILES = {
    Role.LORA: ("layers", COLORS.music),
    Role.TEXTUAL_INVERSION: ("type", COLORS.music),
    Role.VAE: ("eye", COLORS.words),
    Role.CONTROLNET: ("frame", COLORS.accent),
    Role.T2I_ADAPTER: ("frame", COLORS.accent),
    Role.IP_ADAPTER: ("file-image", COLORS.accent),
    Role.TEXT_ENCODER: ("type", COLORS.words),
    Role.IMAGE_ENCODER: ("eye", COLORS.words),
    Role.UPSCALER: ("maximize", COLORS.good),
    Role.DENOISER: ("brush", COLORS.picture),
}
WHOLE_TILES = {
    Kind.TEXT: ("type", COLORS.words),
    Kind.IMAGE: ("image", COLORS.picture),
    Kind.MUSIC: ("music", COLORS.music),
}
_ORDER = tuple(Role)

FITS = {
    Verdict.FITS: ("Fits", COLORS.good),
    Verdict.OFFLOAD: ("Fits, slower", COLORS.accent),
    Verdict.NO: ("Too large", COLORS.bad),
}


def place(spec: ModelSpec) -> tuple[int, str, str]:
    """Return what to sort by: whole models first, then their parts by kind; each by name."""
    return _ORDER.index(spec.role), str(spec.kind), spec.name.lower()


def model_row(spec: ModelSpec, fit: Fit | None, words: str) -> Row:
    """Show a model; `words` are those by which it is found."""
    whole = spec.role is Role.MODEL
    tile = WHOLE_TILES.get(spec.kind, TILES[Role.DENOISER]) if whole else TILES[spec.role]
    note, color = FITS[fit.verdict] if fit is not None else ("", COLORS.muted)
    return Row(
        key=spec.id,
        title=spec.name,
        detail=facts(spec),
        figure=size_text(spec.size_bytes),
        note=note,
        note_color=color,
        preview=spec.preview,
        icon=tile[0],
        color=tile[1],
        words=words,
    )


def refused_row(refusal: ModelRefused) -> Row:
    """Show a file that cannot be used, and why."""
    return Row(
        key=refusal.path,
        title=Path(refusal.path).name,
        detail=refusal.reason,
        icon="circle-alert",
        color=COLORS.bad,
        words=f"{refusal.path} {refusal.reason}".lower(),
    )


def folder_row(folder: str, inside: Iterable[ModelSpec]) -> Row:
    """Show a folder that is looked through, and how many models lie in it."""
    return Row(
        key=folder,
        title=Path(folder).name or folder,
        detail=folder,
        figure=counted(inside).partition(":")[0],
        icon="folder-open",
        color=COLORS.accent,
        words=folder.lower(),
    )
