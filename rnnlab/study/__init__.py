"""Studies: a plan of arms and seeds, run once, kept run by run, compared by tests, and written up.

from rnnlab import study

plan = study.Study("units", arms=study.grid(cell=["lstm", "gru"], units=[8, 16]), seeds=range(10))

def train(jobs, done):
    for job in jobs:
        loss, seconds = my_training(seed=job.seed, **job.settings)
        done(job, study.Result({"loss": loss}, seconds))

with study.Store("units.sqlite") as store:
    study.run(plan, train, store)
    runs = store.frame(plan)
loss = study.by_arm(runs, "loss")
print(study.t_test(loss["lstm, 8"], loss["gru, 8"]))  # paired: both arms have the same seeds
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rnnlab.study.files import read_csv, write_csv
from rnnlab.study.plan import Job, Study, grid
from rnnlab.study.runner import run
from rnnlab.study.store import Result, Runs, Store, StoreError

if TYPE_CHECKING:
    from rnnlab.study import claims
    from rnnlab.study.claims import Verdict
    from rnnlab.study.report import Report
    from rnnlab.study.stats import (
        Comparison,
        Sample,
        by_arm,
        equivalence,
        from_figures,
        holm,
        logs,
        rank,
        spans_decades,
        summarize,
        t_test,
    )
    from rnnlab.study.variance import anova, one_way, two_way

__all__ = [
    "Comparison",
    "Job",
    "Report",
    "Result",
    "Runs",
    "Sample",
    "Store",
    "StoreError",
    "Study",
    "Verdict",
    "anova",
    "by_arm",
    "claims",
    "equivalence",
    "from_figures",
    "grid",
    "holm",
    "logs",
    "one_way",
    "rank",
    "read_csv",
    "run",
    "spans_decades",
    "summarize",
    "t_test",
    "two_way",
    "write_csv",
]

_MODULE_OF = {
    **dict.fromkeys(("anova", "one_way", "two_way"), "variance"),
    **dict.fromkeys(("Comparison", "Sample", "by_arm", "equivalence", "from_figures", "holm", "logs", "rank"), "stats"),
    **dict.fromkeys(("spans_decades", "summarize", "t_test"), "stats"),
    "Report": "report",
    "Verdict": "claims",
}


def __getattr__(name: str) -> Any:
    # Statistics load when they are asked for: workers, which only train, need not wait for them.
    if name == "claims":
        return import_module(f"{__name__}.claims")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
