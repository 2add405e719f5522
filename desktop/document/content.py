"""What a page or a scene should say and show, before it is laid out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterContent:
    """The words, pictures and colours of a poster; all but the title may be empty.

    `facts` are (label, text) such as ("day", "Friday"); `palette` is dark to
    light. `background_asset` is drawn at the page's resolution, and
    `picture_asset` may be soft, so it stands in a window.
    """

    title: str
    tagline: str = ""
    body: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    call_to_action: str = ""
    palette: tuple[str, ...] = ()
    mood: str = ""
    background_asset: str = ""
    picture_asset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotContent:
    """One shot: what is said, what is seen, and how the camera moves.

    `camera` is one of "in", "out", "left", "right", "still".
    """

    caption: str
    duration_s: float
    camera: str = "in"
    picture_asset: str = ""
    background_asset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneContent:
    """A scene's title and shots.

    With `pictures_lead` a shot shows its picture; else its background, with
    the picture as a wash of colour over it, for a model too small to be
    looked at closely.
    """

    title: str
    tagline: str = ""
    shots: tuple[ShotContent, ...] = ()
    palette: tuple[str, ...] = ()
    pictures_lead: bool = False
