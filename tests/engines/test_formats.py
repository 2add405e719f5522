"""Model files from outside: the honest are recognised, the others refused with a reason."""

from __future__ import annotations

import io
import json
import pickle
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.api import Kind, ModelMissing, ModelRefused
from engines.formats import gguf as gguf_format
from engines.formats import safetensors as safetensors_format
from engines.formats.recognition import recognise
from tests.engines import model_files
from tests.engines.model_files import STABLE_DIFFUSION, gguf, header, packed, safetensors

ONE = {"a": (2,)}


def refusal(path: Path) -> str:
    with pytest.raises(ModelRefused) as caught:
        recognise(path)
    return caught.value.reason


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


WIDE = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
DEEP = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
REST = {key: shape for key, shape in STABLE_DIFFUSION.items() if key != WIDE}


@pytest.mark.parametrize(
    ("tensors", "kind", "architecture"),
    [
        (STABLE_DIFFUSION, Kind.IMAGE, "stable-diffusion"),
        ({**REST, WIDE: (2, 1024)}, Kind.IMAGE, "stable-diffusion-2"),
        ({**REST, DEEP: (2, 2048)}, Kind.IMAGE, "stable-diffusion-xl"),
        ({"lora_unet_down.lora_down.weight": (2, 2)}, Kind.IMAGE, "lora"),
        ({"base_model.model.q.lora_A.weight": (2, 2)}, Kind.TEXT, "lora"),
        ({"encoder.conv_in.weight": (2,), "decoder.conv_in.weight": (2,)}, Kind.IMAGE, "vae"),
    ],
)
def test_a_single_file_is_known_by_its_tensors(
    tmp_path: Path, tensors: dict[str, tuple[int, ...]], kind: Kind, architecture: str
) -> None:
    spec = recognise(written(tmp_path, "My Model v1.safetensors", safetensors(tensors)))
    assert (spec.kind, spec.architecture, spec.format) == (kind, architecture, "safetensors")
    assert spec.id == "my-model-v1"
    assert spec.size_bytes == len(safetensors(tensors))


def test_tensors_of_no_known_model_are_refused(tmp_path: Path) -> None:
    assert "no model known here" in refusal(written(tmp_path, "a.safetensors", safetensors(ONE)))


