"""Trained replicas as one file, and back."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnlab.files import check_ordinary, whole_file
from rnnlab.training.checks import Run
from rnnlab.training.result import Replica, Replicas

FORMAT = "rnnlab replicas 1"
NO_SECONDS = {"build": 0.0, "compile": 0.0, "train": 0.0, "total": 0.0}


def save_replicas(replicas: Replicas, path: str | Path, notes: dict | None = None, *, task: str | None = None) -> None:
    """Writes a zip of `model.keras` (the network, loadable by Keras alone), every replica's weights and states, and notes.

    Args:
        notes: anything that survives a round trip through JSON.
        task: what the networks are for; `load_replicas` can ask for it.

    Raises:
        ValueError: there is no replica.
        OSError: the file cannot be written.
    """
    if not replicas.seeds:
        raise ValueError("replicas: expected at least one finished replica, got none")
    arrays: dict[str, np.ndarray] = {}
    for place, replica in enumerate(replicas.finished):
        arrays |= _arrays(replica, f"{place}_") | {f"logs_{place}": replica.logs}
    about = {
        "format": FORMAT,
        "seeds": list(replicas.seeds),
        "settings": [replica.run.settings for replica in replicas.finished],
        "log_names": replicas.log_names,
        "notes": (notes or {}) | ({"task": task} if task else {}),
    }
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.keras"
        replicas.models[0].save(model)
        with whole_file(Path(path)) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("about.json", json.dumps(about))
            archive.write(model, "model.keras")
            buffer = io.BytesIO()
            np.savez(buffer, allow_pickle=False, **arrays)
            archive.writestr("replicas.npz", buffer.getvalue())


def load_replicas(path: str | Path, *, task: str | None = None) -> tuple[Replicas, dict[str, Any]]:
    """The replicas and the notes that `save_replicas` wrote.

    Raises:
        OSError: there is no such file.
        ValueError: the file is none that `save_replicas` wrote, or its networks are for another task than `task`.
    """
    check_ordinary(path, most=None)  # a missing file is said as such, not as a damaged one
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("about.json"))
            if about["format"] != FORMAT:
                raise ValueError(f"its format is {about['format']!r}")
            network = archive.read("model.keras")
            with np.load(io.BytesIO(archive.read("replicas.npz")), allow_pickle=False) as arrays:
                stored = {name: arrays[name] for name in arrays.files}
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{path}: expected a file that --save wrote, got something else ({error})") from error
    if task is not None and (found := about["notes"].get("task")) != task:
        raise ValueError(f"{path}: expected networks for {task}, got networks for {found or 'something else'}")
    finished = [
        _replica(Run(seed, settings, {}), stored, f"{place}_", f"logs_{place}")
        for place, (seed, settings) in enumerate(zip(about["seeds"], about["settings"], strict=True))
    ]

    def rebuild(run: Run) -> keras.Model:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.keras"
            file.write_bytes(network)
            return keras.saving.load_model(file, compile=False, safe_mode=True)

    return Replicas(rebuild, finished, about["log_names"], NO_SECONDS, interrupted=False), about["notes"]


def weights_of(replicas: Replicas, place: int = 0) -> dict[str, np.ndarray]:
    """A finished replica as plain arrays by name, for `replicas_of`: weights, recurrent states, logs and their names."""
    replica = replicas.finished[place]
    return _arrays(replica) | {"logs": replica.logs, "log_names": np.array(replicas.log_names)}


def replicas_of(build: Callable[[int], keras.Model], kept: Mapping[int, Mapping[str, np.ndarray]]) -> Replicas:
    """The replicas that `weights_of` took apart.

    Args:
        build: as it was given to `fit_replicas`.
        kept: arrays by seed.
    """
    finished = [_replica(Run(seed, {}, {}), arrays) for seed, arrays in kept.items()]
    names = [str(name) for name in next(iter(kept.values()))["log_names"]]
    return Replicas(lambda run: build(run.seed), finished, names, NO_SECONDS, interrupted=False)


def _arrays(replica: Replica, prefix: str = "") -> dict[str, np.ndarray]:
    parts = {"weight": replica.weights, "state": replica.states}
    return {f"{name}_{prefix}{i}": array for name, arrays in parts.items() for i, array in enumerate(arrays)}


def _replica(run: Run, arrays: Mapping[str, np.ndarray], prefix: str = "", logs: str = "logs") -> Replica:
    def numbered(start: str) -> list[np.ndarray]:
        return [arrays[f"{start}{i}"] for i in range(sum(name.startswith(start) for name in arrays))]

    return Replica(run, numbered(f"weight_{prefix}"), numbered(f"state_{prefix}"), np.asarray(arrays[logs]))
