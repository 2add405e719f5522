"""The sheet a background is drawn on: size-independent places, noise, masks and light.

Every length is a share of the sheet's shorter side, so the same seed gives
the same drawing at any size; the number of random values drawn never depends
on the number of pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engines.image.scenery.palettes import Array, Palette

Point = tuple[float, float]
Colour = Array | tuple[float, float, float]


def smooth(low: float, high: float, value: Array) -> Array:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def moved(field: Array, down_px: int, across_px: int) -> Array:
    """Move a field down and to the right; its first row and column fill the gap."""
    height, width = field.shape
    padded = np.pad(field, ((down_px, 0), (across_px, 0)), mode="edge")
    return padded[:height, :width]


class Sheet:
    """A picture being drawn: `rgb` is (height, width, 3), values from 0 to 1.

    `x` (1, width) and `y` (height, 1) are in shorter sides from the top left;
    `across` and `down` are the whole sides in the same unit.
    """

    def __init__(
        self,
        width_px: int,
        height_px: int,
        palette: Palette,
        rng: np.random.Generator,
        wanted: frozenset[str] = frozenset(),
    ) -> None:
        self.width_px, self.height_px = width_px, height_px
        self.palette, self.rng, self.wanted = palette, rng, wanted
        self.unit_px = min(width_px, height_px)
        self.across, self.down = width_px / self.unit_px, height_px / self.unit_px
        self.x = ((np.arange(width_px, dtype=np.float32) + 0.5) / self.unit_px)[None, :]
        self.y = ((np.arange(height_px, dtype=np.float32) + 0.5) / self.unit_px)[:, None]
        self.rgb: Array = np.zeros((height_px, width_px, 3), np.float32)
        self.features: list[str] = []

    def has(self, feature: str, chance: float) -> bool:
        """Tell whether to draw `feature`: when asked for, else by chance; remembers a yes."""
        rolled = self.rng.random() < chance
        if feature in self.wanted or (rolled and "no " + feature not in self.wanted):
            self.features.append(feature)
            return True
        return False

    def fill(self, places: Array) -> None:
        """Paint the whole sheet with the palette at `places` (0 dark to 1 light)."""
        self.rgb = self.palette.at(np.broadcast_to(places, (self.height_px, self.width_px))).copy()

    def cover(self, mask: Array, colour: Colour, rows: slice = slice(None)) -> None:
        """Lay `colour` over the picture where `mask` is 1; `rows` limits the work."""
        part = self.rgb[rows]
        part += mask[..., None] * (np.asarray(colour, np.float32) - part)

    def light(self, mask: Array, colour: Colour) -> None:
        """Add light (screen blend), strongest where `mask` is 1."""
        glow = mask[..., None] * np.asarray(colour, np.float32)
        self.rgb += glow * (1 - self.rgb)

    def shade(self, mask: Array, strength: float) -> None:
        """Darken towards black where `mask` is 1."""
        self.rgb *= 1 - strength * mask[..., None]

    def noise(
        self,
        per_unit: float,
        octaves: int = 4,
        *,
        gain: float = 0.5,
        stretch: Point = (1.0, 1.0),
    ) -> Array:
        """Return cloudy noise, (height, width), about 0 to 1 with mean one half.

        `per_unit` bumps lie on one shorter side; `stretch` multiplies them
        across and down.
        """
        total = np.zeros((self.height_px, self.width_px), np.float32)
        amplitude, weight = 1.0, 0.0
        for octave in range(octaves):
            wide = self.across * per_unit * stretch[0] * 2**octave
            high = self.down * per_unit * stretch[1] * 2**octave
            lattice = self.rng.random((int(high) + 4, int(wide) + 4), dtype=np.float32)
            layer = Image.fromarray(lattice).resize(
                (self.width_px, self.height_px),
                Image.Resampling.BICUBIC,
                box=(1.0, 1.0, 1.0 + wide, 1.0 + high),
            )
            total += amplitude * np.asarray(layer)
            weight += amplitude
            amplitude *= gain
        # A sum of octaves crowds around one half; widen it to the whole range.
        return np.clip((total / weight - 0.5) * 1.7 + 0.5, 0, 1).astype(np.float32)

    def line(self, per_unit: float, octaves: int, *, gain: float = 0.5, soft: bool = True) -> Array:
        """Return a wandering height for every column, (width,), about -1 to 1."""
        total = np.zeros(self.width_px, np.float32)
        amplitude = 1.0
        for octave in range(octaves):
            count = self.across * per_unit * 2**octave
            knots = self.rng.random(int(count) + 4, dtype=np.float32) * 2 - 1
            place = self.x[0] / self.across * count + 1
            index = place.astype(np.int32)
            part = place - index
            if soft:
                part = part * part * (3 - 2 * part)
            total += amplitude * (knots[index] * (1 - part) + knots[index + 1] * part)
            amplitude *= gain
        return total

    def below(self, heights: Array) -> Array:
        """Return 1 under the line `heights` (in shorter sides from the top), antialiased."""
        return np.clip((self.y - heights[None, :]) * self.unit_px + 0.5, 0, 1)

    def disc(self, x: float, y: float, radius: float, soft: float = 0.0) -> Array:
        """Return a disc; `soft` widens its edge (in shorter sides)."""
        distance = np.hypot(self.x - x, self.y - y)
        edge = max(soft, 1 / self.unit_px)
        return np.clip((radius - distance) / edge + 0.5, 0, 1).astype(np.float32)

    def glow(self, x: float, y: float, radius: float, falloff: float = 2.0) -> Array:
        """Return light that fades away from a point, one half at `radius`."""
        square = ((self.x - x) ** 2 + (self.y - y) ** 2) / radius**2
        return (1 / (1 + square) ** (falloff / 2)).astype(np.float32)

    def polygons(self, shapes: Iterable[Sequence[Point]]) -> Array:
        """Return the union of polygons as an antialiased mask, (height, width)."""
        times = 2 if self.unit_px >= 700 else 4
        mask = Image.new("L", (self.width_px * times, self.height_px * times))
        pen = ImageDraw.Draw(mask)
        scale = self.unit_px * times
        for shape in shapes:
            pen.polygon([(x * scale - 0.5, y * scale - 0.5) for x, y in shape], fill=255)
        small = mask.reduce(times)
        return np.asarray(small, np.float32) / 255

    def blurred(self, mask: Array, radius: float) -> Array:
        """Blur a mask by `radius` shorter sides (on a smaller copy when wide)."""
        radius_px = radius * self.unit_px
        shrink = max(1, int(radius_px / 3))
        image = Image.fromarray(np.rint(mask * 255).astype(np.uint8))
        if shrink > 1:
            image = image.reduce(shrink)
        image = image.filter(ImageFilter.GaussianBlur(radius_px / shrink))
        image = image.resize((self.width_px, self.height_px), Image.Resampling.BICUBIC)
        return np.asarray(image, np.float32) / 255

    def finish(self, *, grain: float = 0.012, vignette: float = 0.12) -> Image.Image:
        """Add a breath of vignette and grain (it hides banding) and return the picture."""
        if vignette:
            away = ((self.x / self.across - 0.5) ** 2 + (self.y / self.down - 0.5) ** 2) * 2
            self.rgb *= 1 - vignette * away[..., None] ** 1.5
        if grain:
            speck = self.rng.standard_normal(self.rgb.shape[:2], dtype=np.float32)
            self.rgb += (grain * speck)[..., None]
        return Image.fromarray(np.rint(np.clip(self.rgb, 0, 1) * 255).astype(np.uint8))
