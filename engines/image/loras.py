"""LoRAs on a pipeline for the length of one job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engines.api import LoraUse, ModelRefused


@contextmanager
def worn(pipeline: Any, uses: tuple[LoraUse, ...]) -> Iterator[None]:
    """Put LoRAs on and take them off again, whatever happens: the model is shared.

    Raises:
        ModelRefused: a file does not fit the model.
    """
    if not uses:
        yield
        return
    try:
        for number, use in enumerate(uses):
            _put_on(pipeline, use, f"lora{number}")
        names = [f"lora{number}" for number in range(len(uses))]
        pipeline.set_adapters(names, [use.weight for use in uses])
        yield
    finally:
        pipeline.unload_lora_weights()


def _put_on(pipeline: Any, use: LoraUse, name: str) -> None:
    path = Path(use.path)
    try:
        pipeline.load_lora_weights(
            str(path.parent), weight_name=path.name, adapter_name=name, local_files_only=True
        )
    except (ValueError, KeyError, RuntimeError, OSError) as error:
        raise ModelRefused(use.path, "it does not fit this picture model") from error
