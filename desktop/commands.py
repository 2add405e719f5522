"""What each command of the command line does.

An action takes the parsed arguments and a `Run` and returns what `--json`
prints; all that can go wrong is raised.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from desktop.messages import fit_text, size_text
from desktop.settings import GB, load_settings, memory_store, settings_path
from desktop.terminal import print_table
from engines.api import (
    BadRequest,
    Cancelled,
    CannotWrite,
    EngineError,
    Fit,
    FitRequest,
    GridRequest,
    ImageResult,
    ModelMissing,
    ModelRefused,
    ModelSpec,
    MusicResult,
    Run,
    SoundRequest,
    SoundResult,
    TextRequest,
    TextResult,
    TrainRequest,
    TrainResult,
)
from engines.host import HostOptions, LocalHost

Answer = dict[str, Any]

SEEDS = 2**32
LARGEST_FILE_BYTES = 256_000_000
"""No picture, schema or project that is read here may be larger."""


def text(arguments: argparse.Namespace, run: Run) -> Answer:
    """Write words to a file or to the screen."""
    if arguments.out is not None:
        _check_goal(arguments.out, (".txt", ".md", ".json"))
    schema = ""
    if arguments.json_schema is not None:
        schema = _read_text(arguments.json_schema)
    request = TextRequest(
        prompt=arguments.prompt,
        seed=_seed(arguments),
        model=arguments.model,
        system=arguments.system,
        max_tokens=arguments.max_tokens,
        temperature=arguments.temperature,
        top_p=arguments.top_p,
        min_p=arguments.min_p,
        json_schema=schema,
    )
    with _host(arguments) as host:
        result = host.run(request, run)
    assert isinstance(result, TextResult)
    if arguments.out is not None:
        _write(arguments.out, (result.text + "\n").encode())
    elif not arguments.json:
        sys.stdout.write(result.text + "\n")
    return {
        "outputs": [str(arguments.out)] if arguments.out else [],
        "text": result.text,
        "seed": result.seed,
        "model": result.model,
    }


def image(arguments: argparse.Namespace, run: Run) -> Answer:
    """Draw pictures with a model or the backgrounds generator."""
    from desktop.painting import SUFFIXES, image_request, like, remember, write_pictures
    from engines.catalog import Catalog

    _check_goal(arguments.out, SUFFIXES)
    found, specs = None, Catalog().list()
    if arguments.like is not None:
        found = like(arguments.like, _read_bytes(arguments.like), specs)
    size_px = _frame(arguments.size) if arguments.size else None
    request = image_request(
        arguments, found, seed=_seed(arguments), size_px=size_px, read=_read_picture, specs=specs
    )
    left_out = found.left_out if found is not None else ()
    if found is not None and found.sentence:
        sys.stderr.write(found.sentence + "\n")
    with _host(arguments) as host:
        result = host.run(request, run)
    assert isinstance(result, ImageResult)
    most_bytes = round(load_settings(settings_path()).history_gb * GB)
    paths = write_pictures(arguments.out, request, result, _write)
    try:
        remember(request, result, most_bytes=most_bytes)
    except OSError as error:  # the files themselves are written
        sys.stderr.write(f"The history of pictures could not take them: {error}.\n")
    _tell(result.notices)
    _say(arguments, paths)
    return {
        "outputs": [str(path) for path in paths],
        "seed": request.base.seed if isinstance(request, GridRequest) else request.seed,
        "model": result.model,
        "left_out": list(left_out),
    }


def music(arguments: argparse.Namespace, run: Run) -> Answer:
    """Write a score, or work on one: as MIDI, as notation, or played into a sound file."""
    from desktop.scoring import NOTATIONS, music_answer, music_request

    notations = tuple(f".{name}" for name in NOTATIONS)
    _check_goal(arguments.out, (".mid", ".midi", *notations, ".wav", ".flac", ".ogg"))
    request = music_request(arguments, _seed(arguments))
    suffix = arguments.out.suffix.lower().lstrip(".")
    with _host(arguments) as host:
        score = host.run(request, run)
        assert isinstance(score, MusicResult)
        data = score.notation or score.midi
        if suffix not in ("mid", "midi", *NOTATIONS):
            playing = SoundRequest(
                midi=score.midi,
                format=suffix,
                soundfont=arguments.soundfont,
                hall=arguments.hall,
                loop=score.is_loop,
                seconds=score.length_s if score.is_loop else 0.0,
            )
            sound = host.run(playing, run)
            assert isinstance(sound, SoundResult)
            data = sound.data
    _write(arguments.out, data)
    _tell(score.notices)
    _say(arguments, [arguments.out])
    return music_answer(score, arguments.out)


def poster(arguments: argparse.Namespace, run: Run) -> Answer:
    """Make a poster of a brief."""
    from desktop.document.sizes import SizeError, page_size_mm
    from desktop.production import PosterOptions

    _check_goal(arguments.out, (".png", ".jpg", ".jpeg", ".pdf", ".svg", ".triptych"))
    try:
        width_mm, height_mm = page_size_mm(arguments.size, arguments.dpi)
    except SizeError as error:
        raise BadRequest(str(error)) from None
    options = PosterOptions(
        width_mm=width_mm,
        height_mm=height_mm,
        dpi=arguments.dpi,
        template=arguments.template,
        model=arguments.model,
        picture_model=arguments.picture_model,
    )
    return _produce(arguments, options, run)


def scene(arguments: argparse.Namespace, run: Run) -> Answer:
    """Make a scored scene of a brief."""
    from desktop.production import SceneOptions

    _check_goal(arguments.out, (".mp4", ".webm", ".gif", ".triptych"))
    width_px, height_px = _frame(arguments.size)
    options = SceneOptions(
        seconds=arguments.seconds,
        width_px=width_px,
        height_px=height_px,
        fps=arguments.fps,
        model=arguments.model,
        picture_model=arguments.picture_model,
    )
    return _produce(arguments, options, run)


def _produce(arguments: argparse.Namespace, options: Any, run: Run) -> Answer:
    """Make a document of the brief and write it to the goal."""
    from desktop.document.assets import AssetStore
    from desktop.export import export as write_export
    from desktop.production import produce, share

    seed = _seed(arguments)
    assets = AssetStore()
    with _offscreen(), _host(arguments) as host:
        making, writing = share(run, (("", 85), ("writing the file", 15)))
        product = produce(
            arguments.brief, options, seed=seed, ask=host.run, assets=assets, run=making
        )
        paths = write_export(product.document, assets, arguments.out, run=writing, ask=host.run)
    _tell(product.notices)
    _say(arguments, list(paths))
    return {
        "outputs": [str(path) for path in paths],
        "seed": seed,
        "model": product.model,
        "title": product.document.title,
        "notices": list(product.notices),
    }


def export(arguments: argparse.Namespace, run: Run) -> Answer:
    """Write a project to another file."""
    from desktop.document.storage import DocumentError, load
    from desktop.export import SUFFIXES
    from desktop.export import export as write_export

    _check_goal(arguments.out, SUFFIXES)
    try:
        document, assets = load(arguments.file)
    except DocumentError as error:
        raise BadRequest(f"{arguments.file} cannot be opened: {error.reason}") from None
    with _offscreen(), _host(arguments) as host:
        paths = write_export(document, assets, arguments.out, run=run, ask=host.run)
    _say(arguments, list(paths))
    return {"outputs": [str(path) for path in paths], "seed": document.seed, "model": ""}


def models(arguments: argparse.Namespace, run: Run) -> Answer:
    """List the library, add to it, take out of it, or check a file."""
    from engines.catalog import Catalog

    catalog = Catalog()
    match arguments.verb:
        case "list":
            return _list_models(catalog, arguments, run)
        case "add":
            return _add_models(catalog, arguments, run)
        case "remove":
            catalog.remove(arguments.what)
            if not arguments.json:
                sys.stdout.write("Out of the library; the files stay where they are.\n")
            return {"removed": arguments.what}
        case _:
            return _check_model(catalog, arguments)


def _list_models(catalog: Any, arguments: argparse.Namespace, run: Run) -> Answer:
    """Tell what there is, what was refused and why, and which folders are looked through."""
    found, folders = catalog.scan(_looking(run)), catalog.folders()
    fits = _fits(found.models, arguments, run)
    if not arguments.json:
        print_table([(*_spec_row(spec), _fit_words(fits.get(spec.id))) for spec in found.models])
        for refusal in found.refused:
            sys.stdout.write(f"Refused: {refusal.path}: {refusal.reason}.\n")
        for folder in folders:
            sys.stdout.write(f"Looked through: {folder}\n")
    return {
        "models": [
            {**_spec_json(spec), "fit": _fit_json(fits.get(spec.id))} for spec in found.models
        ],
        "refused": [_refusal_json(refusal) for refusal in found.refused],
        "folders": list(folders),
    }


def _add_models(catalog: Any, arguments: argparse.Namespace, run: Run) -> Answer:
    """Add a file or a model's folder, or have a folder of models looked through from now on."""
    from desktop.panels.model_words import counted

    added = catalog.take(arguments.what, _looking(run))
    if not arguments.json:
        print_table([_spec_row(spec) for spec in added.models])
        for refusal in added.refused:
            sys.stdout.write(f"Refused: {refusal.path}: {refusal.reason}.\n")
        if added.folder:
            sys.stdout.write(f"{added.folder} holds {counted(added.models)}.\n")
    if not added.folder:
        return _spec_json(added.models[0])
    return {
        "folder": added.folder,
        "program": added.program,
        "models": [_spec_json(spec) for spec in added.models],
        "refused": [_refusal_json(refusal) for refusal in added.refused],
    }


