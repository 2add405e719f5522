"""Abstract grounds: waves, marble, bokeh, gradients, geometry, rays, paper, garlands of lights."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from engines.image.scenery.sheet import Point, Sheet, smooth


def waves(sheet: Sheet) -> None:
    """Paint flowing bands one over the other, each with a soft shadow."""
    sheet.fill(0.96 - 0.12 * sheet.y / sheet.down + 0.05 * (sheet.noise(1.0, 2) - 0.5))
    count = int(sheet.rng.integers(5, 8))
    dark_first = sheet.rng.random() < 0.4
    if dark_first:
        sheet.fill(0.05 + 0.1 * sheet.y / sheet.down + 0 * sheet.x)
    phase, bend = sheet.rng.random() * 6, sheet.rng.uniform(2.0, 3.6)
    for number in range(count):
        share = (number + 1) / count
        middle = sheet.down * (0.16 + 0.78 * number / count)
        swing = 0.085 * np.sin(sheet.x[0] / sheet.across * bend + phase + number * 0.7)
        line = middle + swing + 0.06 * sheet.line(1.1, 2, gain=0.3)
        depth = sheet.y - line[None, :]
        sheet.shade(np.exp(-np.clip(-depth, 0, None) / 0.028) * (depth < 0) * 0.32, 0.6)
        tone = share if dark_first else 1 - share
        place = np.clip(0.04 + 0.84 * tone + 0.12 * np.exp(-np.clip(depth, 0, None) / 0.16), 0, 1)
        mask = sheet.below(line)
        sheet.rgb += mask[..., None] * (sheet.palette.at(place) - sheet.rgb)


def marble(sheet: Sheet) -> None:
    """Paint polished marble: soft clouds and fine veins that run one way."""
    dark = sheet.rng.random() < 0.5
    angle = sheet.rng.uniform(0.5, 1.1) * sheet.rng.choice([-1.0, 1.0])
    warp, fine = sheet.noise(0.9, 5, gain=0.45), sheet.noise(3.0, 5)
    flow = np.cos(angle) * sheet.x + np.sin(angle) * sheet.y + 0.95 * (warp - 0.5)
    cloud = 0.5 + 0.5 * np.sin(flow * 5.5 + 1.6 * (fine - 0.5))
    ground = 0.05 + 0.30 * cloud**2 if dark else 0.97 - 0.34 * (1 - cloud) ** 2
    sheet.fill(np.clip(ground + 0.05 * (fine - 0.5), 0, 1))
    gilt = 0.5 * sheet.palette.at(0.95) + 0.5 * np.array([1.0, 0.82, 0.48], np.float32)
    ink = gilt if dark else 0.6 * sheet.palette.at(0.3) + 0.4 * gilt
    for turns, width, strength in ((6.0, 0.020, 0.9), (11.0, 0.028, 0.5), (19.0, 0.05, 0.25)):
        bend = 0.55 * (sheet.noise(2.2, 5, gain=0.5) - 0.5) + 0.10 * (fine - 0.5)
        vein = np.abs(np.sin((flow + bend) * turns / 2 + sheet.rng.random() * 6))
        patch = smooth(0.42, 0.72, sheet.noise(1.6, 3))
        sheet.cover(strength * patch * (1 - smooth(0.0, width * 4, vein)) ** 2, ink)


def bokeh(sheet: Sheet) -> None:
    """Paint lights out of focus, large and faint ones behind small and bright ones."""
    sheet.fill(0.04 + 0.26 * sheet.noise(0.9, 2) + 0.10 * sheet.y / sheet.down)
    for low, high, count, strength in (
        (0.09, 0.17, 13, 0.30),
        (0.045, 0.09, 22, 0.45),
        (0.015, 0.04, 34, 0.65),
    ):
        for _ in range(int(count * sheet.across * sheet.down)):
            _spot(sheet, sheet.rng.uniform(low, high), strength)


def _spot(sheet: Sheet, radius: float, strength: float) -> None:
    """Add one round light with the brighter rim that a lens gives."""
    x, y = sheet.rng.random() * sheet.across, sheet.rng.random() * sheet.down
    bright = strength * sheet.rng.uniform(0.35, 1.0)
    colour = sheet.palette.at(sheet.rng.uniform(0.45, 1.0))
    soft = radius * sheet.rng.uniform(0.06, 0.3)
    reach = int((radius + soft) * sheet.unit_px) + 2
    column, row = int(x * sheet.unit_px), int(y * sheet.unit_px)
    rows, columns = (
        slice(max(0, row - reach), row + reach),
        slice(max(0, column - reach), column + reach),
    )
    distance = np.hypot(sheet.x[:, columns] - x, sheet.y[rows] - y)
    disc = np.clip((radius - distance) / soft + 0.5, 0, 1)
    rim = 0.62 + 0.38 * smooth(0.55, 1.0, distance / radius)
    patch = sheet.rgb[rows, columns]
    patch += (bright * disc * rim)[..., None] * colour * (1 - patch)


def gradient(sheet: Sheet) -> None:
    """Paint a soft mesh of the palette's colours."""
    turn = sheet.rng.random() * 2 * np.pi
    slope = np.cos(turn) * (sheet.x / sheet.across - 0.5) + np.sin(turn) * (
        sheet.y / sheet.down - 0.5
    )
    sheet.fill(np.clip(0.5 + 0.75 * slope + 0.55 * (sheet.noise(0.7, 2, gain=0.3) - 0.5), 0, 1))
    for place in (0.25, 0.6, 0.95):
        x, y = sheet.rng.random() * sheet.across, sheet.rng.random() * sheet.down
        square = ((sheet.x - x) ** 2 + (sheet.y - y) ** 2) / sheet.rng.uniform(0.25, 0.5) ** 2
        sheet.cover((0.6 * np.exp(-square)).astype(np.float32), sheet.palette.at(place))


