"""The library of models: where they lie, what they are, and which one is the default."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import platformdirs

from engines.api import BadRequest, Kind, ModelMissing, ModelRefused, ModelSpec
from engines.formats.recognition import PARTS, identifier, recognise, weight_files
from engines.library import Hashes, Registered, fingerprint

DEFAULTS = {
    Kind.TEXT: "smollm2-135m-instruct",
    Kind.IMAGE: "triptych-image-1",
    Kind.MUSIC: "triptych-music-1",
}
"""The starter model of each kind; another of the kind takes its place if it is missing."""

_SAME_MODELS = {Kind.PLAN: Kind.TEXT}


def data_folder() -> Path:
    """Return the user's folder for models and the library's own files."""
    return platformdirs.user_data_path("triptych", appauthor=False)


def default_roots() -> tuple[Path, ...]:
    """Return where models lie: ours, the fetched ones, the user's, and `TRIPTYCH_MODELS`."""
    extra = os.environ.get("TRIPTYCH_MODELS", "")
    return (
        Path(__file__).resolve().parents[1] / "resources" / "models",
        Path(sys.prefix) / "share" / "triptych" / "models",
        data_folder() / "models",
        *(Path(root) for root in extra.split(os.pathsep) if root),
    )


class Catalog:
    """Finds models by id or path; every answer was checked by content."""

    def __init__(self, roots: Sequence[Path] | None = None, *, library: Path | None = None) -> None:
        """Look nowhere yet.

        Args:
            roots: Folders whose children are models; `default_roots()` by default.
            library: The folder for `library.json` and `hashes.json`; the
                user's data folder by default.
        """
        self._roots = tuple(default_roots() if roots is None else roots)
        folder = library or data_folder()
        self._registered = Registered(folder / "library.json")
        self._hashes = Hashes(folder / "hashes.json")
        self._seen: dict[Path, tuple[str, ModelSpec | ModelRefused]] = {}

    def list(self) -> tuple[ModelSpec, ...]:
        """Return all models that can be loaded: those of the roots, then the registered."""
        return tuple(s for s in self._scan().values() if isinstance(s, ModelSpec))

    def refused(self) -> tuple[ModelRefused, ...]:
        """Return what lies in the library but cannot be loaded, with the reasons."""
        return tuple(s for s in self._scan().values() if isinstance(s, ModelRefused))

    def get(self, model: str, kind: Kind) -> ModelSpec:
        """Return the model of that id or path; an empty string means the kind's default.

        Raises:
            ModelMissing: there is none.
            ModelRefused: it may not be loaded, or is of another kind.
        """
        kind = _SAME_MODELS.get(kind, kind)
        if not model:
            return self._default(kind)
        found = self._scan().get(model)
        if found is None:
            found = self.check(model)
        if isinstance(found, ModelRefused):
            raise ModelRefused(found.path, found.reason)
        if found.kind is not kind:
            raise ModelRefused(found.path, f"it is a model for {found.kind}, not for {kind}")
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
        except OSError as error:
            raise ModelMissing(str(path)) from error
        for known in self.list():
            if Path(known.path) == place:
                return known
        spec = self._hashed(recognise(place), compute=False)
        return replace(spec, id=f"{spec.id}-{fingerprint(place)[:8]}")

    def add(self, path: Path | str) -> ModelSpec:
        """Register a model where it lies; it is neither copied nor moved.

        Raises:
            ModelMissing, ModelRefused: as `check`.
            BadRequest: the library cannot be written.
        """
        spec = self.check(path)
        known = self._scan()
        if spec.id in known:
            return spec
        wish = recognise(Path(spec.path)).id
        spec = replace(spec, id=_free_id(wish, known))
        self._registered.put(spec.id, spec.path)
        return spec

    def remove(self, model_id: str) -> None:
        """Forget a registered model; its files stay.

        Raises:
            ModelMissing: there is none of that id.
            BadRequest: it lies in one of the studio's own folders.
        """
        if self._registered.drop(model_id):
            return
        if model_id not in self._scan():
            raise ModelMissing(model_id)
        raise BadRequest(f"the model {model_id} lies in a folder of the studio; delete it there")

    def sha256(self, spec: ModelSpec) -> str:
        """Return the hash of the weights, computed once for each state of the files."""
        return self._hashed(spec, compute=True).sha256

    def defaults(self) -> dict[Kind, str]:
        """Return the id of the model that an empty name stands for, of each kind that has one."""
        found: dict[Kind, str] = {}
        for kind in Kind:
            with contextlib.suppress(ModelMissing):
                found[kind] = self._default(_SAME_MODELS.get(kind, kind)).id
        return found

    def _default(self, kind: Kind) -> ModelSpec:
        models = [s for s in self.list() if s.kind is kind and s.architecture not in PARTS]
        for spec in models:
            if spec.id == DEFAULTS.get(kind):
                return spec
        if not models:
            raise ModelMissing(DEFAULTS.get(kind, f"a model for {kind}"))
        return models[0]

    def _scan(self) -> dict[str, ModelSpec | ModelRefused]:
        """Return id -> what was found; a path that comes later never takes an earlier id."""
        found: dict[str, ModelSpec | ModelRefused] = {}
        for path in (path for root in self._roots for path in _children(root)):
            seen = self._look(path)
            wish = seen.id if isinstance(seen, ModelSpec) else identifier(path.stem)
            model_id = _free_id(wish, found)
            found[model_id] = replace(seen, id=model_id) if isinstance(seen, ModelSpec) else seen
        for model_id, path_text in self._registered.all().items():
            seen = self._look(Path(path_text))
            model_id = _free_id(model_id, found)
            found[model_id] = replace(seen, id=model_id) if isinstance(seen, ModelSpec) else seen
        return found

    def _look(self, path: Path) -> ModelSpec | ModelRefused:
        """Recognise a path unless its files are as they were the last time."""
        state = fingerprint(path)
        known = self._seen.get(path)
        if known is None or known[0] != state:
            outcome: ModelSpec | ModelRefused
            try:
                outcome = recognise(path)
            except ModelRefused as refusal:
                outcome = ModelRefused(refusal.path, refusal.reason)
            except ModelMissing:
                outcome = ModelRefused(str(path), "it is not there any more")
            known = self._seen[path] = (state, outcome)
        outcome = known[1]
        return self._hashed(outcome, compute=False) if isinstance(outcome, ModelSpec) else outcome

    def _hashed(self, spec: ModelSpec, *, compute: bool) -> ModelSpec:
        files = weight_files(Path(spec.path))
        return replace(spec, sha256=self._hashes.sha256(Path(spec.path), files, compute=compute))


def _children(root: Path) -> tuple[Path, ...]:
    """Return what may be models in a root; notes and hidden files are not."""
    try:
        names = sorted(root.iterdir())
    except OSError:
        return ()
    return tuple(
        path
        for path in names
        if not path.name.startswith(".")
        and (path.is_dir() or path.suffix.lower() in (".safetensors", ".gguf"))
    )


def _free_id(wish: str, taken: dict[str, ModelSpec | ModelRefused]) -> str:
    """Return `wish`, or `wish-2`, `wish-3`, ... if it is taken."""
    number = 1
    model_id = wish
    while model_id in taken:
        number += 1
        model_id = f"{wish}-{number}"
    return model_id
