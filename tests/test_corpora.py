"""Texts to learn to write from: by name, from files, from the network."""

from __future__ import annotations

import hashlib
import os

import pytest

from rnnlab import datasets
from rnnlab.datasets import poems
from rnnlab.poems.data import prepare, samples_of

VERSES = "春江花月夜，秋水白云间。\n"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (VERSES, "lines"),
        ("题:" + VERSES, "titled"),
        ("First Citizen:\nSpeak.\nA: b\n", "text"),
        ("题:\n" + VERSES * 2, "lines"),
    ],
)
def test_the_form_is_found_out(text, form, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert datasets.corpus(str(path)) == datasets.Corpus("mine.txt", text, form)
    assert datasets.corpus(str(path), "text").form == "text"


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match=r"^form: expected one of titled, lines, text, got 'verse'"):
        datasets.corpus("sample", "verse")


def test_the_sample_is_a_corpus():
    corpus = datasets.corpus("sample")
    assert corpus.form == "titled"
    assert len(samples_of(corpus.text, "titled")) == len(corpus.text.splitlines())


def test_named_corpora_come_from_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path))
    (tmp_path / "tangshi.txt").write_text(VERSES, "utf-8")
    assert datasets.corpus("small").text == VERSES
    (tmp_path / "poems.txt").write_text("题:" + VERSES, "utf-8")
    assert datasets.corpus("large").name == "poems.txt"


def test_the_small_corpus_is_downloaded_once_and_checked(tmp_path, monkeypatch):
    source = tmp_path / "source.txt"
    source.write_text(VERSES, "utf-8")
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(poems, "SMALL_URL", source.as_uri())
    with pytest.raises(datasets.DataError, match=r"^tangshi.txt: expected it in the folder that RNNLAB_DATA names"):
        datasets.corpus("small")
    monkeypatch.setattr(poems, "SMALL_SHA256", hashlib.sha256(source.read_bytes()).hexdigest())
    assert datasets.corpus("small").text == VERSES
    source.unlink()
    assert datasets.corpus("small").text == VERSES


def test_without_a_folder_the_large_corpus_says_where_it_looks(monkeypatch):
    monkeypatch.delenv("RNNLAB_DATA", raising=False)
    with pytest.raises(datasets.DataError, match=r"^large: expected poems.txt or .* in a folder that RNNLAB_DATA names"):
        datasets.corpus("large")


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("RNNLAB_DATA"), reason="needs RNNLAB_DATA")
def test_the_published_filters_leave_the_published_numbers():
    small, large = datasets.corpus("small"), datasets.corpus("large")
    assert (small.form, large.form) == ("lines", "titled")
    assert len(samples_of(small.text, "lines")) == 687
    assert len(samples_of(large.text, "titled")) == (51_363 if "quantangshi" in large.name else 42_110)
    data = prepare(small.text, "lines")
    assert abs(len(data.vocabulary) - 1445) < 30
