"""Say whether a document read from a file makes sense before anything draws it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from desktop.document.assets import is_sha256
from desktop.document.model import (
    Document,
    GroupLayer,
    Layer,
    PictureLayer,
    ShapeLayer,
    TextLayer,
)
from desktop.document.problems import DocumentError

_COLOR = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")
_MAX_LAYERS = 20000
_MAX_TAKES = 1000
_MAX_DURATION_S = 24 * 3600.0


def check_document(document: Document) -> None:
    """Refuse impossible sizes, colours, names and times.

    Raises:
        DocumentError: the first thing found.
    """
    _within("its page width", document.width_mm, 1, 20000)
    _within("its page height", document.height_mm, 1, 20000)
    _within("its resolution", document.dpi, 1, 4800)
    _within("its frame width", document.frame_width_px, 16, 16384)
    _within("its frame height", document.frame_height_px, 16, 16384)
    _within("its frame rate", document.fps, 1, 240)
    _check_scene(document)
    _check_music(document)
    layers = list(document.all_layers())
    if len(layers) > _MAX_LAYERS:
        raise DocumentError(f"it has {len(layers)} layers; {_MAX_LAYERS} is the most")
    ids = [layer.id for layer in layers] + [shot.id for shot in document.shots]
    if len(set(ids)) != len(ids) or "" in ids:
        raise DocumentError("two of its layers have the same id")
    for layer in layers:
        _check_layer(layer)
    for color in _colors(document):
        if not _COLOR.fullmatch(color):
            raise DocumentError(f"{color[:40]!r} is not a colour")
    for asset in document.assets():
        if not is_sha256(asset):
            raise DocumentError(f"{asset[:40]!r} does not name an asset")


def _check_scene(document: Document) -> None:
    for shot in document.shots:
        _within(f"the length of shot {shot.name[:40]!r}", shot.duration_s, 0.04, _MAX_DURATION_S)
        _within("a dissolve", shot.dissolve_s, 0, shot.duration_s)
        for view in (shot.camera.start, shot.camera.end):
            _within("a camera's width", view[2], 0.01, 4)
    _within("its length in seconds", document.duration_s, 0, _MAX_DURATION_S)
    _within("the size of its captions", document.caption_style.size_mm, 0.1, 2000)
    for caption in document.captions:
        _within("the start of a caption", caption.start_s, 0, _MAX_DURATION_S)
        _within("the end of a caption", caption.end_s, caption.start_s, _MAX_DURATION_S)


def _check_music(document: Document) -> None:
    if len(document.takes) > _MAX_TAKES:
        raise DocumentError(f"it has {len(document.takes)} takes; {_MAX_TAKES} is the most")
    if len({take.id for take in document.takes}) != len(document.takes):
        raise DocumentError("two of its takes have the same id")
    tracks = [take.track for take in document.takes]
    for track in [*tracks, document.music] if document.music is not None else tracks:
        if list(track.locked_bars) != sorted({bar for bar in track.locked_bars if bar >= 0}):
            raise DocumentError("the locked bars of its music are not in order")
        if track.follows is not None:
            follows = track.follows
            for time_s in (follows.seconds, *follows.hits_s, *follows.own_s):
                _within("a time that its music follows", time_s, 0, _MAX_DURATION_S)


def _check_layer(layer: Layer) -> None:
    name = f"layer {layer.name[:40]!r}"
    _within(f"the width of {name}", layer.box.width_mm, 0, 100000)
    _within(f"the height of {name}", layer.box.height_mm, 0, 100000)
    _within(f"the opacity of {name}", layer.opacity, 0, 1)
    if isinstance(layer, TextLayer):
        _within(f"the size of {name}", layer.size_mm, 0.1, 5000)
        _within(f"the line height of {name}", layer.line_height, 0.1, 10)
        _within(f"the weight of {name}", layer.weight, 1, 1000)
        _within(f"the tracking of {name}", layer.tracking, -1, 10)
    elif isinstance(layer, PictureLayer):
        _within(f"the zoom of {name}", layer.zoom, 0.01, 100)
    elif isinstance(layer, ShapeLayer) and layer.fill is not None:
        if not layer.fill.stops:
            raise DocumentError(f"the fill of {name} has no colour")
        for stop in layer.fill.stops:
            _within(f"a colour stop of {name}", stop.at, 0, 1)


def _colors(document: Document) -> Iterator[str]:
    yield document.background
    yield document.caption_style.color
    yield document.caption_style.scrim
    for layer in document.all_layers():
        if isinstance(layer, TextLayer):
            yield layer.color
        elif isinstance(layer, ShapeLayer):
            if layer.stroke:
                yield layer.stroke
            if layer.fill is not None:
                yield from (stop.color for stop in layer.fill.stops)
        elif isinstance(layer, GroupLayer):
            continue


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise DocumentError(f"{name} is {value:g}, not from {low:g} to {high:g}")
