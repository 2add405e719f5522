"""From a brief to a finished document: plan, pictures, score, layout.

Knows no window: the command line and the session both call `produce`, with
`ask` being an engine host's `run`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from desktop.document.assets import AssetStore
from desktop.document.layout import (
    PosterContent,
    SceneContent,
    ShotContent,
    lay_out_poster,
    lay_out_scene,
)
from desktop.document.model import CutFit, Document, MusicTrack, PictureLayer, Recipe
from desktop.document.sizes import LARGEST_PX
from desktop.document.templates import TEMPLATES
from desktop.recipes import recipe_of
from desktop.render.eyes import Eyes
from desktop.render.pictures import resized
from desktop.render.text import measure
from engines.api import (
    BackgroundRequest,
    BadRequest,
    ImageRequest,
    ImageResult,
    MusicRequest,
    MusicResult,
    Plan,
    PlanRequest,
    PlanResult,
    Progress,
    Request,
    Run,
    ShotPlan,
    SoundRequest,
    SoundResult,
)

Ask = Callable[[Request, Run], Any]

PICTURE_UPSCALE = 8
"""The starter's picture is enlarged this often before it stands on a page."""

WASH_PX = (224, 128)
"""The size at which the starter paints over a shot's background."""

WASH_STRENGTH = 0.5
"""How far it may leave that background."""

PAN_RESERVE = 1.15
"""A scene's backgrounds are this much larger than the frame, for the camera to move in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterOptions:
    """What a poster should be; an empty template leaves the choice to the layout.

    `model` writes the words, `picture_model` paints; empty means the library's own.
    """

    width_mm: float = 297.0
    height_mm: float = 420.0
    dpi: float = 150.0
    template: str = ""
    model: str = ""
    picture_model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneOptions:
    """What a scene should be.

    A picture model that is named leads: its pictures fill the shots.
    """

    seconds: float = 12.0
    width_px: int = 1920
    height_px: int = 1080
    fps: int = 24
    model: str = ""
    picture_model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A finished document, its plan, the language model's id and what had to give way."""

    document: Document
    plan: Plan
    model: str
    notices: tuple[str, ...] = ()


def share(run: Run, parts: Sequence[tuple[str, float]]) -> list[Run]:
    """Divide a run's progress among parts of (stage, weight).

    Each part counts from 0 to its own total; the whole counts to 1000. A
    part's own stage name goes before the one given here.
    """
    whole = sum(weight for _, weight in parts)
    runs, start = [], 0.0
    for stage, weight in parts:
        runs.append(Run(run.token, _reporter(run, stage, start / whole, weight / whole)))
        start += weight
    return runs


def _reporter(run: Run, stage: str, start: float, weight: float) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        part = min(1.0, progress.done / progress.total) if progress.total else 0.0
        run.report(
            replace(
                progress,
                done=round(1000 * (start + weight * part)),
                total=1000,
                stage=progress.stage or stage,
            )
        )

    return report


def produce(
    brief: str,
    options: PosterOptions | SceneOptions,
    *,
    seed: int,
    ask: Ask,
    assets: AssetStore,
    run: Run,
) -> Product:
    """Make a poster or a scene of a brief; the same seed gives the same document.

    Raises:
        EngineError: as the engines do; `BadRequest` for a brief that is empty.
    """
    makers: dict[type, Callable[..., Product]] = {
        PosterOptions: _produce_poster,
        SceneOptions: _produce_scene,
    }
    return makers[type(options)](
        brief, options, seed, _Studio(ask, assets, options.picture_model), run
    )


