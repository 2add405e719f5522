"""The parts of a document's score, each as a sound file of its own."""

from __future__ import annotations

import re
from pathlib import Path

from desktop.export.atomic import write_bytes
from desktop.export.job import ExportJob
from desktop.export.sound import SAMPLE_RATE_HZ, heard_score
from engines.api import BadRequest, SoundRequest

SUFFIXES = (".wav", ".flac", ".ogg")
_FORBIDDEN = re.compile(r"[^\w .()-]+")


def write_stems(job: ExportJob) -> tuple[Path, ...]:
    """Write a file for each part that is heard, named after `job.path` and the part.

    All are as long as the scene, or as the music with its tail, and together
    they are the mix; what was there under these names is replaced.

    Raises:
        BadRequest: there is no music, or it is to be no kind of sound.
        CannotWrite: the folder or the disk does not take it.
    """
    if job.suffix not in SUFFIXES:
        raise BadRequest(f"parts are written as {', '.join(SUFFIXES)}, not as {job.path.name!r}")
    request = SoundRequest(
        midi=heard_score(job),
        format=job.suffix[1:],
        seconds=job.document.duration_s,
        sample_rate_hz=SAMPLE_RATE_HZ,
        stems=True,
    )
    stems = job.ask(request, job.run).stems
    paths: list[Path] = []
    for number, (name, data) in enumerate(stems):
        job.run.step(number, len(stems), stage="writing the files")
        words = _FORBIDDEN.sub(" ", name).strip(" .")[:40] or "part"
        path = job.path.with_name(f"{job.path.stem} {words}{job.suffix}")
        write_bytes(path, data)
        paths.append(path)
    return tuple(paths)
