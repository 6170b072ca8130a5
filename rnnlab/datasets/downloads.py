"""Public files: from the user's folder, or from the network, kept where Keras keeps its own and checked against a checksum."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rnnlab.datasets.tables import DataError


def own_copy(name: str | Path) -> Path | None:
    """The file in the folder that the environment variable RNNLAB_DATA names, if it is there."""
    folder = os.environ.get("RNNLAB_DATA")
    return Path(folder, name) if folder and Path(folder, name).is_file() else None


def public_file(name: str, url: str, checksum: str) -> Path:
    """The file `name` in the folder that RNNLAB_DATA names, else as it was downloaded before, else from the network.

    A file of the user's own may be another edition; a download must have the checksum: SHA-256, or MD5 where its publisher
    gives no other.

    Raises:
        DataError: it is not there and cannot be loaded, or what came is another file.
    """
    if own := own_copy(name):
        return own
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    cached = keras_home / "datasets" / name
    if cached.is_file():
        with cached.open("rb") as file:
            if hashlib.file_digest(file, "sha256" if len(checksum) == 64 else "md5").hexdigest() == checksum:
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
