"""rnnlab.datasets: labelled texts and word vectors from anybody's files."""

from __future__ import annotations

import os
import re
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from rnnlab import datasets, text
from rnnlab.datasets import DataError, read_texts, read_word_vectors, word_vectors


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="own.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def rows_of(frame):
    return list(frame.itertuples(index=False, name=None))


# Texts


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("label,id,text\n1,7,so good\n0,8,bad\n", {}),
        (b"\xef\xbb\xbftext,label\r\nso good,1\r\n bad ,0\r\n", {}),
        ("text;label\nso good;1\nbad;0\n", {"separator": ";"}),
        ("note\tsentence\tmood\n\tso good\t1\n,\tbad\t0", {"name": "own.TSV", "text": "sentence", "label": "mood"}),
        ('"so good\t",1\nbad,0\n\n', {"text": 1, "label": 2}),
        ("so good,1,, [0]\n\nbad ,0,,\n", {"text": 1, "label": 2}),
        ('"1","so","good"\n"0","","bad"\n', {"text": (2, 3), "label": 1}),
        ("1,so,good\n0,bad,\n", {"text": [2, 3], "label": 1}),
    ],
)
def test_the_same_texts_from_many_files(write, content, options):
    path = write(content, options.pop("name", "own.csv"))
    frame = read_texts(path, **options)
    assert list(frame.columns) == ["text", "label", "line"]
    assert rows_of(frame[["text", "label"]]) == [("so good", "1"), ("bad", "0")]
    lines = path.read_text("utf-8").splitlines()
    assert all("good" in lines[frame.line[0] - 1] and "bad" in lines[line - 1] for line in frame.line[1:])


def test_a_text_keeps_its_commas_quotes_and_lines(write):
    path = write('text,label\n"He said ""no"", twice.\nThen left.",0\nfine,1\n')
    assert rows_of(read_texts(path)) == [('He said "no", twice.\nThen left.', "0", 2), ("fine", "1", 4)]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("", {}, "own.csv: expected texts and labels, got an empty file"),
        ("\n \n", {}, "own.csv: expected texts and labels, got an empty file"),
        ("text,label\n", {}, "own.csv: expected texts and labels, got a header only"),
        ("text,mood\na,1\n", {}, "own.csv: no column 'label'; its columns are 'text', 'mood'"),
        ("text,label,text\na,1,b\n", {}, "own.csv: more than one column 'text'"),
        ("a,1\nb,2\n", {"text": 1, "label": 3}, "own.csv: no column 3; it has 2"),
        ("text,label\na,1\nb,1\n", {}, "own.csv: expected labels of at least two classes, got '1' in every row"),
        ('text,label\na,1\n" \t",2\n', {}, "own.csv, line 3: expected a text in column 'text', got a blank"),
        ("a,1\n\nb, \n", {"text": 1, "label": 2}, "own.csv, line 3: expected a label in column 2, got a blank"),
        ('text,label\n"a\nb",1\nyes, no,2\n', {}, "own.csv, line 4: expected 2 fields as in line 1, got 3; a text that"),
        ('text,label\na,1\n"b,2\n', {}, "own.csv, line 3: expected fields in balanced quotes"),
        (b"text,label\na,1\ncaf\xe9,2\n", {}, "own.csv, line 3: expected UTF-8, got 0xe9 at byte 18"),
        ("text,label\na,1\nb,2\nc,x\n", {"classes": {"1", "2"}},
         "own.csv, line 4: expected a label of the training file (1, 2), got 'x'"),
        ("a,1\nb,2\n", {"text": "text", "label": 2}, "text, label: expected names of columns, or positions"),
    ],
)  # fmt: skip
def test_texts_refused_in_one_line(write, content, options, message):
    with pytest.raises(ValueError, match=re.escape(message)) as refusal:
        read_texts(write(content), **options)
    assert "\n" not in str(refusal.value)
    assert isinstance(refusal.value, DataError) == ("own.csv" in message)


def test_a_file_to_test_on_may_hold_one_class(write):
    assert list(read_texts(write("text,label\na,1\nb,1\n"), classes={"1", "2"}).label) == ["1", "1"]


