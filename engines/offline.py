"""The switches that keep the model libraries off the network.

They count only if they are set before torch, transformers or diffusers are
imported, so `engines/__init__.py` sets them.
"""

from __future__ import annotations

import os

SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def seal() -> None:
    """Turn every library's own network access off, whatever the user's environment says."""
    os.environ.update(SWITCHES)
