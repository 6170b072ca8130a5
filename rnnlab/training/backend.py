"""The compiler behind the running Keras backend."""

from __future__ import annotations

import importlib
import os
from typing import Any

import keras
from keras import ops

_FLAG = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold={}"
_SMALL, _ANY = _FLAG.format(1 << 16), _FLAG.format(1 << 30)
_chosen = ""


def load_backend(*, vectors: bool = False) -> Any:
    """The module of this package for the running Keras backend.

    The first call in a process chooses how large the loops may be that XLA's CPU compiler emits as one function each.
    Otherwise each operation of each update is a call into XLA's runtime, several times the arithmetic of a small network.
    Inside such a function matrix products are plain loops on one core. That suits products of a matrix by one vector
    (`vectors`) at any size: on two idle cores one replica of LSTM(128) at batch 1 trained 2.3 times as fast, 256 units 1.5
    times, 1024 units 1.15 times (8 units fit the lower limit); on busy cores no difference was seen. It ruins larger batches:
    the adder at batch 128 was 40 times slower, a text classifier at batch 32 six times; hence `following`. XLA reads the flag
    once per process; XLA_FLAGS of the user's own are left as they are.

    Raises:
        NotImplementedError: Keras runs on neither TensorFlow nor JAX.
    """
    global _chosen
    name = keras.backend.backend()
    if name not in ("tensorflow", "jax"):
        raise NotImplementedError(
            f"fit_replicas: expected the Keras backend to be tensorflow or jax, got {name}; set KERAS_BACKEND before the first "
            "import of keras"
        )
    if not _chosen:
        _chosen = _ANY if vectors else _SMALL
        if os.environ.get("XLA_FLAGS", "") in ("", _SMALL, _ANY):  # of this process's parent
            os.environ["XLA_FLAGS"] = _chosen
    return importlib.import_module(f"rnnlab.training.backend_{name}")


def following(index: Any, vectors: bool) -> Any:
    """The next index of a loop, kept from being emitted whole at any size where its products are not of a matrix by a vector.

    XLA's CPU compiler emits no loop whole that sorts something. With this the adder and the text classifier named above are
    back at 90 % and 66 % of their speed in a process that trained a network at batch 1 before.
    """
    if vectors or _chosen != _ANY:
        return index + 1
    return ops.sort(ops.stack([index + 1, index * 0]))[1]