def _produce_poster(
    brief: str, options: PosterOptions, seed: int, studio: _Studio, run: Run
) -> Product:
    if options.template and options.template not in TEMPLATES:
        raise BadRequest(
            f"there is no template {options.template!r}; there are {', '.join(TEMPLATES)}"
        )
    planning, painting, drawing, laying = share(
        run,
        (
            ("writing the words", 45),
            ("painting the picture", 40),
            ("drawing the background", 10),
            ("laying out", 5),
        ),
    )
    request = PlanRequest(brief=brief, seed=seed, use="poster", model=options.model)
    planned: PlanResult = studio.ask(request, planning)
    plan = planned.plan
    page = Document.poster(width_mm=options.width_mm, height_mm=options.height_mm)
    width_px, height_px = replace(page, dpi=options.dpi).size_px
    picture = studio.picture(plan.picture_prompt, seed, painting)
    background = studio.background(
        plan.background_prompt, seed, (width_px, height_px), plan.palette, drawing
    )
    laying.step(0, 1)
    document = lay_out_poster(
        PosterContent(
            title=plan.title,
            tagline=plan.tagline,
            body=plan.body,
            facts=_facts(plan),
            call_to_action=plan.call_to_action,
            palette=plan.palette,
            mood=plan.mood,
            background_asset=background,
            picture_asset=picture,
        ),
        width_mm=options.width_mm,
        height_mm=options.height_mm,
        dpi=options.dpi,
        template=options.template,
        seed=seed,
        **studio.eyes(),
    )
    document = _signed(document, brief, seed, plan, studio)
    laying.step(1, 1)
    return Product(document=document, plan=plan, model=planned.model)


def _produce_scene(
    brief: str, options: SceneOptions, seed: int, studio: _Studio, run: Run
) -> Product:
    _check_frame(options)
    planning, painting, scoring, laying = share(
        run,
        (
            ("writing the story", 30),
            ("painting the shots", 45),
            ("writing the score", 20),
            ("laying out", 5),
        ),
    )
    request = PlanRequest(
        brief=brief, seed=seed, use="scene", model=options.model, seconds=options.seconds
    )
    planned: PlanResult = studio.ask(request, planning)
    plan = planned.plan
    shots = _shots(plan, seed, (options.width_px, options.height_px), studio, painting)
    music, notices = _score(plan, seed, options.seconds, studio, scoring)
    laying.step(0, 1)
    document = lay_out_scene(
        SceneContent(
            title=plan.title,
            tagline=plan.tagline,
            shots=shots,
            palette=plan.palette,
            pictures_lead=bool(options.picture_model),
        ),
        frame_width_px=options.width_px,
        frame_height_px=options.height_px,
        fps=options.fps,
        seed=seed,
        **studio.eyes(),
    )
    document = replace(_signed(document, brief, seed, plan, studio), music=music)
    laying.step(1, 1)
    return Product(document=document, plan=plan, model=planned.model, notices=notices)


def _check_frame(options: SceneOptions) -> None:
    """Refuse before the work what no film could hold."""
    if options.width_px % 2 or options.height_px % 2:
        raise BadRequest(
            f"a film's sides are even, and {options.width_px} x {options.height_px} px is not"
        )
    largest_px = round(LARGEST_PX / PAN_RESERVE)
    if max(options.width_px, options.height_px) > largest_px:
        raise BadRequest(f"a film's sides are at most {largest_px} px")
    if not 1 <= options.fps <= 120:
        raise BadRequest(f"{options.fps} frames a second is outside 1 to 120")


def _shots(
    plan: Plan, seed: int, frame_px: tuple[int, int], studio: _Studio, run: Run
) -> tuple[ShotContent, ...]:
    """Paint the picture and draw the background of every shot."""
    parts = [(f"painting shot {i + 1} of {len(plan.shots)}", 1.0) for i in range(len(plan.shots))]
    size_px = (round(frame_px[0] * PAN_RESERVE), round(frame_px[1] * PAN_RESERVE))
    made = []
    for index, (shot, part) in enumerate(zip(plan.shots, share(run, parts), strict=True)):
        drawing, painting = share(part, ((parts[index][0], 1), (parts[index][0], 3)))
        shot_seed = (seed + index) % 2**32
        background = studio.background(
            shot.background_prompt, shot_seed, size_px, plan.palette, drawing
        )
        made.append(
            ShotContent(
                caption=shot.caption,
                duration_s=shot.duration_s,
                camera=shot.camera,
                picture_asset=studio.shot_picture(shot, background, shot_seed, painting),
                background_asset=background,
            )
        )
    return tuple(made)