def _circle(x: float, y: float, radius: float) -> list[Point]:
    """Return a circle as a polygon of 96 points."""
    turn = np.linspace(0, 2 * np.pi, 97)[:-1]
    return [(x + radius * np.cos(t), y + radius * np.sin(t)) for t in turn]


def _tiles(sheet: Sheet) -> None:
    """Lay a grid of quarter circles, halves and squares, as in posters of the 1920s."""
    size = 1 / 5
    layers: dict[float, list[list[Point]]] = {}
    for row in range(int(np.ceil(sheet.down / size))):
        for column in range(int(np.ceil(sheet.across / size))):
            x, y = column * size, row * size
            ground, top = sheet.rng.choice([0.05, 0.25, 0.5, 0.72, 0.95], 2, replace=False)
            square = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
            layers.setdefault(float(ground), []).append(square)
            layers.setdefault(10 + float(top), []).append(_motif(sheet, x, y, size))
    for place in sorted(layers):
        sheet.cover(sheet.polygons(layers[place]), sheet.palette.at(place % 10))


def _motif(sheet: Sheet, x: float, y: float, size: float) -> list[Point]:
    """Return one figure inside the tile at (x, y)."""
    corners: list[Point] = [(x, y), (x + size, y), (x + size, y + size), (x, y + size)]
    which, corner = int(sheet.rng.integers(0, 4)), int(sheet.rng.integers(0, 4))
    if which == 0:
        return _circle(x + size / 2, y + size / 2, size * 0.36)
    if which == 1:
        return [corners[corner], corners[(corner + 1) % 4], corners[(corner + 2) % 4]]
    centre = corners[corner]
    turn = np.linspace(0, np.pi / 2, 25) + corner * np.pi / 2
    radius = size if which == 2 else size * 0.5
    return [
        centre,
        *((centre[0] + radius * np.cos(t), centre[1] + radius * np.sin(t)) for t in turn),
    ]


