"""What a poster and a scene are made of.

All of it is frozen. An edit returns a new value that shares what did not
change, so undo keeps both and the canvas redraws only layers whose identity
changed. Lengths are millimetres from the page's upper left corner; a scene's
page is `SCENE_WIDTH_MM` wide whatever its size in pixels. Colours are
"#rrggbb" or "#rrggbbaa".
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

SCENE_WIDTH_MM = 320.0
"""The width of every scene's page; its height follows from the frame's shape."""


_INGREDIENT = re.compile(r"sha256:([0-9a-f]{64})")


def new_id() -> str:
    """Return a name for a layer or shot that nothing else has."""
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a layer came about, so that it can be replayed, varied or rerolled.

    `kind` is a `engines.api.Kind` value; `request` the request's fields as
    JSON text, pictures and scores in it named by sha256.
    """

    kind: str
    model: str
    seed: int
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A place on the page; the rotation, clockwise, is about its middle."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    rotation_deg: float = 0.0

    def moved(self, dx_mm: float, dy_mm: float) -> Box:
        return replace(self, x_mm=self.x_mm + dx_mm, y_mm=self.y_mm + dy_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A colour of a gradient; `at` is from 0 to 1."""

    at: float
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One colour, or a linear gradient of two or more stops along `angle_deg` (0 is downwards)."""

    stops: tuple[Stop, ...]
    angle_deg: float = 0.0

    @classmethod
    def solid(cls, color: str) -> Fill:
        return cls(stops=(Stop(at=0.0, color=color),))


class Fit(StrEnum):
    """How a picture fills its box."""

    COVER = "cover"
    CONTAIN = "contain"
    STRETCH = "stretch"


class Mask(StrEnum):
    """The outline a picture is cut to."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    ARCH = "arch"


class Blend(StrEnum):
    """How a layer meets what is below it."""

    NORMAL = "normal"
    MULTIPLY = "multiply"
    SCREEN = "screen"
    OVERLAY = "overlay"
    SOFT_LIGHT = "soft-light"


class Align(StrEnum):
    """Where the lines of a text stand."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class VAlign(StrEnum):
    """Where the block of lines stands in its box."""

    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


class Outline(StrEnum):
    """The shapes."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBase:
    """What every layer has."""

    id: str = field(default_factory=new_id)
    name: str
    box: Box
    opacity: float = 1.0
    blend: Blend = Blend.NORMAL
    visible: bool = True
    locked: bool = False
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLayer(LayerBase):
    """A picture; `asset` is the sha256 of its file.

    `focus_x` and `focus_y` (0 to 1) say which part stays when the box cuts
    it; `zoom` 1 shows all that the fit allows.
    """

    asset: str
    fit: Fit = Fit.COVER
    mask: Mask = Mask.RECTANGLE
    corner_mm: float = 0.0
    focus_x: float = 0.5
    focus_y: float = 0.5
    zoom: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer(LayerBase):
    """Words; `size_mm` is the font's em, `role` what the template calls it (title, body, ...).

    `tracking` is extra space between letters in em.
    """

    text: str
    family: str
    size_mm: float
    color: str
    weight: int = 400
    italic: bool = False
    align: Align = Align.LEFT
    valign: VAlign = VAlign.TOP
    line_height: float = 1.2
    tracking: float = 0.0
    uppercase: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeLayer(LayerBase):
    """A rectangle, ellipse or line; a line runs along its box's diagonal."""

    outline: Outline = Outline.RECTANGLE
    fill: Fill | None = None
    stroke: str = ""
    stroke_mm: float = 0.0
    corner_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLayer(LayerBase):
    """Layers that move together, lowest first, in page coordinates."""

    layers: tuple[Layer, ...] = ()


Layer = PictureLayer | TextLayer | ShapeLayer | GroupLayer


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A slow move over a shot: the part of the page in view, as (x, y, width) from 0 to 1.

    The height in view has the page's shape.
    """

    start: tuple[float, float, float] = (0.0, 0.0, 1.0)
    end: tuple[float, float, float] = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One shot of a scene; `dissolve_s` is how long it blends in over the shot before.

    A dissolve lies inside the shot's own duration, so a scene lasts the sum
    of its shots. The camera moves `layers`; captions stand still above.
    """

    id: str = field(default_factory=new_id)
    name: str
    duration_s: float
    layers: tuple[Layer, ...] = ()
    camera: Camera = Camera()
    dissolve_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionStyle:
    """How all captions of a scene look."""

    family: str = "Inter"
    weight: int = 600
    size_mm: float = 11.0
    color: str = "#ffffff"
    scrim: str = "#000000b0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """Words over the picture from `start_s` until `end_s`."""

    id: str = field(default_factory=new_id)
    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """How one part of the score is treated; a locked one is not written anew."""

    muted: bool = False
    soloed: bool = False
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CutFit:
    """What of a scene a score was fitted to: its length, and the times of cuts that it hits.

    Without `hits_cuts` no cut counts; the cuts at the beginning of the
    `skipped` shots (ids) are passed over. `own_s` are moments of the user's
    own, which stay where they are when the cuts move. An `automatic` one is
    fitted again by itself then.
    """

    seconds: float
    hits_s: tuple[float, ...] = ()
    hits_cuts: bool = False
    skipped: tuple[str, ...] = ()
    own_s: tuple[float, ...] = ()
    automatic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicTrack:
    """The score under a scene or of a poster: a MIDI asset and, once rendered, a sound asset.

    `gain_db` is applied on playing and export, and `duck_db` (0 or below) on top
    of it while a caption stands. `parts` are in the order of
    the file's parts; those it does not reach are as they are by default.
    `locked_bars`, counted from 0 and in order, are not written anew.
    `follows` says which length and cuts of the scene it was fitted to.
    """

    midi_asset: str
    sound_asset: str = ""
    name: str = "Score"
    gain_db: float = 0.0
    duck_db: float = 0.0
    recipe: Recipe | None = None
    parts: tuple[PartState, ...] = ()
    locked_bars: tuple[int, ...] = ()
    follows: CutFit | None = None

    def part(self, index: int) -> PartState:
        return self.parts[index] if index < len(self.parts) else PartState()

    def silent(self, count: int) -> frozenset[int]:
        """Return which of `count` parts are not heard."""
        states = [self.part(index) for index in range(count)]
        solo = any(state.soloed for state in states)
        return frozenset(
            index
            for index, state in enumerate(states)
            if state.muted or (solo and not state.soloed)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A score that was tried, and in plain words what gave way as it was written.

    `character` says its mood and key, `figures` its tempo and length, both for
    the eye only. A `kept` one is never dropped to make room for others.
    """

    id: str = field(default_factory=new_id)
    name: str
    track: MusicTrack
    character: str = ""
    figures: str = ""
    notices: tuple[str, ...] = ()
    kept: bool = False


class DocumentKind(StrEnum):
    """The two things people make."""

    POSTER = "poster"
    SCENE = "scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A poster (its `layers`) or a scene (its `shots`, `captions` and `music`).

    `takes` are scores to choose the music from, the newest last.
    `words` are texts kept in the words panel; `brief` and `seed` remake it.
    `dpi` is the poster's export resolution, `frame_width_px`, `frame_height_px`
    and `fps` the scene's. `extra` keeps fields of newer versions unread.
    """

    kind: DocumentKind
    title: str = "Untitled"
    width_mm: float
    height_mm: float
    background: str = "#ffffff"
    brief: str = ""
    seed: int = 0
    words: tuple[str, ...] = ()
    dpi: float = 150.0
    layers: tuple[Layer, ...] = ()
    frame_width_px: int = 1920
    frame_height_px: int = 1080
    fps: int = 24
    shots: tuple[Shot, ...] = ()
    captions: tuple[Caption, ...] = ()
    caption_style: CaptionStyle = CaptionStyle()
    music: MusicTrack | None = None
    takes: tuple[Take, ...] = ()
    extra: str = "{}"

    @classmethod
    def poster(cls, *, width_mm: float = 297.0, height_mm: float = 420.0) -> Document:
        """Return an empty poster, A3 upright unless told."""
        return cls(kind=DocumentKind.POSTER, width_mm=width_mm, height_mm=height_mm)

    @classmethod
    def scene(cls, *, width_px: int = 1920, height_px: int = 1080, fps: int = 24) -> Document:
        """Return an empty scene."""
        return cls(
            kind=DocumentKind.SCENE,
            width_mm=SCENE_WIDTH_MM,
            height_mm=SCENE_WIDTH_MM * height_px / width_px,
            background="#000000",
            frame_width_px=width_px,
            frame_height_px=height_px,
            fps=fps,
        )

    @property
    def duration_s(self) -> float:
        """The length of a scene; 0 for a poster."""
        return sum(shot.duration_s for shot in self.shots)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of an export at the document's own resolution."""
        if self.kind is DocumentKind.SCENE:
            return self.frame_width_px, self.frame_height_px
        scale = self.dpi / 25.4
        return round(self.width_mm * scale), round(self.height_mm * scale)

    def all_layers(self) -> Iterator[Layer]:
        """Yield every layer of the page and of all shots, groups before their members."""
        yield from _walk(self.layers)
        for shot in self.shots:
            yield from _walk(shot.layers)

    def layer(self, layer_id: str) -> Layer:
        """Find a layer anywhere.

        Raises:
            KeyError: there is none of that id.
        """
        for layer in self.all_layers():
            if layer.id == layer_id:
                return layer
        raise KeyError(layer_id)

    def shot_at(self, time_s: float) -> int:
        """Return the index of the shot at a time, clamped; -1 if there are no shots."""
        end_s = 0.0
        for index, shot in enumerate(self.shots):
            end_s += shot.duration_s
            if time_s < end_s:
                return index
        return len(self.shots) - 1

    def shot_start_s(self, index: int) -> float:
        return sum(shot.duration_s for shot in self.shots[:index])

    def assets(self) -> frozenset[str]:
        """Return the sha256 of every asset that is referred to."""
        found = {x.asset for x in self.all_layers() if isinstance(x, PictureLayer)}
        for track in self._tracks():
            found |= {track.midi_asset, track.sound_asset}
        return frozenset(found - {""})

    def ingredients(self) -> frozenset[str]:
        """Return the sha256 of what recipes start from: needed to replay, not to draw."""
        recipes = [layer.recipe for layer in self.all_layers()]
        recipes += [track.recipe for track in self._tracks()]
        return frozenset(
            found for recipe in recipes if recipe for found in _INGREDIENT.findall(recipe.request)
        )

    def _tracks(self) -> Iterator[MusicTrack]:
        """Yield the music and all takes."""
        if self.music is not None:
            yield self.music
        yield from (take.track for take in self.takes)


def _walk(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        if isinstance(layer, GroupLayer):
            yield from _walk(layer.layers)
