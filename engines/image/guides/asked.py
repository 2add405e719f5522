"""From what a request asks of pictures to the aids of its drawing."""

from __future__ import annotations

from engines.api import BadRequest, ControlUse, ImageRequest, Kind, ModelRefused, Role
from engines.catalog import Catalog
from engines.image.guides.adapters import Adapters
from engines.image.guides.controls import Controls
from engines.image.guides.picturing import Picturing, picturing
from engines.image.guides.references import References
from engines.image.guiding import Aid
from engines.image.parts import Parts


def aids_of(request: ImageRequest, parts: Parts, catalog: Catalog, device: str) -> tuple[Aid, ...]:
    """Return the aids for a request's controls and references; only headers are read.

    They may be prepared and dressed again, for a drawing of another size.

    Raises:
        BadRequest: the model is of a kind that they do not steer, or a picture cannot be read.
        ModelMissing: a model they need is not there.
        ModelRefused: one is not what it is used as, or was made for another model.
    """
    if not (request.controls or request.references):
        return ()
    if parts.flow:
        raise BadRequest(
            "control and reference pictures steer Stable Diffusion 1.5, 2 and XL; "
            "this model is of another family"
        )
    by_role: dict[Role, list[Picturing]] = {Role.CONTROLNET: [], Role.T2I_ADAPTER: []}
    for use in request.controls:
        by_role[_role(use, catalog)].append(picturing(use, catalog, device))
    aids: list[Aid] = []
    if by_role[Role.CONTROLNET]:
        aids.append(Controls(by_role[Role.CONTROLNET], parts, device))
    if by_role[Role.T2I_ADAPTER]:
        aids.append(Adapters(by_role[Role.T2I_ADAPTER], parts, device))
    if request.references:
        aids.append(References(request.references, parts, catalog, device))
    return tuple(aids)


def _role(use: ControlUse, catalog: Catalog) -> Role:
    spec = catalog.check(use.path)
    if spec.kind is not Kind.IMAGE or spec.role not in (Role.CONTROLNET, Role.T2I_ADAPTER):
        raise ModelRefused(use.path, "it is neither a ControlNet nor a T2I adapter")
    return spec.role
