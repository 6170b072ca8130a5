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
samples = {arm: study.summarize(group.loss) for arm, group in runs.groupby("arm")}
print(study.t_test(samples["lstm, 8"], samples["gru, 8"]))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rnnlab.study.files import read_csv, write_csv
from rnnlab.study.plan import Job, Study, grid
from rnnlab.study.runner import run
from rnnlab.study.store import Result, Store, StoreError

if TYPE_CHECKING:
    from rnnlab.study.compare import Comparison, Sample, from_figures, holm, rank, summarize, t_test
    from rnnlab.study.report import Report
    from rnnlab.study.variance import anova, one_way, two_way

__all__ = [
    "Comparison",
    "Job",
    "Report",
    "Result",
    "Sample",
    "Store",
    "StoreError",
    "Study",
    "anova",
    "from_figures",
    "grid",
    "holm",
    "one_way",
    "rank",
    "read_csv",
    "run",
    "summarize",
    "t_test",
    "two_way",
    "write_csv",
]

_COMPARE = ("Comparison", "Sample", "from_figures", "holm", "rank", "summarize", "t_test")
_MODULE_OF = {
    **dict.fromkeys(_COMPARE, "compare"),
    **dict.fromkeys(("anova", "one_way", "two_way"), "variance"),
    "Report": "report",
}


def __getattr__(name: str) -> Any:
    # Statistics load when they are asked for: workers, which only train, need not wait for them.
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