def _looking(run: Run) -> Callable[[int, int], None]:
    return lambda done, total: run.step(done, total, stage="looking at models")


_UNKNOWN: Answer = {"ok": False, "format": "", "architecture": "", "exit_code": 3}


def _check_model(catalog: Any, arguments: argparse.Namespace) -> Answer:
    try:
        spec = catalog.check(arguments.what)
    except ModelRefused as error:
        if not arguments.json:
            raise
        return {**_UNKNOWN, **_refusal_json(error)}
    except ModelMissing as error:
        if not arguments.json:
            raise
        return {**_UNKNOWN, "path": error.model, "reason": "nothing is there"}
    if not arguments.json:
        print_table([_spec_row(spec)])
    return {"ok": True, **_spec_json(spec), "reason": ""}


def train(arguments: argparse.Namespace, run: Run) -> Answer:
    """Train a starter model, or go on with it."""
    request = TrainRequest(
        what=arguments.what,
        out=str(arguments.out),
        seed=arguments.seed or 0,
        data=tuple(arguments.data),
        preset=arguments.preset,
        minutes=arguments.minutes,
    )
    with _host(arguments) as host:
        result = host.run(request, run)
    assert isinstance(result, TrainResult)
    figures = dict(result.figures)
    if not arguments.json:
        print_table([(name, f"{value:.4g}") for name, value in figures.items()])
    return {
        "outputs": [result.path],
        "seed": request.seed,
        "model": "",
        "steps": result.steps,
        "figures": figures,
    }


