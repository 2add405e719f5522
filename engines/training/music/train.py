"""Train the music model within a time budget, and go on where an earlier run stopped."""

from __future__ import annotations

import logging
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from safetensors.torch import load_file
from transformers import LlamaConfig, LlamaForCausalLM

from engines.api import BadRequest, Run, TrainRequest, TrainResult
from engines.music.copies import CopyFilter, load_filter
from engines.music.model import tokens
from engines.music.model.decoder import WEIGHTS, load_decoder
from engines.training.music.averaging import Average
from engines.training.music.batches import IGNORED, batches
from engines.training.music.card import model_card
from engines.training.music.checkpoint import (
    Progress,
    load_checkpoint,
    read_progress,
    save_checkpoint,
)
from engines.training.music.evaluate import Bits, five_grams, held_out_bits, token_counts
from engines.training.music.export import export
from engines.training.music.growing import grow
from engines.training.music.judging import gather_copies, judge_styles
from engines.training.music.prepare import Windows, prepare
from engines.training.music.progress_log import report

if TYPE_CHECKING:
    from engines.services import Services

log = logging.getLogger(__name__)

CHECKPOINT_S: Final = 600.0
LOOK_S: Final = 1200.0
"""Between two looks at the held-out composers."""

LOOK_WINDOWS: Final = 16
CARD_WINDOWS: Final = 60
STYLE_PIECES: Final = 200
OWN_PIECES: Final = 8000
REPORT_STEPS: Final = 20
MAX_POSITIONS: Final = 2048
SMALLEST_COMPILED: Final = 1_000_000
"""Parameters under which compiling costs more than it saves."""

COOLING: Final = 0.15
"""Part of all minutes, at their end, in which the rate falls to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The shape of the model and how it learns; a batch holds `tokens_a_batch` at most."""

    width: int
    layers: int
    heads: int
    inner: int
    context: int
    tokens_a_batch: int
    rate: float
    dropout: float = 0.0
    warmup_steps: int = 100
    decay: float = 0.1


RECIPES: Final = {
    "cpu": Recipe(
        width=320, layers=6, heads=5, inner=896, context=2048, tokens_a_batch=8192, rate=1e-3
    ),
    "gpu": Recipe(
        width=480, layers=8, heads=8, inner=1280, context=2048, tokens_a_batch=65536, rate=8e-4,
        dropout=0.1,
    ),
}  # fmt: skip
"""7.8M parameters without dropout, which its data outlasts, and 22.4M."""