def test_no_file(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"own\.csv: cannot be read: No such file or directory"):
        read_texts(tmp_path / "own.csv")
    monkeypatch.setenv("RNNLAB_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"RNNLAB_DATA: expected a folder with train_emoji.csv and tesss.csv, got "):
        datasets.emoji_sentences()
    monkeypatch.delenv("RNNLAB_DATA")
    with pytest.raises(DataError, match=r"RNNLAB_DATA: .*, got no folder"):
        datasets.emoji_sentences()


@pytest.mark.data
def test_the_sentences_of_the_course():
    if not Path(os.environ.get("RNNLAB_DATA", ""), "train_emoji.csv").is_file():
        pytest.skip("RNNLAB_DATA names no folder with train_emoji.csv")
    train, test = datasets.emoji_sentences()
    assert (len(train), len(test)) == (132, 56)
    assert np.bincount(train.label.astype(int)).tolist() == [22, 19, 38, 36, 17]
    assert (train.text[3], train.label[3], test.text[0], test.label[0]) == ("Miss you so much", "0", "I want to eat", "4")
    found = text.find_copies(train.text, test.text)
    assert list(test.text[found.test[found["copy"]]]) == [
        "I want to eat", "ha ha ha it was so funny", "I am hungry", "Good job", "Good joke",
    ]  # fmt: skip
    assert list(test.text[found.test[~found["copy"]]]) == ["I miss you so much"]


# Word vectors


def test_vectors_of_the_words_that_are_needed(write):
    path = write("the 0.5 -1 2e-3\nκαλό 1 2 3\n, 4 5 6\nthe 7 8 9\n. . . 1 1 1 \ncat 0 0 .25\n", "vectors.txt")
    found = read_word_vectors(path, ["cat", "dog", "the", "καλό"])
    assert found.words == ("the", "καλό", "cat")
    np.testing.assert_array_equal(found.values, np.array([[0.5, -1, 2e-3], [1, 2, 3], [0, 0, 0.25]], "float32"))
    assert found.values.dtype == np.float32
    whole = read_word_vectors(path)
    assert whole.words == ("the", "καλό", ",", ". . .", "cat")
    np.testing.assert_array_equal(whole.values[[0, 1, 4]], found.values)


def test_a_mark_of_byte_order_and_windows_lines(write):
    found = read_word_vectors(write(b"\xef\xbb\xbfa 1 2\r\nb 3 4\r\n", "vectors.txt"))
    assert (found.words, found.values.tolist()) == (("a", "b"), [[1, 2], [3, 4]])


def test_vectors_of_several_files_stand_side_by_side(write, tmp_path, monkeypatch):
    write("a 1 2\nb 3 4\n", "here.txt")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "there.txt").write_text("c 5\na 6\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"there\.txt: cannot be read: No such file"):
        word_vectors("here.txt", "there.txt")
    monkeypatch.setenv("RNNLAB_DATA", "data")
    found = word_vectors("here.txt", "there.txt")
    assert found.words == ("a", "b", "c")
    assert found.values.tolist() == [[1, 2, 6], [3, 4, 0], [0, 0, 5]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "vectors.txt: expected vectors of some of 2 words, got none"),
        ("b 1 2\nc 3 4\n", "vectors.txt: expected vectors of some of 2 words, got none"),
        ("a\n", "vectors.txt, line 1: expected a word and numbers, got 0 fields after a word"),
        ("\na 1 2\n", "vectors.txt, line 1: expected a word and numbers"),
        ("a 1 2\nb 1\n", "vectors.txt, line 2: expected a word and 2 numbers as in line 1, got 1 fields after a word"),
        ("a 1 2\nb 1 2 3\n", "vectors.txt, line 2: expected a word and 2 numbers as in line 1, got 3 fields after a word"),
        ("a 1 2\n\n", "vectors.txt, line 2: expected a word and 2 numbers"),
        ("a 1 2\n 1 2\n", "vectors.txt, line 2: expected a word and 2 numbers"),
        ("b one 2\na 1 2\n", "vectors.txt, line 1: expected numbers after the word, got 'one'"),
        ("b 1 2\na 1 0,5\n", "vectors.txt, line 2: expected numbers after the word, got '0,5'"),
        ("b 1 2\na 1 inf\n", "vectors.txt, line 2: expected finite numbers, got nan or inf"),
        ("b 1 2\nz 1 2\nz 1 2\na 1 2\nna 1 2\ny 1e300 2\n", "vectors.txt, line 6: expected finite numbers"),
        (b"a 1 2\ncaf\xe9 1 2\n", "vectors.txt, line 2: expected UTF-8, got 0xe9 at byte 3 of the line"),
        ("a 1 2\n".encode("utf-16"), "vectors.txt, line 1: expected UTF-8, got 0xff at byte 0"),
    ],
)
def test_vectors_refused_in_one_line(write, content, message):
    with pytest.raises(DataError, match=re.escape(message)) as refusal:
        read_word_vectors(write(content, "vectors.txt"), ["a", "y"])
    assert "\n" not in str(refusal.value)


@pytest.mark.slow
def test_a_file_of_full_size_in_little_time_and_memory(tmp_path):
    rng = np.random.default_rng(0)
    numbers = [" ".join(f"{x:.5g}" for x in row) for row in rng.normal(size=(1000, 50))]
    with open(tmp_path / "vectors.txt", "w") as file:
        file.writelines(f"word{line} {numbers[line % 1000]}\n" for line in range(400_000))
    words = [f"word{number}" for number in range(0, 400_000, 40)]
    start = time.process_time()
    found = read_word_vectors(tmp_path / "vectors.txt", words)
    seconds = time.process_time() - start
    assert found.values.shape == (10_000, 50)
    assert seconds < 5
    tracemalloc.start()
    read_word_vectors(tmp_path / "vectors.txt", words)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 2e6 < peak < 200e6
    print(f"{seconds:.2f} s, {peak / 1e6:.0f} MB")
