"""Skies: what hangs in them, clouds, storms, stars, northern lights."""

from __future__ import annotations

import numpy as np

from engines.image.scenery.palettes import Array
from engines.image.scenery.sheet import Sheet, moved, smooth


def paint_sky(sheet: Sheet, horizon: float = 1.0) -> None:
    """Fill with the palette's sky, from its top to `horizon` (share of the height)."""
    top, low = sheet.palette.sky
    share = np.clip(sheet.y / (sheet.down * horizon), 0, 1)
    drift = (sheet.noise(1.2, 2) - 0.5) * 0.08
    sheet.fill(top + (low - top) * (0.25 * share + 0.75 * share**1.6) + drift)


def paint_stars(sheet: Sheet, horizon: float = 1.0, amount: int = 260) -> None:
    """Scatter stars, brighter and rarer ones with a small glow."""
    count = int(amount * sheet.across * sheet.down)
    xs = sheet.rng.random(count) * sheet.across
    ys = sheet.rng.random(count) * sheet.down * horizon
    size = sheet.rng.random(count) ** 6
    for x, y, bright in zip(xs, ys, size, strict=True):
        _star(sheet, x, y, 0.0009 + 0.0022 * bright, 0.35 + 0.65 * bright)


def _star(sheet: Sheet, x: float, y: float, radius: float, bright: float) -> None:
    """Put one star: a soft point on its own small patch."""
    reach = max(2, int(radius * 4 * sheet.unit_px))
    column, row = int(x * sheet.unit_px), int(y * sheet.unit_px)
    rows = slice(max(0, row - reach), row + reach + 1)
    columns = slice(max(0, column - reach), column + reach + 1)
    square = (sheet.x[:, columns] - x) ** 2 + (sheet.y[rows] - y) ** 2
    # A star is never smaller than about a pixel, or it would flicker with the size.
    width = max(radius, 0.55 / sheet.unit_px)
    shine = bright * (radius / width) ** 0.7 * np.exp(-square / (2 * width**2))
    patch = sheet.rgb[rows, columns]
    patch += shine[..., None] * (1 - patch)


def paint_light(sheet: Sheet, low: float = 0.16, high: float = 0.42) -> tuple[float, float] | None:
    """Hang a sun or a moon between `low` and `high` of the height; return where, if any."""
    night = sheet.palette.night
    ask_moon, ask_sun = "moon" in sheet.wanted, "sun" in sheet.wanted
    moon = ask_moon or (night and not ask_sun)
    if not sheet.has("moon" if moon else "sun", 0.7):
        return None
    x = sheet.across * sheet.rng.uniform(0.22, 0.78)
    y = sheet.down * sheet.rng.uniform(low, high)
    radius = sheet.rng.uniform(0.05, 0.095)
    white = np.array([1.0, 0.99, 0.94] if moon else [1.0, 0.96, 0.84], np.float32)
    tint = 0.5 * white + 0.5 * sheet.palette.at(0.9)
    sheet.light(0.5 * sheet.glow(x, y, radius * 2.6, 2.4), tint)
    disc = sheet.disc(x, y, radius, 0.002)
    if moon:
        face = 1 - 0.16 * smooth(0.45, 0.75, sheet.noise(9, 3))
        sheet.cover(disc, white * 0.97)
        sheet.rgb *= 1 - (disc * (1 - face))[..., None]
    else:
        sheet.cover(disc, white)
    return x, y


def paint_haze(sheet: Sheet, at: float, width: float, strength: float) -> None:
    """Lay a band of mist at `at` of the height."""
    band = np.exp(-(((sheet.y / sheet.down - at) / width) ** 2))
    mist = strength * band * (0.35 + 0.65 * sheet.noise(2.2, 4, stretch=(0.6, 2.5)))
    sheet.cover(mist, sheet.palette.at(sheet.palette.sky[1]))


def cloud_field(sheet: Sheet, per_unit: float, cover: float) -> tuple[Array, Array]:
    """Return how dense clouds are and how lit their upper left sides are, 0 to 1 each."""
    field = sheet.noise(per_unit, 6, gain=0.52, stretch=(0.8, 1.35))
    shift = max(1, int(0.012 * sheet.unit_px))
    lit = field - moved(field, shift * 2, shift)
    density = smooth(1 - cover, 1.12 - cover + 0.2, field)
    return density, np.clip(0.5 + lit * 5, 0, 1).astype(np.float32)


def clouds(sheet: Sheet) -> None:
    """Paint heaped clouds lit from above, denser towards the horizon."""
    paint_sky(sheet)
    if sheet.palette.night:
        paint_stars(sheet, amount=160)
    paint_light(sheet, 0.15, 0.4)
    top, low = sheet.palette.sky
    for per_unit, cover, strength in ((2.6, 0.5, 0.65), (1.5, 0.55, 0.95)):
        density, lit = cloud_field(sheet, per_unit, cover)
        places = np.clip(top + 0.05 + (low - top) * (0.35 + 0.65 * lit), 0, 1)
        weight = density * strength * (0.45 + 0.55 * sheet.y / sheet.down)
        sheet.rgb += weight[..., None] * (sheet.palette.at(places) - sheet.rgb)
        sheet.light(0.35 * weight * lit, sheet.palette.at(0.96))


