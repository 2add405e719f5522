"""Everything that knows Qt."""

VERSION = "0.1.0"
"""The version of Triptych, the same as in pyproject.toml."""
