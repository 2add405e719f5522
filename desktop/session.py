"""The open project: every verb of the user is a method here or in what it builds on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from desktop.document.assets import AssetStore
from desktop.document.model import Document, Layer, PictureLayer
from desktop.following import Following
from desktop.jobs import Job
from desktop.recipes import parts_of, recipe_of, request_of, without_start
from desktop.render.pictures import PictureError, to_png
from desktop.seeds import new_seed
from engines.api import (
    BackgroundRequest,
    BadRequest,
    CutoutRequest,
    ImageRequest,
    ImageResult,
    Kind,
    MusicRequest,
    Request,
    Run,
    UpscaleRequest,
)
from engines.host import label_of

TITLES = {
    Kind.TEXT: "Writing",
    Kind.IMAGE: "Painting",
    Kind.GRID: "Painting a grid",
    Kind.BACKGROUND: "Drawing a background",
    Kind.UPSCALE: "Enlarging",
    Kind.CUTOUT: "Cutting out",
    Kind.MUSIC: "Scoring",
    Kind.SOUND: "Playing the score to sound",
    Kind.PLAN: "Planning",
    Kind.TRAIN: "Training",
    Kind.FIT: "Looking whether a model fits",
}


class Session(Following):
    """The project, its jobs, and the engines behind them."""

    def generate(self, request: Request, then: Callable[[Any], None], *, batch: str = "") -> Job:
        """Ask an engine; `then` gets its result on the GUI thread.

        Jobs of the same `batch` may run in any order.
        """
        ask = self.ask

        def work(run: Run) -> Any:
            result = ask(request, run)
            self._made.emit(request, result)
            return result

        labels = (self._named(label_of(request)),)
        return self.jobs.submit(
            _title(request),
            work,
            then,
            kind=str(request.kind),
            labels=labels,
            batch=batch,
            request=request,
        )

    def produce(self, brief: str, use: str, *, seed: int | None = None, **options: Any) -> Job:
        """Make a poster or a scene of a brief and show it as one undo step.

        `use` is "poster" or "scene"; `options` are fields of
        `desktop.production.PosterOptions` or `SceneOptions`.

        Raises:
            BadRequest: the brief is empty.
        """
        if not brief.strip():
            raise BadRequest("the brief is empty")
        the_seed = new_seed() if seed is None else seed
        assets, engines = self.assets, self.ask

        def ask(request: Request, run: Run) -> Any:
            self._asked.emit(run.token, self._named(label_of(request)))
            result = engines(request, run)
            self._made.emit(request, result)
            return result

        def work(run: Run) -> Any:
            from desktop.production import PosterOptions, SceneOptions, produce

            made_by: Callable[..., Any] = PosterOptions if use == "poster" else SceneOptions
            return produce(
                brief, made_by(**options), seed=the_seed, ask=ask, assets=assets, run=run
            )

        def then(product: Any) -> None:
            self._adopt(assets, product.document)
            # A finished production is another work: saving must not write over the old file.
            self._set_path(None)
            self.select(())
            self.edit(f"Make {use}", product.document)
            self.seek(0.0)
            for notice in product.notices:
                self.noticed.emit(notice)

        title = f"Making a {use}: {_short(brief)}"
        labels = tuple(self._named(label) for label in _labels(use, options))
        return self.jobs.submit(title, work, then, kind=use, labels=labels)

    def reroll_selected(self) -> None:
        """Make the selected pictures again, each with another seed, in any order.

        Raises:
            BadRequest: one of them has no recipe that can be replayed.
        """
        batch = f"reroll {new_seed()}"
        for layer in self.selected_layers():
            self.reroll(layer.id, batch=batch)

    def reroll(self, layer_id: str, *, batch: str = "") -> Job:
        """Make a layer's picture again from its recipe, with another seed.

        Raises:
            BadRequest: the layer has no recipe that can be replayed.
        """
        layer = self.document.layer(layer_id)
        request = request_of(self._recipe(layer), self.read_picture, seed=new_seed())
        return self._remake(layer, request, batch)

    def vary(self, layer_id: str, *, strength: float = 0.45) -> Job:
        """Make a picture near the layer's own: the same words, starting from its pixels.

        Raises:
            BadRequest: the layer has no recipe that can be replayed.
        """
        layer = self.document.layer(layer_id)
        recipe = without_start(self._recipe(layer))
        request = request_of(recipe, self.read_picture, seed=new_seed())
        if isinstance(request, ImageRequest) and isinstance(layer, PictureLayer):
            png = self.assets.read(layer.asset)
            request = replace(
                request, init=png, strength=strength, count=1, upscale=1, cutout=False
            )
        return self._remake(layer, request)

    def _recipe(self, layer: Layer) -> Any:
        if layer.recipe is None:
            raise BadRequest(f"“{layer.name}” was not made here, so it cannot be made again")
        return layer.recipe

    def _remake(self, layer: Layer, request: Request, batch: str = "") -> Job:
        makers = ImageRequest | BackgroundRequest | UpscaleRequest | CutoutRequest
        if not isinstance(request, makers):
            raise BadRequest(f"“{layer.name}” cannot be made again by itself")

        def then(result: ImageResult) -> None:
            recipe = recipe_of(request, result.model)
            for data in parts_of(request):  # what its recipe names stays with the project
                self.assets.add(data, ".png")
            self.put_pixels(layer.id, result.pictures[0].png, recipe=recipe)

        return self.generate(request, then, batch=batch)

    def enlarge(self, layer_id: str, factor: int, *, model: str = "") -> Job:
        """Put a picture layer's own picture there enlarged; `model` is as in `UpscaleRequest`.

        Raises:
            BadRequest: the layer is no picture, or cannot be enlarged so.
        """
        layer = self._picture(layer_id)
        request = UpscaleRequest(png=self._png(layer), factor=factor, model=model)
        return self._remake(layer, request)

    def cut_out(self, layer_id: str, *, model: str = "") -> Job:
        """Leave out what is behind the subject of a picture layer.

        Raises:
            BadRequest: the layer is no picture.
        """
        layer = self._picture(layer_id)
        return self._remake(layer, CutoutRequest(png=self._png(layer), model=model))

    def read_picture(self, sha256: str) -> bytes:
        """Return a picture of the project, else of the history.

        Raises:
            KeyError: it is in neither.
        """
        if sha256 in self.assets:
            return self.assets.read(sha256)
        return self.gallery.read(sha256)

    def _picture(self, layer_id: str) -> PictureLayer:
        layer = self.document.layer(layer_id)
        if not isinstance(layer, PictureLayer):
            raise BadRequest(f"“{layer.name}” is not a picture")
        return layer

    def _png(self, layer: PictureLayer) -> bytes:
        """Return a layer's picture as PNG, which is what the engines read."""
        try:
            return to_png(self.assets.read(layer.asset))
        except (PictureError, KeyError) as error:
            raise BadRequest(f"“{layer.name}” cannot be read: {error}") from None

    def _adopt(self, source: AssetStore, document: Document) -> None:
        """Bring over what a document needs if another project was opened meanwhile."""
        if source is not self.assets:
            kept = [sha256 for sha256 in document.ingredients() if sha256 in source]
            for sha256 in {*document.assets(), *kept}:
                self.assets.add(source.read(sha256), source.suffix(sha256))


def _labels(use: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a production will ask of the engines that hold models, in order."""
    words, picture = options.get("model", ""), options.get("picture_model", "")
    making = (f"{Kind.PLAN}:{words}", f"{Kind.IMAGE}:{picture}")
    return making if use == "poster" else (*making, f"{Kind.MUSIC}:")


def _short(text: str, limit: int = 42) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _title(request: Request) -> str:
    words = getattr(request, "prompt", "") or getattr(request, "brief", "")
    title = TITLES[request.kind]
    if isinstance(request, MusicRequest) and not words:
        words = ", ".join(x for x in (request.mood, request.key) if x)
    return f"{title}: {_short(words)}" if words else title
