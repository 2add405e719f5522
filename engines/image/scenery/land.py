"""Land: mountains, hills, dunes, forests and city skylines."""

from __future__ import annotations

import numpy as np

from engines.image.scenery.palettes import Array
from engines.image.scenery.sheet import Point, Sheet, smooth
from engines.image.scenery.sky import paint_haze, paint_light, paint_sky, paint_stars


def _open_sky(sheet: Sheet, horizon: float, low: float = 0.14, high: float = 0.38) -> None:
    """Paint sky, stars at night, and a sun or moon."""
    paint_sky(sheet, horizon)
    if sheet.palette.night or "stars" in sheet.wanted:
        paint_stars(sheet, horizon)
        sheet.features.append("stars")
    paint_light(sheet, low, high)


def _layer(sheet: Sheet, line: Array, near: float, mist: float = 0.5) -> Array:
    """Cover all below `line` with the colour of a layer `near` (0 far to 1 near) in the haze."""
    far_place = sheet.palette.sky[1] * 0.78
    place = far_place * (1 - near) ** 1.15
    mask = sheet.below(line)
    depth = np.clip((sheet.y - line[None, :]) / 0.42, 0, 1)
    # Mist gathers in the valleys, so a layer is lighter towards its foot.
    rise = mist * (1 - near) * depth * (sheet.palette.sky[1] - place)
    colours = sheet.palette.at(np.clip(place + rise, 0, 1))
    sheet.rgb += mask[..., None] * (colours - sheet.rgb)
    return mask


def _snowfall(sheet: Sheet) -> None:
    """Let snow fall over all of it."""
    for size, count in ((0.0022, 320), (0.0042, 120), (0.008, 36)):
        shapes = []
        for _ in range(int(count * sheet.across * sheet.down)):
            x, y = sheet.rng.random() * sheet.across, sheet.rng.random() * sheet.down
            turn = np.linspace(0, 2 * np.pi, 9)[:-1]
            shapes.append([(x + size * np.cos(t), y + size * np.sin(t)) for t in turn])
        sheet.light(sheet.blurred(sheet.polygons(shapes), size * 0.5) * 0.8, (1.0, 1.0, 1.0))


def _mirror(sheet: Sheet, at: float) -> None:
    """Turn all below `at` of the height into water that mirrors what is above."""
    row = int(at * sheet.height_px)
    height = sheet.height_px - row
    if row < height or height < 2:
        return
    ripple = (sheet.noise(9, 3, stretch=(0.25, 4.0))[row:] - 0.5) * 2
    depth = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    shift = np.rint(ripple * depth * 0.05 * sheet.unit_px).astype(np.int32)
    rows = np.clip(row - 1 - np.arange(height)[:, None] + shift, 0, row - 1)
    water = sheet.rgb[rows, np.arange(sheet.width_px)[None, :]]
    dark = sheet.palette.at(0.12)
    water = water + (0.22 + 0.3 * depth)[..., None] * (dark - water)
    sheet.rgb[row:] = water + (0.10 * smooth(0.35, 0.8, ripple))[..., None] * (1 - water)


def mountains(sheet: Sheet) -> None:
    """Paint ridges one behind the other, paler with distance."""
    lake = sheet.has("lake", 0.3)
    foot = 0.74 if lake else 1.0
    _open_sky(sheet, 0.7 * foot)
    layers = int(sheet.rng.integers(4, 7))
    first = sheet.rng.uniform(0.42, 0.5) * foot
    for number in range(layers):
        near = (number + 1) / layers
        height = sheet.down * (first + (0.95 * foot - first) * number / layers)
        tall = sheet.rng.uniform(0.12, 0.20) * (1.15 - 0.55 * near)
        line = height + tall * sheet.line(1.5 + 1.2 * near, 7, gain=0.47, soft=False)
        _layer(sheet, line, near, mist=0.85)
    if lake:
        _mirror(sheet, foot)
    if sheet.has("snow", 0.08):
        _snowfall(sheet)


