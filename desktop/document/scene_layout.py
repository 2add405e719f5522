"""Lay out a scene: shots with moving cameras, a title card, captions in the safe area."""

from __future__ import annotations

from dataclasses import replace

from desktop.document.content import SceneContent, ShotContent
from desktop.document.contrast import Scheme, scheme_of, with_alpha
from desktop.document.legibility import made_legible
from desktop.document.measuring import Luminance, Measure
from desktop.document.model import (
    Align,
    Blend,
    Box,
    Camera,
    Caption,
    CaptionStyle,
    Document,
    Fill,
    Fit,
    Layer,
    PictureLayer,
    ShapeLayer,
    Shot,
    Stop,
)
from desktop.document.sheet import SCRIM
from desktop.document.typesetting import Face, Typesetter

DISSOLVE_S = 0.5

_TITLE = Face(family="DM Serif Display", line_height=1.08)
_TAGLINE = Face(family="Inter", weight=500, line_height=1.3)
_TITLE_SHARE = 0.55
"""The part of the first shot after which its caption comes, when the title has been read."""

_WASH = 0.55
"""How strongly a picture that does not lead colours the background below it."""

_PAN = 0.9
_CAMERAS = {
    "in": Camera(start=(0.0, 0.0, 1.0), end=(0.06, 0.06, 0.88)),
    "out": Camera(start=(0.06, 0.06, 0.88), end=(0.0, 0.0, 1.0)),
    "left": Camera(start=(1 - _PAN, 0.05, _PAN), end=(0.0, 0.05, _PAN)),
    "right": Camera(start=(0.0, 0.05, _PAN), end=(1 - _PAN, 0.05, _PAN)),
    "gentle-in": Camera(end=(0.025, 0.025, 0.95)),
    "gentle-out": Camera(start=(0.025, 0.025, 0.95)),
    "still": Camera(),
}


def lay_out_scene(
    content: SceneContent,
    *,
    frame_width_px: int = 1920,
    frame_height_px: int = 1080,
    fps: int = 24,
    seed: int = 0,
    measure: Measure,
    luminance: Luminance,
) -> Document:
    """Return a scene of the content, as long as its shots together.

    The title stands on the first shot. Every shot after it dissolves in over
    the one before.
    """
    page = Document.scene(width_px=frame_width_px, height_px=frame_height_px, fps=fps)
    scheme = scheme_of(content.palette)
    shots = tuple(
        _shot(shot, index, page, scheme, lead=content.pictures_lead)
        for index, shot in enumerate(content.shots)
    )
    style = CaptionStyle(
        size_mm=min(11.5, page.height_mm * 0.062),
        color=scheme.light,
        scrim=with_alpha(scheme.dark, 0.78),
    )
    document = replace(
        page,
        title=content.title,
        seed=seed,
        background=scheme.dark,
        shots=shots,
        captions=_captions(content),
        caption_style=style,
    )
    if not shots or not content.title.strip():
        return document
    return _with_title(document, content, scheme, measure, luminance)


def _shot(content: ShotContent, index: int, page: Document, scheme: Scheme, *, lead: bool) -> Shot:
    name = f"shot-{index + 1}"
    whole = Box(x_mm=0.0, y_mm=0.0, width_mm=page.width_mm, height_mm=page.height_mm)
    layers: list[Layer] = []
    if content.background_asset:
        layers.append(
            PictureLayer(
                id=f"{name}-background",
                name="Background",
                box=whole,
                asset=content.background_asset,
            )
        )
    else:
        fill = Fill(stops=(Stop(at=0.0, color=scheme.dark), Stop(at=1.0, color=scheme.middle[0])))
        layers.append(ShapeLayer(id=f"{name}-background", name="Background", box=whole, fill=fill))
    if content.picture_asset:
        layers.append(_painting(content, whole, name, lead=lead))
    return Shot(
        id=name,
        name=f"Shot {index + 1}",
        duration_s=content.duration_s,
        layers=tuple(layers),
        camera=_camera(content.camera, gentle=index == 0),
        dissolve_s=min(DISSOLVE_S, content.duration_s / 2) if index else 0.0,
    )


def _camera(name: str, *, gentle: bool) -> Camera:
    """Return a shot's camera; a gentle one keeps a title card inside the safe area."""
    if gentle:
        name = "gentle-out" if name == "out" else "gentle-in" if name != "still" else name
    return _CAMERAS.get(name, _CAMERAS["still"])