def _facets(sheet: Sheet) -> None:
    """Lay a mesh of triangles, each of one tone."""
    columns, rows = int(np.ceil(sheet.across * 6)), int(np.ceil(sheet.down * 6))
    knots = np.zeros((rows + 3, columns + 3, 2))
    for row in range(rows + 3):
        for column in range(columns + 3):
            jitter = sheet.rng.uniform(-0.3, 0.3, 2)
            knots[row, column] = (column - 1 + jitter[0]) / 6, (row - 1 + jitter[1]) / 6
    times = 2 if sheet.unit_px >= 700 else 4
    image = Image.new("RGB", (sheet.width_px * times, sheet.height_px * times))
    pen = ImageDraw.Draw(image)
    turn = sheet.rng.random() * 2 * np.pi
    for row in range(rows + 2):
        for column in range(columns + 2):
            a, b, c, d = (
                tuple(knots[row + i, column + j]) for i, j in ((0, 0), (0, 1), (1, 1), (1, 0))
            )
            for shape in ((a, b, c), (a, c, d)):
                x, y = np.mean(shape, axis=0)
                slope = np.cos(turn) * (x / sheet.across - 0.5) + np.sin(turn) * (
                    y / sheet.down - 0.5
                )
                place = np.clip(0.48 + 0.8 * slope + sheet.rng.uniform(-0.12, 0.12), 0, 1)
                colour = tuple(int(v * 255) for v in sheet.palette.at(float(place)))
                pen.polygon(
                    [(x * sheet.unit_px * times, y * sheet.unit_px * times) for x, y in shape],
                    fill=colour,
                )
    sheet.rgb = np.asarray(image.reduce(times), np.float32) / 255


def _rings(sheet: Sheet) -> None:
    """Lay large translucent circles over each other."""
    sheet.fill(0.93 + 0.05 * sheet.y / sheet.down + 0 * sheet.x)
    for _ in range(int(sheet.rng.integers(8, 14))):
        x, y = sheet.rng.random() * sheet.across, sheet.rng.random() * sheet.down
        radius = sheet.rng.uniform(0.08, 0.34)
        mask = sheet.disc(x, y, radius)
        if sheet.rng.random() < 0.35:
            mask = mask - sheet.disc(x, y, radius * sheet.rng.uniform(0.6, 0.85))
        sheet.cover(
            mask * sheet.rng.uniform(0.55, 0.95), sheet.palette.at(sheet.rng.uniform(0, 0.85))
        )


def _stripes(sheet: Sheet) -> None:
    """Lay broad slanted bands."""
    slope = sheet.rng.choice([-1.0, 1.0]) * sheet.rng.uniform(0.5, 1.2)
    along = sheet.x + slope * sheet.y
    edges = np.cumsum(sheet.rng.uniform(0.05, 0.24, 40)) + float(along.min())
    places = sheet.rng.choice([0.04, 0.22, 0.4, 0.58, 0.76, 0.95], 41)
    sheet.fill(np.full((1, 1), places[0], np.float32))
    for edge, place in zip(edges, places[1:], strict=True):
        sheet.cover(
            np.clip((along - edge) * sheet.unit_px * 0.8 + 0.5, 0, 1),
            sheet.palette.at(float(place)),
        )
        if edge > float(along.max()):
            break


FIGURES = {"tiles": _tiles, "triangles": _facets, "circles": _rings, "stripes": _stripes}


def geometric(sheet: Sheet) -> None:
    """Paint one of four geometric patterns."""
    rolled = str(sheet.rng.choice(list(FIGURES)))
    figure = next((name for name in FIGURES if name in sheet.wanted), rolled)
    sheet.features.append(figure)
    FIGURES[figure](sheet)


