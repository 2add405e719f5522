"""A process killed while it saves leaves the old project or the new one, whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.document.assets import AssetStore
from desktop.document.storage import load, save
from tests.document.samples import poster

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 8

SAVER = """
import sys
from dataclasses import replace
from pathlib import Path
from desktop.document.storage import load, save
path = Path(sys.argv[1])
document, assets = load(path)
print("ready", flush=True)
number = 0
while True:
    number += 1
    save(path, replace(document, title=f"state {number}"), assets)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a kill that cannot be caught")
def test_kill_while_saving_costs_nothing(tmp_path: Path) -> None:
    path, assets, dice = tmp_path / "p.triptych", AssetStore(), random.Random(1)
    document = poster(assets)
    large = assets.add(dice.randbytes(3_000_000), "png")
    from dataclasses import replace

    layer = document.layers[0]
    document = replace(document, layers=(replace(layer, asset=large), *document.layers[1:]))
    save(path, document, assets)
    titles = set()
    for _ in range(ROUNDS):
        command = [sys.executable, "-c", SAVER, str(path)]
        saver = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert saver.stdout is not None
        assert saver.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0.005, 0.12))
        saver.send_signal(signal.SIGKILL)
        saver.wait()
        saver.stdout.close()
        titles.add(load(path)[0].title)
    assert len(titles) > 1, "no round got as far as saving"
