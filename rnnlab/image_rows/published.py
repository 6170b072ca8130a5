"""What was published of the row classifier, and what of it is misprinted."""

from __future__ import annotations

import pandas as pd

from rnnlab import datasets, study
from rnnlab.image_rows.studies import SEEDS

# By measure, arm and the mean that is printed, what the published code gave; see the notes of the report.
MISPRINTS = {
    ("train_loss", "3", 0.2056): "s 0.0111",
    ("train_loss", "10", 0.3415): "0.3310, s 0.0364",
    ("test_loss", "0.7", 0.191): "0.2910",
    ("test_loss", "1", 0.2799): "s 0.0223",
    ("test_loss", "2", 0.2799): "0.2706, s 0.0118",
    ("test_accuracy", "sgd, 0.001", 0.8483): "0.8434",
}
COLUMNS = ["arm", "measure", "mean", "sd", "misprint", "instead"]


def scores_of(plan: study.Study) -> pd.DataFrame:
    """Published means and standard deviations (n - 1) by arm and measure.

    Returns:
        Columns arm, measure, mean, sd (nan where it is not known), misprint, instead (what it stands for), and forget_bias for
        the study of it, which has one arm in two sweeps. No row where nothing was published.
    """
    if plan.name == "gate-as_run":
        found = datasets.published("gate_activation").rename(columns={"gate": "arm"})
    elif plan.name == "forget-bias":
        found = datasets.published("forget_bias").assign(arm=lambda t: [f"{bias:g}" for bias in t.forget_bias])
    elif plan.name == "optimizer":
        found = datasets.published("optimizers").assign(arm=lambda t: t.optimizer + ", " + t.learning_rate.map("{:g}".format))
    elif plan.name == "extras":
        found = datasets.published("extras").assign(sd=float("nan"))
    else:
        return pd.DataFrame(columns=COLUMNS)
    if "measure" not in found:
        found["measure"] = found.split + "_loss"
    samples = [study.from_figures(mean, sd, SEEDS, ddof=0) for mean, sd in zip(found["mean"], found.sd, strict=True)]
    instead = [MISPRINTS.get(key, "") for key in zip(found.measure, found.arm, found["mean"], strict=True)]
    found = found.assign(sd=[sample.sd for sample in samples], misprint=[bool(text) for text in instead], instead=instead)
    return found[COLUMNS + ["forget_bias"] * ("forget_bias" in found)]
