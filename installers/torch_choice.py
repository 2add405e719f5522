"""Choose the build of torch: by the NVIDIA card if there is one, else what pip gives.

PyPI's torch for Linux is built for CUDA 13, PyPI's torch for Windows for the
CPU only. CUDA 13 needs a card of Turing or newer (compute capability 7.5)
and driver 580; CUDA 12.6 runs on Maxwell to Hopper (5.0 to 9.0) with driver 560.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, replace

WISHES = ("auto", "cpu", "cu130", "cu126")
PYTORCH = "https://download.pytorch.org/whl/"
CUDA_13_DRIVER = 580.0
CUDA_12_DRIVER = 560.0
CPU_MB = 200
CUDA_MB = 2800


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An NVIDIA card as its driver describes it; `capability` is like 8.9."""

    name: str
    capability: float
    driver: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchChoice:
    """Where torch comes from and why.

    An empty `index_url` leaves it to pip and its settings. `size_mb` is what
    is downloaded with all that torch brings along.
    """

    build: str
    index_url: str
    size_mb: int
    reason: str


def find_card() -> Card | None:
    """Ask the NVIDIA driver for the most capable card; None without card or driver."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return None
    command = [tool, "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return read_cards(done.stdout) if done.returncode == 0 else None


def read_cards(answer: str) -> Card | None:
    """Read nvidia-smi's lines "name, capability, driver" and return the most capable card."""
    cards = []
    for line in answer.splitlines():
        fields = [field.strip() for field in line.rsplit(",", 2)]
        try:
            driver = float(".".join(fields[2].split(".")[:2]))
            cards.append(Card(name=fields[0], capability=float(fields[1]), driver=driver))
        except (IndexError, ValueError):
            continue
    return max(cards, key=lambda card: card.capability, default=None)


def choose(system: str, card: Card | None, wish: str = "auto", index_url: str = "") -> TorchChoice:
    """Choose torch for a system ("Linux", "Windows", ...), a card and the user's wish."""
    if index_url:
        return TorchChoice(
            build=wish if wish != "auto" else "custom",
            index_url=index_url,
            size_mb=CPU_MB if wish == "cpu" else CUDA_MB,
            reason=f"torch comes from {index_url}, as you asked",
        )
    if wish != "auto":
        return TorchChoice(
            build=wish,
            index_url="" if wish == "cpu" and system != "Linux" else PYTORCH + wish,
            size_mb=CPU_MB if wish == "cpu" else CUDA_MB,
            reason=f"the {wish} build of torch, as you asked",
        )
    if system == "Windows":
        return _choose_on_windows(card)
    if system == "Linux":
        return _choose_on_linux(card)
    return TorchChoice(
        build="default", index_url="", size_mb=CPU_MB, reason="torch as pip gives it"
    )


def as_pip_gives(choice: TorchChoice, card: Card | None, file_name: str) -> TorchChoice:
    """Correct a choice left to pip by the file that pip's settings lead to, if it says "cpu"."""
    if choice.index_url or "cpu" not in file_name:
        return choice
    reason = "your pip settings give torch for the processor"
    if card is not None:
        reason += f", so {card.name} stays unused"
    return TorchChoice(build="cpu", index_url="", size_mb=CPU_MB, reason=reason)


def _choose_on_windows(card: Card | None) -> TorchChoice:
    cpu = TorchChoice(build="cpu", index_url="", size_mb=CPU_MB, reason="")
    if card is None:
        return _because(cpu, "no NVIDIA card answers, so torch runs on the processor")
    if card.capability >= 7.5 and card.driver >= CUDA_13_DRIVER:
        return TorchChoice(
            build="cu130",
            index_url=PYTORCH + "cu130",
            size_mb=CUDA_MB,
            reason=f"the CUDA 13.0 build for {card.name}",
        )
    if 5.0 <= card.capability < 10.0 and card.driver >= CUDA_12_DRIVER:
        return TorchChoice(
            build="cu126",
            index_url=PYTORCH + "cu126",
            size_mb=CUDA_MB,
            reason=f"the CUDA 12.6 build for {card.name} with driver {card.driver:g}",
        )
    return _because(cpu, _too_old(card))


def _choose_on_linux(card: Card | None) -> TorchChoice:
    default = TorchChoice(build="default", index_url="", size_mb=CUDA_MB, reason="")
    if card is None:
        return _because(
            default,
            "no NVIDIA card answers, so torch runs on the processor; PyPI's torch for Linux "
            "brings CUDA along all the same (a smaller one: python3 main.py setup --torch cpu)",
        )
    if card.capability >= 7.5 and card.driver >= CUDA_13_DRIVER:
        return _because(default, f"torch with CUDA for {card.name}")
    return _because(
        default, _too_old(card) + " (CUDA 12.6 may suit it: python3 main.py setup --torch cu126)"
    )


def _because(choice: TorchChoice, reason: str) -> TorchChoice:
    return replace(choice, reason=reason)


def _too_old(card: Card) -> str:
    if card.capability < 7.5:
        return f"{card.name} is too old for CUDA 13, so torch runs on the processor"
    return (
        f"driver {card.driver:g} of {card.name} is older than {CUDA_13_DRIVER:g}, "
        "so torch runs on the processor until the driver is updated"
    )
