"""Finishing one picture and dropping the rest of a request, here and in the child process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engines.api import CancelToken, ImageRequest, ImageResult, Progress, Run
from engines.host import ChildHost, HostOptions, LocalHost
from engines.hosting.core import JobToken
from tests.engines.image import test_plain_pipelines as plain
from tests.engines.image import tiny_models
from tests.engines.image.test_plain_pipelines import Studio

studio = plain.studio
STEPS = 3


def finishing_at(done: int, token: CancelToken) -> Run:
    """Return a run that is told to finish when so many steps are done."""

    def report(progress: Progress) -> None:
        if progress.done >= done and progress.preview is not None:
            token.finish()

    return Run(token, report)


@pytest.mark.parametrize(("at", "left"), [(1, 1), (STEPS, 1), (STEPS + 1, 2), (3 * STEPS, 3)])
def test_the_picture_being_drawn_is_the_last(studio: Studio, at: int, left: int) -> None:
    model = studio.model("folder")
    whole = studio.draw(model, count=3, steps=STEPS)
    some = studio.draw(model, finishing_at(at, CancelToken()), count=3, steps=STEPS)
    assert some == whole[:left]


def test_who_asked_before_the_first_gets_one(studio: Studio) -> None:
    token = CancelToken()
    token.finish()
    assert len(studio.draw(studio.model("folder"), Run(token), count=3)) == 1


@pytest.mark.parametrize(("at", "left"), [(2, 1), (STEPS + 1, 2), (3 * STEPS + 1, 1)])
def test_a_second_drawing_is_done_of_what_the_first_gave(
    studio: Studio, at: int, left: int
) -> None:
    model, wishes = studio.model("folder"), {"count": 3, "steps": STEPS, "hires": 1.5}
    whole = studio.draw(model, **wishes)
    some = studio.draw(model, finishing_at(at, CancelToken()), **wishes)
    assert some == whole[:left]


def test_the_token_of_a_request_follows_its_callers() -> None:
    caller = CancelToken()
    own = JobToken(caller)
    assert not own.finishing
    caller.finish()
    assert own.finishing and not own.cancelled
    own.check()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    tiny_models.write_stable_diffusion(root / "tiny-sd")
    return root


@pytest.fixture(scope="module")
def host(models: Path) -> Iterator[ChildHost]:
    with ChildHost(options=HostOptions(device="cpu", roots=(str(models),))) as host:
        yield host


REQUEST = ImageRequest(
    prompt="a cat", seed=7, model="tiny-sd", width_px=64, height_px=64, steps=12, count=64
)


def test_the_wish_crosses_to_the_child_and_what_is_done_comes_home(host: ChildHost) -> None:
    token, begun = CancelToken(), threading.Event()

    def report(progress: Progress) -> None:
        if progress.preview is not None and not begun.is_set():
            begun.set()
            token.finish()

    result: ImageResult = host.run(REQUEST, Run(token, report))
    assert begun.is_set() and not token.cancelled
    assert 1 <= len(result.pictures) < REQUEST.count
    seeds = [picture.seed for picture in result.pictures]
    assert seeds == list(range(7, 7 + len(seeds)))


def test_the_child_goes_on_with_the_next_request_in_full(host: ChildHost) -> None:
    result: ImageResult = host.run(replace(REQUEST, count=2), Run())
    assert [picture.seed for picture in result.pictures] == [7, 8]


def test_in_this_process_too(models: Path) -> None:
    token = CancelToken()
    with LocalHost(options=HostOptions(device="cpu", roots=(str(models),))) as host:
        result: ImageResult = host.run(REQUEST, finishing_at(13, token))
    assert len(result.pictures) == 2
