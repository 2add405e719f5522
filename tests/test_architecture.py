"""The house stands: contracts, sizes, and what may be imported without what."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from statistics import median

import pytest

from installers.packages import read_pins

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("desktop", "engines", "installers")
FILES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
TEST_FILES = sorted((ROOT / "tests").rglob("*.py"))

FILE_LINES = 500
MEDIAN_LINES = 160
FUNCTION_LINES = 60
CLASS_LINES = 250
CLASS_METHODS = 20
WEIGHTS_FILE_BYTES = 45_000_000

ENTRANCES = ("engines.api", "engines.host", "engines.catalog", "engines.memory.status")
NETWORK = (
    "PySide6.QtNetwork",
    "PySide6.QtWebEngineCore",
    "PySide6.QtWebEngineWidgets",
    "PySide6.QtWebSockets",
    "urllib.request",
    "http.client",
)
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager2", "stuff"}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def definitions(path: Path) -> Iterator[Definition]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Definition):
            yield node


def lines_of(node: Definition) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def is_own_method(node: ast.AST) -> bool:
    """Count neither properties nor what Python or Qt calls by a name of its own."""
    if not isinstance(node, ast.FunctionDef) or node.name.startswith("__"):
        return False
    is_qt_name = node.name != node.name.lower()
    return not is_qt_name and not any(
        isinstance(mark, ast.Name) and mark.id == "property" for mark in node.decorator_list
    )


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file names in an import, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def normal(package: str) -> str:
    return package.lower().replace("_", "-")


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_contracts_hold() -> None:
    code = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_are_short() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*FILES, *TEST_FILES]
    }
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}
    assert median(lengths.values()) <= MEDIAN_LINES


def test_functions_are_short() -> None:
    too_long = {
        f"{name_of(path)}:{node.name}": lines_of(node)
        for path in [*FILES, *TEST_FILES]
        for node in definitions(path)
        if not isinstance(node, ast.ClassDef) and lines_of(node) > FUNCTION_LINES
    }
    assert too_long == {}


def test_classes_are_small() -> None:
    too_large = {}
    for path in FILES:
        for node in definitions(path):
            if not isinstance(node, ast.ClassDef):
                continue
            methods = sum(map(is_own_method, node.body))
            if lines_of(node) > CLASS_LINES or methods > CLASS_METHODS:
                too_large[f"{name_of(path)}:{node.name}"] = (lines_of(node), methods)
    assert too_large == {}


def test_modules_are_named_by_their_content() -> None:
    assert [name_of(path) for path in FILES if path.stem in VAGUE_NAMES] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        name_of(path)
        for path in FILES
        if path.stat().st_size
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_the_desktop_enters_the_engines_by_their_doors() -> None:
    strays = {
        f"{name_of(path)}: {name}"
        for path in FILES
        if name_of(path).startswith("desktop/")
        for name in imported(path)
        if name.startswith("engines.")
        and not any(name == door or name.startswith(door + ".") for door in ENTRANCES)
    }
    # `from engines.memory import status` names the folder too.
    assert {stray for stray in strays if not stray.endswith(" engines.memory")} == set()


def test_no_module_opens_a_connection_or_a_url() -> None:
    clients = {
        f"{name_of(path)}: {name}"
        for path in FILES
        for name in imported(path)
        if any(name == client or name.startswith(client + ".") for client in NETWORK)
    }
    assert clients == set()
    opened = [name_of(path) for path in FILES if "QDesktopServices" in path.read_text("utf-8")]
    assert opened == []


def test_models_are_loaded_without_foreign_code() -> None:
    """Neither pickle nor a model's own Python is ever run."""
    words = ("trust_remote_code=True", "weights_only=False", "import pickle", "import dill")
    found = {
        f"{name_of(path)}: {word}"
        for path in FILES
        for word in words
        if word in path.read_text(encoding="utf-8")
    }
    assert found == set()


@pytest.mark.parametrize(
    "module", ["engines.api", "engines.host", "engines.catalog", "engines.memory.manager",
               "engines.memory.status", "engines.registry", "desktop.cli", "desktop.app"],
)  # fmt: skip
def test_it_imports_without_torch(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print([n for n in ('torch', 'diffusers', 'transformers') if n in sys.modules])"
    )
    assert run_python(code) == "[]"


@pytest.mark.parametrize("module", ["desktop.document.model", "desktop.document.storage"])
def test_it_imports_without_qt_and_engines(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print([n for n in sys.modules if n.split('.')[0] in ('PySide6', 'engines', 'torch')])"
    )
    assert run_python(code) == "[]"


def test_the_command_line_starts_without_qt() -> None:
    code = "import sys, desktop.cli; print([n for n in sys.modules if n.startswith('PySide6')])"
    assert run_python(code) == "[]"


def test_every_package_that_is_imported_is_pinned() -> None:
    """What happens to be installed here must not be what keeps a fresh machine going."""
    named = {name.partition(".")[0] for path in [*FILES, *TEST_FILES] for name in imported(path)}
    foreign = named - set(sys.stdlib_module_names) - {*PACKAGES, "main", "tests"}
    lists = ("requirements.txt", "requirements-no-deps.txt", "requirements-test.txt")
    pinned = {normal(pin.name) for name in lists for pin in read_pins(ROOT / "installers" / name)}
    providers = packages_distributions()
    unpinned = {
        module
        for module in foreign
        if not pinned & {normal(package) for package in providers.get(module, ())}
    }
    # shiboken6 comes with PySide6 and has its version.
    assert unpinned - {"shiboken6"} == set()


def test_weights_lie_in_small_files_and_safe_formats() -> None:
    files = [path for path in (ROOT / "resources" / "models").rglob("*") if path.is_file()]
    assert [name_of(path) for path in files if path.stat().st_size > WEIGHTS_FILE_BYTES] == []
    unsafe = {".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle"}
    assert [name_of(path) for path in files if path.suffix in unsafe] == []
