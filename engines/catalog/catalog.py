"""The library itself: finding models by id or path, adding to it and taking out of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engines.api import BadRequest, Kind, ModelMissing, ModelRefused, ModelSpec, Role
from engines.catalog.roots import cache_folder, data_folder, default_roots, wildcard_folders
from engines.catalog.scanning import (
    Found,
    Outcome,
    Progress,
    Scanner,
    free_id,
    gather,
    named,
)
from engines.formats import folders
from engines.formats.places import program_of
from engines.formats.recognition import recognise
from engines.library import Hashes, Register, Seen, fingerprint

DEFAULTS = {
    Kind.TEXT: "smollm2-135m-instruct",
    Kind.IMAGE: "triptych-image-1",
    Kind.MUSIC: "triptych-music-1",
    Kind.CUTOUT: "triptych-cutout-1",
}
"""The starter model of each kind; another of the kind takes its place if it is missing."""

_SAME_MODELS = {Kind.PLAN: Kind.TEXT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What came of adding a path.

    `folder` is the folder that is looked through from now on, empty for a
    single model; `program` names the program whose folder it is, if any.
    """

    folder: str = ""
    program: str = ""
    models: tuple[ModelSpec, ...] = ()
    refused: tuple[ModelRefused, ...] = ()


class Catalog:
    """Finds models by id or path; every answer was checked by content."""

    def __init__(
        self,
        roots: Sequence[Path] | None = None,
        *,
        library: Path | None = None,
        cache: Path | None = None,
    ) -> None:
        """Look nowhere yet.

        Args:
            roots: Folders whose children are models; `default_roots()` by default.
            library: The folder for `library.json` and `hashes.json`; the
                user's data folder by default.
            cache: The folder for `models.json`, what is known of files'
                headers; `library` if that is given, else the user's own.
        """
        self._roots = tuple(default_roots() if roots is None else roots)
        self._library = folder = library or data_folder()
        self._register = Register(folder / "library.json")
        self._hashes = Hashes(folder / "hashes.json")
        self._scanner = Scanner(Seen((cache or library or cache_folder()) / "models.json"))
        self._lock = threading.Lock()
        self._last = Found()

    def list(self) -> tuple[ModelSpec, ...]:
        """Return all models that can be loaded, and their parts; see `scan` for the order."""
        return self.scan().models

    def seen(self) -> tuple[ModelSpec, ...]:
        """Return what the last scan found, without looking again."""
        return self._last.models

    def refused(self) -> tuple[ModelRefused, ...]:
        """Return what lies in the library but cannot be loaded, with the reasons."""
        return self.scan().refused

    def folders(self) -> tuple[str, ...]:
        """Return the folders that the user had looked through."""
        return self._register.read().folders

    def wildcards(self) -> tuple[Path, ...]:
        """Return where lists of words for prompts lie: ours first, then in the user's folders."""
        return wildcard_folders(self._library, self.folders())

    def scan(self, progress: Progress = lambda done, total: None) -> Found:
        """Look through the roots, what was registered, and the user's folders, in this order.

        A path that comes later never takes an earlier one's id.
        """
        with self._lock:
            state, registered = self._register.state(), self._register.read()
            candidates, wishes = gather(self._roots, registered, lambda: progress(0, 0))
            seen = self._scanner.look_at(candidates, progress)
            self._last = named(seen, wishes, self._hashed, state)
            return self._last

    def get(self, model: str, kind: Kind) -> ModelSpec:
        """Return the model of that id or path; an empty string means the kind's default.

        Raises:
            ModelMissing: there is none.
            ModelRefused: it may not be loaded, is of another kind, or a part of a model.
        """
        kind = _SAME_MODELS.get(kind, kind)
        if not model:
            return self._default(kind)
        found = self._known(model) or self.scan().by_id.get(model)
        if found is None:
            found = self.check(model)
        if isinstance(found, ModelRefused):
            raise ModelRefused(found.path, found.reason)
        if found.kind is not kind:
            raise ModelRefused(found.path, f"it is a model for {found.kind}, not for {kind}")
        if kind is Kind.IMAGE and not found.is_choice:
            raise ModelRefused(found.path, f"it is a {found.role}, not a whole model")
        return found

    def check(self, path: Path | str) -> ModelSpec:
        """Recognise what lies at `path`.

        A model outside the library gets an id that changes with its place and
        its files, so that it is never taken for another one in the memory.

        Raises:
            ModelMissing: nothing is there.
            ModelRefused: it may not be loaded.
        """
        try:
            place = Path(path).absolute()
            if not place.exists():
                raise ModelMissing(str(path))
        except (OSError, ValueError) as error:
            raise ModelMissing(str(path)) from error
        known = self._known(self._last.by_path.get(str(place), ""))
        if known is None and self._is_inside(place):
            found = self.scan()
            known = found.by_id.get(found.by_path.get(str(place), ""))
        if isinstance(known, ModelSpec):
            return known
        spec = self._hashed(recognise(place))
        return replace(spec, id=f"{spec.id}-{fingerprint(place)[:8]}")

    def add(self, path: Path | str) -> ModelSpec:
        """Register a model where it lies; it is neither copied nor moved.

        Raises:
            ModelMissing, ModelRefused: as `check`.
            BadRequest: the library cannot be written.
        """
        registered = self._register.read()
        place = str(Path(path).absolute())
        if place in registered.hidden:
            shown = tuple(hidden for hidden in registered.hidden if hidden != place)
            self._register.write(replace(registered, hidden=shown))
            return self.check(path)
        spec = self.check(path)
        known = self.scan().by_id
        if spec.id in known:
            return spec
        spec = replace(spec, id=free_id(recognise(Path(spec.path)).id, known, {}))
        models = {**registered.models, spec.id: spec.path}
        self._register.write(replace(registered, models=models))
        return spec

    def take(self, path: Path | str, progress: Progress = lambda done, total: None) -> Added:
        """Add whatever lies at `path`: a file, a model's folder, or a folder of models.

        Raises:
            ModelMissing, ModelRefused, BadRequest: as `add`.
        """
        place = Path(path).absolute()
        if place.is_dir() and not folders.is_model({inside.name for inside in place.iterdir()}):
            return self.add_folder(place, progress)
        return Added(models=(self.add(place),))

    def add_folder(self, path: Path | str, progress: Progress = lambda done, total: None) -> Added:
        """Look through a folder from now on, with all below it; nothing is written there.

        Raises:
            ModelMissing: there is no such folder.
            BadRequest: the library cannot be written.
        """
        folder = Path(path).absolute()
        if not folder.is_dir():
            raise ModelMissing(str(path))
        registered = self._register.read()
        wanted = tuple(dict.fromkeys((*registered.folders, str(folder))))
        self._register.write(replace(registered, folders=wanted))
        found = self.scan(progress)
        inside = [x for x in found.by_id.values() if Path(x.path).is_relative_to(folder)]
        program = program_of(folder)
        return Added(
            folder=str(folder),
            program=program.name if program else "",
            models=tuple(x for x in inside if isinstance(x, ModelSpec)),
            refused=tuple(x for x in inside if isinstance(x, ModelRefused)),
        )

    def remove(self, what: str) -> None:
        """Forget a model, by its id, or a folder, by its path; all files stay.

        A model in a folder that is looked through is hidden from then on.

        Raises:
            ModelMissing: there is none of that id.
            BadRequest: it lies in one of the studio's own folders.
        """
        registered = self._register.read()
        if what in registered.models:
            left = {key: path for key, path in registered.models.items() if key != what}
            self._register.write(replace(registered, models=left))
            return
        folder = str(Path(what).absolute())
        if folder in registered.folders:
            kept = tuple(x for x in registered.folders if x != folder)
            hidden = tuple(x for x in registered.hidden if not Path(x).is_relative_to(folder))
            self._register.write(replace(registered, folders=kept, hidden=hidden))
            return
        found = self.scan().by_id.get(what)
        if found is None:
            raise ModelMissing(what)
        place = Path(found.path)
        if not any(place.is_relative_to(folder) for folder in registered.folders):
            raise BadRequest(f"the model {what} lies in a folder of the studio; delete it there")
        self._register.write(replace(registered, hidden=(*registered.hidden, found.path)))

    def sha256(self, spec: ModelSpec, keep_on: Callable[[], None] = lambda: None) -> str:
        """Return the hash of the weights, computed once for each state of the files.

        `keep_on` is called every few megabytes and may raise to stop.
        """
        place = Path(spec.path)
        files = folders.weight_files(place)
        return self._hashes.sha256(place, files, compute=True, keep_on=keep_on)

    def defaults(self) -> dict[Kind, str]:
        """Return the id of the model that an empty name stands for, of each kind that has one."""
        found: dict[Kind, str] = {}
        for kind in Kind:
            with contextlib.suppress(ModelMissing):
                found[kind] = self._default(_SAME_MODELS.get(kind, kind)).id
        return found

    def _default(self, kind: Kind) -> ModelSpec:
        wanted = DEFAULTS.get(kind, "")
        known = self._known(wanted)
        if isinstance(known, ModelSpec) and known.kind is kind:
            return known
        whole = (Role.MODEL, Role.CUTOUT)  # what draws, writes or cuts by itself
        models = [s for s in self.list() if s.kind is kind and s.role in whole]
        for spec in models:
            if spec.id == wanted:
                return spec
        if not models:
            if wanted:
                raise ModelMissing(wanted)
            raise ModelMissing("This job", (f"a model for {kind}",))
        return models[0]

    def _known(self, model: str) -> Outcome | None:
        """Return what the last scan found under an id, if its files are still as they were."""
        last = self._last
        found = last.by_id.get(model)
        if found is None or self._register.state() != last.register:
            return None
        if fingerprint(Path(found.path)) != last.states[model]:
            return None
        return self._hashed(found) if isinstance(found, ModelSpec) else found

    def _is_inside(self, place: Path) -> bool:
        """Say whether a path lies where a scan looks."""
        registered = self._register.read()
        if str(place) in registered.models.values():
            return True
        watched = (*map(str, self._roots), *registered.folders)
        return any(place.is_relative_to(folder) for folder in watched)

    def _hashed(self, spec: ModelSpec) -> ModelSpec:
        """Return the spec with its hash, if that was ever computed."""
        place = Path(spec.path)
        if not self._hashes.knows(place):
            return spec
        files = folders.weight_files(place)
        return replace(spec, sha256=self._hashes.sha256(place, files, compute=False))
