"""The dry sounds of parts that were played before."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import numpy as np

MOST_BYTES: Final = 512 * 2**20


class DryParts:
    """Sounds by key, up to a bound; those used longest ago go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._sounds: OrderedDict[str, np.ndarray] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> np.ndarray | None:
        sound = self._sounds.get(key)
        if sound is not None:
            self._sounds.move_to_end(key)
        return sound

    def put(self, key: str, sound: np.ndarray) -> None:
        """Keep a sound, which nobody may change from now on."""
        if key in self._sounds or sound.nbytes > self._most_bytes:
            return
        sound.flags.writeable = False
        self._sounds[key] = sound
        self._bytes += sound.nbytes
        while self._bytes > self._most_bytes:
            _, gone = self._sounds.popitem(last=False)
            self._bytes -= gone.nbytes

    @property
    def size_bytes(self) -> int:
        return self._bytes
