"""Train the music model within a time budget, and go on where an earlier run stopped."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from engines.api import BadRequest, Run, TrainRequest, TrainResult
from engines.music import tokens
from engines.training.music.batches import IGNORED, batches
from engines.training.music.checkpoint import Progress, load_checkpoint, save_checkpoint
from engines.training.music.evaluate import Bits, held_out_bits
from engines.training.music.export import export
from engines.training.music.prepare import Windows, prepare

if TYPE_CHECKING:
    from engines.services import Services

log = logging.getLogger(__name__)

CHECKPOINT_S: Final = 180.0
REPORT_STEPS: Final = 20
MAX_POSITIONS: Final = 2048


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
        width=256, layers=6, heads=4, inner=704, context=1024, tokens_a_batch=4096, rate=1.5e-3
    ),
    "gpu": Recipe(
        width=480, layers=8, heads=8, inner=1280, context=2048, tokens_a_batch=65536, rate=8e-4,
        dropout=0.1,
    ),
}  # fmt: skip


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
    with the same `out` goes on with what is left of the minutes.
    """
    recipe = RECIPES[request.preset]
    device = "cuda" if request.preset == "gpu" else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise BadRequest("the preset gpu needs an NVIDIA card")
    if not request.data:
        raise BadRequest("training needs a folder of data")
    out = Path(request.out)
    windows = prepare(request.data, out / "corpus.npz", run)
    torch.manual_seed(request.seed)
    model = build(recipe).to(device)
    progress = _learn(model, windows, request, recipe, run, out / "run", device)
    bits = held_out_bits(model, windows, per_collection=60, device=device)
    path = export(model, out / "model", progress=progress, bits=bits)
    return TrainResult(path=str(path), steps=progress.steps, figures=_figures(bits))


def _figures(bits: list[Bits]) -> tuple[tuple[str, float], ...]:
    told: list[tuple[str, float]] = []
    for one in bits:
        told.append((f"{one.collection} bits per note", one.model))
        told.append((f"{one.collection} unigram bits per note", one.unigram))
    return tuple(told)


def rate_at(recipe: Recipe, steps: int, part: float) -> float:
    """Warm up by steps, then follow a cosine over the part (0 to 1) of the time that is spent."""
    warm = min(1.0, (steps + 1) / recipe.warmup_steps)
    return recipe.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, part))))


def _learn(
    model: LlamaForCausalLM,
    windows: Windows,
    request: TrainRequest,
    recipe: Recipe,
    run: Run,
    folder: Path,
    device: str,
) -> Progress:
    """Step until the time is over, keeping a checkpoint every `CHECKPOINT_S`."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=recipe.rate, betas=(0.9, 0.95), weight_decay=recipe.decay
    )
    progress = load_checkpoint(folder, model, optimizer) or Progress(
        preset=request.preset, seed=request.seed, steps=0, tokens=0, seconds=0.0
    )
    if progress.preset != request.preset:
        raise BadRequest(f"the run in {folder} was begun with the preset {progress.preset}")
    steps, seen, budget_s = progress.steps, progress.tokens, request.minutes * 60
    begun = time.monotonic() - progress.seconds
    kept_s = progress.seconds
    stream = batches(
        windows, seed=request.seed, first=steps, tokens_a_batch=recipe.tokens_a_batch,
        context=recipe.context,
    )  # fmt: skip
    model.train()
    while (spent_s := time.monotonic() - begun) < budget_s:
        rate = rate_at(recipe, steps, spent_s / budget_s)
        loss, count = _step(model, optimizer, next(stream), rate, device)
        steps, seen = steps + 1, seen + count
        run.step(int(spent_s), int(budget_s), stage="training")
        if steps % REPORT_STEPS == 0:
            log.info("step %d, %d tokens, %.0f s, loss %.3f", steps, seen, spent_s, loss)
        if spent_s - kept_s > CHECKPOINT_S:
            kept_s = spent_s
            progress = _progress(request, steps, seen, spent_s)
            save_checkpoint(folder, model, optimizer, progress)
    progress = _progress(request, steps, seen, time.monotonic() - begun)
    save_checkpoint(folder, model, optimizer, progress)
    return progress


def _progress(request: TrainRequest, steps: int, seen: int, seconds: float) -> Progress:
    return Progress(
        preset=request.preset, seed=request.seed, steps=steps, tokens=seen, seconds=seconds
    )


def _step(
    model: LlamaForCausalLM,
    optimizer: torch.optim.Optimizer,
    batch: tuple[torch.Tensor, torch.Tensor],
    rate: float,
    device: str,
) -> tuple[float, int]:
    """Learn from one batch; gives its loss in nats per token and how many tokens it taught."""
    ids, labels = (part.to(device) for part in batch)
    for group in optimizer.param_groups:
        group["lr"] = rate
    with torch.autocast(device, torch.bfloat16):
        logits = model(input_ids=ids).logits[:, :-1]  # (examples, length - 1, vocabulary)
    aims = labels[:, 1:]
    loss = torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), aims.flatten(), ignore_index=IGNORED
    )
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.detach()), int((aims != IGNORED).sum())
