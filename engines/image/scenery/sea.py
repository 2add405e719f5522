"""The sea: open water, a lighthouse, sails."""

from __future__ import annotations

import numpy as np

from engines.image.scenery.palettes import Array
from engines.image.scenery.sheet import Point, Sheet, smooth
from engines.image.scenery.sky import cloud_field, paint_light, paint_sky, paint_stars


def _water(sheet: Sheet, horizon: float, light_at: tuple[float, float] | None) -> None:
    """Paint water below `horizon` (share of the height), glittering under the light."""
    top, low = sheet.palette.sky
    line = horizon * sheet.down
    depth = np.clip((sheet.y - line) / (sheet.down - line), 0, 1)
    mask = sheet.below(np.full(sheet.width_px, line, np.float32))
    # Swell: rows of waves that widen towards the viewer, as perspective does.
    swell: Array = np.zeros((sheet.height_px, sheet.width_px), np.float32)
    for stretch, weight in (((0.35, 7.0), 0.5), ((0.6, 14.0), 0.3), ((1.0, 26.0), 0.2)):
        near = sheet.noise(2.4, 3, stretch=stretch)
        swell += weight * near
    swell = (swell - 0.5) * (0.35 + 0.65 * depth)
    body = low * 0.62 * (1 - depth) ** 1.4 + max(top * 0.45, 0.06)
    colours = sheet.palette.at(np.clip(body + 0.42 * swell, 0, 1))
    sheet.rgb += mask[..., None] * (colours - sheet.rgb)
    if light_at is not None:
        width = 0.035 + 0.22 * depth
        path = np.exp(-(((sheet.x - light_at[0]) / width) ** 2)) * mask
        glitter = smooth(-0.05, 0.16, swell) * (0.9 - 0.45 * depth)
        sheet.light(0.85 * path * glitter, 0.4 + 0.6 * sheet.palette.at(0.95))
    sheet.light(
        0.16 * np.exp(-np.abs(sheet.y - line) / 0.02) * np.ones_like(swell), sheet.palette.at(0.95)
    )


def _sky_over(sheet: Sheet, horizon: float) -> tuple[float, float] | None:
    """Paint sky with thin clouds and a low light; return where the light is."""
    paint_sky(sheet, horizon)
    if sheet.palette.night or "stars" in sheet.wanted:
        paint_stars(sheet, horizon)
        sheet.features.append("stars")
    light_at = paint_light(sheet, 0.2, max(0.25, horizon - 0.1))
    density, lit = cloud_field(sheet, 1.6, 0.36)
    thin = density * 0.55 * (sheet.y < horizon * sheet.down)
    places = np.clip(sheet.palette.sky[1] * (0.6 + 0.4 * lit), 0, 1)
    sheet.rgb += thin[..., None] * (sheet.palette.at(places) - sheet.rgb)
    return light_at


def sea(sheet: Sheet) -> None:
    """Paint the open sea, sometimes with sails."""
    horizon = sheet.rng.uniform(0.5, 0.62)
    light_at = _sky_over(sheet, horizon)
    _water(sheet, horizon, light_at)
    if sheet.has("sailing boat", 0.25):
        _sails(sheet, horizon)


def _sails(sheet: Sheet, horizon: float) -> None:
    """Put a sailing boat on the water."""
    x = sheet.across * sheet.rng.uniform(0.2, 0.8)
    y = sheet.down * (horizon + 0.05)
    size = sheet.rng.uniform(0.10, 0.17)

    def shape(*points: Point) -> list[list[Point]]:
        """Place points given in boat lengths from the boat's waterline."""
        return [[(x + size * across, y + size * down) for across, down in points]]

    hull = shape((-0.42, -0.10), (0.45, -0.12), (0.30, 0.03), (-0.30, 0.03))
    main = shape((0.02, -1.05), (0.40, -0.16), (0.02, -0.16))
    jib = shape((-0.02, -0.95), (-0.36, -0.16), (-0.02, -0.16))
    shadow = shape((-0.4, 0.0), (0.4, 0.0), (0.2, 0.5), (-0.2, 0.5))
    sheet.shade(0.5 * sheet.blurred(sheet.polygons(shadow), 0.012), 0.8)
    sheet.cover(sheet.polygons(hull), sheet.palette.at(0.03))
    sheet.cover(sheet.polygons(main), sheet.palette.at(0.97))
    sheet.cover(sheet.polygons(jib), sheet.palette.at(0.85))


