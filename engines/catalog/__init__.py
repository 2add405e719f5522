"""The library of models: where they lie, what they are, and which one is the default."""

from engines.catalog.catalog import DEFAULTS, Added, Catalog
from engines.catalog.roots import data_folder, default_roots

__all__ = ["DEFAULTS", "Added", "Catalog", "data_folder", "default_roots"]
