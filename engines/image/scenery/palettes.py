"""Named palettes and the ramp of colour between their five stops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

RAMP_STEPS = 1024


def rgb_of(colour: str) -> tuple[float, float, float]:
    """Read "#rrggbb" as three values from 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _to_oklab(rgb: Array) -> Array:
    """Turn sRGB into OKLab (Ottosson 2020), where mixing keeps colours clean."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    lab = np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )
    return lab.astype(np.float32)


def _to_srgb(lab: Array) -> Array:
    """Undo `_to_oklab`, clipped to what a screen can show."""
    cones = (
        lab
        @ np.array(
            [
                [1.0, 1.0, 1.0],
                [0.3963377774, -0.1055613458, -0.0894841775],
                [0.2158037573, -0.0638541728, -1.2914855480],
            ]
        )
    ) ** 3
    linear = cones @ np.array(
        [
            [4.0767416621, -1.2684380046, -0.0041960863],
            [-3.3077115913, 2.6097574011, -0.7034186147],
            [0.2309699292, -0.3413193965, 1.7076147010],
        ]
    )
    linear = np.clip(linear, 0, 1)
    gamma = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.clip(gamma, 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Palette:
    """Colours "#rrggbb" from dark to light.

    `sky` gives the places on the ramp (0 dark to 1 light) of the top of the
    sky and of the horizon. `words` are what people call it in a prompt.
    """

    name: str
    colours: tuple[str, ...]
    words: tuple[str, ...] = ()
    sky: tuple[float, float] = (0.42, 0.97)
    night: bool = False

    @cached_property
    def ramp(self) -> Array:
        """The colours between the stops, (RAMP_STEPS, 3), values from 0 to 1."""
        stops = _to_oklab(np.array([rgb_of(colour) for colour in self.colours], np.float32))
        places = np.linspace(0, 1, len(stops))
        wanted = np.linspace(0, 1, RAMP_STEPS)
        lab = np.stack([np.interp(wanted, places, stops[:, i]) for i in range(3)], axis=1)
        return _to_srgb(lab.astype(np.float32))

    def at(self, place: Array | float) -> Array:
        """Return the colours at `place` (0 dark to 1 light), shape of place + (3,)."""
        index = np.clip(np.asarray(place) * (RAMP_STEPS - 1), 0, RAMP_STEPS - 1)
        return self.ramp[np.rint(index).astype(np.int32)]


def _palette(
    name: str, colours: str, words: str, sky: tuple[float, float], night: bool = False
) -> Palette:
    return Palette(
        name=name,
        colours=tuple("#" + colour for colour in colours.split()),
        words=tuple(words.split()),
        sky=sky,
        night=night,
    )


DAY, DARK, LATE = (0.42, 0.97), (0.06, 0.62), (0.20, 0.97)

PALETTES: tuple[Palette, ...] = (
    _palette("sunset", "1b1035 5b2a6b c2446a f58a5c ffd9a0", "sunset evening", LATE),
    _palette("night", "040814 0d1a3a 223f78 5f7fb8 d5e3f7", "night midnight moonlit", DARK, True),
    _palette("day", "0f3a52 2474a6 6bb3dd b9dff2 f6fbff", "day blue daylight morning summer", DAY),
    _palette("dawn", "2b2a4c 6d5a8e c98aa6 f6b8a0 ffe9cf", "dawn sunrise daybreak", LATE),
    _palette("dusk", "10122a 32336a 77528f cf868b f7cfa8", "dusk twilight", (0.12, 0.9), True),
    _palette("green", "0b1f1a 17483a 3f7f57 92b873 e9edc4", "green spring garden nature", DAY),
    _palette("teal", "03202b 065463 1a9499 7fd0c2 e6f7ee", "teal turquoise aqua tropical", LATE),
    _palette("ochre", "2c130b 75331a c3703a e9ac66 fbe6c0", "ochre orange desert earth", LATE),
    _palette("storm", "0c1218 27343f 52636f 8fa0a8 dbe3e4", "grey gray storm fog misty", LATE),
    _palette("pastel", "5b5382 a98fbf f2b5c4 fbd9c3 fff7ea", "pastel soft candy", (0.4, 0.98)),
    _palette("neon", "0a0318 2b0a57 8f1fb0 ff3d9a 5ef2ff", "neon cyber club", (0.05, 0.72), True),
    _palette("gold", "120d06 43300f 93701f dcb14a fff0c4", "gold golden yellow brass", LATE),
    _palette("ember", "160506 521012 a8261d f0632c ffd27a", "red ember fire crimson", LATE),
    _palette("ice", "0c2233 2f6486 7fb6cf c7e4ec ffffff", "ice icy winter white frost", DAY),
    _palette("mono", "0b0b0c 343436 77777a bdbdc0 f7f7f7", "black mono monochrome noir", LATE),
    _palette("rose", "2a0d1c 7c2346 cf5676 f3a3ab fdeae2", "pink rose love", LATE),
    _palette("violet", "12082a 3b1d6e 7a4bb0 b996e0 f0e6fb", "violet purple lilac magic", LATE),
    _palette("autumn", "24100c 6b2a16 b9591f e39a37 f8e2a9", "autumn fall harvest brown", LATE),
)

BY_NAME = {palette.name: palette for palette in PALETTES}
BY_WORD = {word: palette for palette in PALETTES for word in (palette.name, *palette.words)}


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2 of "#rrggbb", 0 to 1."""
    rgb = np.array(rgb_of(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def custom(colours: tuple[str, ...]) -> Palette:
    """Make a palette of any two or more colours, sorted from dark to light."""
    ordered = tuple(sorted(colours, key=luminance))
    middle = float(np.mean([luminance(colour) for colour in ordered]))
    night = middle < 0.16
    return Palette(name="custom", colours=ordered, sky=DARK if night else LATE, night=night)
