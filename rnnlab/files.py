"""Files: those that we write are whole or absent, those that we read are ordinary and not endless."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = ".rnnlab-"  # of files that are being written
LARGEST = 1 << 30  # bytes of a file that is read whole
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device"}


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path` that takes its place when the block ends well, and is removed when it does not.

    Raises:
        ValueError: there is something at `path` that is no file, such as a folder or a device.
        OSError: the file cannot be written.
    """
    if path.exists():
        check_ordinary(path, most=None)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file at once; raises as `whole_file`."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def sweep(directory: Path) -> None:
    """Removes files that a killed process was writing in a directory."""
    for left in directory.glob(f"{PREFIX}*"):
        left.unlink(missing_ok=True)


def check_ordinary(path: str | os.PathLike[str], most: int | None = LARGEST) -> None:
    """Refuses what would hang or never end: pipes, devices, folders, and files of more than `most` bytes.

    Raises:
        ValueError: it is something of that kind.
        OSError: there is nothing there, or it cannot be looked at.
    """
    if "\0" in str(path):
        raise ValueError(f"{str(path)!r}: expected the name of a file, got one with a zero byte")
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{path}: expected a file, got {_KINDS.get(stat.S_IFMT(found.st_mode), 'a device')}")
    if most is not None and found.st_size > most:
        raise ValueError(f"{path}: expected a file of at most {most >> 20:,} MiB, got {found.st_size >> 20:,} MiB")
