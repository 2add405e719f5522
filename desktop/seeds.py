"""Seeds: whole numbers that make the same request give the same answer."""

from __future__ import annotations

import secrets

SEEDS = 2**32


def new_seed() -> int:
    """Return a seed nobody chose."""
    return secrets.randbelow(SEEDS)
