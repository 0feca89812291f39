"""Files and folders that nobody but the user who runs the circle may open: the data folder, the store, the keys."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

OTHERS = 0o077
"""The bits of a file's mode that are for its group and for everybody else (chmod(2))."""


def make_files_private() -> None:
    """Let every file and folder that this process and its children make from now on be for its owner alone."""
    os.umask(OTHERS)


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner may open, or make an existing one so."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shut(folder)


def shut(path: Path) -> bool:
    """Take away what group and others may do with a file or folder; whether they could do anything.

    What belongs to another user, or to everybody (the root, a folder like /tmp), is left as it is, and `circle doctor`
    names it.
    """
    mode = path.stat().st_mode
    everybodys = path == path.parent or mode & stat.S_ISVTX
    if not mode & OTHERS or everybodys or path.stat().st_uid != os.geteuid():
        return False
    path.chmod(mode & 0o700)
    return True


def write(path: Path, text: str) -> None:
    """Replace a file by one that only its owner may open, at once and for good: on the disk when this returns.

    Raises OSError with the file's name; then the file is as it was.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        error.filename = str(path)  # a write that fails does not say where
        raise


def open_to_others(paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that group or others may read, write or enter."""
    return [path for path in paths if path.exists() and path.stat().st_mode & OTHERS]
