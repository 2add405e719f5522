"""Networks that tell a subject from its ground, as ONNX files: which family, by what they take.

What a family wants is a fact of its published files: the side of its pictures
and how many mattes it answers with; those that attend (BiRefNet and what was
made of it) have a Softmax in them, the older ones have none.
"""

from __future__ import annotations

from engines.api import Kind, ModelRefused, Role
from engines.formats.content import Content
from engines.formats.onnx import FLOATS, Header, Port

U2NET, ISNET, BIREFNET = "u2net", "isnet", "birefnet"

_SIDES = range(64, 2049)
_U2NET_SIDE = 320
_RESTRICTED = ("rmbg", "bria")
RMBG_LICENCE = "BRIA RMBG"
RMBG_RESTRICTIONS = "non-commercial use only, unless BRIA agreed otherwise"


def content(header: Header, path: str) -> Content:
    """Recognise a cut-out network.

    Raises:
        ModelRefused: it takes or gives something else than pictures and mattes.
    """
    if len(header.inputs) != 1 or not _takes_pictures(header.inputs[0]):
        raise ModelRefused(path, "it is an ONNX file that does not take one picture")
    mattes = [port for port in header.outputs if _is_matte(port)]
    if not mattes or not header.operators["Conv"]:
        raise ModelRefused(path, "it is an ONNX file whose answer is no matte of a subject")
    side = side_px(header.inputs[0])
    if header.operators["Softmax"]:
        family = BIREFNET
    elif side == _U2NET_SIDE:
        family = U2NET
    else:
        family = ISNET
    return Content(role=Role.CUTOUT, architecture=family, kind=Kind.CUTOUT)


def side_px(port: Port) -> int:
    """Return the side of the pictures that an input takes; 0 if any."""
    return max(0, port.shape[2]) if port.shape[2] == port.shape[3] else 0


def licence_of(header: Header, name: str) -> tuple[str, str]:
    """Return the licence and the restrictions that a file's words speak of.

    Args:
        name: Of the file; it is asked too, as some files say nothing inside.
    """
    words = f"{header.words} {name}".lower()
    if any(word in words for word in _RESTRICTED):
        return header.licence or RMBG_LICENCE, RMBG_RESTRICTIONS
    return header.licence, ""


def _takes_pictures(port: Port) -> bool:
    """Say whether an input takes (1, 3, side, side) of numbers with a point."""
    shape = port.shape
    return (
        port.element in FLOATS
        and len(shape) == 4
        and shape[0] in (-1, 0, 1)
        and shape[1] == 3
        and shape[2] == shape[3]
        and (shape[2] <= 0 or shape[2] in _SIDES)
    )


def _is_matte(port: Port) -> bool:
    """Say whether an output may be (1, 1, side, side); many files do not say its shape."""
    return port.element in FLOATS and (
        not port.shape or (len(port.shape) in (3, 4) and port.shape[-3] in (-1, 0, 1))
    )
