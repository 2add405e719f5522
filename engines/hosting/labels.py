"""What jobs are called before they begin: "image:triptych-image-1".

A label names a kind of request and a model. Requests may leave the model to
the library; both the jobs that wait and those that begin are named by the
same library, so that one can be known for the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from engines.api import EngineError, GridRequest, Kind, Request
from engines.catalog import Catalog


def label_of(request: Request) -> str:
    """Return "kind:model"; the model is empty if the library is to choose.

    A grid is called as the pictures that it consists of.
    """
    if isinstance(request, GridRequest):
        return label_of(request.base)
    return f"{request.kind}:{getattr(request, 'model', '')}"


def named(labels: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """Write the library's own choice into the labels that leave the model open."""
    known: dict[str, str] = {}
    for label in labels:
        if label not in known:
            known[label] = _named(label, catalog)
    return tuple(known[label] for label in labels)


def _named(label: str, catalog: Catalog) -> str:
    kind, _, model = label.partition(":")
    if model or kind not in set(Kind):
        return label
    try:
        return f"{kind}:{catalog.get('', Kind(kind)).id}"
    except EngineError:
        return label  # the kind works without a model, or has none
