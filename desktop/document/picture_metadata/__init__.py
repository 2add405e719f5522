"""How a picture was made, as its file says: our own recipe, and the words of other tools.

Reads A1111 and Forge, ComfyUI, InvokeAI, Fooocus and our own from PNG, JPEG
and WebP; writes our own and A1111's infotext beside it. Files come from
outside: all is bounded, and what goes wrong is a `MetadataError`.
"""

from __future__ import annotations

from desktop.document.picture_metadata import (
    a1111,
    comfyui,
    containers,
    fooocus,
    invokeai,
    own,
    png_text,
    values,
)
from desktop.document.picture_metadata.described import (
    Guide,
    MetadataError,
    Named,
    PictureSettings,
)

__all__ = [
    "Guide",
    "MetadataError",
    "Named",
    "PictureSettings",
    "read_settings",
    "with_settings",
    "without_settings",
]

_OUR_KEYWORDS = frozenset((own.KEYWORD, "parameters", "Software"))


def read_settings(data: bytes) -> PictureSettings | None:
    """Return how a picture was made; None if its file does not say.

    Args:
        data: a whole PNG, JPEG or WebP file.

    Raises:
        MetadataError: it is none of these, or what it says is damaged or hostile.
    """
    problem: MetadataError | None = None
    for keyword, text in _in_turn(containers.read_texts(data)):
        try:
            found = _read(keyword, text)
        except MetadataError as error:
            problem = problem or error
            continue
        if found is not None and found.says_something:
            return found
    if problem is not None:
        raise problem
    return None


def with_settings(data: bytes, settings: PictureSettings) -> bytes:
    """Return a picture's file with how it was made in it, for us and for other tools.

    Raises:
        MetadataError: it is neither PNG, JPEG nor WebP.
    """
    return containers.with_texts(
        data,
        software=f"Triptych {settings.version}".strip(),
        ours=own.write(settings),
        infotext=a1111.write(settings),
    )


def without_settings(png: bytes) -> bytes:
    """Take out of a PNG what `with_settings` put in: it is again as it was."""
    return png_text.without_texts(png, _OUR_KEYWORDS)


def _in_turn(texts: dict[str, str]) -> list[tuple[str, str]]:
    """Return the texts that may tell, those first that say the most."""
    turn = (own.KEYWORD, *invokeai.KEYWORDS, "parameters", *comfyui.KEYWORDS)
    return [(keyword, texts[keyword]) for keyword in turn if texts.get(keyword)]


def _read(keyword: str, text: str) -> PictureSettings | None:
    if keyword == own.KEYWORD:
        return own.read(text)
    if keyword in invokeai.KEYWORDS:
        return invokeai.read(keyword, text)
    if keyword in comfyui.KEYWORDS:
        return comfyui.read(keyword, text)
    if not text.lstrip().startswith("{"):
        return a1111.read(text)
    said = values.json_object(text)
    if invokeai.is_ours(said):
        return invokeai.settings(said)
    if comfyui.is_ours(said):
        return comfyui.read("prompt", text)
    return fooocus.settings(said) if fooocus.is_ours(said) else None