TENSOR = '"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}'
HOSTILE = [
    ("text", b"This is not a model at all.\n" * 10, "text file"),
    ("pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
    ("empty", b"", "not a safetensors file"),
    ("page", b"<!DOCTYPE html><title>Not found</title>", "web page"),
    ("short header", struct.pack("<Q", 5000) + b'{"a"' + bytes(60), "cut short"),
    ("huge header", struct.pack("<Q", 2**40) + b"{" + bytes(60), "claims 1099511627776 bytes"),
    ("short data", safetensors({"a": (64,)})[:-1], "cut short"),
    ("long data", safetensors({"a": (64,)}) + b"\0", "after its last tensor"),
    ("no tensors", packed({}, 0), "no tensors"),
    ("duplicate", packed(f"{{{TENSOR},{TENSOR}}}", 2), "stands in it twice"),
    ("not a number", packed('{"a":NaN}', 0), "not a number"),
    ("deep", packed('{"a":' + "[" * 5000 + "]" * 5000 + "}", 0), "not valid JSON"),
    ("list", packed("[1]", 2), "not a safetensors file"),
    ("parent", packed(header({"../../a": (1,)}), 2), "not an honest one"),
    ("backslash", packed(header({"..\\a": (1,)}), 2), "not an honest one"),
    ("absolute", packed(header({"/etc/passwd": (1,)}), 2), "not an honest one"),
    ("control", packed(header({"a\nb": (1,)}), 2), "not an honest one"),
    ("metadata", packed({"__metadata__": [1], **header(ONE)}, 4), "metadata"),
    (
        "outside",
        packed({"a": {"dtype": "F16", "shape": [2], "data_offsets": [1000, 1004]}}, 4),
        "overlap or leave holes",
    ),
    (
        "overlap",
        packed({**header({"a": (2,)}), "b": header({"b": (2,)})["b"]}, 4),
        "overlap or leave holes",
    ),
    (
        "negative",
        packed({"a": {"dtype": "F16", "shape": [-1, -2], "data_offsets": [0, 4]}}, 4),
        "impossible numbers",
    ),
    (
        "true",
        packed({"a": {"dtype": "F16", "shape": [True], "data_offsets": [0, 2]}}, 2),
        "impossible numbers",
    ),
    (
        "size",
        packed({"a": {"dtype": "F16", "shape": [3], "data_offsets": [0, 4]}}, 4),
        "another size",
    ),
    (
        "type",
        packed({"a": {"dtype": "OBJECT", "shape": [2], "data_offsets": [0, 4]}}, 4),
        "unknown type",
    ),
    ("undescribed", packed({"a": {"dtype": "F16"}}, 0), "not described"),
    ("number", packed({"a": 7}, 0), "not described"),
]


@pytest.mark.parametrize(("data", "reason"), [h[1:] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_a_dishonest_safetensors_file_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refusal(written(tmp_path, "model.safetensors", data))


def test_every_truncation_is_refused_and_never_another_error(tmp_path: Path) -> None:
    whole = safetensors(STABLE_DIFFUSION)
    for length in range(0, len(whole), 97):
        refusal(written(tmp_path, "cut.safetensors", whole[:length]))


def test_what_is_accepted_here_the_library_reads_too(tmp_path: Path) -> None:
    import safetensors.torch
    import torch

    path = tmp_path / "real.safetensors"
    tensors = {"a": torch.ones(3, 5), "b": torch.ones(7, dtype=torch.bfloat16), "c": torch.ones(())}
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})
    read = safetensors_format.read_header(path)
    assert {name: tensor.shape for name, tensor in read.tensors.items()} == {
        "a": (3, 5),
        "b": (7,),
        "c": (),
    }
    assert read.metadata == {"format": "pt"}


@pytest.mark.parametrize("header_bytes", [0x280, 0x380, 0x480, 0x580])
def test_a_header_length_that_begins_like_a_pickle_is_no_pickle(
    tmp_path: Path, header_bytes: int
) -> None:
    text = json.dumps(header({"a": (2,)}))
    path = written(tmp_path, "a.safetensors", packed(text.ljust(header_bytes), 4))
    assert safetensors_format.read_header(path).tensors["a"].shape == (2,)


def as_zip() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({"a": 1}))
    return data.getvalue()


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".pth", ".bin", ".PKL"])
def test_a_pickle_is_refused_by_its_name(tmp_path: Path, suffix: str) -> None:
    assert "pickle" in refusal(written(tmp_path, f"model{suffix}", b"anything"))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_under_any_name(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps({"weights": list(range(1000))}, protocol)
    assert "pickle" in refusal(written(tmp_path, "model.safetensors", data))
    assert "pickle" in refusal(written(tmp_path, "model.gguf", data))
    assert "pickle" in refusal(written(tmp_path, "zipped.safetensors", as_zip()))


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    assert "this is none" in refusal(written(tmp_path, "model.tflite", b"\x08\x07"))


def test_nothing_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        recognise(tmp_path / "nothing.safetensors")


def test_a_gguf_is_known_by_its_own_words(tmp_path: Path) -> None:
    spec = recognise(written(tmp_path, "words.gguf", gguf()))
    assert (spec.kind, spec.format, spec.architecture) == (Kind.TEXT, "gguf", "llama")
    assert spec.name == "A model"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 1) + bytes(80), "claims"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 2**60) + bytes(80), "claims"),
        (b"GGUF" + struct.pack("<IQQ", 1, 1, 1) + bytes(80), "version is 1"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 2**50) + bytes(60),
            "claims 1125899906842624 bytes",
        ),
        (
            b"GGUF"
            + struct.pack("<IQQQ", 3, 1, 1, 1)
            + b"a"
            + struct.pack("<IIQ", 9, 8, 2**50)
            + bytes(60),
            "claims 1125899906842624 texts",
        ),
        (
            b"GGUF"
            + struct.pack("<IQQQ", 3, 1, 1, 1)
            + b"a"
            + struct.pack("<IIQ", 9, 9, 3)
            + bytes(60),
            "unknown type",
        ),
        (gguf(data_bytes=32), "cut short"),
        (gguf("flux"), "flux"),
        (b"GGUF", "cut short"),
    ],
)
def test_a_dishonest_gguf_is_refused_at_once(tmp_path: Path, data: bytes, reason: str) -> None:
    path = written(tmp_path, "model.gguf", data)
    start_s = time.monotonic()
    assert reason in refusal(path)
    assert time.monotonic() - start_s < 0.5


