"""Documents that the tests of this folder share."""

from __future__ import annotations

from dataclasses import replace

from desktop.document.assets import AssetStore
from desktop.document.model import (
    Blend,
    Box,
    Camera,
    Caption,
    Document,
    Fill,
    GroupLayer,
    Layer,
    Mask,
    MusicTrack,
    PictureLayer,
    Recipe,
    ShapeLayer,
    Shot,
    Stop,
    TextLayer,
)


def box(x: float = 0.0, y: float = 0.0, width: float = 50.0, height: float = 20.0) -> Box:
    return Box(x_mm=x, y_mm=y, width_mm=width, height_mm=height)


def text(layer_id: str = "words", words: str = "Jazz 夜市") -> TextLayer:
    return TextLayer(
        id=layer_id, name="Words", box=box(), text=words, family="Inter", size_mm=8, color="#112233"
    )


def shape(layer_id: str = "shape") -> ShapeLayer:
    stops = (Stop(at=0.0, color="#ff000080"), Stop(at=1.0, color="#0000ff"))
    return ShapeLayer(id=layer_id, name="Shape", box=box(10, 10), fill=Fill(stops=stops))


def poster(assets: AssetStore, *extra: Layer) -> Document:
    """A poster with every kind of layer, one nested."""
    recipe = Recipe(kind="image", model="m", seed=7, request="{}")
    picture = PictureLayer(
        id="picture",
        name="Picture",
        box=replace(box(), rotation_deg=12.5),
        asset=assets.add(b"not really a picture", "png"),
        mask=Mask.ARCH,
        blend=Blend.MULTIPLY,
        recipe=recipe,
    )
    group = GroupLayer(id="group", name="Group", box=box(), layers=(shape("inner"),))
    return replace(
        Document.poster(), title="Sample", layers=(picture, shape(), group, text(), *extra)
    )


def scene(assets: AssetStore) -> Document:
    """A scene of three shots of 4, 3 and 2 seconds with a caption in each."""
    shots = tuple(
        Shot(
            id=f"shot{i}",
            name=f"Shot {i}",
            duration_s=4.0 - i,
            dissolve_s=0.5 if i else 0.0,
            layers=(text(f"words{i}"),),
            camera=Camera(end=(0.1, 0.1, 0.8)),
        )
        for i in range(3)
    )
    captions = tuple(
        Caption(id=f"c{i}", text=f"Caption {i}", start_s=start, end_s=start + 1.5)
        for i, start in enumerate((0.5, 4.5, 7.25))
    )
    music = MusicTrack(midi_asset=assets.add(b"MThd", "mid"), gain_db=-3.0, duck_db=-9.0)
    return replace(Document.scene(), shots=shots, captions=captions, music=music)
