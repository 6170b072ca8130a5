"""What the sales example says: statistics, published runs, a series of one's own, kept forecasters."""

import numpy as np
import pandas as pd
import pytest
from helpers import load_example

from rnnlab import datasets, sales, study
from rnnlab.sales import report, studies

example = load_example("sales_forecast")
SERIES = datasets.shampoo_sales()
DATA = sales.prepare(SERIES.values)


def run(*arguments):
    example.main([str(argument) for argument in arguments])


def runs_of(plan, forecasts):
    """Runs of a plan, whose months are forecast as given for each seed."""
    store = study.Store(":memory:")
    for job in plan.jobs:
        forecast = forecasts[job.seed]
        scores = {"test_rmse": float(sales.rmse(forecast[23:], SERIES.values[24:])), "train_rmse": 1.0}
        store.add(plan.name, job, study.Result(scores, 1.0, arrays={"forecast": forecast}))
    return store.runs(plan)


def test_the_published_runs_stand_beside_ours_only_where_they_belong():
    plan = studies.study_of(SERIES, range(4), units=(5, 8), cells=("lstm", "gru"))
    runs = runs_of(plan, [SERIES.values[1:] + shift for shift in (70.0, 80.0, 90.0, 60.0)])
    table = report.scores_table(runs, DATA, studies.published(plan)).set_index("network")
    assert table["published run"]["LSTM, 8 units"] == 76.61
    assert table["seeds better"].to_dict() == {
        "LSTM, 5 units": "–", "LSTM, 8 units": "2 of 4", "GRU, 5 units": "–", "GRU, 8 units": "–",
    }  # fmt: skip
    assert table["RMSE of the average"].tolist() == pytest.approx([75.0] * 4)
    for changes in ({"epochs": 300}, {"lags": 2}, {"test_size": 11}):
        assert studies.published(studies.study_of(SERIES, range(4), **changes)) is None
    assert studies.published(studies.study_of(SERIES, range(4), horizon=3)) is not None
    assert studies.published(studies.study_of(datasets.airline_passengers(), range(4))) is None


def test_a_diverged_run_is_counted_and_left_out_of_the_statistics(tmp_path):
    plan = studies.study_of(SERIES, range(2), epochs=10)
    runs = runs_of(plan, [SERIES.values[1:] + 50, np.full(35, np.nan)])
    found = report.report_of(SERIES, DATA, plan, runs, "command")
    row = found.tables[report.SCORES].iloc[0]
    assert (row.diverged, row["mean"], row["RMSE of the average"]) == (1, pytest.approx(50), pytest.approx(50))
    found.write(tmp_path)
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_a_series_of_ones_own_with_months_ahead_is_kept_and_loaded(tmp_path, capsys):
    rng = np.random.default_rng(0)
    months = pd.period_range("2018-01", periods=40, freq="M").astype(str)
    name = "revenue [€/month] $x_{"
    table = pd.DataFrame({"month": months, name: np.round(1000 + 10 * np.arange(40) + rng.normal(0, 50, 40), 1)})
    table.iloc[:-1].to_csv(tmp_path / "mine.csv", sep=";", index=False)
    table.to_csv(tmp_path / "newer.csv", index=False)
    run(
        "--csv", tmp_path / "mine.csv", "--column", name, "--test-size", 6, "--lags", 2, "--epochs", 20, "--seeds", 2,
        "--save", tmp_path / "kept.zip", "--out", tmp_path / "trained", "--horizon", 3,
    )  # fmt: skip
    assert name in capsys.readouterr().out
    ahead = pd.read_csv(tmp_path / "trained" / "forecast.csv")
    assert ahead.label.tolist() == ["2021-04", "2021-05", "2021-06"]
    assert (ahead.seeds_low <= ahead["mean"]).all()
    loaded = ("--load", tmp_path / "kept.zip", "--quiet", "--horizon", 3)
    run(*loaded, "--out", tmp_path / "loaded")
    for file in ("forecast.csv", "forecasts.csv"):
        assert (tmp_path / "trained" / file).read_bytes() == (tmp_path / "loaded" / file).read_bytes()
    run(*loaded, "--csv", tmp_path / "newer.csv", "--out", tmp_path / "newer")
    assert pd.read_csv(tmp_path / "newer" / "forecast.csv").label.tolist()[0] == "2021-05"
