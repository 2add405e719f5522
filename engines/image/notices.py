"""What of a request a model cannot heed, in plain words; the picture is drawn all the same."""

from __future__ import annotations

from engines.image import compiling
from engines.image.compiling import Compiler
from engines.image.flows.flow import FLUX
from engines.image.parts import Parts
from engines.image.settling import Settled
from engines.image.words.prompt_syntax import parse


def notices(settled: Settled, parts: Parts, compiler: Compiler) -> tuple[str, ...]:
    """List it, each a sentence without its capital and its full stop."""
    request, found = settled.request, list(parts.notices)
    if request.negative.strip() and not settled.guided:
        found.append(
            "what is not wanted was left out: this model cannot be told"
            if parts.flow == FLUX
            else "what is not wanted was left out: it counts only with a guidance above 1"
        )
    if parts.flow == FLUX and request.clip_skip:
        found.append("no layers of CLIP were skipped: this model takes none of them")
    if parts.takes_no_guidance and request.guidance > 0:
        found.append("the guidance was left out: this model takes none")
    if parts.flow and any(_weighs(wording.prompt) for wording in settled.wordings):
        found.append("the weights in the prompt were left out: this model reads plain words")
    if parts.unet.key in compiler.failed:
        found.append(compiling.NOTICE)
    return tuple(found)


def _weighs(prompt: str) -> bool:
    return any(
        piece.weight != 1
        for part in parse(prompt)
        for section in part.sections
        for piece in section
    )
