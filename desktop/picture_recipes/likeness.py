"""What a picture's file says, as fields of a request: found in the library, or said missing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from desktop.document.picture_metadata import Guide, Named, PictureSettings, samplers
from desktop.picture_recipes.saying import SAID
from desktop.recipes import types_of, value_of
from engines.api import (
    PREPROCESSORS,
    Axis,
    ControlUse,
    EngineError,
    ImageRequest,
    Kind,
    LoraUse,
    ModelSpec,
    ReferenceUse,
    Role,
)

SEEDS = 2**32
SIDES_PX = range(16, 16385)
OUR_UPSCALERS = ("", "x4plus")

_TOLERANT = re.compile(r"[^a-z0-9]+")

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Fields for an `ImageRequest` that a picture's settings give, and what they cannot give."""

    kind: str
    fields: dict[str, Any]
    left_out: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One sentence about what is not here; empty if nothing is missing."""
        if not self.left_out:
            return ""
        return f"Not here, so left out: {', '.join(self.left_out)}."


def likeness(
    settings: PictureSettings, specs: Sequence[ModelSpec], read: Read | None = None
) -> Likeness:
    """Turn what a picture's file says into fields of a request.

    Args:
        specs: The library, to find models and their parts by name or hash.
        read: Gives the bytes of a picture by its sha256, or raises KeyError.
    """
    taking = _Taking(settings, specs, read or _nothing)
    if settings.prompt:
        taking.fields |= {"prompt": settings.prompt, "negative": settings.negative}
    taking.numbers()
    taking.drawing()
    if settings.kind in (Kind.IMAGE, Kind.GRID):
        taking.models()
        taking.start()
        taking.guides()
        taking.more()
    if settings.kind == Kind.GRID:
        taking.axes()
    return Likeness(kind=settings.kind, fields=taking.fields, left_out=tuple(taking.missing))


class _Taking:
    """Collects what can be taken, and what is missing."""

    def __init__(self, settings: PictureSettings, specs: Sequence[ModelSpec], read: Read) -> None:
        self.settings, self.specs, self.read = settings, specs, read
        self.fields: dict[str, Any] = {}
        self.missing: list[str] = []

    def numbers(self) -> None:
        """Take numbers that a request may have; others are told of."""
        settings, fields = self.settings, self.fields
        if settings.seed is not None:
            if settings.seed in range(SEEDS):
                fields["seed"] = settings.seed
            else:
                self.missing.append(f"the seed {settings.seed}, which is too large")
        if settings.steps is not None:
            fields["steps"] = min(settings.steps, 500)
        if settings.guidance is not None and 0 <= settings.guidance <= 50:
            fields["guidance"] = settings.guidance
        if settings.width_px and settings.height_px:
            sides = (8 * round(x / 8) for x in (settings.width_px, settings.height_px))
            width_px, height_px = sides
            if width_px in SIDES_PX and height_px in SIDES_PX:
                fields |= {"width_px": width_px, "height_px": height_px}
            else:
                self.missing.append(f"the size {settings.width_px} x {settings.height_px} px")
        if settings.upscale is not None and settings.upscale in (1, 2, 4, 8, 16):
            fields["upscale"] = settings.upscale
        self._sampler(settings.sampler)

    def drawing(self) -> None:
        """Take how it was drawn: variation, a second drawing, tiles, CLIP's last layer."""
        settings = self.settings
        if settings.variation:
            self._if_allowed("the variation", variation=settings.variation)
            seed = settings.variation_seed or 0
            self._if_allowed("the seed of the variation", variation_seed=seed)
        if settings.hires is not None and settings.hires != 1:
            self._if_allowed(f"drawing it {settings.hires:g} times larger", hires=settings.hires)
            if settings.hires_strength is not None:
                self._if_allowed("its strength", hires_strength=settings.hires_strength)
        if settings.tiling:
            self.fields["tiling"] = True
        if settings.clip_skip and settings.clip_skip > 1:
            skipped = settings.clip_skip - 1
            self._if_allowed(f"CLIP skip {settings.clip_skip}", clip_skip=skipped)

    def models(self) -> None:
        """Find the model and all that is used beside it."""
        settings, fields = self.settings, self.fields
        if settings.model:
            model = self._find(settings.model, "the model", Role.MODEL, Role.DENOISER)
            if model is not None:
                fields["model"] = model.id
        loras = ((x, self._find(x, "the LoRA", Role.LORA)) for x in settings.loras)
        fields["loras"] = tuple(LoraUse(path=y.path, weight=x.weight) for x, y in loras if y)
        inverted = Role.TEXTUAL_INVERSION
        words = [self._find(x, "the embedding", inverted) for x in settings.embeddings]
        fields["embeddings"] = tuple(spec.path for spec in words if spec)
        fields["vae"] = self._path(settings.vae, "the VAE", Role.VAE)
        fields["upscaler"] = settings.upscaler
        if settings.upscaler not in OUR_UPSCALERS:
            fields["upscaler"] = self._path(settings.upscaler, "the upscaler", Role.UPSCALER)

    def start(self) -> None:
        """Take the picture that it started from, if it is here."""
        settings, fields = self.settings, self.fields
        if not settings.init:
            return
        try:
            fields["init"] = self.read(settings.init)
            if settings.mask:
                fields["mask"] = self.read(settings.mask)
        except KeyError:
            fields.pop("init", None)
            self.missing.append("the picture it was started from")
            return
        if settings.strength is not None and 0 <= settings.strength <= 1:
            fields["strength"] = settings.strength

    def guides(self) -> None:
        """Take controls and references of which model and picture are here."""
        uses = ((x, self._guide(x, "control")) for x in self.settings.controls)
        self.fields["controls"] = tuple(
            ControlUse(
                preprocessor=guide.making if guide.making in PREPROCESSORS else "",
                start=guide.start,
                end=guide.end,
                depth_model=self._path(guide.beside, "the depth model", Role.DEPTH),
                **said,
            )
            for guide, said in uses
            if said
        )
        looks = ((x, self._guide(x, "reference")) for x in self.settings.references)
        self.fields["references"] = tuple(
            ReferenceUse(
                encoder=self._path(guide.beside, "the image encoder", Role.IMAGE_ENCODER), **said
            )
            for guide, said in looks
            if said
        )

    def more(self) -> None:
        """Take what else our own files say, as far as requests know it."""
        types = types_of(ImageRequest)
        for name, text in self.settings.more:
            if name not in types or name in SAID:
                continue
            try:
                value = value_of(json.loads(text), types[name], self.read)
                # Of what needs a picture to start from, only the rest can be told to be right.
                start = b"x" if name == "outpaint" else b""
                ImageRequest(**{"prompt": "x", "seed": 0, "init": start, name: value})
            except (ValueError, TypeError, KeyError, AttributeError, EngineError):
                self.missing.append(name.replace("_", " "))
            else:
                self.fields[name] = value
        if "init" not in self.fields:
            self.fields.pop("outpaint", None)

    def axes(self) -> None:
        """Take what a grid varies; files of the library are found by their names."""
        said = dict(self.settings.more).get("axes", "[]")
        roles = {"vae": Role.VAE, "upscaler": Role.UPSCALER}
        try:
            read: tuple[Axis, ...] = value_of(json.loads(said), tuple[Axis, ...], _nothing)
        except (ValueError, TypeError, KeyError, AttributeError, EngineError):
            self.missing.append("what the grid varies")
            return
        self.fields["axes"] = tuple(
            replace(axis, values=tuple(self._file(x, roles[axis.name]) for x in axis.values))
            if axis.name in roles
            else axis
            for axis in read
        )

    def _file(self, name: str, role: Role) -> str:
        return name if name in OUR_UPSCALERS else self._path(name, f"the {role}", role)

    def _guide(self, guide: Guide, what: str) -> dict[str, Any]:
        """Return the fields that controls and references share; none if one is not here."""
        roles = {
            "control": (Role.CONTROLNET, Role.T2I_ADAPTER),
            "reference": (Role.IP_ADAPTER,),
        }
        spec = self._find(guide.model, f"the {what}", *roles[what])
        if spec is None:
            return {}
        said: dict[str, Any] = {"path": spec.path, "weight": guide.weight}
        made_by: Any = ControlUse if what == "control" else ReferenceUse
        try:
            said["picture"] = self.read(guide.picture)
            steps = {"start": guide.start, "end": guide.end} if what == "control" else {}
            made_by(**said, **steps)
        except KeyError:
            self.missing.append(f"the picture of the {what} “{guide.model.name}”")
            return {}
        except EngineError:
            self.missing.append(f"the {what} “{guide.model.name}”")
            return {}
        return said

    def _sampler(self, sampler: str) -> None:
        if not sampler:
            return
        plain = sampler.rpartition(" ")[0]
        if sampler in samplers.FAMILIAR:
            self.fields["sampler"] = sampler
        elif plain in samplers.FAMILIAR and not sampler.endswith(" a"):
            self.fields["sampler"] = plain
            self.missing.append(f"the schedule of the sampler “{sampler}”")
        else:
            self.missing.append(f"the sampler “{sampler}”")

    def _if_allowed(self, words: str, **said: Any) -> None:
        try:
            ImageRequest(prompt="x", seed=0, **said)
        except EngineError:
            self.missing.append(words)
        else:
            self.fields |= said

    def _path(self, name: str, what: str, role: Role) -> str:
        spec = self._find(Named(name=name), what, role) if name else None
        return spec.path if spec is not None else ""

    def _find(self, named: Named, what: str, *roles: Role) -> ModelSpec | None:
        spec = found(named, self.specs, *roles)
        if spec is None:
            self.missing.append(f"{what} “{named.name or named.digest}”")
        return spec


def found(named: Named, specs: Sequence[ModelSpec], *roles: Role) -> ModelSpec | None:
    """Find a model or a part of the library by its hash, else by its name."""
    those = [spec for spec in specs if spec.role in roles and spec.kind in _KINDS]
    for spec in those:
        if len(named.digest) >= 8 and spec.sha256.startswith(named.digest):
            return spec
    for spec in those:
        if named.name and named.name in (spec.id, spec.name):
            return spec
    wanted = _tolerant(named.name)
    for spec in those:
        names = (spec.id, spec.name, PurePath(spec.path).stem)
        if wanted and wanted in {_tolerant(name) for name in names}:
            return spec
    return None


_KINDS = (Kind.IMAGE, Kind.UPSCALE, Kind.CUTOUT)


def _tolerant(name: str) -> str:
    return _TOLERANT.sub("", name.lower())


def _nothing(sha256: str) -> bytes:
    raise KeyError(sha256)