def doctor(arguments: argparse.Namespace, run: Run) -> Answer:
    """Tell about this machine."""
    from desktop.doctor import as_text, examine

    report: Answer = examine()
    if not arguments.json:
        sys.stdout.write(as_text(report))
    return report


def _host(arguments: argparse.Namespace) -> LocalHost:
    """Make a host that keeps to the user's wishes about the memory."""
    settings = load_settings(settings_path())
    return LocalHost(
        options=HostOptions(
            device=arguments.device, memory=settings.memory_options, store=str(memory_store())
        )
    )


def _fits(specs: Sequence[ModelSpec], arguments: argparse.Namespace, run: Run) -> dict[str, Fit]:
    """Return which models fit here, by id; one that cannot be weighed has no answer."""
    fits: dict[str, Fit] = {}
    with _host(arguments) as host:
        for spec in specs:
            if not spec.is_choice:
                continue  # a part is weighed with the model that it is used with
            try:
                fits[spec.id] = host.run(FitRequest(model=spec.id), run)
            except Cancelled:
                raise
            except EngineError:
                continue  # the list is told all the same, and what is wrong by its own job
    return fits


def _seed(arguments: argparse.Namespace) -> int:
    """Return the seed asked for, or a fresh one."""
    if arguments.seed is None:
        return secrets.randbelow(SEEDS)
    if arguments.seed not in range(SEEDS):
        raise BadRequest(f"the seed is {arguments.seed}, not from 0 to {SEEDS - 1}")
    return int(arguments.seed)


