"""The music of a document as sound of an exact length, and as a sound or MIDI file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from desktop.document.ducking import gain_curve
from desktop.document.midi_file import ScoreError, heard_midi
from desktop.document.model import MusicTrack
from desktop.export.atomic import write_bytes
from desktop.export.job import ExportJob
from desktop.gain import factors
from engines.api import BadRequest, MusicRequest, SoundRequest

SAMPLE_RATE_HZ = 48000
_FADE_S = 0.03
_BLOCK = 65536
_FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_24"), ".ogg": ("OGG", "VORBIS")}

Samples = npt.NDArray[np.float32]
"""Sound from -1 to 1, frames x 2 channels."""


def midi_bytes(job: ExportJob) -> bytes:
    """Return the score.

    Raises:
        BadRequest: there is none.
    """
    return job.assets.read(_track(job).midi_asset)


def notation_bytes(job: ExportJob) -> bytes:
    """Return the score as MusicXML, or packed as MXL.

    Raises:
        BadRequest: there is none, or it cannot be written so.
    """
    job.run.step(0, 2, stage="writing the notes")
    request = MusicRequest(seed=0, verb="fit", score=midi_bytes(job), notation=job.suffix[1:])
    return bytes(job.ask(request, job.run).notation)


def heard_score(job: ExportJob) -> bytes:
    """Return the score as MIDI without the parts that are not heard.

    Raises:
        BadRequest: there is none, or it cannot be read.
    """
    return _heard(midi_bytes(job), _track(job))


def write_sound(job: ExportJob) -> None:
    """Write the music as WAV, FLAC or Ogg; a scene's is exactly as long as its picture."""
    job.run.step(0, 3, stage="playing the score")
    samples = music(job, frames=round(job.document.duration_s * SAMPLE_RATE_HZ))
    job.run.step(1, 3, stage="packing")
    data = encode(samples, job.suffix)
    job.run.step(2, 3, stage="writing the file")
    write_bytes(job.path, data)


def encode(samples: Samples, suffix: str) -> bytes:
    """Return sound as the bytes of a file."""
    kind, subtype = _FORMATS[suffix]
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", SAMPLE_RATE_HZ, samples.shape[1], format=kind, subtype=subtype
    ) as file:
        for start in range(0, len(samples), _BLOCK):  # one long write of Vorbis overflows
            file.write(samples[start : start + _BLOCK])
    return buffer.getvalue()


def music(job: ExportJob, *, frames: int) -> Samples:
    """Return the document's music at 48 kHz, its gain applied, lower under captions if asked.

    Args:
        frames: the exact length; 0 keeps the music's own.

    Raises:
        BadRequest: there is no music, or its sound is damaged.
    """
    track = _track(job)
    if track.sound_asset:
        data = job.assets.read(track.sound_asset)
    else:
        request = SoundRequest(
            midi=heard_score(job),
            seconds=frames / SAMPLE_RATE_HZ,
            sample_rate_hz=SAMPLE_RATE_HZ,
        )
        data = job.ask(request, job.run).data
    samples = decode(data)
    curve = gain_curve(track, job.document.captions)
    samples = samples * factors(curve, 0, len(samples), SAMPLE_RATE_HZ)
    np.clip(samples, -1.0, 1.0, out=samples)
    return _cut_or_filled(samples, frames) if frames else samples


def _heard(midi: bytes, track: MusicTrack) -> bytes:
    try:
        return heard_midi(midi, track)
    except ScoreError as problem:
        raise BadRequest(f"the score cannot be played: {problem}") from problem


def decode(data: bytes) -> Samples:
    """Return a WAV, FLAC or Ogg file as stereo at 48 kHz.

    Raises:
        BadRequest: it is none of these.
    """
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError, ValueError) as problem:
        raise BadRequest("the sound of the score is damaged") from problem
    stereo = np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples[:, :2]
    stereo = np.nan_to_num(stereo, copy=True)
    return _resampled(stereo, rate_hz) if rate_hz != SAMPLE_RATE_HZ else stereo


def _resampled(samples: Samples, rate_hz: int) -> Samples:
    import av

    resampler: Any = av.AudioResampler(format="flt", layout="stereo", rate=SAMPLE_RATE_HZ)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples.reshape(1, -1)), format="flt", layout="stereo"
    )
    frame.sample_rate = rate_hz
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray().reshape(-1, 2) for part in parts]).astype(np.float32)


def _cut_or_filled(samples: Samples, frames: int) -> Samples:
    """Return exactly `frames` frames: silence added, or cut with a short fade."""
    if len(samples) <= frames:
        return np.pad(samples, ((0, frames - len(samples)), (0, 0)))
    cut = samples[:frames].copy()
    fade = min(frames, round(_FADE_S * SAMPLE_RATE_HZ))
    cut[frames - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)[:, None]
    return cut


def _track(job: ExportJob) -> MusicTrack:
    if job.document.music is None:
        raise BadRequest("there is no music in this document")
    return job.document.music
