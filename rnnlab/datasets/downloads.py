"""Public files from the network, kept where Keras keeps its own, each checked against its SHA-256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rnnlab.datasets.errors import DataError


def download(name: str, url: str, sha256: str) -> Path:
    """The file as it was downloaded before, else from the network.

    Raises:
        DataError: it is not there and cannot be loaded, or what came is another file.
    """
    keras_home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    cached = keras_home / "datasets" / name
    if cached.is_file() and hashlib.sha256(cached.read_bytes()).hexdigest() == sha256:
        return cached
    from keras.utils import get_file

    try:
        # Keras takes a folder in /tmp, which anybody may have filled, for one that is not there yet.
        cached.parent.mkdir(parents=True, exist_ok=True)
        return Path(get_file(name, origin=url, file_hash=sha256, cache_dir=str(keras_home)))
    # Keras wraps what goes wrong in exceptions of many kinds, among them plain ones.
    except Exception as error:
        raise DataError(
            f"{name}: expected it in the folder that RNNLAB_DATA names, or in {cached.parent}, or a network to load it "
            f"from {url}, got none of them ({' '.join(str(error).split())[:200]})"
        ) from None
