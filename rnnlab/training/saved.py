"""Trained replicas as one file, and back."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnnlab.files import whole_file
from rnnlab.training.checks import Run
from rnnlab.training.result import Replica, Replicas

FORMAT = "rnnlab replicas 1"


def save_replicas(
    replicas: Replicas, path: str | Path, notes: dict[str, Any] | None = None, *, task: str | None = None
) -> None:
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
        arrays |= {f"weight_{place}_{i}": weight for i, weight in enumerate(replica.weights)}
        arrays |= {f"state_{place}_{i}": state for i, state in enumerate(replica.states)}
        arrays[f"logs_{place}"] = replica.logs
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
    with open(path, "rb"):  # a missing file is said as such, not as a damaged one
        pass
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
        Replica(
            Run(seed, settings, {}),
            _numbered(stored, f"weight_{place}_"),
            _numbered(stored, f"state_{place}_"),
            stored[f"logs_{place}"],
        )
        for place, (seed, settings) in enumerate(zip(about["seeds"], about["settings"], strict=True))
    ]

    def rebuild(run: Run) -> keras.Model:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.keras"
            file.write_bytes(network)
            return keras.saving.load_model(file, compile=False, safe_mode=True)

    seconds = {"build": 0.0, "compile": 0.0, "train": 0.0, "total": 0.0}
    return Replicas(rebuild, finished, about["log_names"], seconds, interrupted=False), about["notes"]


def _numbered(arrays: dict[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    names = [name for name in arrays if name.startswith(prefix)]
    return [arrays[f"{prefix}{place}"] for place in range(len(names))]
