"""Labelled images: handwritten digits that need no download, and MNIST."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass

import numpy as np

from rnnlab.checks import one_of
from rnnlab.datasets.downloads import public_file
from rnnlab.datasets.tables import DataError

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
SHAPES = {"x_train": (60_000, 28, 28), "y_train": (60_000,), "x_test": (10_000, 28, 28), "y_test": (10_000,)}
# Images of each class: Fashion-MNIST, which has the same name and the same shapes, has 6,000 and 1,000 of each.
COUNTS = {
    "y_train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "y_test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
# The published study trained on all but the first 5,000, which its library set aside.
SET_ASIDE = 5000
IMAGES = ("digits", "mnist")


@dataclass(frozen=True, eq=False)
class Images:
    """Grey images with pixels from 0 to 1, float32 of shape (n, rows, columns), and their classes, int32 of shape (n,)."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def images(name: str) -> Images:
    """Images by name: "digits" or "mnist"; ValueError for any other, DataError as of `mnist`."""
    return digits() if one_of("images", name, IMAGES) == "digits" else mnist()


def digits() -> Images:
    """1,797 handwritten digits of 8 x 8 pixels, a fifth of each class to test on; they come with scikit-learn."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    pixels, classes = load_digits(return_X_y=True)
    pixels = (pixels / 16).astype("float32").reshape(-1, 8, 8)
    x_train, x_test, y_train, y_test = train_test_split(
        pixels, classes.astype("int32"), test_size=0.2, stratify=classes, random_state=0
    )
    return Images(x_train, y_train, x_test, y_test)


def mnist() -> Images:
    """70,000 handwritten digits of 28 x 28 pixels: 55,000 to train on, as in the published study, and 10,000 to test on.

    From `mnist.npz` in the folder that the environment variable RNNLAB_DATA names, else from what Keras has downloaded before,
    else from the network; a download is kept where Keras keeps its own, once its SHA-256 is right.

    Raises:
        DataError: there is none and the download fails, or the file is not MNIST.
    """
    path = public_file("mnist.npz", MNIST_URL, MNIST_SHA256)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in SHAPES}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: expected the arrays {', '.join(SHAPES)} in a file of NumPy, got {error}") from None
    for name, shape in SHAPES.items():
        if arrays[name].shape != shape or arrays[name].dtype != np.uint8:
            found = f"{arrays[name].dtype} of shape {arrays[name].shape}"
            raise DataError(f"{path}: expected {name} as uint8 of shape {shape}, got {found}")
    for name, counts in COUNTS.items():
        if (counted := np.bincount(arrays[name]).tolist()) != counts:
            raise DataError(f"{path}: expected {name} with {counts} images of each class, got {counted}")
    x_train, x_test = (arrays[name].astype("float32") / 255 for name in ("x_train", "x_test"))
    y_train, y_test = (arrays[name].astype("int32") for name in ("y_train", "y_test"))
    return Images(x_train[SET_ASIDE:], y_train[SET_ASIDE:], x_test, y_test)
