"""The compiler behind the running Keras backend."""

from __future__ import annotations

import importlib
import os
from typing import Any

import keras


def emit_loops_whole(limit: int = 1 << 16) -> None:
    """Lets XLA's CPU compiler emit loops that touch up to `limit` bytes as one function each; for the whole process.

    Otherwise each operation of each update is a call into XLA's runtime, several times the arithmetic of a small network.
    Inside such a function matrix products are plain loops on one core, so a high limit suits networks that multiply a matrix
    by one vector at a time (batch 1, one step) at any size, and ruins those with large batches. The limit given first counts:
    XLA reads it when it first compiles. An XLA_FLAGS of the user's own is left as it is.
    """
    os.environ.setdefault("XLA_FLAGS", f"--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold={limit}")


def load_backend() -> Any:
    """The module of this package for the running Keras backend.

    Raises:
        NotImplementedError: Keras runs on neither TensorFlow nor JAX.
    """
    name = keras.backend.backend()
    if name not in ("tensorflow", "jax"):
        raise NotImplementedError(
            f"fit_replicas: expected the Keras backend to be tensorflow or jax, got {name}; set KERAS_BACKEND before the first "
            "import of keras"
        )
    emit_loops_whole()
    return importlib.import_module(f"rnnlab.training.backend_{name}")
