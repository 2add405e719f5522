"""What the canvas adds to the session's verbs: places, orders and new layers by hand."""

from __future__ import annotations

from enum import StrEnum

from desktop.canvas.drops import Drop, read_picture
from desktop.canvas.geometry import Point
from desktop.canvas.placement import moved
from desktop.canvas.tools import CLICK_MM, new_shape
from desktop.document.arrangement import with_new_layer
from desktop.document.model import Box, Layer, Outline, TextLayer
from desktop.render.colors import color
from desktop.render.fonts import TEXT_FAMILY
from desktop.session import Session
from engines.api import BadRequest

NEW_TEXT = "Your words"

STEP_MM = 8.0
"""Files dropped together lie so far apart."""


class Order(StrEnum):
    """Where the selection goes in the stack."""

    FORWARD = "forward"
    BACKWARD = "backward"
    FRONT = "front"
    BACK = "back"


class Verbs:
    """Each is one undo step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def nudge(self, dx_mm: float, dy_mm: float) -> None:
        """Move the selection; steps in a row are one undo step."""
        session = self._session
        chosen = session.selection
        layers = [x for x in session.layers if x.id in chosen and not x.locked]
        if layers:
            document = moved(session.document, layers, dx_mm, dy_mm)
            session.edit("Nudge", document, merge="nudge")

    def order(self, order: Order) -> None:
        """Move the selection up or down the stack."""
        session = self._session
        if order is Order.FORWARD:
            session.raise_selected()
        elif order is Order.BACKWARD:
            session.lower_selected()
        else:
            picked = [x.id for x in session.layers if x.id in session.selection]
            rest = [x.id for x in session.layers if x.id not in session.selection]
            ids = rest + picked if order is Order.FRONT else picked + rest
            session.order_layers(tuple(ids))

    def add_shape(self, outline: Outline, box: Box) -> None:
        """Put a shape on the page and select it."""
        shape = new_shape(outline, box, self._session.document.width_mm)
        self._add(f"Add {shape.name.lower()}", shape)

    def add_text(self, box: Box) -> str:
        """Put a text on the page, to be written at once; returns the layer's id."""
        session = self._session
        if box.width_mm < CLICK_MM:
            return session.place_text(NEW_TEXT, at_mm=(box.x_mm, box.y_mm))
        bright = color(session.document.background).lightnessF() > 0.5
        layer = TextLayer(
            name=NEW_TEXT,
            box=box,
            text=NEW_TEXT,
            family=TEXT_FAMILY,
            size_mm=min(max(box.height_mm / 1.3, 2.0), session.document.width_mm * 0.07),
            weight=700,
            color="#14141a" if bright else "#ffffff",
        )
        self._add("Add text", layer)
        return layer.id

    def take_drop(self, drop: Drop, at: Point) -> None:
        """Put what was dropped on the page, the second file a little lower right."""
        session = self._session
        if drop.asset in session.assets:
            session.place_picture(session.assets.read(drop.asset), at_mm=at)
        for number, path in enumerate(drop.files):
            place = at[0] + number * STEP_MM, at[1] + number * STEP_MM
            try:
                session.place_picture(read_picture(path), name=path.stem, at_mm=place)
            except (BadRequest, OSError) as problem:
                session.noticed.emit(f"“{path.name}” was not added: {problem}.")

    def _add(self, text: str, layer: Layer) -> None:
        session = self._session
        session.edit(text, with_new_layer(session.document, layer, time_s=session.time_s))
        session.select((layer.id,))
