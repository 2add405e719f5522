"""Turn the packaged GGUF language model into a safetensors folder, once.

transformers reads GGUF by dequantising it, in 12 s and 1.1 GB each time; the
folder made here loads in under half a second with equal values (bfloat16).
Run as `python -m installers.convert_text FILE.gguf FOLDER` in the
environment that holds transformers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def convert(gguf: Path, folder: Path) -> None:
    """Write config, tokenizer, chat template and bfloat16 weights into `folder`.

    Raises:
        ValueError: the written weights or the tokenizer differ from what was read.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(**source, local_files_only=True)
    _split_digits(tokenizer)
    tokenizer.save_pretrained(folder)

    model = AutoModelForCausalLM.from_pretrained(
        **source, dtype=torch.bfloat16, local_files_only=True
    )
    _forget_quantisation(model)
    model.save_pretrained(folder, safe_serialization=True)
    _check(model, tokenizer, folder)


def _split_digits(tokenizer: Any) -> None:
    """Give back the rule that GGUF calls "smollm" and the reader drops: digits stand alone."""
    from tokenizers import pre_tokenizers

    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=True),
        ]
    )


def _forget_quantisation(model: Any) -> None:
    """Take off what says "quantised": the weights in memory are plain, but saving would refuse."""
    for holder, name in ((model, "hf_quantizer"), (model.config, "quantization_config")):
        if hasattr(holder, name):
            delattr(holder, name)
    model.is_quantized = False
    model._weight_conversions = None


def _check(model: Any, tokenizer: Any, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    again = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.bfloat16, local_files_only=True
    ).state_dict()
    wanted = model.state_dict()
    if wanted.keys() != again.keys():
        raise ValueError("the written weights have other names")
    if not all(torch.equal(value, again[name]) for name, value in wanted.items()):
        raise ValueError("the written weights differ")
    words = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    sample = "Hello\n\nworld 中文 it's 12,345 <|im_end|> at 9 pm"
    ids = words(sample).input_ids
    if ids != tokenizer(sample).input_ids or words.decode(ids) != sample:
        raise ValueError("the written tokenizer differs")
    if not words.chat_template:
        raise ValueError("the chat template was lost")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
