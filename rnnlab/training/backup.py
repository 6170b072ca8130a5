"""Where each replica stands, kept in a folder, so that the same training goes on where it was cut."""

from __future__ import annotations

import hashlib
import time
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from keras import ops, tree

from rnnlab.files import whole_file
from rnnlab.training.program import Carry

# A replica that takes hours is written after each pass or so, many short ones not all the time.
SECONDS_BETWEEN = 20.0


class Progress(NamedTuple):
    """Where a replica in training stands."""

    carry: Carry
    logs: np.ndarray  # (passes, names)
    seconds: float  # in the program


class Backup:
    """Files of a training, one per replica, named by all that decides what becomes of the replica.

    Another training in the same folder has other names, so that nothing wrong can be taken over.

    Args:
        folder: made if it is not there.
        decisive: arrays and printable values, the same for all replicas.
    """

    def __init__(self, folder: str | Path, decisive: list[Any]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._digest = _digest(hashlib.sha256(), decisive)
        self._written: dict[Path, float] = {}

    def path(self, run: Any, weights: list[np.ndarray]) -> Path:
        return self.folder / f"{_digest(self._digest.copy(), [run, weights]).hexdigest()[:32]}.npz"

    def load(self, path: Path, start: Progress) -> Progress:
        """What was saved, or `start`, of the same structure, if nothing was."""
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                found = [file[f"arr_{place}"] for place in range(len(file.files))]
        except FileNotFoundError:
            return start
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"backup: expected {path} as it was written, got a damaged file ({error})") from None
        count = len(start.carry.values)
        return Progress(Carry(found[:count], found[count:-2]), found[-2], float(found[-1]))

    def save(self, path: Path, progress: Progress, *, last: bool) -> None:
        """Writes the file if it is the last time, or long enough ago."""
        now = time.monotonic()
        if not last and now - self._written.setdefault(path, now - SECONDS_BETWEEN) < SECONDS_BETWEEN:
            return
        arrays = [ops.convert_to_numpy(value) for value in (*progress.carry.values, *progress.carry.stopping)]
        with whole_file(path) as temporary:
            np.savez(temporary, *arrays, progress.logs, np.float64(progress.seconds))
        self._written[path] = time.monotonic()


def _digest(digest: Any, parts: Any) -> Any:
    for part in tree.flatten(parts):
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
        else:
            digest.update(f"{part!r};".encode())
    return digest