def storm(sheet: Sheet) -> None:
    """Paint a heavy sky with rain, and lightning by chance."""
    top = min(sheet.palette.sky[0], 0.25)
    low, lit = cloud_field(sheet, 1.4, 0.72)
    share = sheet.y / sheet.down
    sheet.fill(
        np.clip(top * 0.5 + 0.36 * share + 0.30 * (lit - 0.5) * low + 0.10 * (1 - low), 0, 1)
    )
    thick, rim = cloud_field(sheet, 2.4, 0.6)
    sheet.shade(0.55 * thick * (1 - rim) * (1 - share), 0.8)
    if sheet.has("lightning", 0.55):
        _lightning(sheet)
    rain = sheet.noise(26, 2, stretch=(4.5, 0.12))
    lean = moved(rain, 0, sheet.unit_px // 60)
    streaks = smooth(0.62, 0.95, np.maximum(rain, lean)) * (0.25 + 0.75 * share)
    sheet.light(0.22 * streaks, sheet.palette.at(0.9))
    sheet.features.append("rain")
    ground = 0.9 * sheet.down + 0.03 * sheet.line(3, 4)
    sheet.cover(sheet.below(ground), sheet.palette.at(0.02))


def _lightning(sheet: Sheet) -> None:
    """Draw one forked bolt and the light it throws on the clouds."""
    x, y = sheet.across * sheet.rng.uniform(0.25, 0.75), sheet.down * 0.12
    sheet.light(0.42 * sheet.glow(x, y + 0.1, 0.3, 2.6), sheet.palette.at(0.95))
    bolts: list[list[tuple[float, float]]] = []
    stems = [(x, y, 0.0075)]
    while stems:
        x, y, width = stems.pop()
        while y < sheet.down * 0.88 and width > 0.0009:
            step = sheet.rng.uniform(0.02, 0.05)
            end = x + sheet.rng.normal(0, 0.028), y + step
            thin = width * 0.97
            bolts.append(
                [(x - width / 2, y), (x + width / 2, y), (end[0] + thin / 2, end[1]),
                 (end[0] - thin / 2, end[1])]
            )  # fmt: skip
            if sheet.rng.random() < 0.16 and len(bolts) < 90:
                stems.append((x, y, width * 0.45))
            (x, y), width = end, thin
    mask = sheet.polygons(bolts)
    sheet.light(0.7 * sheet.blurred(mask, 0.02), sheet.palette.at(0.9))
    sheet.light(mask, (1.0, 1.0, 0.98))


def stars(sheet: Sheet) -> None:
    """Paint deep space: stars before a nebula, sometimes a planet."""
    warp = sheet.noise(1.4, 5)
    band = np.exp(-((((sheet.x - sheet.across / 2) * 0.6 + sheet.y - sheet.down / 2) / 0.42) ** 2))
    cloud = np.clip(warp * 1.25 - 0.25, 0, 1) * (0.35 + 0.85 * band)
    sheet.fill(np.clip(0.02 + 0.62 * cloud**1.5, 0, 1))
    dust = smooth(0.55, 0.85, sheet.noise(2.3, 5)) * band
    sheet.shade(dust, 0.55)
    sheet.light(0.35 * smooth(0.55, 1.0, sheet.noise(2.0, 4)) * cloud, sheet.palette.at(0.7))
    paint_stars(sheet, amount=520)
    sheet.features.append("stars")
    if sheet.has("planet", 0.35):
        x = sheet.across * sheet.rng.uniform(0.3, 0.7)
        y, radius = sheet.down * sheet.rng.uniform(0.3, 0.6), sheet.rng.uniform(0.13, 0.24)
        ball = sheet.disc(x, y, radius, 0.003)
        day = smooth(-0.5, 1.0, ((x - sheet.x) + (y - sheet.y)) / radius)
        bands = sheet.noise(3, 4, stretch=(0.25, 3.0))
        colours = sheet.palette.at(np.clip(0.04 + 0.75 * day + 0.25 * (bands - 0.5) * day, 0, 1))
        sheet.light(0.35 * sheet.glow(x, y, radius * 1.05, 5), sheet.palette.at(0.75))
        sheet.rgb += ball[..., None] * (colours - sheet.rgb)


def aurora(sheet: Sheet) -> None:
    """Paint northern lights over a dark ridge."""
    sheet.fill(0.02 + 0.16 * (sheet.y / sheet.down) ** 1.5 + 0 * sheet.x)
    paint_stars(sheet, 0.8, amount=320)
    sheet.features.append("stars")
    for number in range(3):
        base = sheet.down * (0.34 + 0.17 * number) + 0.16 * sheet.line(1.2, 2, gain=0.4)
        # Rays: fine folds of the curtain, each of its own height and brightness.
        rays = smooth(-0.9, 1.1, sheet.line(34, 2) + 0.7 * sheet.line(5, 2))
        height = sheet.down * (0.16 + 0.30 * rays)
        rise = (base[None, :] - sheet.y) / height[None, :]
        curtain = np.where(rise > 0, np.exp(-2.6 * rise), np.exp(16 * rise))
        glow = curtain * (0.25 + 0.75 * rays)[None, :] * (0.55 + 0.2 * number)
        sheet.light(0.75 * glow, sheet.palette.at(0.66 + 0.08 * number))
        sheet.light(0.5 * glow * smooth(0.3, 1.4, rise), sheet.palette.at(0.42))
        sheet.light(0.12 * sheet.blurred(np.clip(glow, 0, 1), 0.06), sheet.palette.at(0.6))
    ridge = 0.84 * sheet.down + 0.07 * sheet.line(3, 6, soft=False)
    sheet.cover(sheet.below(ridge), sheet.palette.at(0.015))