def _painting(content: ShotContent, page: Box, name: str, *, lead: bool) -> PictureLayer:
    """Return the shot's painted picture over the whole frame.

    A picture that leads hides the background; one that does not lies over it
    as a wash of light and colour, whatever its own detail.
    """
    return PictureLayer(
        id=f"{name}-picture",
        name="Picture",
        box=page,
        asset=content.picture_asset,
        fit=Fit.COVER if lead else Fit.STRETCH,
        blend=Blend.NORMAL if lead else Blend.SOFT_LIGHT,
        opacity=1.0 if lead else _WASH,
    )


def _captions(content: SceneContent) -> tuple[Caption, ...]:
    captions: list[Caption] = []
    start_s = 0.0
    for index, shot in enumerate(content.shots):
        end_s = start_s + shot.duration_s
        titled = index == 0 and bool(content.title.strip())
        lead_s = shot.duration_s * _TITLE_SHARE if titled else min(0.35, shot.duration_s * 0.1)
        if shot.caption.strip():
            captions.append(
                Caption(
                    id=f"caption-{index + 1}",
                    text=" ".join(shot.caption.split()),
                    start_s=start_s + lead_s,
                    end_s=end_s - min(0.15, shot.duration_s * 0.05),
                )
            )
        start_s = end_s
    return tuple(captions)


def _with_title(
    document: Document,
    content: SceneContent,
    scheme: Scheme,
    measure: Measure,
    luminance: Luminance,
) -> Document:
    """Put the title and tagline on the first shot, beside its picture, and make them readable."""
    first = document.shots[0]
    has_picture = any(layer.name == "Picture" for layer in first.layers)
    shade = ShapeLayer(
        id="scrim",
        name=SCRIM,
        box=Box(x_mm=0.0, y_mm=0.0, width_mm=document.width_mm, height_mm=document.height_mm),
        fill=_side_shade(scheme.dark, to_the_side=has_picture),
    )
    words = _title_words(document, content, scheme, measure, beside=has_picture)
    page = replace(
        Document.poster(width_mm=document.width_mm, height_mm=document.height_mm),
        background=document.background,
        layers=(first.layers[0], shade, *first.layers[1:], *words),
    )
    page = made_legible(page, scheme, measure=measure, luminance=luminance)
    return replace(document, shots=(replace(first, layers=page.layers), *document.shots[1:]))


def _title_words(
    document: Document, content: SceneContent, scheme: Scheme, measure: Measure, *, beside: bool
) -> list[Layer]:
    """Set the title and the tagline, `beside` a picture on the right or alone in the middle."""
    margin = document.width_mm * 0.08
    width = document.width_mm * (0.42 if beside else 0.84)
    align = Align.LEFT if beside else Align.CENTER
    setter = Typesetter(measure)
    title = setter.title(
        content.title,
        _TITLE,
        width_mm=width,
        height_mm=document.height_mm * 0.42,
        most_mm=document.height_mm * 0.19,
        max_lines=4,
    )
    tagline = setter.running(
        content.tagline,
        _TAGLINE,
        width_mm=width,
        height_mm=document.height_mm * 0.14,
        size_mm=min(8.0, title.size_mm / 2.2),
        least_mm=min(5.0, title.size_mm / 2.2),
    )
    height = title.height_mm + (tagline.height_mm + 10.0 if content.tagline else 0.0)
    y = max(document.height_mm * 0.12, document.height_mm * 0.42 - height / 2)
    parts = [("title", title, y, scheme.light)]
    if content.tagline.strip():
        below = y + title.height_mm + title.descent_mm + 6.0
        parts.append(("tagline", tagline, below, scheme.accent_on_dark))
    return [
        block.layer(
            x_mm=margin,
            y_mm=top,
            width_mm=width,
            align=align,
            color=color,
            role=role,
            layer_id=role,
        )
        for role, block, top, color in parts
    ]


def _side_shade(color: str, *, to_the_side: bool) -> Fill:
    """Return a shade that is strongest under the title: at the left, or all over."""
    if not to_the_side:
        return Fill(
            stops=(
                Stop(at=0.0, color=with_alpha(color, 0.4)),
                Stop(at=0.5, color=with_alpha(color, 0.6)),
                Stop(at=1.0, color=with_alpha(color, 0.4)),
            )
        )
    return Fill(
        stops=(
            Stop(at=0.0, color=with_alpha(color, 0.0)),
            Stop(at=0.45, color=with_alpha(color, 0.45)),
            Stop(at=1.0, color=with_alpha(color, 0.78)),
        ),
        angle_deg=90.0,
    )
