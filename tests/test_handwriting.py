"""Images by name: the digits of scikit-learn, and MNIST from a folder, from Keras' cache, from a URL."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from rnnlab import datasets
from rnnlab.datasets import DataError
from rnnlab.datasets import handwriting as loader


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file of MNIST's shapes and classes."""
    folder = tmp_path_factory.mktemp("mnist")
    rng = np.random.default_rng(0)
    arrays = {name: np.zeros(shape, dtype="uint8") for name, shape in loader.SHAPES.items()}
    arrays["x_train"][:, 0, 0] = rng.integers(256, size=60_000)
    for name, counts in loader.COUNTS.items():
        arrays[name][:] = rng.permutation(np.repeat(np.arange(10), counts))
    arrays["x_test"][0] = 255
    np.savez_compressed(folder / "mnist.npz", **arrays)
    return folder / "mnist.npz"


def test_digits():
    found = datasets.images("digits")
    assert (found.x_train.shape, found.x_test.shape) == ((1437, 8, 8), (360, 8, 8))
    assert (found.x_train.dtype, found.y_train.dtype) == (np.float32, np.int32)
    assert (found.x_train.min(), found.x_train.max()) == (0, 1)
    assert np.bincount(found.y_test).min() >= 34, "a fifth of each class"
    again = datasets.digits()
    np.testing.assert_array_equal(found.x_test, again.x_test)
    seen = {image.tobytes() for image in found.x_train}
    assert sum(image.tobytes() in seen for image in found.x_test) <= 1


def test_mnist_from_a_folder_leaves_out_what_the_published_study_set_aside(file, monkeypatch):
    monkeypatch.setenv("RNNLAB_DATA", str(file.parent))
    found = datasets.images("mnist")
    assert (found.x_train.shape, found.y_train.shape) == ((55_000, 28, 28), (55_000,))
    with np.load(file) as arrays:
        np.testing.assert_array_equal(found.y_train, arrays["y_train"][5000:])
        np.testing.assert_allclose(found.x_train[:, 0, 0] * 255, arrays["x_train"][5000:, 0, 0], rtol=1e-6)
    assert found.x_test[0].min() == found.x_test.max() == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Keras leaves the answer of a failed one open
def test_a_download_of_mnist_is_checked_and_kept(file, monkeypatch, tmp_path):
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    where = (
        r"^mnist.npz: expected it in the folder that RNNLAB_DATA names, or in .*datasets, or a network to load it from file:"
    )
    for url in (file.as_uri(), file.with_name("nothing.npz").as_uri()):
        monkeypatch.setattr(loader, "MNIST_URL", url)
        with pytest.raises(DataError, match=where) as error:
            datasets.mnist()
        assert "\n" not in str(error.value)
    monkeypatch.setattr(loader, "MNIST_URL", file.as_uri())
    monkeypatch.setattr(loader, "MNIST_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    first = datasets.mnist()
    monkeypatch.setattr(loader, "MNIST_URL", "nowhere")
    np.testing.assert_array_equal(first.y_train, datasets.mnist().y_train)
    assert (tmp_path / "keras" / "datasets" / "mnist.npz").is_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "expected the arrays x_train, y_train, x_test, y_test in a file of NumPy"),
        ({"x_train": np.zeros((2, 28, 28), "uint8")},
         r"expected x_train as uint8 of shape \(60000, 28, 28\), got uint8 of shape \(2, 28, 28\)"),
        ({"x_test": np.zeros((10_000, 28, 28), "int8")}, r"expected x_test as uint8 of shape .*, got int8 of shape"),
        ({"y_test": np.repeat(np.arange(10), 1000).astype("uint8")},
         r"expected y_test with \[980, 1135, .*\] images of each class, got \[1000, 1000, "),
        (None, "in a file of NumPy"),
    ],
)  # fmt: skip
def test_files_that_are_not_mnist(file, tmp_path, monkeypatch, changes, message):
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path))
    if changes is None:
        (tmp_path / "mnist.npz").write_bytes(b"no archive")
    else:
        with np.load(file) as arrays:
            changed = {**arrays, **changes}
        np.savez(tmp_path / "mnist.npz", **{name: array for name, array in changed.items() if array is not None})
    with pytest.raises(DataError, match=message):
        datasets.mnist()


def test_unknown_images():
    with pytest.raises(ValueError, match="images: expected one of digits, mnist, got 'fashion'"):
        datasets.images("fashion")


@pytest.mark.data
def test_the_real_mnist():
    folder = os.environ.get("RNNLAB_DATA", "")
    if not Path(folder, "mnist.npz").is_file():
        pytest.skip("RNNLAB_DATA names no folder with mnist.npz")
    found = datasets.mnist()
    assert np.bincount(found.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found.x_train.mean() == pytest.approx(0.1307, abs=0.001)