def rays(sheet: Sheet) -> None:
    """Paint beams that fan out from one point."""
    x, y = sheet.across * sheet.rng.uniform(0.3, 0.7), sheet.down * sheet.rng.uniform(0.45, 1.02)
    angle = np.arctan2(sheet.y - y, sheet.x - x)
    distance = np.hypot(sheet.x - x, sheet.y - y)
    count = int(sheet.rng.integers(11, 22))
    wave = np.sin(angle * count + sheet.rng.random() * 6) * np.clip(distance, 0, None) / count
    beam = np.clip(wave * sheet.unit_px * 0.9 + 0.5, 0, 1)
    fade = np.exp(-distance / 1.1)
    sheet.fill(np.clip(0.16 + 0.42 * fade + 0.17 * beam, 0, 1))
    sheet.light(0.75 * sheet.glow(x, y, 0.16, 2.2), sheet.palette.at(0.95))


def paper(sheet: Sheet) -> None:
    """Paint a sheet of handmade paper with fibres and stains."""
    tone = 0.90 + 0.10 * (sheet.noise(1.2, 3) - 0.5) + 0.09 * (sheet.noise(60, 2) - 0.5)
    fibres = smooth(0.62, 0.95, sheet.noise(34, 2, stretch=(0.5, 1.6)))
    sheet.fill(np.clip(tone - 0.06 * fibres, 0, 1))
    rim = np.maximum(np.abs(sheet.x / sheet.across - 0.5), np.abs(sheet.y / sheet.down - 0.5)) * 2
    sheet.cover(
        0.35 * smooth(0.72, 1.05, rim + 0.12 * (sheet.noise(2, 4) - 0.5)), sheet.palette.at(0.55)
    )
    for _ in range(3):
        x, y = sheet.rng.random() * sheet.across, sheet.rng.random() * sheet.down
        wash = smooth(0.25, 0.7, 0.6 * sheet.glow(x, y, 0.24, 4) + 0.4 * sheet.noise(2.4, 5))
        sheet.cover(0.16 * wash, sheet.palette.at(sheet.rng.uniform(0.3, 0.7)))


def lanterns(sheet: Sheet) -> None:
    """Paint garlands of warm lights before a blurred evening."""
    sheet.fill(0.03 + 0.34 * (1 - sheet.y / sheet.down) ** 1.5 + 0.06 * sheet.noise(1.0, 2))
    for _ in range(int(16 * sheet.across * sheet.down)):
        _spot(sheet, sheet.rng.uniform(0.03, 0.09), 0.28)
    warm = 0.45 * sheet.palette.at(0.92) + 0.55 * np.array([1.0, 0.80, 0.45], np.float32)
    for row in range(4):
        start = sheet.down * (0.06 + 0.15 * row) + sheet.rng.uniform(-0.03, 0.03)
        end, sag = start + sheet.rng.uniform(-0.12, 0.12), sheet.rng.uniform(0.05, 0.13)
        share = sheet.x[0] / sheet.across
        line = start + (end - start) * share + sag * 4 * share * (1 - share)
        wire = np.exp(-(((sheet.y - line[None, :]) / 0.0016) ** 2))
        sheet.shade((0.7 * wire).astype(np.float32), 0.9)
        _bulbs(sheet, line, 0.012 + 0.004 * row, warm)


def _bulbs(sheet: Sheet, line: np.ndarray, radius: float, colour: np.ndarray) -> None:
    """Hang bulbs on a wire, each with its glow."""
    x = sheet.rng.uniform(0.01, 0.06)
    shapes = []
    while x < sheet.across:
        y = float(line[min(sheet.width_px - 1, int(x * sheet.unit_px))]) + radius * 1.2
        shapes.append(_circle(x, y, radius))
        x += radius * sheet.rng.uniform(5.0, 6.5)
    mask = sheet.polygons(shapes)
    sheet.light(0.9 * sheet.blurred(mask, radius * 2.2), colour)
    sheet.cover(mask, 0.35 * colour + 0.65)
