"""Trained networks that write again: from the folder of an earlier training, or from the file of --save."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.poems.data import SPECIAL
from rnnlab.poems.training import build
from rnnlab.poems.verse import laid_out
from rnnlab.study import Store, Study
from rnnlab.study.files import read_runs

if TYPE_CHECKING:
    import keras


def load(path: Path) -> tuple[keras.Model, dict[str, Any]]:
    """The first network of a file that --save wrote, and the notes for `writing.writer_of`.

    Raises:
        OSError: there is no such file.
        ValueError: the file holds no language model.
    """
    from rnnlab.training import load_replicas

    replicas, notes = load_replicas(path, task="poems")
    return replicas.models[0], notes


def trained(folder: Path, store: Path | None = None) -> tuple[keras.Model, dict[str, Any]]:
    """The first network that was trained into a folder of results, and the notes for `writing.writer_of`.

    Args:
        store: the file of finished runs; None is runs.sqlite in the folder.

    Raises:
        ValueError: nothing was trained there.
    """
    path, arrays = store or folder / "runs.sqlite", None
    if path.is_file() and (folder / "runs.csv").is_file():
        for job, *_ in read_runs(folder, "poems")[:1]:
            with Store(path) as opened:
                arrays = opened.network(Study("poems", {job.arm: job.settings}, (job.seed,)), job)
    if not arrays:
        what = f"expected the networks of an earlier training in {folder}, got none"
        raise ValueError(f"--write, --heads: {what}; the same command without --write and --heads trains them")
    from rnnlab.training import replicas_of

    notes = json.loads(str(arrays["notes"]))
    builder = partial(build, SPECIAL + len(notes["characters"]), job.settings)
    return replicas_of(builder, {job.seed: arrays}).models[0], notes


def write(folder: Path, wishes: Mapping[str, Any]) -> str:
    """Texts that begin with `write`, or acrostics of `heads`: `count` at each temperature, an empty line between them.

    Args:
        folder: see `trained`.
        wishes: those two, load, store, seed, count, temperature (several), top_k and top_p; None where it is left open.
    """
    from rnnlab.poems.writing import Taste, writer_of

    model, notes = load(wishes["load"]) if wishes["load"] else trained(folder, wishes["store"])
    tastes = [Taste(each, wishes["top_k"], wishes["top_p"]) for each in wishes["temperature"] or [0.8]]
    begins = {"prompt": wishes["write"] or "", "heads": wishes["heads"] or ""}
    writes = partial(writer_of(model, notes), wishes["count"] or 4, seed=wishes["seed"], **begins)
    return "\n\n".join(laid_out(text) for taste in tastes for text in writes(taste=taste))