def _frame(size: str) -> tuple[int, int]:
    from desktop.document.sizes import SizeError, frame_size_px

    try:
        return frame_size_px(size)
    except SizeError as error:
        raise BadRequest(str(error)) from None


def _check_goal(path: Path, suffixes: tuple[str, ...]) -> None:
    """Find out before the work that its result could not be written."""
    if path.suffix.lower() not in suffixes:
        raise BadRequest(f"{path.name} should end in {' or '.join(suffixes)}")
    folder = path.parent
    if not folder.is_dir():
        raise CannotWrite(str(path), f"there is no folder {folder}")
    if path.is_dir():
        raise CannotWrite(str(path), "it is a folder")
    if not os.access(folder, os.W_OK):
        raise CannotWrite(str(path), f"the folder {folder} may not be written")


def _read_bytes(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise BadRequest(f"{path} is larger than {LARGEST_FILE_BYTES // 1_000_000} MB")
    return path.read_bytes()


def _read_text(path: Path) -> str:
    try:
        return _read_bytes(path).decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{path} is not a text file") from None


def _read_picture(path: Path | None) -> bytes:
    """Read a picture of any allowed format as PNG bytes; none gives none."""
    if path is None:
        return b""
    from desktop.render.pictures import PictureError, to_png

    try:
        return to_png(_read_bytes(path))
    except PictureError as error:
        raise BadRequest(f"{path} cannot be read: {error}") from None


def _write(path: Path, data: bytes) -> None:
    from desktop.export.atomic import write_bytes

    write_bytes(path, data)


def _tell(notices: tuple[str, ...]) -> None:
    """Say what had to give way."""
    for notice in notices:
        sys.stderr.write(notice + "\n")


def _say(arguments: argparse.Namespace, paths: list[Path]) -> None:
    if not arguments.json:
        for path in paths:
            sys.stdout.write(f"{path}\n")


def _offscreen() -> Any:
    from desktop.render.offscreen import offscreen

    return offscreen()


def _spec_row(spec: ModelSpec) -> tuple[str, ...]:
    from desktop.panels.model_words import base_words, kind_words, licence_words

    family = base_words(spec) or spec.architecture
    return spec.id, kind_words(spec), family, size_text(spec.size_bytes), licence_words(spec)


def _refusal_json(refusal: ModelRefused) -> Answer:
    return {"path": refusal.path, "reason": refusal.reason}


def _fit_words(fit: Fit | None) -> str:
    return fit_text(fit) if fit is not None else ""


def _fit_json(fit: Fit | None) -> Answer | None:
    if fit is None:
        return None
    return {
        "verdict": str(fit.verdict),
        "needed_bytes": fit.needed_bytes,
        "budget_bytes": fit.budget_bytes,
        "load_s": round(fit.load_s, 3),
        "how": fit.how,
    }


def _spec_json(spec: ModelSpec) -> Answer:
    return {
        "id": spec.id,
        "kind": str(spec.kind),
        "name": spec.name,
        "path": spec.path,
        "format": spec.format,
        "architecture": spec.architecture,
        "role": str(spec.role),
        "base": spec.base,
        "prediction": spec.prediction,
        "channels": spec.channels,
        "size_bytes": spec.size_bytes,
        "licence": spec.licence,
        "restrictions": spec.restrictions,
        "sha256": spec.sha256,
    }
