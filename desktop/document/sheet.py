"""A page being laid out: its grid, its colours, and the parts that templates are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from desktop.document.content import PosterContent
from desktop.document.contrast import Scheme, scheme_of, with_alpha
from desktop.document.linebreaks import has_cjk
from desktop.document.measuring import Measure
from desktop.document.model import (
    Align,
    Box,
    Fill,
    Layer,
    Mask,
    Outline,
    PictureLayer,
    ShapeLayer,
    Stop,
)
from desktop.document.typesetting import Block, Face, Typesetter

_A3_MEAN_MM = math.sqrt(297 * 420)

LABEL = Face(family="Inter", weight=600, tracking=0.07, uppercase=True)
"""Spaced capitals; from a tenth of an em, PDF readers take the space for one between words."""
BODY = Face(family="Inter", weight=400, line_height=1.45)
FACT = Face(family="Inter", weight=600, line_height=1.2)

POSTER = Face(family="Anton", line_height=1.08, uppercase=True)
_NARROW = frozenset({"Anton", "Bebas Neue", "Oswald"})
_LONG_WORD = 17

SCRIM = "Scrim"
"""The name of layers that only make words readable; they may be strengthened."""


class Sheet:
    """Collects layers, lowest first. `unit` is 1 on A3 and grows with the page.

    `left`, `top`, `right`, `bottom` are the edges of the type area; all
    lengths are mm. `on_dark` says whether words stand on dark ground.
    """

    def __init__(
        self, content: PosterContent, width: float, height: float, measure: Measure
    ) -> None:
        self.content = content
        self.width, self.height = width, height
        self.unit = min(math.sqrt(width * height) / _A3_MEAN_MM, width / 200, height / 200)
        self.margin = 21.0 * self.unit
        self.left, self.top = self.margin, self.margin
        self.right, self.bottom = width - self.margin, height - self.margin
        self.scheme: Scheme = scheme_of(content.palette)
        self.on_dark = True
        self.set = Typesetter(measure)
        self.layers: list[Layer] = []
        self._counts: dict[str, int] = {}

    @property
    def measure_width(self) -> float:
        """The width of the type area."""
        return self.right - self.left

    @property
    def wide(self) -> bool:
        """Whether the page lies on its side, so that type and picture stand side by side."""
        return self.width > 1.15 * self.height

    @property
    def ink(self) -> str:
        return self.scheme.ink(self.on_dark)

    @property
    def ground(self) -> str:
        return self.scheme.ground(self.on_dark)

    @property
    def accent(self) -> str:
        return self.scheme.accent(self.on_dark)

    def title_face(self, face: Face) -> Face:
        """Return the face for the title: a narrow one for words as long as German's can be."""
        words = self.content.title.split()
        longest = max((len(word) for word in words if not has_cjk(word)), default=0)
        return POSTER if longest > _LONG_WORD and face.family not in _NARROW else face

    def add(self, layer: Layer) -> None:
        self.layers.append(layer)

    def _id(self, role: str) -> str:
        """Return an id that the same page always has: layouts are reproducible."""
        self._counts[role] = self._counts.get(role, 0) + 1
        count = self._counts[role]
        return role if count == 1 else f"{role}-{count}"

    def background(self, box: Box | None = None) -> None:
        """Fill the page, or a box, with the background; with the palette if there is none."""
        box = box or Box(x_mm=0.0, y_mm=0.0, width_mm=self.width, height_mm=self.height)
        if self.content.background_asset:
            self.add(
                PictureLayer(
                    id=self._id("background"),
                    name="Background",
                    box=box,
                    asset=self.content.background_asset,
                )
            )
            return
        colors = (self.scheme.dark, *self.scheme.middle[:2])
        stops = tuple(Stop(at=i / (len(colors) - 1), color=c) for i, c in enumerate(colors))
        self.rectangle(box, Fill(stops=stops, angle_deg=20.0), name="Background")

    def rectangle(
        self, box: Box, fill: Fill | str, *, name: str = "Panel", corner: float = 0.0
    ) -> None:
        made = Fill.solid(fill) if isinstance(fill, str) else fill
        self.add(
            ShapeLayer(id=self._id(name.lower()), name=name, box=box, fill=made, corner_mm=corner)
        )

    def outline(
        self,
        box: Box,
        color: str,
        width: float,
        *,
        outline: Outline = Outline.RECTANGLE,
        corner: float = 0.0,
        name: str = "Frame",
    ) -> None:
        self.add(
            ShapeLayer(
                id=self._id(name.lower()),
                name=name,
                box=box,
                outline=outline,
                stroke=color,
                stroke_mm=width,
                corner_mm=corner,
            )
        )

    def rule(
        self, x: float, y: float, width: float, height: float, color: str, name: str = "Rule"
    ) -> None:
        """Draw a thin rectangle: crisp at every scale, unlike a stroke."""
        box = Box(x_mm=x, y_mm=y, width_mm=width, height_mm=height)
        self.rectangle(box, color, name=name)

    def scrim(self, top: float, bottom: float, *, alpha: float, fades: str = "up") -> None:
        """Shade the page's full width from `top` to `bottom` so that words can be read.

        `fades` says where it thins out: "up", "down", "both" or "none".
        """
        self.add(scrim_layer(self._id("scrim"), self.width, top, bottom, self.ground, alpha, fades))

    def window(
        self, box: Box, mask: Mask, *, mat: float = 0.0, mat_color: str = "", corner: float = 0.0
    ) -> None:
        """Show the picture in a window, in a mat of `mat` mm if it is above 0."""
        if mat > 0:
            self._mat(box, mask, mat, mat_color or self.scheme.light, corner)
        asset = self.content.picture_asset or self.content.background_asset
        if not asset:
            fill = Fill(
                stops=(
                    Stop(at=0.0, color=self.scheme.middle[-1]),
                    Stop(at=1.0, color=self.scheme.middle[0]),
                )
            )
            shape = Outline.RECTANGLE if mask is Mask.RECTANGLE else Outline.ELLIPSE
            self.add(ShapeLayer(id="picture", name="Picture", box=box, fill=fill, outline=shape))
            return
        self.add(
            PictureLayer(
                id="picture", name="Picture", box=box, asset=asset, mask=mask, corner_mm=corner
            )
        )

    def _mat(self, box: Box, mask: Mask, mat: float, color: str, corner: float) -> None:
        around = grown(box, mat)
        if mask is Mask.RECTANGLE:
            self.rectangle(around, color, name="Mat", corner=corner + mat if corner else 0.0)
            return
        fill = Fill.solid(color)
        round_part = around
        if mask is Mask.ARCH:
            rise = min(box.width_mm / 2, box.height_mm)
            round_part = Box(
                x_mm=around.x_mm,
                y_mm=around.y_mm,
                width_mm=around.width_mm,
                height_mm=2 * (rise + mat),
            )
            low = Box(
                x_mm=around.x_mm,
                y_mm=box.y_mm + rise,
                width_mm=around.width_mm,
                height_mm=box.height_mm - rise + mat,
            )
            self.rectangle(low, color, name="Mat")
        self.add(
            ShapeLayer(
                id=self._id("mat"),
                name="Mat",
                box=round_part,
                outline=Outline.ELLIPSE,
                fill=fill,
            )
        )

    def put(
        self,
        block: Block,
        y: float,
        role: str,
        *,
        x: float | None = None,
        width: float | None = None,
        align: Align = Align.LEFT,
        color: str = "",
    ) -> float:
        """Add words, the top of their capitals at `y`; returns the last baseline."""
        layer = block.layer(
            x_mm=self.left if x is None else x,
            y_mm=y,
            width_mm=self.measure_width if width is None else width,
            align=align,
            color=color or self.ink,
            role=role,
            layer_id=self._id(role),
        )
        self.add(layer)
        return y + block.height_mm


