"""The engines: words, pictures and music. No Qt and no network in here."""

import os

from engines.offline import seal

seal()
# Threads that wait for each other sleep instead of spinning. It counts only before torch is
# imported; on two busy cores a language model was measured 15 times slower with spinning.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