def test_every_truncation_of_a_gguf_is_refused(tmp_path: Path) -> None:
    whole = gguf()
    for length in range(4, len(whole)):
        with pytest.raises(ModelRefused):
            gguf_format.read_header(written(tmp_path, "cut.gguf", whole[:length]))


def test_a_diffusers_folder_is_known(tmp_path: Path) -> None:
    spec = recognise(model_files.pipeline(tmp_path / "pictures"))
    assert (spec.kind, spec.format, spec.architecture) == (
        Kind.IMAGE,
        "diffusers",
        "stable-diffusion",
    )
    assert spec.size_bytes > 0


def test_a_transformers_folder_is_known(tmp_path: Path) -> None:
    spec = recognise(model_files.language_model(tmp_path / "words"))
    assert (spec.id, spec.kind, spec.format, spec.architecture) == (
        "words",
        Kind.TEXT,
        "transformers",
        "llama",
    )


def test_a_manifest_goes_before_guesses(tmp_path: Path) -> None:
    folder = model_files.language_model(
        tmp_path / "x", id="score-1", kind="music", name="Score", architecture="triptych-score"
    )
    (folder / "tokenizer.json").unlink()
    spec = recognise(folder)
    assert (spec.id, spec.kind, spec.architecture) == ("score-1", Kind.MUSIC, "triptych-score")


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def only_pickles(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))


BROKEN_PIPELINES: list[tuple[Callable[[Path], object], str]] = [
    (only_pickles, "pickle"),
    (
        lambda folder: (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"x"),
        "text file",
    ),
    (
        lambda folder: edit(folder / "model_index.json", unet=["my_unet", "Unet"]),
        "code of its own",
    ),
    (lambda folder: edit(folder / "model_index.json", _class_name="EvilPipeline"), "not known"),
    (
        lambda folder: edit(folder / "model_index.json", tokenizer=["transformers", "T"]),
        "missing",
    ),
    (lambda folder: (folder / "model_index.json").write_text("{"), "not valid JSON"),
    (lambda folder: (folder / "model_index.json").unlink(), "no model_index.json"),
    (lambda folder: (folder / "model.json").write_text('{"version": 2}'), "version is 2"),
    (
        lambda folder: (folder / "model.json").write_text('{"version": 1, "id": "../x"}'),
        "cannot be a model's id",
    ),
    (
        lambda folder: (folder / "model.json").write_text(
            '{"version": 1, "id": "x", "kind": "virus"}'
        ),
        "no kind of model 'virus'",
    ),
]


@pytest.mark.parametrize(("spoil", "reason"), BROKEN_PIPELINES)
def test_a_spoilt_folder_is_refused(
    tmp_path: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    folder = model_files.pipeline(tmp_path / "pictures")
    spoil(folder)
    assert reason in refusal(folder)


def test_a_stray_checkpoint_beside_a_pipeline_is_not_its_weights(tmp_path: Path) -> None:
    folder = model_files.pipeline(tmp_path / "pictures")
    (folder / "v1-5-pruned.ckpt").write_bytes(b"x")
    assert recognise(folder).architecture == "stable-diffusion"


def test_an_index_of_shards_may_not_point_outside(tmp_path: Path) -> None:
    folder = model_files.language_model(tmp_path / "words")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../model.safetensors"}}))
    assert "points outside" in refusal(folder)
    index.write_text(json.dumps({"weight_map": {"a": "model-2.safetensors"}}))
    assert "missing" in refusal(folder)


def test_a_language_model_needs_its_tokenizer(tmp_path: Path) -> None:
    folder = model_files.language_model(tmp_path / "words")
    (folder / "tokenizer.json").unlink()
    assert "no tokenizer" in refusal(folder)
