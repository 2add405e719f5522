"""Lines in the languages that the starter model does not speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of one language; none states a fact."""

    taglines: tuple[str, ...]
    bodies: tuple[str, ...]
    calls: tuple[str, ...]
    openings: tuple[str, ...]
    middles: tuple[str, ...]
    endings: tuple[str, ...]


LINES: Final[dict[str, Lines]] = {
    "de": Lines(
        taglines=("Komm und staune.", "Bring deine Freunde mit.", "Ein guter Grund, zu kommen."),
        bodies=("Kommen Sie vorbei, bringen Sie Freunde mit und nehmen Sie sich Zeit.",),
        calls=("Wir freuen uns auf Sie.", "Kommen Sie vorbei.", "Seien Sie dabei."),
        openings=("Es beginnt ganz leise.",),
        middles=("Schritt für Schritt.", "Niemand hat damit gerechnet.", "Dann wird alles anders."),
        endings=("Und das war erst der Anfang.",),
    ),
    "fr": Lines(
        taglines=("Laissez-vous surprendre.", "Venez entre amis.", "Un moment à partager."),
        bodies=("Venez nombreux, prenez le temps et laissez-vous surprendre.",),
        calls=("Rejoignez-nous.", "On vous attend.", "Venez nombreux."),
        openings=("Tout commence en silence.",),
        middles=("Pas à pas.", "Personne ne s'y attendait.", "Puis tout change."),
        endings=("Et ce n'était que le début.",),
    ),
    "es": Lines(
        taglines=("Déjate sorprender.", "Ven con amigos.", "Un momento para compartir."),
        bodies=("Ven, tómate tu tiempo y disfruta en buena compañía.",),
        calls=("Te esperamos.", "Ven y participa.", "No te lo pierdas."),
        openings=("Todo empieza en silencio.",),
        middles=("Paso a paso.", "Nadie lo esperaba.", "Y todo cambia."),
        endings=("Y era solo el comienzo.",),
    ),
    "zh": Lines(
        taglines=("期待与你相遇。", "一起来，别错过。", "好时光，一起分享。"),
        bodies=("约上朋友，慢慢走，好好享受这段时光。",),
        calls=("欢迎光临。", "期待你的到来。", "一起来吧。"),
        openings=("故事从安静处开始。",),
        middles=("一步一步。", "没有人料到。", "一切悄悄改变。"),
        endings=("而这只是开始。",),
    ),
}
