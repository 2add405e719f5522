"""Colour arithmetic: relative luminance and contrast of WCAG 2, mixing, and a page's scheme."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from desktop.document.measuring import Spread

READABLE = 4.5
"""The least contrast of words and what is behind them (WCAG 2.2, 1.4.3, level AA)."""

_DEFAULT = ("#12141d", "#3b4766", "#cf9a5b", "#f5ecdc")

Rgb = tuple[float, float, float]


def rgb(color: str) -> Rgb:
    """Return "#rrggbb", any alpha ignored, as three values from 0 to 1."""
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255


def hex_of(values: Sequence[float]) -> str:
    return "#" + "".join(f"{round(min(1.0, max(0.0, v)) * 255):02x}" for v in values)


def with_alpha(color: str, alpha: float) -> str:
    """Return a colour as "#rrggbbaa"."""
    return f"{color[:7]}{round(min(1.0, max(0.0, alpha)) * 255):02x}"


def alpha_of(color: str) -> float:
    return int(color[7:9], 16) / 255 if len(color) == 9 else 1.0


def mixed(one: str, other: str, share: float) -> str:
    """Return `one` with a `share` (0 to 1) of `other` in it."""
    pairs = zip(rgb(one), rgb(other), strict=True)
    return hex_of([a + (b - a) * share for a, b in pairs])


def luminance(color: str) -> float:
    """Return the relative luminance, 0 for black and 1 for white."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: float, other: float) -> float:
    """Return the contrast of two luminances, 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    return ratio(luminance(one), luminance(other))


def contrast_over(color: str, behind: Spread) -> float:
    """Return the contrast that nine tenths of the pixels behind exceed."""
    value = luminance(color)
    if behind.p10 < value < behind.p90:
        return 1.0
    return min(ratio(value, behind.p10), ratio(value, behind.p90))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """The colours of a page, each made from the palette.

    `dark` and `light` have a contrast of at least 9 to each other; the
    accents can be read on one of them each.
    """

    dark: str
    light: str
    accent_on_dark: str
    accent_on_light: str
    middle: tuple[str, ...]

    def ink(self, on_dark: bool) -> str:
        return self.light if on_dark else self.dark

    def ground(self, on_dark: bool) -> str:
        return self.dark if on_dark else self.light

    def accent(self, on_dark: bool) -> str:
        return self.accent_on_dark if on_dark else self.accent_on_light


def scheme_of(palette: Sequence[str]) -> Scheme:
    """Return the scheme of a palette; an empty one gives the house's own."""
    colors = sorted((color[:7] for color in palette or _DEFAULT), key=luminance)
    if len(colors) < 2:
        colors = [mixed(colors[0], "#000000", 0.8), *colors, mixed(colors[0], "#ffffff", 0.85)]
    dark = _until(mixed(colors[0], "#000000", 0.1), "#000000", lambda x: luminance(x) <= 0.018)
    light = _until(colors[-1], "#ffffff", lambda x: luminance(x) >= 0.8)
    vivid = max(colors, key=_vividness)
    return Scheme(
        dark=dark,
        light=light,
        accent_on_dark=_until(vivid, "#ffffff", lambda x: contrast(x, dark) >= 6.5),
        accent_on_light=_until(vivid, "#000000", lambda x: contrast(x, light) >= 5.0),
        middle=tuple(colors[1:-1]) or (mixed(dark, light, 0.3),),
    )


def _vividness(color: str) -> float:
    """Return how much a colour stands out: its chroma, best at a middle lightness."""
    red, green, blue = rgb(color)
    _, lightness, _ = colorsys.rgb_to_hls(red, green, blue)
    chroma = max(red, green, blue) - min(red, green, blue)
    return chroma * (1.0 - abs(lightness - 0.55))


def _until(color: str, towards: str, done: Callable[[str], bool]) -> str:
    for step in range(21):
        trial = mixed(color, towards, step / 20)
        if done(trial):
            return trial
    return towards