def _tower_parts(x: float, foot: float, tall: float) -> dict[str, list[list[Point]]]:
    """Return the polygons of a lighthouse whose foot stands at (x, foot)."""
    wide, narrow, top = tall * 0.135, tall * 0.085, foot - tall * 0.78

    def ring(low: float, high: float, grow: float = 1.0) -> list[Point]:
        """Return a slice of the tapering tower between two shares of its height."""
        below = (wide + (narrow - wide) * low) * grow
        above = (wide + (narrow - wide) * high) * grow
        y_low, y_high = foot + (top - foot) * low, foot + (top - foot) * high
        return [(x - below, y_low), (x + below, y_low), (x + above, y_high), (x - above, y_high)]

    lamp: list[Point] = [
        (x - narrow * 0.72, top - tall * 0.13),
        (x + narrow * 0.72, top - tall * 0.13),
        (x + narrow * 0.72, top),
        (x - narrow * 0.72, top),
    ]
    deck: list[Point] = [
        (x - narrow * 1.45, top - tall * 0.012),
        (x + narrow * 1.45, top - tall * 0.012),
        (x + narrow * 1.25, top + tall * 0.03),
        (x - narrow * 1.25, top + tall * 0.03),
    ]
    roof: list[Point] = [
        (x - narrow * 1.05, top - tall * 0.13),
        (x, top - tall * 0.22),
        (x + narrow * 1.05, top - tall * 0.13),
    ]
    bands = [ring(low, low + 0.2) for low in (0.2, 0.6)]
    return {"tower": [ring(0, 1)], "bands": bands, "lamp": [lamp], "dark": [deck, roof]}


def lighthouse(sheet: Sheet) -> None:
    """Paint a lighthouse on a rock by the sea, its beam on when it is dim."""
    horizon = sheet.rng.uniform(0.62, 0.7)
    light_at = _sky_over(sheet, horizon)
    _water(sheet, horizon, light_at)
    side = sheet.rng.choice([-1.0, 1.0])
    x = sheet.across * (0.5 + side * sheet.rng.uniform(0.08, 0.22))
    foot, tall = sheet.down * (horizon + 0.02), sheet.rng.uniform(0.46, 0.58)
    parts = _tower_parts(x, foot, tall)
    lamp_y = foot - tall * 0.845
    if sheet.palette.night or sheet.palette.sky[0] < 0.3 or "beam" in sheet.wanted:
        _beam(sheet, x, lamp_y, -side)
        sheet.features.append("beam of light")
    spread = np.abs(sheet.x[0] - x)
    rock = (
        foot
        - 0.01
        + 0.9 * np.clip(spread - 0.13, 0, None) ** 1.5
        + 0.022 * sheet.line(7, 4, soft=False)
    )
    sheet.cover(sheet.below(rock), sheet.palette.at(0.04))
    tower = sheet.polygons(parts["tower"])
    sheet.cover(
        tower, 0.25 * sheet.palette.at(0.5) + 0.75 * np.array([0.93, 0.91, 0.88], np.float32)
    )
    band = 0.45 * sheet.palette.at(0.45) + 0.55 * np.array([0.72, 0.16, 0.14], np.float32)
    sheet.cover(sheet.polygons(parts["bands"]), band)
    sheet.shade(tower * smooth(0.0, 0.06, side * (sheet.x - x)), 0.45)
    sheet.cover(sheet.polygons(parts["dark"]), sheet.palette.at(0.05))
    sheet.cover(sheet.polygons(parts["lamp"]), (1.0, 0.93, 0.70))
    sheet.light(0.7 * sheet.glow(x, lamp_y, 0.035, 3), (1.0, 0.92, 0.68))


def _beam(sheet: Sheet, x: float, y: float, side: float) -> None:
    """Throw a beam from the lamp to one side, and a fainter one to the other."""
    for way, strength in ((side, 0.62), (-side, 0.28)):
        along = (sheet.x - x) * way
        across = np.abs(sheet.y - y + 0.16 * along)
        reach = np.clip(along, 0, None)
        cone = np.clip(1 - across / (0.012 + 0.13 * reach), 0, 1) * (along > 0)
        sheet.light((strength * cone / (1 + 1.6 * reach)).astype(np.float32), (1.0, 0.94, 0.76))
