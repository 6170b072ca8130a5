import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlab import datasets, fit_replicas, sales
from rnnlab.state import get_state, reset_state

SERIES = datasets.shampoo_sales()
DATA = sales.prepare(SERIES.values)


def test_protocol_shapes_and_scaling():
    assert (DATA.x.shape, DATA.y.shape, DATA.train_size, DATA.test_size) == ((35, 1, 1), (35, 1), 23, 12)
    x, y = DATA.train
    for column in (x, y):
        assert (column.min(), column.max()) == (-1, 1)
    assert np.abs(DATA.x).max() > 1, "test rows must not take part in the scaling"
    first = 2 * (0 - np.diff(SERIES.values)[:22].min()) / np.ptp(np.append(np.diff(SERIES.values)[:22], 0)) - 1
    assert DATA.x[0, 0, 0] == pytest.approx(first)


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=12, max_size=40).filter(lambda v: np.ptp(np.diff(v)[:5]) > 1e-3),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_walk_forward_undoes_scale_and_difference(values, lags, test_size):
    data = sales.prepare(values, lags=lags, test_size=test_size)
    np.testing.assert_allclose(sales.walk_forward(data, data.y), values[1:], atol=1e-2)
    inputs, targets = sales.supervised_pairs(np.array(values), lags)
    for row in range(lags, len(targets)):
        np.testing.assert_array_equal(inputs[row], targets[row - lags : row, 0])
    assert (inputs[0] == 0).all()


def test_references_to_the_cent():
    scores = {
        name: round(float(sales.rmse(forecast, DATA.test_values)), 2)
        for name, forecast in sales.reference_forecasts(DATA).items()
    }
    assert scores == {
        "persistence": 136.76,
        "drift": 136.18,
        "seasonal_naive": 240.47,
        "moving_average": 96.40,
        "linear_trend": 110.59,
        "ar1": 89.06,
    }


def test_references_of_a_series_shorter_than_a_season():
    data = sales.prepare(SERIES.values[:12], test_size=3)
    forecasts = sales.reference_forecasts(data, season=12)
    assert np.isnan(forecasts["seasonal_naive"]).all()
    assert np.isfinite(forecasts["linear_trend"]).all()


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([5.0] * 30, {}, "expected a series that varies, got one whose training part is constant"),
        (np.arange(30.0), {}, "a straight line"),
        (np.arange(10.0), {}, "expected at least 16 rows for 12 test rows and 1 lags, got 10"),
        ([1.0, np.nan] * 20, {}, "finite numbers"),
        (SERIES.values, {"test_size": 0}, "test_size: expected an integer of at least 1, got 0"),
        (SERIES.values, {"lags": 0}, "lags: expected an integer of at least 1, got 0"),
        (SERIES.values, {"lags": 23}, "expected at least 38 rows"),
    ],
)
def test_prepare_refuses(values, options, message):
    with pytest.raises(ValueError, match=message):
        sales.prepare(values, **options)


def test_a_seed_fixes_the_weights():
    first, again, other = (sales.build_sales_forecaster(units=4, seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(first.get_weights(), again.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.ndim == 1 or not np.array_equal(a, c)


@pytest.mark.parametrize(("cell", "parameters"), [("simple_rnn", 89), ("lstm", 329), ("gru", 273)])
def test_size_of_the_network(cell, parameters):
    assert sales.build_sales_forecaster(units=8, cell=cell).count_params() == parameters


def test_the_network_trains_with_stock_fit():
    model = sales.build_sales_forecaster(units=4, lags=2, num_layers=2, seed=0)
    data = sales.prepare(SERIES.values, lags=2)
    model.compile(optimizer="adam", loss="mse")
    model.fit(*data.train, batch_size=1, shuffle=False, verbose=0)
    assert np.abs(get_state(model)[0]).max() > 0


@pytest.mark.parametrize("wrong", [{"units": 0}, {"units": 2.5}, {"cell": "rnn"}, {"lags": 0}, {"num_layers": 0}])
def test_builder_refuses(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected"):
        sales.build_sales_forecaster(**wrong)


def test_forecast_ahead_continues_the_walk():
    """Where the months ahead are what the network forecast, walking forward through them forecasts the same."""
    model = sales.build_sales_forecaster(units=4, lags=2, seed=3)
    data = sales.prepare(SERIES.values, lags=2)
    ahead = sales.forecast_ahead(model, data, 4)
    longer = sales.prepare([*SERIES.values, *ahead], lags=2, scales=(data.x_scale, data.y_scale))
    reset_state(model)
    outputs = np.array([model(row[None])[0] for row in longer.x])
    np.testing.assert_allclose(sales.walk_forward(longer, outputs)[-4:], ahead, rtol=1e-4)


@pytest.mark.slow
def test_thirty_seeds_at_eight_units_behave_like_the_protocol():
    """Reference over 30 seeds at 8 units: mean 175, s 100, min 89, max 512; the averaged forecast 90."""
    replicas = fit_replicas(
        lambda seed: sales.build_sales_forecaster(units=8, seed=seed),
        *DATA.train,
        seeds=range(30),
        epochs=3000,
        batch_size=1,
        shuffle=False,
        reset_state="epoch",
    )
    forecasts = sales.walk_forward(DATA, replicas.predict(DATA.x))[:, -12:]
    scores = sales.rmse(forecasts, DATA.test_values)
    assert 130 < scores.mean() < 215
    assert scores.max() > 1.8 * scores.min()
    assert sales.rmse(forecasts.mean(axis=0), DATA.test_values) < 115
    assert replicas.history.query("epoch == 3000").loss.median() < 0.02