def _score(
    plan: Plan, seed: int, seconds: float, studio: _Studio, run: Run
) -> tuple[MusicTrack, tuple[str, ...]]:
    """Write the score, exactly as long as the scene, and play it into a sound."""
    writing, playing = share(run, (("writing the score", 4), ("playing the score", 1)))
    request = MusicRequest(
        seed=seed,
        seconds=seconds,
        key=plan.key,
        tempo_bpm=float(plan.tempo_bpm),
        meter=plan.meter,
        mood=plan.mood,
        instruments=plan.instruments,
    )
    score: MusicResult = studio.ask(request, writing)
    sound: SoundResult = studio.ask(
        SoundRequest(midi=score.midi, format="flac", seconds=seconds), playing
    )
    track = MusicTrack(
        midi_asset=studio.assets.add(score.midi, ".mid"),
        sound_asset=studio.assets.add(sound.data, ".flac"),
        recipe=recipe_of(request, score.model),
        follows=CutFit(seconds=seconds),
    )
    return track, score.notices


def _facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return the brief's facts that are there as (label, text)."""
    facts = plan.facts
    found = (("day", facts.day), ("hour", facts.hour), ("place", facts.place))
    return tuple((label, text) for label, text in found if text)


def _signed(document: Document, brief: str, seed: int, plan: Plan, studio: _Studio) -> Document:
    """Note where the document comes from, and each picture's recipe on its layer."""
    words = tuple(text for text in (plan.tagline, plan.body, plan.call_to_action) if text)
    document = replace(document, title=plan.title, brief=brief, seed=seed, words=words)
    return replace(
        document,
        layers=tuple(studio.with_recipe(layer) for layer in document.layers),
        shots=tuple(
            replace(shot, layers=tuple(studio.with_recipe(layer) for layer in shot.layers))
            for shot in document.shots
        ),
    )


class _Studio:
    """The engines, the store and what the layout needs to see, for one production."""

    def __init__(self, ask: Ask, assets: AssetStore, picture_model: str) -> None:
        self.ask = ask
        self.assets = assets
        self._picture_model = picture_model
        self._recipes: dict[str, Recipe] = {}

    def picture(self, prompt: str, seed: int, run: Run) -> str:
        """Paint with the picture model; returns the asset."""
        # Other models paint larger than our starter.
        upscale = 4 if self._picture_model else PICTURE_UPSCALE
        request = ImageRequest(prompt=prompt, seed=seed, model=self._picture_model, upscale=upscale)
        return self._draw(request, run)

    def shot_picture(self, shot: ShotPlan, background: str, seed: int, run: Run) -> str:
        """Paint a shot; the starter paints its background over, so that both agree."""
        if self._picture_model:
            return self.picture(shot.picture_prompt, seed, run)
        start = resized(self.assets.read(background), *WASH_PX)
        self.assets.add(start, ".png")
        request = ImageRequest(
            prompt=shot.background_prompt,
            seed=seed,
            init=start,
            strength=WASH_STRENGTH,
            width_px=WASH_PX[0],
            height_px=WASH_PX[1],
            upscale=PICTURE_UPSCALE,
        )
        return self._draw(request, run)

    def background(
        self, prompt: str, seed: int, size_px: tuple[int, int], palette: tuple[str, ...], run: Run
    ) -> str:
        """Draw a procedural background at the size it is shown; returns the asset."""
        request = BackgroundRequest(
            prompt=prompt, seed=seed, width_px=size_px[0], height_px=size_px[1], palette=palette
        )
        return self._draw(request, run)

    def _draw(self, request: ImageRequest | BackgroundRequest, run: Run) -> str:
        result: ImageResult = self.ask(request, run)
        asset = self.assets.add(result.pictures[0].png, ".png")
        self._recipes[asset] = recipe_of(request, result.model)
        return asset

    def with_recipe(self, layer: Any) -> Any:
        """Give a picture layer, or those within a group, the recipe of its asset."""
        if isinstance(layer, PictureLayer):
            return replace(layer, recipe=self._recipes.get(layer.asset))
        if hasattr(layer, "layers"):
            return replace(layer, layers=tuple(self.with_recipe(x) for x in layer.layers))
        return layer

    def eyes(self) -> dict[str, Any]:
        """Return how the layout measures words and sees what is behind them."""
        return {"measure": measure, "luminance": Eyes(self.assets).luminance}
