"""What a model of Stable Diffusion 3 or Flux is made of, wherever its parts lie."""

from __future__ import annotations

from pathlib import Path

from engines.api import ModelSpec
from engines.catalog import Catalog
from engines.image import flow_loading
from engines.image.card import Card
from engines.image.parts import Parts


def parts_of(spec: ModelSpec, about: Card, catalog: Catalog, device: str) -> Parts:
    """Return the parts of a model, without loading any.

    Raises:
        ModelRefused: it cannot be drawn with.
        ModelMissing: a part is neither in it nor in the library.
    """
    return flow_loading.folder_parts(spec, about, device)
