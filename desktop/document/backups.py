"""Keep the last three states of every project file, out of the user's way.

They lie in the application's own data folder and not beside the project, so
that nobody's folder fills with copies. `TRIPTYCH_HOME` names another data folder.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from pathlib import Path

import platformdirs

KEPT = 3

_log = logging.getLogger(__name__)


def backup_folder(path: Path) -> Path:
    """Return where the backups of the project at `path` lie, newest `1.triptych`."""
    told = os.environ.get("TRIPTYCH_HOME")
    home = Path(told) if told else platformdirs.user_data_path("triptych", False)
    place = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]
    return home / "backups" / f"{path.stem[:40]}-{place}"


def backups(path: Path) -> tuple[Path, ...]:
    """Return the backups of a project that are there, newest first."""
    folder = backup_folder(path)
    found = (folder / f"{number}.triptych" for number in range(1, KEPT + 1))
    return tuple(backup for backup in found if backup.is_file())


def keep_backup(path: Path) -> None:
    """Make the file at `path` its newest backup and forget the fourth.

    A backup that cannot be made does not keep the user from saving.
    """
    if not path.is_file():
        return
    folder = backup_folder(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / "0.triptych"
        fresh.unlink(missing_ok=True)
        try:
            os.link(path, fresh)  # the goal is replaced, not written to, so a link is safe
        except OSError:
            shutil.copy2(path, fresh)
        for number in range(KEPT - 1, -1, -1):
            older = folder / f"{number}.triptych"
            if older.exists():
                older.replace(folder / f"{number + 1}.triptych")
    except OSError as problem:
        _log.warning("no backup of %s: %s", path, problem)
