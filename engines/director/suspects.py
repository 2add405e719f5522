"""Words that a model's line may not have, or that cost it some of its score."""

from __future__ import annotations

from typing import Final

from engines.director.lexicon import MONTHS, PRONOUNS, SMALL_WORDS, WEEKDAYS, word_set

_STATED: Final = word_set(
    "today tomorrow tonight yesterday weekend noon midnight o'clock annual anniversary free "
    "ticket tickets price prices euro euros dollar dollars pound pounds discount sponsor "
    "donate guest guests host hosts ingredients finest first masterpiece celebrity award "
    "awarded award-winning www http https com website online email phone facebook twitter "
    "instagram hundred hundreds thousand thousands million millions century decade year years "
    "winter summer spring autumn christmas easter halloween america american york london "
    "paris england california texas usa uk europe european asian african chinese japanese "
    "french german indian italian irish black white brown jewish muslim christian hindu "
    "buddhist arab latino gay lesbian native gypsy catholic church holy"
)

INVENTIONS: Final = (
    _STATED
    | frozenset(WEEKDAYS[:7])
    | frozenset(month.lower() for month in MONTHS[:12] if month not in ("May", "March"))
)
"""Words that state a fact; a line may only have them if the brief has."""

UNWANTED: Final = word_set(
    "sex sexy kill kills killed naked drunk drugs god jesus hell hate stupid ugly fat dead "
    "death die dies murder blood smith johnson assistant ai sorry brief tagline caption "
    "poster prompt sentence sin sins suicide hairs hair worst bad boring nazi slave slaves "
    "slut shit damn racism rape guns gun"
)
"""Words that have no place on anyone's poster."""

SPEAKER: Final = word_set("i me my mine i'm i've he she him her his hers")
"""A line that speaks of "me" or "her" has lost its subject."""

GLOOM: Final = word_set(
    "not no never nobody none nothing cannot can't don't won't isn't lost sick pain suffering "
    "alone wealthy poor threat danger fear afraid dark darkness empty sad tears cry broken "
    "old extinguished wrong fire fight loss"
)
"""Words that sell nothing; in a story they are welcome."""

BOASTS: Final = word_set(
    "world future best universe perfect amazing ever greatest most awesome incredible "
    "ultimate unique wonderful beautiful beauty dream dreams life lifetime everything forever"
)
"""Words a small model likes too much; each costs a line some of its score."""

DARK_ALLOWED: Final = word_set("dead death die dies murder blood killed kills kill hell")
"""Unwanted words that a dark story may have."""

CONTENTLESS: Final = (
    SMALL_WORDS
    | PRONOUNS
    | word_set(
        "about is are was be been has have will can not no all so one who what when where how than "
        "then there here up out off down more most very just only too also them him us me do does "
        "did don't it's you're we're let let's every each any some own"
    )
)
"""Words that carry no meaning of their own."""

DANGLING: Final = SMALL_WORDS | word_set(
    "is are was be has have will can who what that which than very your our my their his her "
    "its every each no so if because while when"
)
"""Words that no sentence ends with."""
