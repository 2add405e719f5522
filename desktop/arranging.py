"""What the user does to layers: place, change, order, take away. Each is one undo step."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from desktop.document.arrangement import (
    copied,
    kind_name,
    reordered,
    shifted,
    with_layer,
    with_new_layer,
    without_layers,
)
from desktop.document.model import (
    Box,
    Caption,
    Fit,
    Layer,
    MusicTrack,
    PictureLayer,
    Recipe,
    TextLayer,
)
from desktop.document.takes import with_music, with_track
from desktop.editing import Editing
from desktop.render.pictures import PictureError, sort_of
from engines.api import BadRequest

DUPLICATE_OFFSET_MM = 6.0

SET_MUSIC = "Set music"

CAPTION_S = 3.0
"""How long a caption stands that the user adds."""


class Arranging(Editing):
    """The verbs of layers, captions and music."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recipes: dict[str, Recipe] = {}

    def remember_recipe(self, asset: str, recipe: Recipe) -> None:
        """Note how an asset was made, for when it is put on the page without saying so."""
        self._recipes[asset] = recipe

    def recipe_of_asset(self, asset: str) -> Recipe | None:
        return self._recipes.get(asset)

    def place_picture(
        self,
        data: bytes,
        *,
        name: str = "Picture",
        recipe: Recipe | None = None,
        at_mm: tuple[float, float] | None = None,
        fill_page: bool = False,
    ) -> str:
        """Put a picture on the page and select it; returns the layer's id.

        It is 60% of the page wide, its middle at `at_mm` (else the page's);
        with `fill_page` it covers the page and goes below all.

        Raises:
            BadRequest: the bytes are no picture.
        """
        try:
            sort = sort_of(data)
        except PictureError as error:
            raise BadRequest(f"the file is not a picture that can be read: {error}") from None
        page = self.document
        if fill_page:
            box = Box(x_mm=0.0, y_mm=0.0, width_mm=page.width_mm, height_mm=page.height_mm)
        else:
            box = self._picture_box(sort.width_px / sort.height_px, at_mm)
        asset = self.assets.add(data, sort.suffix)
        layer = PictureLayer(
            name=name,
            box=box,
            asset=asset,
            fit=Fit.COVER,
            recipe=recipe or self.recipe_of_asset(asset),
        )
        return self._place(layer, index=0 if fill_page else -1)

    def _picture_box(self, shape: float, at_mm: tuple[float, float] | None) -> Box:
        """Return a box of a width-to-height `shape`, within 60% of the page."""
        page = self.document
        width_mm = min(page.width_mm * 0.6, page.height_mm * 0.6 * shape)
        height_mm = width_mm / shape
        x_mm, y_mm = at_mm or (page.width_mm / 2, page.height_mm / 2)
        return Box(
            x_mm=x_mm - width_mm / 2,
            y_mm=y_mm - height_mm / 2,
            width_mm=width_mm,
            height_mm=height_mm,
        )

    def put_pixels(self, layer_id: str, data: bytes, *, recipe: Recipe | None) -> None:
        """Show another picture in a picture layer; nothing if the layer is gone."""
        try:
            layer = self.document.layer(layer_id)
        except KeyError:
            return
        if isinstance(layer, PictureLayer):
            asset = self.assets.add(data, ".png")
            self.update_layer("Change picture", replace(layer, asset=asset, recipe=recipe))

    def place_text(
        self,
        text: str,
        *,
        recipe: Recipe | None = None,
        at_mm: tuple[float, float] | None = None,
    ) -> str:
        """Put words on the page and select them; returns the layer's id."""
        page = self.document
        short = len(text) <= 60
        width_mm = page.width_mm * 0.72
        size_mm = page.width_mm * (0.07 if short else 0.026)
        per_line = max(1.0, width_mm / (size_mm * 0.55))
        lines = sum(max(1, -(-len(line) // int(per_line))) for line in text.split("\n"))
        height_mm = min(page.height_mm * 0.8, size_mm * 1.25 * (lines + 0.3))
        x_mm, y_mm = at_mm or (page.width_mm / 2, page.height_mm / 2)
        box = Box(
            x_mm=x_mm - width_mm / 2,
            y_mm=y_mm - height_mm / 2,
            width_mm=width_mm,
            height_mm=height_mm,
        )
        layer = TextLayer(
            name=_first_words(text),
            box=box,
            text=text,
            family="Inter",
            size_mm=size_mm,
            weight=700 if short else 400,
            color=self._ink(),
            recipe=recipe,
        )
        return self._place(layer)

    def add_caption(self, text: str) -> None:
        """Put words under the scene from now on."""
        start_s = min(self.time_s, max(0.0, self.document.duration_s - 1.0))
        end_s = min(start_s + CAPTION_S, self.document.duration_s)
        if end_s <= start_s:
            raise BadRequest("a caption needs a scene with at least one shot")
        caption = Caption(text=text, start_s=start_s, end_s=end_s)
        captions = sorted((*self.document.captions, caption), key=lambda x: x.start_s)
        self.edit("Add caption", replace(self.document, captions=tuple(captions)))

    def set_music(
        self, midi: bytes, *, sound: bytes = b"", name: str = "Score", recipe: Recipe | None = None
    ) -> None:
        """Put a score under the document; `sound` is its rendering as FLAC, if there is one."""
        track = MusicTrack(
            midi_asset=self.assets.add(midi, ".mid"),
            sound_asset=self.assets.add(sound, ".flac") if sound else "",
            name=name,
            recipe=recipe,
        )
        self.edit(SET_MUSIC, with_music(self.document, track))

    def set_track(self, text: str, track: MusicTrack) -> None:
        """Change the document's track as one undo step."""
        self.edit(text, with_track(self.document, track))

    def remove_music(self) -> None:
        self.edit("Remove music", replace(self.document, music=None))

    def update_layer(self, text: str, layer: Layer, merge: str = "") -> None:
        """Put a changed layer in the place of the one with its id."""
        self.edit(text, with_layer(self.document, layer), merge)

    def delete_selected(self) -> None:
        """Take the selected layers away, except locked ones."""
        gone = {layer.id for layer in self.selected_layers() if not layer.locked}
        if gone:
            self.edit(_counted("Delete", len(gone)), without_layers(self.document, gone))

    def duplicate_selected(self) -> None:
        document, ids = self.document, []
        for layer in self.selected_layers():
            copy = copied(layer, DUPLICATE_OFFSET_MM, DUPLICATE_OFFSET_MM)
            ids.append(copy.id)
            document = with_new_layer(document, copy, time_s=self.time_s)
        if ids:
            self.edit(_counted("Duplicate", len(ids)), document)
            self.select(ids)

    def raise_selected(self) -> None:
        self.edit("Bring forward", shifted(self.document, self.selection, 1))

    def lower_selected(self) -> None:
        self.edit("Send backward", shifted(self.document, self.selection, -1))

    def order_layers(self, ids: tuple[str, ...]) -> None:
        """Give the layers of one stack an order, lowest first."""
        self.edit("Reorder layers", reordered(self.document, ids))

    def toggle_visible(self, layer_id: str) -> None:
        layer = self.document.layer(layer_id)
        text = "Hide layer" if layer.visible else "Show layer"
        self.update_layer(text, replace(layer, visible=not layer.visible))

    def toggle_locked(self, layer_id: str) -> None:
        layer = self.document.layer(layer_id)
        text = "Unlock layer" if layer.locked else "Lock layer"
        self.update_layer(text, replace(layer, locked=not layer.locked))

    def _place(self, layer: Layer, index: int = -1) -> str:
        document = with_new_layer(self.document, layer, time_s=self.time_s, index=index)
        self.edit(f"Add {kind_name(layer)}", document)
        self.select((layer.id,))
        return layer.id

    def _ink(self) -> str:
        """Return black or white, whichever shows on the page's colour."""
        color = self.document.background.lstrip("#")
        red, green, blue = (int(color[i : i + 2], 16) for i in (0, 2, 4))
        light = 0.299 * red + 0.587 * green + 0.114 * blue
        return "#14141a" if light > 140 else "#ffffff"


def _first_words(text: str, limit: int = 28) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _counted(verb: str, count: int) -> str:
    return f"{verb} layer" if count == 1 else f"{verb} {count} layers"
