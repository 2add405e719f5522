"""Films and sound: read back, the picture and the sound are as long as each other."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from desktop.document.assets import AssetStore
from desktop.document.model import Caption, Document, MusicTrack
from desktop.export import export
from desktop.export.sound import decode
from desktop.render.renderer import Renderer
from engines.api import BadRequest, Run, SoundRequest, SoundResult
from tests.desktop.pages import pixels, poster, scene, tone

pytestmark = pytest.mark.usefixtures("qapp")


def player(request: Any, run: Run) -> SoundResult:
    """Answer like the sound engine, exactly as long as asked."""
    assert isinstance(request, SoundRequest)
    return SoundResult(
        data=tone(request.seconds or 1.0),
        format="flac",
        length_s=request.seconds,
        sample_rate_hz=48000,
        loudness_lufs=-16.0,
    )


def film(path: Path, document: Document, assets: AssetStore) -> Path:
    return export(document, assets, path, run=Run(), ask=player)[0]


def read(path: Path) -> tuple[int, float, int, int]:
    """Return frames, seconds of sound, and width and height, all by decoding."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        size = stream.width, stream.height
        frames = sum(1 for _ in container.decode(video=0))
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return frames, 0.0, *size
        samples = sum(frame.samples for frame in container.decode(audio=0))
        rate = container.streams.audio[0].rate
    return frames, samples / rate, *size


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize(("fps", "sound_s"), [(24, 2.5), (30, 0.4), (25, 9.0)])
def test_picture_and_sound_are_equally_long(
    tmp_path: Path, suffix: str, fps: int, sound_s: float
) -> None:
    assets = AssetStore()
    document = scene(assets, fps=fps, sound_s=sound_s)
    path = film(tmp_path / f"s{suffix}", document, assets)
    frames, heard_s, width, height = read(path)
    assert frames == round(document.duration_s * fps)
    assert (width, height) == (320, 180)
    assert abs(frames / fps - heard_s) <= 1 / fps
    assert [x.name for x in tmp_path.iterdir()] == [path.name]


def test_the_file_says_the_same_lengths(tmp_path: Path) -> None:
    assets = AssetStore()
    path = film(tmp_path / "s.mp4", scene(assets), assets)
    with av.open(str(path)) as container:
        lengths = [float(x.duration * x.time_base) for x in container.streams]
        kinds = [x.codec_context.name for x in container.streams]
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert kinds == ["h264", "aac"]
    assert abs(lengths[0] - lengths[1]) <= 1 / 24


def test_a_film_can_start_before_it_is_loaded(tmp_path: Path) -> None:
    assets = AssetStore()
    data = film(tmp_path / "s.mp4", scene(assets), assets).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_the_same_scene_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    made = []
    for name in "ab":
        assets = AssetStore()
        made.append(film(tmp_path / f"{name}{suffix}", scene(assets), assets).read_bytes())
    assert made[0] == made[1]


