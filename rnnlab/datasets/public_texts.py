"""Labelled texts that others published: the sentences of a course, film reviews, news."""

from __future__ import annotations

import os
import re
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from rnnlab.datasets.downloads import own_copy, public_file
from rnnlab.datasets.tables import DataError
from rnnlab.datasets.texts import read_texts

if TYPE_CHECKING:
    import pandas as pd

IMDB = "aclImdb_v1.tar.gz"
IMDB_URL = f"https://ai.stanford.edu/~amaas/data/sentiment/{IMDB}"
IMDB_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
OPINIONS = {"neg": "negative", "pos": "positive"}

AG_NEWS_URL = (
    "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/555590db4219b1243abb1918effd6a7425a2d75f/data/ag_news_csv/"
)
AG_NEWS_SHA256 = {
    "train": "76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e",
    "test": "521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699",
}
TOPICS = {"1": "world", "2": "sports", "3": "business", "4": "science and technology"}


def emoji_sentences() -> tuple[pd.DataFrame, pd.DataFrame]:
    """132 short sentences to train on and 56 to test on, frames as of `read_texts`.

    The labels: "0" heart, "1" ball sport, "2" smile, "3" sad, "4" food. From `train_emoji.csv` and `tesss.csv` of a published
    course, which have no licence and are not shipped, in the folder that the environment variable RNNLAB_DATA names.

    Raises:
        DataError: RNNLAB_DATA names no folder with these files, or they are wrong.
    """
    train_file, test_file = own_copy("train_emoji.csv"), own_copy("tesss.csv")
    if not (train_file and test_file):
        folder = os.environ.get("RNNLAB_DATA") or "no folder"
        raise DataError(f"RNNLAB_DATA: expected a folder with train_emoji.csv and tesss.csv, got {folder}")
    return _train_and_test(train_file, test_file, text=1, label=2)


def _train_and_test(train_file: Path, test_file: Path, **columns: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    train = read_texts(train_file, **columns)
    return train, read_texts(test_file, classes=set(train.label), **columns)


def ag_news() -> tuple[pd.DataFrame, pd.DataFrame]:
    """120,000 news to train on and 7,600 to test on, title and description of each, frames as of `read_texts`.

    The labels "1" to "4" are `TOPICS`. The collection AG News as cut by Zhang, Zhao and LeCun 2015; from `ag_news_train.csv`
    and `ag_news_test.csv` in the folder that RNNLAB_DATA names, else from the network.

    Raises:
        DataError: the files are not there and cannot be loaded, or they are wrong.
    """
    files = [public_file(f"ag_news_{part}.csv", f"{AG_NEWS_URL}{part}.csv", known) for part, known in AG_NEWS_SHA256.items()]
    return _train_and_test(*files, text=(2, 3), label=1)


def imdb_reviews() -> tuple[pd.DataFrame, pd.DataFrame]:
    """25,000 film reviews to train on and 25,000 to test on, half of them favourable: frames with `text` and `label`.

    The labels are "neg" and "pos". The collection of Maas et al. 2011; from `aclImdb_v1.tar.gz` in the folder that RNNLAB_DATA
    names, else from the network.

    Raises:
        DataError: the archive is not there and cannot be loaded, or it is no archive of such reviews.
    """
    import pandas as pd

    path = public_file(IMDB, IMDB_URL, IMDB_MD5)
    found: dict[str, list[tuple[str, str, str]]] = {"train": [], "test": []}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                part, label, name = PurePosixPath(member.name).parts[-3:] if member.name.count("/") >= 2 else ("", "", "")
                if member.isfile() and part in found and label in OPINIONS:
                    review = archive.extractfile(member).read().decode("utf-8")  # type: ignore[union-attr]
                    found[part].append((re.sub(r"<br\s*/?>", " ", review), label, name))
    except (OSError, EOFError, zlib.error, tarfile.TarError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected an archive of reviews in UTF-8, got {error}") from None
    frames = [pd.DataFrame(sorted(rows, key=lambda row: row[1:]), columns=["text", "label", "file"]) for rows in found.values()]
    for part, frame in zip(found, frames, strict=True):
        if set(frame.label) != set(OPINIONS):
            raise DataError(f"{path}: expected reviews in {part}/neg and {part}/pos, got {len(frame)}")
    return frames[0], frames[1]
