"""Public files: from the user's folder, or from the network, kept where Keras keeps its own and checked against a checksum."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rnnlab.datasets.errors import DataError


def public_file(name: str, url: str, checksum: str) -> Path:
    """The file `name` in the folder that RNNLAB_DATA names, else as it was downloaded before, else from the network.

    A file of the user's own may be another edition; a download must have the checksum: SHA-256, or MD5 where its publisher
    gives no other.

    Raises:
        DataError: it is not there and cannot be loaded, or what came is another file.
    """
    folder = os.environ.get("RNNLAB_DATA")
    if folder and Path(folder, name).is_file():
        return Path(folder, name)
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    cached = keras_home / "datasets" / name
    if cached.is_file() and _digest(cached, "sha256" if len(checksum) == 64 else "md5") == checksum:
        return cached
    from keras.utils import get_file

    try:
        # Keras takes a folder in /tmp, which anybody may have filled, for one that is not there yet.
        cached.parent.mkdir(parents=True, exist_ok=True)
        return Path(get_file(name, origin=url, file_hash=checksum, cache_dir=str(keras_home)))
    # Keras wraps what goes wrong in exceptions of many kinds, among them plain ones.
    except Exception as error:
        raise DataError(
            f"{name}: expected it in the folder that RNNLAB_DATA names, or in {cached.parent}, or a network to load it "
            f"from {url}, got none of them ({' '.join(str(error).split())[:200]})"
        ) from None


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
