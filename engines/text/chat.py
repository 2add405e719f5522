"""Lay a conversation out as the model was taught to read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engines.api import BadRequest
from engines.text.language_model import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What the model reads: rules, examples as (question, answer), the question.

    `prefix` is the beginning of the answer, which the model continues.
    """

    prompt: str
    system: str = ""
    examples: Sequence[tuple[str, str]] = field(default_factory=tuple)
    prefix: str = ""


def render(model: LanguageModel, talk: Conversation) -> list[int]:
    """Turn a conversation into tokens by the model's own chat template.

    A template is code from outside: transformers renders it in Jinja's
    immutable sandbox. A model without one reads the plain text. The prefix is
    put after the template's opening of the answer, since templates that trim
    an answer would lose its spaces.

    Raises:
        BadRequest: the template refuses the conversation.
    """
    return model.encode(_laid_out(model, talk) + talk.prefix)


def _laid_out(model: LanguageModel, talk: Conversation) -> str:
    from jinja2.exceptions import TemplateError

    messages = [{"role": "system", "content": talk.system}] if talk.system else []
    for question, answer in talk.examples:
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": answer})
    messages.append({"role": "user", "content": talk.prompt})
    if not model.tokenizer.chat_template:
        return "\n\n".join(message["content"] for message in messages) + "\n\n"
    try:
        return str(
            model.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True
            )
        )
    except (TemplateError, TypeError, ValueError, RecursionError) as error:
        raise BadRequest("this model's chat template does not take such a conversation") from error