def hills(sheet: Sheet) -> None:
    """Paint soft rolling hills with trees on the nearer ones."""
    _open_sky(sheet, 0.62, 0.14, 0.36)
    layers = int(sheet.rng.integers(4, 6))
    for number in range(layers):
        near = (number + 1) / layers
        height = sheet.down * (0.52 + 0.44 * number / layers)
        line = height + 0.075 * sheet.line(1.1 + 0.5 * near, 2, gain=0.3)
        mask = _layer(sheet, line, near * 0.86, mist=0.5)
        rim = np.exp(-np.clip(sheet.y - line[None, :], 0, None) / 0.035) * mask
        sheet.light(0.22 * rim * (1.1 - near), sheet.palette.at(0.95))
        if number >= layers - 2:
            _copse(sheet, line, near)


def _copse(sheet: Sheet, line: Array, near: float) -> None:
    """Stand a few round trees on a hill's line."""
    shapes: list[list[Point]] = []
    for _ in range(int(sheet.rng.integers(3, 8))):
        x = sheet.rng.random() * sheet.across
        y = float(line[min(sheet.width_px - 1, int(x * sheet.unit_px))])
        size = sheet.rng.uniform(0.018, 0.034) * (0.5 + near)
        turn = np.linspace(0, 2 * np.pi, 25)[:-1]
        bumps = 1 + 0.13 * np.sin(turn * 5 + sheet.rng.random() * 6)
        crown = [(x + size * b * np.cos(t), y - 1.5 * size + 1.15 * size * b * np.sin(t))
                 for t, b in zip(turn, bumps, strict=True)]  # fmt: skip
        stem = size * 0.09
        shapes += [crown, [(x - stem, y - size), (x + stem, y - size), (x + stem, y + 0.01),
                           (x - stem, y + 0.01)]]  # fmt: skip
    sheet.cover(sheet.polygons(shapes), sheet.palette.at(0.10 * (1.3 - near)))


def dunes(sheet: Sheet) -> None:
    """Paint sand dunes, each with a lit and a shaded side."""
    _open_sky(sheet, 0.55, 0.14, 0.34)
    layers = 5
    for number in range(layers):
        near = (number + 1) / layers
        height = sheet.down * (0.50 + 0.46 * number / layers)
        line = height + 0.10 * sheet.line(0.9 + 0.3 * near, 2, gain=0.25)
        mask = sheet.below(line)
        slope = np.gradient(line) * sheet.unit_px
        lean = sheet.line(0.8, 2, gain=0.3)
        depth = sheet.y - line[None, :]
        lit = smooth(-0.35, 0.35, slope[None, :] * 2.2 + lean[None, :] * 0.5 + depth * 0.6)
        fine = np.sin((sheet.y + 0.05 * lean[None, :]) * (260 - 160 * near))
        place = 0.26 + 0.42 * (1 - near) + 0.22 * lit + 0.012 * fine * near
        colours = sheet.palette.at(np.clip(place, 0, 1))
        sheet.rgb += mask[..., None] * (colours - sheet.rgb)
        sheet.light(0.18 * np.exp(-np.clip(depth, 0, None) / 0.008) * mask, sheet.palette.at(0.97))


def _conifer(x: float, foot: float, height: float, rng: np.random.Generator) -> list[Point]:
    """Return the outline of one fir tree."""
    tiers = 9
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        top = foot - height * (1 - tier / tiers * 0.95)
        low = top + height * 0.13
        width = height * 0.20 * ((tier + 1) / tiers) ** 0.9
        spread = rng.uniform(0.8, 1.15, 2)
        left += [(x - width * 0.35, top), (x - width * spread[0], low)]
        right += [(x + width * 0.35, top), (x + width * spread[1], low)]
    trunk = height * 0.018
    base: list[Point] = [(x - trunk, foot + 0.05), (x + trunk, foot + 0.05)]
    return [(x, foot - height), *left, *base, *right[::-1]]