def build(recipe: Recipe) -> LlamaForCausalLM:
    """Make an untrained Llama-style decoder with tied embeddings."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=tokens.SIZE,
            hidden_size=recipe.width,
            intermediate_size=recipe.inner,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            num_key_value_heads=recipe.heads,
            max_position_embeddings=MAX_POSITIONS,
            attention_dropout=recipe.dropout,
            tie_word_embeddings=True,
            pad_token_id=tokens.PAD,
            bos_token_id=tokens.BOS,
            eos_token_id=tokens.EOS,
            use_cache=False,
        )
    )


def train(request: TrainRequest, run: Run, services: Services | None) -> TrainResult:
    """Train on `request.data` until its minutes are spent, and export to `request.out`.

    The run lies in `<out>/run` and the model in `<out>/model`; a second call
    with the same `out` goes on with what is left of the minutes. Warm up, then
    a constant rate, then cool down in the last part of the minutes: what is
    learned while cooling is exported and kept apart in `<out>/cooled`, so that
    more minutes go on from the constant rate. A model folder at `<out>/start` of
    a narrower model is what a new run grows from.
    """
    recipe = RECIPES[request.preset]
    device = "cuda" if request.preset == "gpu" else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise BadRequest("the preset gpu needs an NVIDIA card")
    if not request.data:
        raise BadRequest("training needs a folder of data")
    out = Path(request.out)
    windows = prepare(request.data, out / "corpus.npz", run, own_pieces=OWN_PIECES)
    torch.manual_seed(request.seed)
    course = _Course(request, recipe, run, out, device)
    progress = course.learn(windows)
    with course.average.worn_by(course.model):
        bits = held_out_bits(
            course.model, windows, per_collection=CARD_WINDOWS, ngrams=five_grams(windows)
        )
        known = _known_runs(request.data, out, run)
        path = export(course.model, out / "model", counts=token_counts(windows), known=known)
    styles = judge_styles(
        load_decoder(path, device, torch.float32), windows, request.data, known,
        pieces=STYLE_PIECES, run=run,
    )  # fmt: skip
    parameters = sum(p.numel() for p in course.model.parameters())
    card = model_card(parameters, progress, bits, styles)
    (path / "README.md").write_text(card, encoding="utf-8")
    return TrainResult(path=str(path), steps=progress.steps, figures=_figures(bits))


def _known_runs(folders: tuple[str, ...], out: Path, run: Run) -> CopyFilter:
    """Hash the training music once for a run."""
    known = load_filter(out)
    if known is None:
        known = gather_copies(folders, run)
        known.save(out)
    return known


def _figures(bits: list[Bits]) -> tuple[tuple[str, float], ...]:
    told: list[tuple[str, float]] = []
    for one in bits:
        told.append((f"{one.collection} bits per note", one.model))
        told.append((f"{one.collection} unigram bits per note", one.unigram))
        told.append((f"{one.collection} 5-gram bits per note", one.five_gram))
    return tuple(told)


def rate_at(recipe: Recipe, steps: int, cooled: float) -> float:
    """Warm up by steps, stay, and cool down by the root of the part (0 to 1) that is cooled.

    Hu et al. 2024, arXiv:2404.06395, with the cooling of Haegele et al. 2024,
    arXiv:2405.18392.
    """
    warm = min(1.0, (steps + 1) / recipe.warmup_steps)
    return recipe.rate * warm * (1 - math.sqrt(min(1.0, max(0.0, cooled))))


class _Course:
    """One call's part of a run: the model, its average, its optimizer and the clock."""

    def __init__(
        self, request: TrainRequest, recipe: Recipe, run: Run, out: Path, device: str
    ) -> None:
        self._request = request
        self._recipe = recipe
        self._run = run
        self._out = out
        self._device = device
        self.model = build(recipe).to(device)
        begun_from = self._grow(out / "start")
        self.average = Average(self.model)
        self._optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=recipe.rate, betas=(0.9, 0.95), weight_decay=recipe.decay
        )
        kept = self._load(out / "run")
        cooled = read_progress(out / "cooled")
        least_s = max(request.minutes * 60, kept.seconds if kept else 0.0)
        if cooled and cooled.seconds >= least_s:
            kept = self._load(out / "cooled")
        self._progress = kept or Progress(
            preset=request.preset, seed=request.seed, steps=0, tokens=0, seconds=0.0,
            begun_from=begun_from,
        )  # fmt: skip
        if self._progress.preset != request.preset:
            raise BadRequest(f"the run in {out} was begun with the preset {self._progress.preset}")

    def _load(self, folder: Path) -> Progress | None:
        return load_checkpoint(folder, self.model, self.average, self._optimizer)

    def _grow(self, start: Path) -> str:
        if not (start / WEIGHTS).is_file():
            return ""
        grow(self.model, load_file(start / WEIGHTS))
        return "a narrower model"

    def learn(self, windows: Windows) -> Progress:
        """Step until the minutes are over.

        A checkpoint is kept every `CHECKPOINT_S` and when cooling begins; the
        cooled end is kept apart.
        """
        budget_s = self._request.minutes * 60
        progress = self._progress
        cooling_from = max(progress.seconds, budget_s * (1 - COOLING))
        begun = time.monotonic() - progress.seconds
        kept_s = looked_s = progress.seconds
        was_cooling = False
        stream = batches(
            windows, seed=self._request.seed, first=progress.steps,
            tokens_a_batch=self._recipe.tokens_a_batch, context=self._recipe.context,
        )  # fmt: skip
        forward = _compiled(self.model)
        self.model.train()
        while (spent_s := time.monotonic() - begun) < budget_s:
            cooled = max(0.0, (spent_s - cooling_from) / max(1.0, budget_s - cooling_from))
            if cooled and not was_cooling:
                self._keep("run", progress)
            was_cooling = cooled > 0
            rate = rate_at(self._recipe, progress.steps, cooled)
            loss, count = self._step(forward, next(stream), rate)
            self.average.follow(self.model, steps=progress.steps, cooled=cooled)
            progress = replace(
                progress, steps=progress.steps + 1, tokens=progress.tokens + count, seconds=spent_s
            )
            self._run.step(int(spent_s), int(budget_s), stage="training")
            if progress.steps % REPORT_STEPS == 0:
                self._report(progress, rate=rate, loss=loss)
            if spent_s - looked_s > LOOK_S:
                looked_s = spent_s
                self._look(windows, progress)
            if spent_s - kept_s > CHECKPOINT_S and not cooled:
                kept_s = spent_s
                self._keep("run", progress)
        if was_cooling:
            progress = replace(progress, seconds=max(budget_s, progress.seconds))
            self._keep("cooled", progress)
        return progress

    def _keep(self, name: str, progress: Progress) -> None:
        save_checkpoint(self._out / name, self.model, self.average, self._optimizer, progress)

    def _report(self, progress: Progress, **values: float) -> None:
        report(
            self._out / "log.jsonl", steps=progress.steps, tokens=progress.tokens,
            seconds=round(progress.seconds), **values,
        )  # fmt: skip

    def _look(self, windows: Windows, progress: Progress) -> None:
        """Measure the averaged weights on some held-out windows, for the log."""
        with self.average.worn_by(self.model):
            bits = held_out_bits(self.model, windows, per_collection=LOOK_WINDOWS)
        self._report(progress, **{b.collection: round(b.model, 3) for b in bits})

    def _step(
        self,
        forward: Callable[..., torch.Tensor],
        batch: tuple[torch.Tensor, torch.Tensor],
        rate: float,
    ) -> tuple[float, int]:
        """Learn from one batch; gives its loss in nats per token and how many tokens it taught."""
        ids, labels = (part.to(self._device) for part in batch)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(self._device, torch.bfloat16):
            logits = forward(ids)[:, :-1]  # (examples, length - 1, vocabulary)
        aims = labels[:, 1:]
        loss = torch.nn.functional.cross_entropy(
            logits.float().flatten(0, 1), aims.flatten(), ignore_index=IGNORED
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return float(loss.detach()), int((aims != IGNORED).sum())


def _compiled(model: LlamaForCausalLM) -> Callable[..., torch.Tensor]:
    """Give the model's forward pass, compiled where there is a compiler for the device."""

    def forward(ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = model(input_ids=ids).logits
        return logits

    if sum(p.numel() for p in model.parameters()) < SMALLEST_COMPILED or not shutil.which("g++"):
        return forward
    compiled: Callable[..., torch.Tensor] = torch.compile(forward, dynamic=True)
    return compiled
