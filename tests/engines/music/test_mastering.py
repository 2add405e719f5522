"""Loudness, true peak and limiter, held against the standard's figures and ffmpeg's meter."""

from __future__ import annotations

import math
from typing import Any

import av
import numpy as np
import pytest

from engines.music.rendering.loudness import SILENCE_LUFS, integrated_lufs
from engines.music.rendering.mastering import CEILING_DB, TARGET_LUFS, level, limiter_gain
from engines.music.rendering.true_peak import true_peaks


def ebur128(sound: np.ndarray, rate_hz: int) -> tuple[float, float]:
    """Measure integrated LUFS and true peak in dB by ffmpeg."""
    graph: Any = av.filter.Graph()
    source = graph.add_abuffer(
        format="flt", sample_rate=rate_hz, layout="stereo", time_base=f"1/{rate_hz}"
    )
    meter = graph.add("ebur128", "metadata=1:peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    told: dict[str, str] = {}
    interleaved = np.ascontiguousarray(sound.T, np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout="stereo")
    frame.sample_rate, frame.pts = rate_hz, 0
    source.push(frame)
    source.push(None)
    while True:
        try:
            told.update(sink.pull().metadata)
        except (av.BlockingIOError, av.EOFError):
            break
    peaks = [float(told[f"lavfi.r128.true_peaks_ch{n}"]) for n in (0, 1)]
    return float(told["lavfi.r128.I"]), 20 * math.log10(max(*peaks, 1e-6))


@pytest.fixture(scope="module", params=[44100, 48000])
def programme(request: pytest.FixtureRequest) -> tuple[np.ndarray, int]:
    """Twelve seconds of noise and bursts that rise and rest."""
    rate_hz = request.param
    random = np.random.default_rng(3)
    time_s = np.arange(12 * rate_hz) / rate_hz
    noise = random.standard_normal((2, time_s.size)) * (0.02 + 0.05 * (time_s % 4 < 2))
    tone = 0.5 * np.sin(2 * np.pi * rate_hz / 4 * time_s + 0.8) * (time_s % 3 < 0.1)
    return (noise + tone).astype(np.float32), rate_hz


def test_a_full_scale_sine_has_the_loudness_the_standard_says() -> None:
    time_s = np.arange(48000 * 3) / 48000
    sine = np.sin(2 * np.pi * 997 * time_s)
    assert integrated_lufs(np.stack([sine, 0 * sine]), 48000) == pytest.approx(-3.01, abs=0.05)
    assert integrated_lufs(np.zeros((2, 48000)), 48000) == SILENCE_LUFS
    assert integrated_lufs(np.zeros((2, 0)), 48000) == SILENCE_LUFS


def test_loudness_and_peak_agree_with_ffmpeg(programme: tuple[np.ndarray, int]) -> None:
    sound, rate_hz = programme
    lufs, peak_db = ebur128(sound, rate_hz)
    assert integrated_lufs(sound, rate_hz) == pytest.approx(lufs, abs=0.1)
    assert 20 * np.log10(true_peaks(sound).max()) == pytest.approx(peak_db, abs=0.2)


def test_the_peak_between_samples_is_found() -> None:
    wave = np.sin(np.pi / 2 * np.arange(4800) + np.pi / 4)  # its samples reach 0.707 only
    peaks = true_peaks(np.stack([wave, wave]).astype(np.float32))
    assert peaks[100:-100].max() == pytest.approx(1.0, abs=0.01)


def test_looking_only_where_it_is_loud_finds_the_same(programme: tuple[np.ndarray, int]) -> None:
    sound, _ = programme
    all_peaks, some = true_peaks(sound), true_peaks(sound, above=0.4)
    assert (all_peaks > 0.4).any()
    np.testing.assert_array_equal(all_peaks[all_peaks > 0.4], some[all_peaks > 0.4])


def test_a_mix_gets_its_loudness_under_the_ceiling(programme: tuple[np.ndarray, int]) -> None:
    sound, rate_hz = programme
    loud = sound.copy()
    loud[:, :: rate_hz // 3] = 1.5
    gain, told = level(loud, rate_hz)
    lufs, peak_db = ebur128(loud * gain, rate_hz)
    assert told == pytest.approx(TARGET_LUFS, abs=0.3)
    assert lufs == pytest.approx(told, abs=0.1)
    assert peak_db <= CEILING_DB


def test_what_is_under_the_ceiling_is_not_limited() -> None:
    assert limiter_gain(np.full((2, 48000), 0.5, np.float32), 48000) is None


def test_silence_is_left_alone() -> None:
    gain, lufs = level(np.zeros((2, 48000), np.float32), 48000)
    assert (float(gain), lufs) == (1.0, SILENCE_LUFS)


def test_a_loops_gain_is_the_same_on_both_sides_of_its_seam() -> None:
    sound = np.full((2, 48000), 0.1, np.float32)
    sound[:, 10] = 4.0
    gain = limiter_gain(sound, 48000, circular=True)
    assert gain is not None
    assert gain[-1] < 0.9
    assert abs(float(gain[-1] - gain[0])) < 0.01
