"""Textual inversions: drawn with as diffusers does, nothing left behind, bad files refused."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save, save_file
from torch import Tensor

from engines import devices
from engines.api import BadRequest, EngineError, ImageRequest, ModelMissing, ModelRefused
from engines.image.words.chunking import Cutter
from engines.image.words.clip_words import tokenizer
from tests.engines.image import test_engine, test_plain_pipelines
from tests.engines.image.test_hostile_drawing import damaged
from tests.engines.image.test_plain_pipelines import (
    GUIDANCE,
    NEGATIVE,
    SEED,
    SIDE_PX,
    STEPS,
    Studio,
    named,
    plain,
)

studio = test_plain_pipelines.studio
models, services, draw = test_engine.models, test_engine.services, test_engine.draw
WIDTHS = {"stable-diffusion": 768, "stable-diffusion-2": 1024}
SLICE, ALL, LONGEST_S = 60, 3_000, 2.0


def vectors(width: int, count: int = 2) -> Tensor:
    return torch.randn((count, width), generator=torch.Generator().manual_seed(3))


def picture(pipeline: Any, prompt: str, **sizes: int) -> bytes:
    with torch.inference_mode():
        image: Image.Image = pipeline(
            prompt=prompt, negative_prompt=NEGATIVE, num_inference_steps=STEPS,
            guidance_scale=GUIDANCE, generator=torch.Generator().manual_seed(SEED),
            width=SIDE_PX, height=SIDE_PX,
        ).images[0]  # fmt: skip
    return image.tobytes()


@pytest.mark.parametrize("family", WIDTHS)
@pytest.mark.parametrize(("name", "count"), [("emb_params", 2), ("<cat-toy>", 1)])
def test_a_learnt_word_is_that_of_diffusers(
    studio: Studio, tmp_path: Path, family: str, name: str, count: int
) -> None:
    model, learnt = studio.model(family), vectors(WIDTHS[family], count)
    path = tmp_path / "Style.safetensors"
    save_file({name: learnt}, path)
    before = studio.draw(model, prompt="a style cat")
    pipeline = plain(studio, model, named(family))
    pipeline.load_textual_inversion({"style": learnt}, token="style")
    wanted = picture(pipeline, "a style cat")
    for spoken in ("a style cat", "a <style> cat", "a embedding:style cat", "a STYLE cat"):
        assert studio.draw(model, prompt=spoken, embeddings=(str(path),)) == [wanted]
    assert studio.draw(model, prompt="a style cat") == before
    assert before != [wanted]


def test_both_text_encoders_of_sdxl_learn_a_word(studio: Studio, tmp_path: Path) -> None:
    family = "stable-diffusion-xl"
    model, first, second = studio.model(family), vectors(768), vectors(1280)
    path = tmp_path / "style.safetensors"
    save_file({"clip_l": first, "clip_g": second}, path)
    pipeline = plain(studio, model, named(family))
    pipeline.load_textual_inversion({"style": first}, token="style")
    pipeline.load_textual_inversion(
        {"style": second},
        token="style",
        tokenizer=pipeline.tokenizer_2,
        text_encoder=pipeline.text_encoder_2,
    )
    wanted = picture(pipeline, "a style cat")
    assert studio.draw(model, prompt="a style cat", embeddings=(str(path),)) == [wanted]


def test_a_learnt_word_is_not_torn_apart_and_is_only_found_whole() -> None:
    cutter = Cutter(tokenizer(), 77, {"style": vectors(8, 5), "my style": vectors(8, 1)})

    def learnt(text: str) -> list[int]:
        from engines.image.words.prompt_syntax import Piece

        return [len(chunk.learnt) for chunk in cutter.cut(((Piece(text),),))]

    assert learnt("a style of a style") == [10]
    assert learnt("styles lifestyle style_2") == [0]
    assert learnt("my style, style.safetensors") == [6]
    assert learnt("x " * 72 + "style") == [0, 5]


def test_files_for_other_models_are_refused(studio: Studio, tmp_path: Path) -> None:
    paths = {}
    for name, tensors in {
        "one": {"emb_params": vectors(768)},
        "two": {"emb_params": vectors(1024)},
        "xl": {"clip_l": vectors(768), "clip_g": vectors(1280)},
        "uneven": {"clip_l": vectors(768, 1), "clip_g": vectors(1280, 2)},
        "infinite": {"emb_params": vectors(768) / 0},
        "whole": {"emb_params": torch.ones(2, 768, dtype=torch.int32)},
    }.items():
        paths[name] = str(tmp_path / f"{name}.safetensors")
        save_file(tensors, paths[name])
    first, second, xl = (
        studio.model(f) for f in ("stable-diffusion", "stable-diffusion-2", "stable-diffusion-xl")
    )
    for model, path, reason in (
        (first, "two", "1024 wide, those of this picture model 768"),
        (second, "one", "768 wide, those of this picture model 1024"),
        (xl, "one", "another family"),
        (first, "xl", "another family"),
        (xl, "uneven", "as many vectors"),
        (first, "infinite", "not finite"),
        (first, "whole", "type I32"),
    ):
        with pytest.raises(ModelRefused) as caught:
            studio.draw(model, embeddings=(paths[path],))
        assert reason in caught.value.reason


def test_what_is_no_learnt_word_is_refused(studio: Studio, tmp_path: Path) -> None:
    model = studio.model("stable-diffusion")
    pickle = tmp_path / "style.pt"
    pickle.write_bytes(b"\x80\x04weights")
    lora = tmp_path / "lora.safetensors"
    save_file({"a.lora_down.weight": torch.ones(2, 768)}, lora)
    for path in (pickle, lora):
        with pytest.raises(ModelRefused):
            studio.draw(model, embeddings=(str(path),))
    with pytest.raises(ModelMissing):
        studio.draw(model, embeddings=(str(tmp_path / "none.safetensors"),))
    twins = [tmp_path / folder / "style.safetensors" for folder in "ab"]
    for twin in twins:
        twin.parent.mkdir()
        save_file({"emb_params": vectors(768)}, twin)
    with pytest.raises(BadRequest, match="two textual inversions"):
        studio.draw(model, embeddings=tuple(map(str, twins)))


def test_two_files_of_one_name_are_two_words(studio: Studio, tmp_path: Path) -> None:
    pictures = []
    for number, folder in enumerate("ab"):
        path = tmp_path / folder / "style.safetensors"
        path.parent.mkdir()
        save_file({"emb_params": vectors(768) * (number + 1)}, path)
        pictures += studio.draw(
            studio.model("stable-diffusion"), prompt="a style", embeddings=(str(path),)
        )
    assert pictures[0] != pictures[1]


def test_the_starter_learns_no_words(draw: Any, tmp_path: Path) -> None:
    path = tmp_path / "style.safetensors"
    save_file({"emb_params": vectors(768)}, path)
    with pytest.raises(ModelRefused, match="cannot be taught words"):
        draw(embeddings=(str(path),))


def sweep(studio: Studio, folder: Path, count: int) -> tuple[int, int]:
    """Draw with damaged files; returns how many were drawn with and how many refused."""
    dice, drawn, refused = random.Random(5), 0, 0
    model, place = studio.model("stable-diffusion"), folder / "style.safetensors"
    honest = save({"emb_params": vectors(768)})
    asked = {"prompt": "a style", "steps": 1, "width_px": 32, "height_px": 32, "guidance": 1.0}
    for _ in range(count):
        place.write_bytes(damaged(dice, honest))
        start_s = time.process_time()
        try:
            drawn += len(studio.draw(model, embeddings=(str(place),), **asked))
        except EngineError as error:
            assert str(error)
            refused += 1
        assert time.process_time() - start_s < LONGEST_S * devices.threads()
    return drawn, refused


def test_damaged_files(studio: Studio, tmp_path: Path) -> None:
    drawn, refused = sweep(studio, tmp_path, SLICE)
    assert drawn + refused == SLICE and min(drawn, refused) > SLICE / 10


@pytest.mark.slow
def test_thousands_of_damaged_files(studio: Studio, tmp_path: Path) -> None:
    assert sum(sweep(studio, tmp_path, ALL)) == ALL


def test_a_request_names_files() -> None:
    assert ImageRequest(prompt="a", seed=1).embeddings == ()