def test_frames_are_what_the_renderer_draws(tmp_path: Path) -> None:
    assets = AssetStore()
    document = scene(assets)
    path = film(tmp_path / "s.mp4", document, assets)
    with av.open(str(path)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    for index in (0, 20, 40, 59):
        drawn = pixels(Renderer(assets).image(document, (index + 0.5) / 24, (320, 180)))
        assert np.abs(shown[index].astype(int) - drawn).mean() < 4


def test_odd_sizes_become_even_ones(tmp_path: Path) -> None:
    assets = AssetStore()
    document = replace(scene(assets), frame_width_px=101, frame_height_px=77)
    assert read(film(tmp_path / "s.mp4", document, assets))[2:] == (100, 76)


def test_a_scene_without_music_is_silent(tmp_path: Path) -> None:
    assets = AssetStore()
    document = replace(scene(assets), music=None)
    assert read(film(tmp_path / "s.mp4", document, assets))[1] == 0.0


def test_a_score_without_a_sound_is_played_for_the_film(tmp_path: Path) -> None:
    assets = AssetStore()
    document = scene(assets)
    assert document.music is not None
    document = replace(document, music=replace(document.music, sound_asset=""))
    frames, heard_s, *_ = read(film(tmp_path / "s.mp4", document, assets))
    assert abs(frames / 24 - heard_s) <= 1 / 24


def test_a_scene_without_shots_is_refused(tmp_path: Path) -> None:
    for suffix in (".mp4", ".gif"):
        with pytest.raises(BadRequest, match="no shots"):
            film(tmp_path / f"s{suffix}", Document.scene(), AssetStore())
    assert list(tmp_path.iterdir()) == []


def test_a_gif_moves_at_its_pace(tmp_path: Path) -> None:
    assets = AssetStore()
    with Image.open(film(tmp_path / "s.gif", scene(assets), assets)) as image:
        assert image.size == (320, 180)
        assert image.n_frames == round(2.5 * 12.5)
        assert image.info["duration"] == 80


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_sound_is_exactly_as_long_as_its_scene(tmp_path: Path, suffix: str) -> None:
    assets = AssetStore()
    document = scene(assets, sound_s=7.0)
    data = film(tmp_path / f"s{suffix}", document, assets).read_bytes()
    samples, rate = soundfile.read(io.BytesIO(data))
    assert (len(samples), rate) == (120000, 48000)
    assert np.abs(samples[-1]).max() < 0.02, "it ends without a click"
    assert 0.1 < np.abs(samples[:48000]).max() < 0.5


def test_the_music_goes_down_for_captions(tmp_path: Path) -> None:
    assets = AssetStore()
    document = scene(assets, sound_s=7.0)
    assert document.music is not None
    captions = (Caption(text="Once", start_s=0.8, end_s=1.2),)
    music = replace(document.music, gain_db=-3.0, duck_db=-10.0)
    document = replace(document, captions=captions, music=music)

    def level_db(name: str, start_s: float, end_s: float) -> float:
        samples, rate_hz = soundfile.read(tmp_path / name)
        part = samples[round(start_s * rate_hz) : round(end_s * rate_hz)]
        return float(20 * np.log10(np.sqrt((part**2).mean())))

    film(tmp_path / "ducked.wav", document, assets)
    loud = replace(music, gain_db=0.0, duck_db=0.0)
    film(tmp_path / "plain.wav", replace(document, music=loud), assets)
    for start_s, end_s, wanted_db in ((0.2, 0.6, -3.0), (0.82, 1.18, -13.0), (1.85, 2.3, -3.0)):
        changed = level_db("ducked.wav", start_s, end_s) - level_db("plain.wav", start_s, end_s)
        assert changed == pytest.approx(wanted_db, abs=0.1)


def test_other_rates_and_one_channel_are_brought_to_stereo_at_48_khz() -> None:
    assert decode(tone(1.0, 44100)).shape == pytest.approx((48000, 2), abs=64)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(4800), 48000, format="WAV")
    assert decode(buffer.getvalue()).shape == (4800, 2)


def test_a_damaged_sound_is_said(tmp_path: Path) -> None:
    assets = AssetStore()
    music = MusicTrack(
        midi_asset=assets.add(b"MThd", "mid"), sound_asset=assets.add(b"noise", "flac")
    )
    with pytest.raises(BadRequest, match="damaged"):
        film(tmp_path / "s.mp4", replace(scene(assets), music=music), assets)


def test_a_score_is_exported_as_it_is(tmp_path: Path) -> None:
    assets = AssetStore()
    assert film(tmp_path / "s.mid", scene(assets), assets).read_bytes() == b"MThd"
    with pytest.raises(BadRequest, match="no music"):
        film(tmp_path / "p.mid", poster(assets), assets)


def test_subtitles_say_what_and_when(tmp_path: Path) -> None:
    assets = AssetStore()
    more = Caption(id="b", text="a --> b\n\n<i>", start_s=3661.5, end_s=3662.25)
    document = scene(assets)
    document = replace(document, captions=(more, *document.captions))
    srt = film(tmp_path / "s.srt", document, assets).read_text()
    assert srt == (
        "1\n00:00:00,200 --> 00:00:01,400\nA line to read\n\n"
        "2\n01:01:01,500 --> 01:01:02,250\na -> b\n<i>\n"
    )
    vtt = film(tmp_path / "s.vtt", document, assets).read_text()
    assert vtt.startswith("WEBVTT\n\n1\n00:00:00.200 --> ")
    assert "&lt;i>" in vtt