def forest(sheet: Sheet) -> None:
    """Paint rows of firs fading into mist."""
    _open_sky(sheet, 0.75, 0.12, 0.32)
    rows = 4
    for number in range(rows):
        near = (number + 1) / rows
        foot = sheet.down * (0.58 + 0.42 * near**1.2)
        line = foot + 0.03 * sheet.line(2, 3)
        tall = 0.10 + 0.26 * near**1.4
        gap = tall * 0.155
        shapes = []
        x = -gap
        while x < sheet.across + gap:
            height = tall * sheet.rng.uniform(0.55, 1.15)
            column = min(sheet.width_px - 1, max(0, int(x * sheet.unit_px)))
            shapes.append(_conifer(x, float(line[column]), height, sheet.rng))
            x += gap * sheet.rng.uniform(0.5, 1.6)
        mask = np.maximum(sheet.polygons(shapes), sheet.below(line))
        place = sheet.palette.sky[1] * 0.72 * (1 - near) ** 1.2
        sheet.cover(mask, sheet.palette.at(place + 0.01))
        if number < rows - 1:
            paint_haze(sheet, foot / sheet.down + 0.01, 0.07, 0.55 * (1 - 0.5 * near))
    if sheet.has("snow", 0.12):
        _snowfall(sheet)


def _tower(x: float, width: float, top: float, rng: np.random.Generator) -> list[Point]:
    """Return the outline of one building from its foot far below, with one of five roofs."""
    left, right, middle = x, x + width, x + width / 2
    roof = rng.integers(0, 6)
    step = width * 0.22
    shape: list[Point] = [(left, 9.0), (left, top)]
    if roof == 0:
        shape += [(left, top - step), (right, top)]
    elif roof == 1:
        mast = width * 0.035
        shape += [(middle - mast, top), (middle - mast, top - width * 0.9),
                  (middle + mast, top - width * 0.9), (middle + mast, top)]  # fmt: skip
    elif roof == 2:
        shape += [(left + step, top), (left + step, top - step), (right - step, top - step),
                  (right - step, top)]  # fmt: skip
    elif roof == 3:
        shape += [(middle, top - width * 0.55)]
    return [*shape, (right, top), (right, 9.0)]


def _windows(
    x: float, width: float, top: float, foot: float, rng: np.random.Generator
) -> list[list[Point]]:
    """Return the lit windows of one building."""
    pane, floor = 0.0085, 0.019
    columns = max(1, int((width - 0.012) / (pane * 1.9)))
    margin = (width - columns * pane * 1.9 + pane * 0.9) / 2
    shapes: list[list[Point]] = []
    busy = rng.uniform(0.15, 0.55)
    for row in range(int((foot - top - 0.012) / floor)):
        lit = rng.random(columns) < busy
        y = top + 0.014 + row * floor
        for column in np.flatnonzero(lit):
            left = x + margin + column * pane * 1.9
            shapes.append(
                [(left, y), (left + pane, y), (left + pane, y + 0.0115), (left, y + 0.0115)]
            )
    return shapes


def skyline(sheet: Sheet) -> None:
    """Paint a city in three depths, with lit windows, sometimes over water."""
    water = sheet.has("harbour", 0.35)
    foot = 0.76 if water else 1.0
    _open_sky(sheet, foot, 0.12, 0.34)
    dim = sheet.palette.night or sheet.palette.sky[0] < 0.3
    lit: list[list[Point]] = []
    for number in range(3):
        near = (number + 1) / 3
        shapes, x = [], -0.05
        while x < sheet.across:
            width = sheet.rng.uniform(0.045, 0.12) * (0.75 + 0.35 * near)
            bulge = 1 - 0.35 * abs(2 * x / sheet.across - 1)
            tall = sheet.rng.uniform(0.12, 0.46) * (1.15 - 0.30 * near) * bulge
            top = sheet.down * foot * (1 - tall)
            shapes.append(_tower(x, width, top, sheet.rng))
            if number == 2 and dim:
                lit += _windows(x, width, top, sheet.down * foot, sheet.rng)
            x += width * sheet.rng.uniform(0.86, 1.12)
        mask = sheet.polygons(shapes)
        sheet.cover(mask, sheet.palette.at(sheet.palette.sky[1] * 0.62 * (1 - near) ** 1.1 + 0.015))
        if number < 2:
            paint_haze(sheet, foot, 0.16, 0.45 * (1 - near))
    if lit:
        panes = sheet.polygons(lit)
        warm = 0.5 * sheet.palette.at(0.92) + 0.5 * np.array([1.0, 0.84, 0.52], np.float32)
        sheet.light(0.35 * sheet.blurred(panes, 0.012), warm)
        sheet.cover(panes * 0.92, warm)
        sheet.features.append("lit windows")
    if water:
        _mirror(sheet, foot)
