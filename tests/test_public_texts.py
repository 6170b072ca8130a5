"""rnnlab.datasets: labelled texts that others published, from a folder, from the network, or one line that says why not."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from rnnlab import datasets
from rnnlab.datasets import DataError, public_texts
from rnnlab.text.data import by_name

REVIEWS = {
    "train/pos/0_9.txt": "A joy.<br /><br />Again!",
    "train/neg/0_2.txt": "Two hours, \u201clost\u201d.",
    "train/unsup/0_0.txt": "No opinion.",
    "train/labeledBow.feat": "9 0:9",
    "test/neg/1_1.txt": "Weak.",
    "test/neg/0_3.txt": "A bore.",
    "test/pos/0_7.txt": "Fine.",
}


def archive(folder, reviews=REVIEWS, encoding="utf-8"):
    with tarfile.open(folder / "aclImdb_v1.tar.gz", "w:gz") as tar:
        for name, review in reviews.items():
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(review.encode(encoding))
            tar.addfile(member, io.BytesIO(review.encode(encoding)))
    return folder / "aclImdb_v1.tar.gz"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """No folder, an empty cache, and downloads that come from `tmp_path`."""
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(public_texts, "IMDB_URL", (tmp_path / "aclImdb_v1.tar.gz").as_uri())
    monkeypatch.setattr(public_texts, "AG_NEWS_URL", f"{tmp_path.as_uri()}/")
    return tmp_path


def test_reviews_in_the_order_of_their_names(folder):
    archive(folder)
    train, test = datasets.imdb_reviews()
    assert list(train.itertuples(index=False, name=None)) == [
        ("Two hours, \u201clost\u201d.", "neg", "0_2.txt"),
        ("A joy.  Again!", "pos", "0_9.txt"),
    ]
    assert list(test.text) == ["A bore.", "Weak.", "Fine."]
    assert by_name("imdb").classes == ("negative", "positive")


def test_a_download_of_reviews_is_checked_by_its_md5_and_kept(offline, monkeypatch):
    path = archive(offline)
    with pytest.raises(DataError, match=r"^aclImdb_v1.tar.gz: expected it in the folder that RNNLAB_DATA names"):
        datasets.imdb_reviews()
    monkeypatch.setattr(public_texts, "IMDB_MD5", hashlib.md5(path.read_bytes()).hexdigest())
    first = datasets.imdb_reviews()
    path.unlink()
    assert datasets.imdb_reviews()[0].equals(first[0])
    kept = offline / "keras" / "datasets" / path.name
    kept.write_bytes(kept.read_bytes() + b"\0")
    with pytest.raises(DataError, match=r"^aclImdb_v1.tar.gz: expected it in the folder that RNNLAB_DATA names"):
        datasets.imdb_reviews()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b"no archive"), "expected an archive of reviews in UTF-8, got "),
        (lambda path: path.write_bytes(path.read_bytes()[:150]), "expected an archive of reviews in UTF-8, got "),
        (lambda path: archive(path.parent, encoding="utf-16"), "expected an archive of reviews in UTF-8, got 'utf-8' codec"),
        (lambda path: archive(path.parent, {"train/pos/0_1.txt": "a"}), "expected reviews in train/neg and train/pos, got 1"),
        (
            lambda path: archive(path.parent, dict(list(REVIEWS.items())[:5])),
            "expected reviews in test/neg and test/pos, got 1",
        ),
    ],
)
def test_archives_that_hold_no_reviews(folder, damage, message):
    damage(archive(folder))
    with pytest.raises(DataError, match=message) as error:
        datasets.imdb_reviews()
    assert str(error.value).startswith(str(folder / "aclImdb_v1.tar.gz"))


def test_news(offline, monkeypatch):
    contents = {"train": '"3","Up","Stocks ""rose"", 2%"\n"4","New","A chip\\of sand"\n', "test": '"4","Star","Seen"\n'}
    for part, content in contents.items():
        (offline / f"{part}.csv").write_text(content, "utf-8")
    with pytest.raises(DataError, match=r"^ag_news_train.csv: expected it in the folder that RNNLAB_DATA names"):
        datasets.ag_news()
    sums = {part: hashlib.sha256(content.encode()).hexdigest() for part, content in contents.items()}
    monkeypatch.setattr(public_texts, "AG_NEWS_SHA256", sums)
    data = by_name("ag_news")
    assert data.classes == ("business", "science and technology")
    assert data.train.texts == ('Up Stocks "rose", 2%', "New A chip\\of sand")
    assert [data.classes[label] for label in data.test.labels] == ["science and technology"]
