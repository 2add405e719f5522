"""Keep and resume a training run without pickle: safetensors and one JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from engines.api import BadRequest
from engines.training.music.averaging import Average


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is; `seconds` counts all its parts together.

    `begun_from` names the smaller model it was grown from, if any.
    """

    version: int = 1
    preset: str
    seed: int
    steps: int
    tokens: int
    seconds: float
    begun_from: str = ""


def save_checkpoint(
    folder: Path,
    model: torch.nn.Module,
    average: Average,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
) -> None:
    """Write weights, their average, optimizer and progress to `folder`.

    The JSON comes last and makes it count, so a run may be killed at any time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"model.{name}": p.detach() for name, p in model.named_parameters()}
    arrays |= {f"average.{name}": value for name, value in average.weights.items()}
    for name, p in model.named_parameters():
        for key, value in optimizer.state.get(p, {}).items():
            arrays[f"optimizer.{name}.{key}"] = value
    name = weights_name(progress)
    save_file({k: v.contiguous() for k, v in arrays.items()}, folder / f"{name}.part")
    (folder / f"{name}.part").replace(folder / name)
    part = folder / "progress.json.part"
    part.write_text(json.dumps(asdict(progress)), encoding="utf-8")
    part.replace(folder / "progress.json")
    for old in folder.glob("step-*.safetensors*"):
        if old.name != name:
            old.unlink()


def load_checkpoint(
    folder: Path,
    model: torch.nn.Module,
    average: Average,
    optimizer: torch.optim.Optimizer | None = None,
) -> Progress | None:
    """Put back what `save_checkpoint` wrote; None if there is no checkpoint.

    Raises:
        BadRequest: it is the checkpoint of a model of another shape.
    """
    progress = read_progress(folder)
    if progress is None:
        return None
    arrays = load_file(folder / weights_name(progress))
    with torch.no_grad():
        for name, p in model.named_parameters():
            kept = arrays.get(f"model.{name}")
            if kept is None or kept.shape != p.shape or f"average.{name}" not in arrays:
                raise BadRequest(f"the run in {folder} is of another recipe")
            p.copy_(kept)
            average.weights[name].copy_(arrays[f"average.{name}"])
            if optimizer is not None:
                start = f"optimizer.{name}."
                optimizer.state[p] = {
                    key.removeprefix(start): value.to(p.device) if value.dim() else value
                    for key, value in arrays.items()
                    if key.startswith(start)
                }
    return progress


def read_progress(folder: Path) -> Progress | None:
    """Read how far the run in a folder is; None if there is no checkpoint."""
    told = folder / "progress.json"
    if not told.is_file():
        return None
    return Progress(**json.loads(told.read_text(encoding="utf-8")))


def weights_name(progress: Progress) -> str:
    """Name the file of a checkpoint's weights."""
    return f"step-{progress.steps}.safetensors"
