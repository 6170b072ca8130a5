"""What is compared: the published studies of the adder, a comparison of one's own, sums longer than those trained on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from rnnlab import study
from rnnlab.cells import CELLS
from rnnlab.digit_sums.network import INITIAL_STATES

BATCH_SIZE = 200
EVERY = 50  # updates between evaluations
UNITS = 64
MOST = 1_000_000  # columns of all batches; each takes some 3 kB while it is drawn and encoded
TRAINED = 10  # most digits of the sums that are trained on before longer ones are asked
PROTOCOL: dict[str, Any] = {
    "maxlen": 5,
    "learning_rate": 0.001,
    "cell": "simple_rnn",
    "activation": "relu",
    "num_layers": 2,
    "state": "reset",
    "initial_state": "zeros",
    "halved_at": None,  # the learning rate is halved after this update
    "updates": 500,
}
LENGTHS = (5, 10, 25, 50, 70)
RATES = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5)
STATES = ("reset", "carry", "zeros")

Arms = dict[str, dict[str, Any]]
Claim = Callable[[pd.DataFrame], study.Verdict]


@dataclass(frozen=True)
class Published:
    """A published study.

    Attributes:
        changes: by arm, the settings that are not those of `PROTOCOL`.
        claims: what was claimed, each as a function from the finished runs to a verdict.
        ends: fraction of sums right at the end, by arm, read off the published figures.
        runs: of each arm in the published study.
        grid: the two settings that span a heat map. The first update with every sum right is what is looked for there.
    """

    title: str
    changes: Arms
    claims: tuple[Claim, ...] = ()
    ends: Mapping[str, float] = field(default_factory=dict)
    runs: int = 5
    grid: tuple[str, ...] = ()


def study_of(
    name: str, seeds: Sequence[int], *, variant: str = "as_run", units: int = UNITS, updates: int | None = None
) -> study.Study:
    """The plan of a published study.

    Args:
        name: one of `STUDIES`.
        variant: operands as drawn ("as_run") or as described ("as_claimed"); see `draw_operands`.
        updates: of every arm; None: as published.
    """
    published = STUDIES[name]
    own = {} if updates is None else {"updates": updates}
    arms = {arm: changes | own for arm, changes in published.changes.items()}
    # One batch is asked, as published, where the first time that all are right is looked for.
    held_out = BATCH_SIZE if published.grid else 10 * BATCH_SIZE
    return _plan(name, published.title, arms, seeds, variant=variant, units=units, held_out=held_out)


def _plan(name: str, title: str, changes: Arms, seeds: Sequence[int], **common: Any) -> study.Study:
    arms = {arm: PROTOCOL | settings for arm, settings in changes.items()}
    for arm in arms.values():
        if arm["updates"] % EVERY:
            raise ValueError(f"updates: expected a multiple of {EVERY}, got {arm['updates']}")
    longest = max(arm["updates"] * (arm["maxlen"] + 1) for arm in arms.values())
    if longest > MOST:
        raise ValueError(f"maxlen, updates: expected a product of at most {MOST:,}, for memory, got {longest:,}")
    return study.Study(name, arms, tuple(seeds), common, ("learning_rate",), f"Digit sums: {title}")


def comparison_of(
    seeds: Sequence[int],
    *,
    cell: Sequence[str] = ("gru",),
    layers: Sequence[int] = (2,),
    maxlen: Sequence[int] = (5,),
    rate: Sequence[float] = (0.01,),
    variant: str = "as_run",
    units: int = UNITS,
    updates: int = 1000,
) -> study.Study:
    """The plan of a comparison of one's own: an arm for each combination, named by what differs."""
    spans = {"cell": cell, "layers": layers, "maxlen": maxlen, "rate": rate}
    several = [name for name, values in spans.items() if len(set(values)) > 1] or ["cell"]
    arms = {}
    for values in itertools.product(*spans.values()):
        name = ", ".join(f"{key} {value}" for key, value in zip(spans, values, strict=True) if key in several)
        changes = dict(zip(("cell", "num_layers", "maxlen", "learning_rate"), values, strict=True))
        arms[name] = {"activation": None, "updates": updates} | changes
    return _plan("own", "networks of one's own", arms, seeds, variant=variant, units=units, held_out=10 * BATCH_SIZE)


def longer_of(
    seeds: Sequence[int],
    *,
    lengths: Iterable[int] = (100, 1000, 100_000),
    cell: Sequence[str] = CELLS,
    layers: Sequence[int] = (1, 2),
    chains: Sequence[float] = (0.0, 0.5, 1.0),
    units: int = UNITS,
    updates: int = 3000,
) -> study.Study:
    """The plan of networks that are trained on sums of up to `TRAINED` digits and asked sums of other `lengths`.

    Args:
        chains: fractions of carry chains among the sums that are trained on.
    """
    arms: Arms = {
        f"{name}, {n} layer{'s' * (n > 1)}, {part:g} chains": {"cell": name, "num_layers": n, "chains": part}
        for name, n, part in itertools.product(cell, layers, chains)
    }
    asked = " ".join(map(str, sorted(set(lengths))))
    common: dict[str, Any] = {"maxlen": TRAINED, "units": units, "updates": updates, "lengths": asked}
    title = f"Trained on sums of up to {TRAINED} digits, asked longer ones"
    return study.Study("longer", arms, tuple(seeds), common, title=title)


def lengths_of(settings: Mapping[str, Any]) -> list[int]:
    """Digits of the sums that the networks of `longer_of` are asked."""
    return [int(digits) for digits in settings["lengths"].split()]


