"""Keep and resume a training run without pickle: safetensors and one JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is; `seconds` counts all its parts together."""

    version: int = 1
    preset: str
    seed: int
    steps: int
    tokens: int
    seconds: float


def save_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write weights, optimizer and progress to `folder`; the JSON comes last and makes it count."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"model.{name}": p.detach() for name, p in model.named_parameters()}
    for name, p in model.named_parameters():
        for key, value in optimizer.state.get(p, {}).items():
            arrays[f"optimizer.{name}.{key}"] = value
    name = f"step-{progress.steps}.safetensors"
    save_file({k: v.contiguous() for k, v in arrays.items()}, folder / name)
    part = folder / "progress.json.part"
    part.write_text(json.dumps(asdict(progress) | {"weights": name}), encoding="utf-8")
    part.replace(folder / "progress.json")
    for old in folder.glob("step-*.safetensors"):
        if old.name != name:
            old.unlink()


def load_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None
) -> Progress | None:
    """Put back what `save_checkpoint` wrote; None if there is no checkpoint."""
    told = folder / "progress.json"
    if not told.is_file():
        return None
    data = json.loads(told.read_text(encoding="utf-8"))
    arrays = load_file(folder / str(data.pop("weights")))
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(arrays[f"model.{name}"])
            if optimizer is not None:
                start = f"optimizer.{name}."
                optimizer.state[p] = {
                    key.removeprefix(start): value.to(p.device) if value.dim() else value
                    for key, value in arrays.items()
                    if key.startswith(start)
                }
    return Progress(**data)
