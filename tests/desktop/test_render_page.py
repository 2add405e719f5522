"""The renderer: the same pixels always, and the right ones."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from desktop.document.assets import AssetStore
from desktop.document.model import (
    Blend,
    Camera,
    Document,
    Fill,
    Fit,
    GroupLayer,
    Mask,
    Outline,
    PictureLayer,
    Shot,
    Stop,
)
from desktop.render.renderer import Renderer, camera_transform
from desktop.render.thumbnails import thumbnail_png
from tests.desktop.pages import box, flat, page, pixels, poster, scene, shape, words

pytestmark = pytest.mark.usefixtures("qapp")

ROOT = Path(__file__).resolve().parents[2]
SIZE = (200, 280)


def drawn(document: Document, assets: AssetStore | None = None, time_s: float = 0.0) -> np.ndarray:
    renderer = Renderer(assets or AssetStore())
    size = SIZE if document.shots == () else (320, 180)
    return pixels(renderer.image(document, time_s, size))


def test_the_same_page_has_the_same_pixels_on_any_thread() -> None:
    assets = AssetStore()
    document = poster(assets)
    first = drawn(document, assets)
    with ThreadPoolExecutor(3) as pool:
        others = list(pool.map(lambda _: drawn(document, assets), range(6)))
    assert all(np.array_equal(first, other) for other in others)
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 500


def test_a_process_of_its_own_draws_the_same_pixels() -> None:
    code = (
        "import hashlib\n"
        "from desktop.document.assets import AssetStore\n"
        "from desktop.render.offscreen import offscreen\n"
        "from tests.desktop.pages import pixels, poster\n"
        "from desktop.render.renderer import Renderer\n"
        "assets = AssetStore()\n"
        "with offscreen():\n"
        "    image = Renderer(assets).image(poster(assets), 0.0, (200, 280))\n"
        "print(hashlib.sha256(pixels(image).tobytes()).hexdigest())\n"
    )
    command = [sys.executable, "-c", code]
    seen = {
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout for _ in range(2)
    }
    assert len(seen) == 1


def test_words_are_drawn_as_one_ink_without_coloured_edges() -> None:
    image = drawn(page(words(color="#000000")))
    assert image.min() == 0
    assert np.array_equal(image[..., 0], image[..., 2]), "no subpixel colours"


def test_the_page_fills_and_invisible_layers_do_not() -> None:
    document = replace(page(shape(visible=False)), background="#204060")
    assert np.array_equal(np.unique(drawn(document).reshape(-1, 3), axis=0), [[32, 64, 96]])


@pytest.mark.parametrize(
    ("blend", "expected"),
    [
        (Blend.NORMAL, (128, 64, 255)),
        (Blend.MULTIPLY, (64, 32, 128)),
        (Blend.SCREEN, (192, 160, 255)),
    ],
)
@pytest.mark.parametrize("in_group", [False, True])
def test_layers_blend_with_what_is_below(
    blend: Blend, expected: tuple[int, int, int], in_group: bool
) -> None:
    layer = shape("#8040ff", blend=blend)
    inside = replace(layer, blend=Blend.NORMAL)
    group = GroupLayer(id="g", name="Group", box=layer.box, layers=(inside,), blend=blend)
    document = replace(page(group if in_group else layer), background="#808080")
    assert drawn(document)[70, 80] == pytest.approx(expected, abs=1)


def test_a_groups_opacity_counts_once() -> None:
    pair = (shape("#000000", id="a"), shape("#000000", id="b"))
    group = GroupLayer(id="g", name="Group", box=pair[0].box, layers=pair, opacity=0.5)
    assert drawn(page(group))[70, 80] == pytest.approx((127, 127, 127), abs=2)


def test_a_gradient_runs_along_its_angle() -> None:
    stops = (Stop(at=0.0, color="#000000"), Stop(at=1.0, color="#ffffff"))
    down = drawn(page(shape(fill=Fill(stops=stops))))[42:98, 80, 0]
    assert down[0] < 14
    assert down[-1] > 241
    assert (np.diff(down) >= 0).all()
    across = drawn(page(shape(fill=Fill(stops=stops, angle_deg=-90))))[70, 42:118, 0]
    assert (np.diff(across) >= 0).all()
    assert across[-1] > 241


def test_a_turned_layer_turns_about_its_middle() -> None:
    bar = shape("#000000", box=box(40, 60, 20, 4))
    upright = drawn(page(replace(bar, box=box(40, 60, 20, 4, 90))))
    assert upright[124 - 14, 100, 0] < 10
    assert upright[124, 100 - 14, 0] == 255


def test_a_picture_fills_contains_or_stretches() -> None:
    assets = AssetStore()
    asset = assets.add(flat((255, 0, 0), (40, 20)), "png")
    layer = PictureLayer(id="p", name="P", box=box(20, 20, 40, 40), asset=asset)
    seen = {fit: drawn(page(replace(layer, fit=fit)), assets)[42, 80] for fit in Fit}
    assert tuple(seen[Fit.COVER]) == (255, 0, 0)
    assert tuple(seen[Fit.STRETCH]) == (255, 0, 0)
    assert tuple(seen[Fit.CONTAIN]) == (255, 255, 255)


@pytest.mark.parametrize("mask", [Mask.ELLIPSE, Mask.ARCH])
def test_masks_cut_corners_with_smooth_edges(mask: Mask) -> None:
    assets = AssetStore()
    asset = assets.add(flat((0, 0, 0), (64, 64)), "png")
    layer = PictureLayer(id="p", name="P", box=box(20, 20, 60, 60), asset=asset, mask=mask)
    image = drawn(page(layer), assets)[..., 0]
    assert image[42, 42] == 255
    assert image[100, 100] == 0
    assert ((image > 20) & (image < 235)).sum() > 60, "an edge without steps"


def test_a_picture_that_cannot_be_read_is_a_grey_field() -> None:
    assets = AssetStore()
    layer = PictureLayer(
        id="p", name="P", box=box(20, 20, 40, 40), asset=assets.add(b"broken", "png")
    )
    assert drawn(page(layer), assets)[80, 80] == pytest.approx((207, 207, 207), abs=2)


def test_shrinking_does_not_drop_lines() -> None:
    assets = AssetStore()
    stripes = np.zeros((1024, 1024, 3), np.uint8)
    stripes[:, ::2] = 255
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(stripes).save(buffer, "PNG")
    layer = PictureLayer(
        id="p", name="P", box=box(0, 0, 100, 100), asset=assets.add(buffer.getvalue(), "png")
    )
    image = drawn(page(layer), assets)[20:180, 20:180, 0]
    assert image.std() < 12
    assert abs(image.mean() - 127) < 12


def test_a_line_and_an_ellipse_are_stroked() -> None:
    line = shape(outline=Outline.LINE, fill=None, stroke="#000000", stroke_mm=2.0)
    assert drawn(page(line))[70, 80, 0] < 30
    ring = shape(outline=Outline.ELLIPSE, fill=None, stroke="#000000", stroke_mm=2.0)
    image = drawn(page(ring))
    assert image[41, 80, 0] < 60
    assert image[70, 80, 0] == 255


def test_a_dissolve_is_between_its_shots() -> None:
    def shot(i: int, color: str) -> Shot:
        whole = shape(color, id=f"s{i}", box=box(0, 0, 320, 180))
        return Shot(
            id=f"{i}", name="", duration_s=2.0, dissolve_s=1.0 if i else 0.0, layers=(whole,)
        )

    document = replace(
        Document.scene(width_px=320, height_px=180), shots=(shot(0, "#000000"), shot(1, "#ffffff"))
    )
    values = [int(drawn(document, time_s=t)[90, 160, 0]) for t in (1.9, 2.25, 2.5, 2.75, 3.5)]
    assert values[0] == 0
    assert values[2] == pytest.approx(127, abs=2)
    assert values[-1] == 255
    assert values == sorted(values)


def test_the_camera_moves_less_than_a_pixel_at_a_time() -> None:
    bar = shape("#ffffff", box=box(150, 0, 20, 180))
    shot = Shot(
        id="s", name="", duration_s=4.0, layers=(bar,), camera=Camera(end=(0.02, 0.02, 0.96))
    )
    document = replace(Document.scene(width_px=320, height_px=180), shots=(shot,))
    weights = np.arange(320)
    middles = []
    for index in range(24):
        row = drawn(document, time_s=1.0 + index / 24)[90, :, 0]
        middles.append((row * weights).sum() / row.sum())
    steps = np.diff(middles)
    assert np.abs(steps).max() < 0.3
    assert steps.std() < 0.03, "the picture shakes"


def test_camera_transform_brings_the_view_to_the_page() -> None:
    document = scene(AssetStore())
    seen = camera_transform(document, document.duration_s).map(32.0, 18.0)
    assert seen == pytest.approx((0.0, 0.0), abs=0.05)
    assert camera_transform(Document.poster(), 0.0).isIdentity()


def test_captions_are_there_at_their_time_only() -> None:
    assets = AssetStore()
    document = scene(assets)
    bare = replace(document, captions=())
    for time_s, seen in ((0.05, False), (0.8, True), (1.45, False)):
        same = np.array_equal(drawn(document, assets, time_s), drawn(bare, assets, time_s))
        assert same is not seen


def test_captions_stay_in_the_safe_area() -> None:
    assets = AssetStore()
    document = scene(assets)
    long = replace(document.captions[0], text="so many words that they need lines " * 6)
    document = replace(document, captions=(long,))
    bare = drawn(replace(document, captions=()), assets, 0.8)
    changed = (drawn(document, assets, 0.8) != bare).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.max() < 180 * 0.95
    assert columns.min() > 320 * 0.05
    assert columns.max() < 320 * 0.95


def test_a_thumbnail_is_small_and_of_the_pages_shape() -> None:
    assets = AssetStore()
    image = QImage.fromData(thumbnail_png(poster(assets), assets))
    assert (image.width(), image.height()) == (366, 512)


def test_an_impossible_size_is_an_error_not_a_crash() -> None:
    with pytest.raises(MemoryError):
        Renderer(AssetStore()).image(page(), 0.0, (100_000, 100_000))


def test_an_empty_scene_is_its_background() -> None:
    document = replace(Document.scene(width_px=320, height_px=180), background="#102030")
    image = Renderer(AssetStore()).image(document, 0.0, (32, 18))
    assert pixels(image)[9, 16].tolist() == [16, 32, 48]