def reduced(plan: study.Study) -> str:
    """In which ways the plan of a published study is another than the published one, or smaller; "" where in none."""
    words = plan.differences(study_of(plan.name, plan.seeds))
    if len(plan.seeds) < (runs := STUDIES[plan.name].runs):
        words.append(f"{len(plan.seeds)} seeds of {runs}")
    return ", ".join(words)


def _grid(labels: tuple[str, str], spans: dict[str, Sequence], **others: Any) -> Arms:
    arms = itertools.product(*spans.values())
    return {", ".join(labels).format(*values): dict(zip(spans, values, strict=True)) | others for values in arms}


def _extreme(claim: str, arm: str, published: str, *, highest: bool) -> Claim:
    """An arm ends with most, or fewest, sums right."""

    def judge(runs: pd.DataFrame) -> study.Verdict:
        return study.claims.extreme(claim, study.by_arm(runs, "exact"), arm, highest=highest, published=published)

    return judge


def _first(claim: str, chosen: Callable[[pd.DataFrame], pd.Series], **about: Any) -> Claim:
    """In most seeds the first arms with every sum right are chosen ones.

    Seeds in which others are as early, or no arm gets there, are undecided and do not count.
    """

    def judge(runs: pd.DataFrame) -> study.Verdict:
        first = runs.first_perfect.fillna(np.inf)
        leading = first == first.groupby(runs.seed).transform("min")
        seeds = chosen(runs)[leading].groupby(runs.seed[leading]).agg(["any", "all"])
        decided = seeds[seeds["any"] == seeds["all"]]
        tied = len(seeds) - len(decided)
        note = f"{tied} of {len(seeds)} seeds undecided: others as early, or none there" if tied else ""
        return study.claims.mostly(claim, decided["all"], note=note, **about)

    return judge


_LAYERS, _SLOW = "1.0, 1.0, 0.92, 0.81", {"updates": 1000}
STUDIES = {
    "maxlen": Published(
        "longest operand",
        {f"maxlen {n}": {"maxlen": n} for n in LENGTHS},
        (_extreme("maxlen 5 ends lowest", "maxlen 5", "0.89 against 0.99 to 1.0", highest=False),),
        {"maxlen 5": 0.89, "maxlen 10": 1, "maxlen 25": 1, "maxlen 50": 1, "maxlen 70": 1},
    ),
    "rate": Published(
        "learning rate",
        {f"rate {rate:g}": {"learning_rate": rate} | _SLOW for rate in RATES}
        | {"0.01, halved": {"learning_rate": 0.01, "halved_at": 100} | _SLOW},
        (
            lambda runs: study.claims.never(
                "rates of 0.1 and above never learn",
                runs.exact[runs.learning_rate >= 0.1] >= 0.01,
                published="a loss of nan at both",
            ),
        ),
        {"rate 0.1": 0, "rate 0.5": 0},
        runs=1,
    ),
    "rate-maxlen": Published(
        "longest operand and learning rate",
        _grid(("maxlen {}", "rate {:g}"), {"maxlen": LENGTHS, "learning_rate": RATES}, num_layers=3),
        (
            _first(
                "everything is right first at rate 0.01 and maxlen 50 to 70",
                lambda runs: (runs.learning_rate == 0.01) & (runs.maxlen >= 50),
                published="after 150 updates",
                id="digit-sums/rate-maxlen/best-at-0.01-and-50-to-70",
            ),
        ),
        runs=1,
        grid=("maxlen", "learning_rate"),
    ),
    "layers": Published(
        "layers",
        {f"{n} layer{'s' * (n > 1)}": {"num_layers": n} | _SLOW for n in (1, 2, 3, 4)},
        (
            _extreme("1 layer ends highest", "1 layer", _LAYERS, highest=True),
            _extreme("4 layers end lowest", "4 layers", _LAYERS, highest=False),
        ),
        {"1 layer": 1, "2 layers": 0.99, "3 layers": 0.92, "4 layers": 0.81},
    ),
    "state": Published(
        "state between batches",
        {
            f"{arm}, maxlen {maxlen}": changes | {"maxlen": maxlen, "updates": updates}
            for maxlen, updates in ((5, 1000), (50, 300))
            for arm, changes in ({state: {"state": state} for state in STATES} | {"no RNN": {"cell": None}}).items()
        },
        (
            lambda runs: study.claims.never(
                "without an RNN no sum is right",
                runs.exact[runs.cell.isna()] > 0,
                published="0 right, loss 1.58",
                id="digit-sums/state/no-rnn-never",
            ),
        ),
        {"no RNN, maxlen 5": 0, "no RNN, maxlen 50": 0},
    ),
    "layers-state": Published(
        "layers and state between batches",
        _grid(("layers {}", "state {}"), {"num_layers": (1, 2, 3, 4), "state": STATES}, maxlen=10, updates=700),
        runs=1,
        grid=("num_layers", "state"),
    ),
    "initial-state": Published(
        "initial state",
        {initial: {"initial_state": initial} | _SLOW for initial in INITIAL_STATES},
        (_extreme("zeros are the best initial state", "zeros", "0.87 against 0.78 to 0.84 at update 400", highest=True),),
    ),
    "cell": Published(
        "cell",
        {
            "simple RNN, tanh": {"activation": None} | _SLOW,
            "simple RNN, ReLU": _SLOW,
            "LSTM": {"cell": "lstm", "activation": None} | _SLOW,
            "GRU": {"cell": "gru", "activation": None} | _SLOW,
        },
        (
            _first(
                "tanh RNN or GRU is best (all right first)",
                lambda runs: runs.arm.isin(["simple RNN, tanh", "GRU"]),
                published="about 500 updates (tanh), 750 (GRU)",
            ),
        ),
    ),
}
