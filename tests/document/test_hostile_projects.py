"""Project files made to do harm, or cut short, end in one sentence."""

from __future__ import annotations

import hashlib
import json
import random
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from desktop.document import storage
from desktop.document.assets import AssetStore
from desktop.document.codec import to_dict
from desktop.document.storage import DocumentError, load, save
from tests.document.samples import poster


def described(text: str | None = None, **changes: Any) -> bytes:
    if text is not None:
        return text.encode()
    document = to_dict(poster(AssetStore()))
    return json.dumps({"version": 1, "min_reader": 1, "document": document} | changes).encode()


def project(path: Path, *extra: tuple[str | zipfile.ZipInfo, bytes], text: bytes = b"") -> Path:
    data = b"not really a picture"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", storage.MIMETYPE)
        archive.writestr("document.json", text or described())
        archive.writestr(f"assets/{hashlib.sha256(data).hexdigest()}.png", data)
        for name, content in extra:
            archive.writestr(name, content)
    return path


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("assets/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def test_the_plain_file_opens(tmp_path: Path) -> None:
    assert load(project(tmp_path / "p.triptych"))[0].title == "Sample"


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "assets/../../evil",
        "/etc/passwd",
        "assets\\..\\evil",
        "C:/evil",
        "a\nb",
        "assets/evil.exe",
        link(),
    ],
    ids=str,
)
def test_forbidden_names_are_refused(tmp_path: Path, name: str | zipfile.ZipInfo) -> None:
    with pytest.raises(DocumentError):
        load(project(tmp_path / "p.triptych", (name, b"x")))
    assert sorted(x.name for x in tmp_path.iterdir()) == ["p.triptych"]


def test_a_ratio_bomb_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="unpacks to far more"):
        load(project(tmp_path / "p.triptych", ("assets/" + "0" * 64 + ".png", bytes(2**26))))


def test_a_false_size_does_not_unpack_more(tmp_path: Path) -> None:
    path = project(tmp_path / "p.triptych", ("thumbnail.png", bytes(5000)))
    data = path.read_bytes()
    at = data.rindex(b"document.json") - 46
    path.write_bytes(data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :])
    with pytest.raises(DocumentError):
        load(path)


def test_an_asset_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        load(project(tmp_path / "p.triptych", ("assets/" + "0" * 64 + ".png", b"x")))


def test_a_missing_asset_is_said(tmp_path: Path) -> None:
    path = tmp_path / "p.triptych"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", storage.MIMETYPE)
        archive.writestr("document.json", described())
    with pytest.raises(DocumentError, match="is missing"):
        load(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="twice"):
        load(project(tmp_path / "p.triptych", ("document.json", described())))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"version": 1}',
        '{"version": 1, "min_reader": 1}',
        '{"version": "1", "min_reader": 1, "document": {}}',
        '{"version": -1, "min_reader": 1, "document": {}}',
        '{"version": 1, "min_reader": 99, "document": {}}',
        '{"version": 1, "min_reader": 1, "document": {}, "document": {}}',
        '{"version": 1, "min_reader": 1, "document": {"dpi": NaN}}',
        '{"version": 1, "min_reader": 1, "document": {"dpi": 1e999}}',
        '{"a": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"a": ' + "9" * 6000 + "}",
    ],
    ids=range(13),
)
def test_a_broken_description_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DocumentError):
        load(project(tmp_path / "p.triptych", text=described(text) or b" "))


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.triptych"
    path.write_bytes(data)
    with pytest.raises(DocumentError):
        load(path)


def test_a_folder_and_nothing_at_all_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(DocumentError):
            load(path)


def test_flipped_and_missing_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    assets, dice = AssetStore(), random.Random(5)
    path = tmp_path / "p.triptych"
    save(path, poster(assets), assets, b"thumbnail")
    whole = path.read_bytes()
    refused = 0
    for _ in range(400):
        data = bytearray(whole[: dice.randrange(len(whole))] if dice.random() < 0.3 else whole)
        for _ in range(dice.randrange(1, 4)):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        path.write_bytes(data)
        try:
            load(path)
        except DocumentError:
            refused += 1
    assert refused > 200