def scrim_layer(
    layer_id: str,
    width: float,
    top: float,
    bottom: float,
    color: str,
    alpha: float,
    fades: str,
) -> ShapeLayer:
    """Return a shade over the full width that thins out softly where `fades` says."""
    shape = {
        "up": ((0.0, 0.0), (0.25, 0.55), (0.55, 0.92), (1.0, 1.0)),
        "down": ((0.0, 1.0), (0.45, 0.92), (0.75, 0.55), (1.0, 0.0)),
        "both": ((0.0, 0.0), (0.25, 1.0), (0.75, 1.0), (1.0, 0.0)),
        "none": ((0.0, 1.0), (1.0, 1.0)),
    }[fades]
    stops = tuple(Stop(at=at, color=with_alpha(color, alpha * part)) for at, part in shape)
    return ShapeLayer(
        id=layer_id,
        name=SCRIM,
        box=Box(x_mm=0.0, y_mm=top, width_mm=width, height_mm=bottom - top),
        fill=Fill(stops=stops),
    )


def grown(box: Box, by: float) -> Box:
    """Return a box that is larger by `by` on every side."""
    return Box(
        x_mm=box.x_mm - by,
        y_mm=box.y_mm - by,
        width_mm=box.width_mm + 2 * by,
        height_mm=box.height_mm + 2 * by,
    )


def texts(facts: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the facts' words, without empty ones."""
    return tuple(text.strip() for _, text in facts if text.strip())
