"""Hold an answer to a JSON schema, token by token, with llguidance."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from engines.api import BadRequest
from engines.text.language_model import LanguageModel

if TYPE_CHECKING:
    from torch import Tensor

_SCHEMA_BYTES = 100_000
_CLOSERS_IN_STRING = ('"', '"}', '"]', '"}}', '"]}')
_CLOSERS_OUTSIDE = ("}", "]", "}}", "]}", "]]", "0", "null", "false")
_WORD_BITS = 32


class Constraint:
    """The grammar of one schema for one model, from which each row takes its own matcher."""

    def __init__(self, model: LanguageModel, schema: str) -> None:
        from llguidance import LLMatcher

        self._tokens = model.constraint_tokens
        self._vocabulary = model.shape.vocabulary
        self._end_ids = sorted(model.end_ids)
        self._grammar = _grammar(schema)
        problem = LLMatcher.validate_grammar(self._grammar, self._tokens)
        if problem and not problem.startswith("WARNING"):
            raise BadRequest(f"the JSON schema is not usable: {_first_line(problem)}")
        self._closers = (self._marked(_CLOSERS_OUTSIDE), self._marked(_CLOSERS_IN_STRING))

    def _marked(self, texts: tuple[str, ...]) -> Tensor:
        """Mark the tokens that are just one of these texts, or end the answer."""
        import torch

        mask = torch.zeros(self._vocabulary, dtype=torch.bool)
        mask[self._end_ids] = True
        for text in texts:
            ids = self._tokens.tokenize_str(text)
            if len(ids) == 1:
                mask[ids[0]] = True
        return mask

    def matcher(self, prefix: str = "") -> Matcher:
        """Return a matcher that has read the beginning of the answer.

        Raises:
            BadRequest: the beginning does not obey the schema.
        """
        from llguidance import LLMatcher

        inner = LLMatcher(self._tokens, self._grammar, log_level=0)
        matcher = Matcher(inner, self._tokens, self._closers)
        for token in self._tokens.tokenize_str(prefix):
            if not matcher.push(token):
                raise BadRequest("the beginning of the answer does not obey the JSON schema")
        return matcher


class Matcher:
    """What one answer may go on with."""

    def __init__(self, inner: Any, tokens: Any, closers: tuple[Tensor, Tensor]) -> None:
        import numpy as np

        self._inner = inner
        self._tokens = tokens
        self._closers = closers
        self._in_string = False
        words = (len(closers[0]) + _WORD_BITS - 1) // _WORD_BITS
        self._words = np.zeros(words, dtype=np.int32)

    def allowed(self, *, closing: bool = False) -> Tensor:
        """Return a mask (vocabulary,) of the tokens that may follow.

        With `closing` it is narrowed to tokens that end strings, lists and
        objects wherever one of them may stand. llguidance's own torch code
        compiles for seconds, hence numpy.
        """
        import numpy as np
        import torch

        self._inner.unsafe_compute_mask_ptr(self._words.ctypes.data, self._words.nbytes)
        bits = np.unpackbits(self._words.view(np.uint8), bitorder="little")
        mask = torch.from_numpy(bits.astype(bool))[: len(self._closers[0])]
        if closing:
            narrow = mask & self._closers[self._in_string]
            return narrow if bool(narrow.any()) else mask
        return mask

    def push(self, token: int) -> bool:
        """Take the next token; False if it may not stand there."""
        text = self._tokens.decode_bytes([token])
        quotes = len(re.findall(rb'(?<!\\)"', text))
        self._in_string ^= quotes % 2 == 1
        return bool(self._inner.consume_token(token))

    @property
    def ended(self) -> bool:
        """Whether the answer is whole and nothing may follow."""
        return bool(self._inner.is_stopped())

    @property
    def whole(self) -> bool:
        """Whether the answer so far obeys the schema."""
        return bool(self._inner.is_accepting())


def _grammar(schema: str) -> str:
    from llguidance import LLMatcher

    if len(schema.encode("utf-8")) > _SCHEMA_BYTES:
        raise BadRequest(f"the JSON schema is longer than {_SCHEMA_BYTES:,} bytes")
    try:
        parsed = json.loads(schema)
        if not isinstance(parsed, dict):
            raise BadRequest("the JSON schema is not a JSON object")
        return str(
            LLMatcher.grammar_from_json_schema(parsed, overrides={"whitespace_flexible": False})
        )
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the JSON schema is not usable: {_first_line(str(error))}") from error


def _first_line(problem: str) -> str:
    return problem.strip().splitlines()[0][:200] if problem.strip() else "unknown reason"
