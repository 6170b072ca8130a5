"""rnnlab.datasets: the package's own files, and series read from anybody's."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab import datasets
from rnnlab.datasets import DataError, Series, read_series
from rnnlab.datasets import own as own_files

ROOT = Path(__file__).parent.parent


@pytest.fixture
def read(tmp_path):
    def read_text(text, *columns, **named):
        path = tmp_path / "own.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_series(path, *columns, **named)

    return read_text


def rows(*values, header="month,sales"):
    """A monthly file: the header, then a row for each value, from January of year 1."""
    return "\n".join([header, *(f"{i // 12 + 1}-{i % 12 + 1:02d},{value}" for i, value in enumerate(values)), ""])


# The package's own files


def test_shampoo_sales_are_the_figures_behind_the_published_persistence_error():
    series = datasets.shampoo_sales()
    assert (series.name, series.frequency, series.season) == ("sales", "month", 12)
    assert series.values.dtype == np.float64
    assert series.values.shape == (36,)
    assert (series.labels[0], series.labels[-1]) == ("1-01", "3-12")
    assert series.next_labels(13) == (*(f"4-{month:02d}" for month in range(1, 13)), "5-01")
    assert np.sqrt(np.mean(np.diff(series.values)[-12:] ** 2)) == pytest.approx(136.76, abs=0.005)


def test_airline_passengers():
    series = datasets.airline_passengers()
    assert (series.name, series.frequency, len(series.values)) == ("passengers", "month", 144)
    assert (series.values[0], series.values[-1], series.values.sum()) == (112, 432, 40363)
    assert series.next_labels(2) == ("1961-01", "1961-02")


def test_the_sample_corpus_has_quatrains_of_five_or_seven_and_no_line_twice():
    poems = datasets.corpus("sample").text.splitlines()
    assert len(poems) >= 200
    han = "[\u4e00-\u9fff]"
    quatrain = re.compile("|".join(f"{han}+:(?:{han}{{{n}}}，{han}{{{n}}}。){{2}}" for n in (5, 7)))
    assert [poem for poem in poems if not quatrain.fullmatch(poem)] == []
    contents = [poem.split(":")[1] for poem in poems]
    assert 0.4 < sum(len(content) == 24 for content in contents) / len(contents) < 0.6
    lines = [line for content in contents for line in re.findall(f"{han}+", content)]
    assert len(set(lines)) == len(lines) == 4 * len(poems)


def test_sentences_are_short_and_balanced_without_near_copies():
    frame = datasets.sentences()
    assert list(frame.columns) == ["text", "label", "split"]
    assert set(frame["label"]) == {"heart", "ball_sport", "smile", "sad", "food"}
    counts = frame.value_counts(["split", "label"])
    assert counts["train"].tolist() == [135] * 5
    assert counts["test"].tolist() == [45] * 5
    assert frame["text"].str.fullmatch("[a-z]+( [a-z]+){2,9}").all()
    words = frame["text"].str.get_dummies(sep=" ").to_numpy(np.float32)
    shared, counted = words @ words.T, words.sum(axis=1)
    jaccard = shared / (counted[:, None] + counted - shared)
    test = (frame["split"] == "test").to_numpy()
    assert jaccard[test][:, ~test].max() <= 0.5
    np.fill_diagonal(jaccard, 0)
    assert jaccard.max() <= 0.6


def test_published_sales_neurons_and_what_else_there_is():
    frame = datasets.published("sales_neurons")
    assert list(frame.columns) == ["cell", "units", "test_rmse", "runs"]
    assert list(frame["units"]) == [4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert frame.set_index("units")["test_rmse"][8] == 76.61
    with pytest.raises(DataError, match=r"no published figures '\.\./shampoo_sales': expected one of sales_neurons, "):
        datasets.published("../shampoo_sales")


def test_every_own_file_has_its_checksum_in_the_loader_and_in_the_readme():
    folder = ROOT / "datasets"
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        for path in folder.rglob("*")
        if path.suffix in {".csv", ".txt"}
    }
    assert files == datasets.SHA256
    assert files == dict(re.findall(r"^\| `(.+)` \| `([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.M))


def test_installed_files_come_from_the_package_and_a_changed_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(own_files, "PACKAGE", tmp_path / "rnnlab")
    shutil.copytree(ROOT / "datasets", tmp_path / "rnnlab" / "_datasets")
    (tmp_path / "datasets").mkdir()
    assert len(datasets.shampoo_sales().values) == 36
    own = tmp_path / "rnnlab" / "_datasets" / "shampoo_sales.csv"
    own.write_bytes(own.read_bytes().replace(b"\n", b"\r\n"))
    assert len(datasets.shampoo_sales().values) == 36
    own.write_bytes(own.read_bytes().replace(b"266.0", b"267.0"))
    with pytest.raises(DataError, match=r"shampoo_sales\.csv: expected the package's own file, SHA-256 9576f545"):
        datasets.shampoo_sales()


def test_import_costs_no_framework():
    code = "import sys, rnnlab.datasets; print(*(m for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "jax", "pandas"} & set(done.stdout.split())


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "own"),
    [("monthly-shampoo-sales.csv", datasets.shampoo_sales), ("airline-passengers.csv", datasets.airline_passengers)],
)
def test_the_files_in_circulation_read_as_our_own(file, own):
    path = Path(os.environ.get("RNNLAB_DATA", "")) / file
    if "RNNLAB_DATA" not in os.environ or not path.is_file():
        pytest.skip(f"RNNLAB_DATA names no folder with {file}")
    theirs, ours = read_series(path), own()
    assert np.array_equal(theirs.values, ours.values)
    assert (theirs.labels, theirs.frequency, theirs.name.lower()) == (ours.labels, ours.frequency, ours.name)


# Any regular series, in any dialect

DAY_STYLES = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y-%m-%d 00:00:00", "%Y-%m-%dT09:30:00+01:00", "%d.%m.%Y", "%d-%b-%Y"]
SLASH_STYLES = ["%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y"]
MONTH_STYLES = ["%Y-%m", "%YM%m", "%m/%Y", "%b %Y", "%b-%y", "%B %Y", "%Y %b"]
QUARTER_STYLES = ["%YQ{q}", "%Y-Q{q}", "Q{q} %Y", "%Y-%m"]
KINDS = {
    "D": ("day", []),
    "B": ("business day", []),
    "W-WED": ("week", ["%G-W%V"]),
    "MS": ("month", MONTH_STYLES),
    "ME": ("month", MONTH_STYLES),
    "BME": ("month", MONTH_STYLES),
    "QS": ("quarter", QUARTER_STYLES),
    "QE": ("quarter", QUARTER_STYLES),
    "YS": ("year", ["%Y"]),
    "YE": ("year", ["%Y"]),
}


@st.composite
def calendars(draw):
    """(pandas frequency, labels): 9 rows at least, or enough for days beyond the 12th where months may be days."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    style = draw(st.sampled_from(DAY_STYLES + SLASH_STYLES + KINDS[kind][1]))
    count = draw(st.integers(32 if style in SLASH_STYLES else 9, 60))
    days = pd.date_range(draw(st.dates(date(1975, 1, 1), date(2040, 1, 1))), periods=count, freq=kind)
    return kind, [day.strftime(style).replace("{q}", str(day.quarter)) for day in days]


@st.composite
def dialects(draw):
    """(separator, byte order mark, line end, decimal mark, mark of thousands)."""
    decimal = draw(st.sampled_from(".,"))
    thousands = draw(st.sampled_from(["", " ", "\u00a0", "'", ".,".replace(decimal, "")]))
    bom, end = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])), draw(st.sampled_from(["\n", "\r\n"]))
    return draw(st.sampled_from(",;\t")), bom, end, decimal, thousands


def written(labels, values, dialect):
    separator, bom, end, decimal, thousands = dialect

    def cell(text):
        return f'"{text}"' if separator in text else text

    texts = [f"{v:,.2f}".translate({ord(","): thousands, ord("."): decimal}) for v in values]
    lines = [f"when{separator}how many", *(separator.join(map(cell, pair)) for pair in zip(labels, texts, strict=True))]
    return bom + end.join([*lines, "", separator, ""]).encode()


@settings(max_examples=300, deadline=None)
@given(calendars(), dialects(), st.data())
def test_a_regular_series_is_read_as_it_was_written(tmp_path_factory, calendar, dialect, data):
    kind, labels = calendar
    amounts = st.integers(-(10**9), 10**9).map(lambda hundredths: hundredths / 100)
    values = data.draw(st.lists(amounts, min_size=len(labels), max_size=len(labels)))
    path = tmp_path_factory.getbasetemp() / "regular.csv"
    path.write_bytes(written(labels, values, dialect))
    series = read_series(path)
    assert series.name == "how many"
    assert series.values.tolist() == values
    assert series.labels == tuple(labels)
    assert series.frequency == KINDS[kind][0]


@settings(max_examples=300, deadline=None)
@given(calendars().filter(lambda calendar: calendar[0] != "BME"), st.integers(1, 3))
def test_next_labels_are_those_left_out(calendar, left_out):
    kind, labels = calendar
    seen = tuple(labels[:-left_out])
    assert Series("x", np.zeros(len(seen)), seen, KINDS[kind][0]).next_labels(left_out) == tuple(labels[-left_out:])


@settings(max_examples=100, deadline=None)
@given(calendars(), st.data())
def test_a_row_that_is_lost_or_doubled_is_found(tmp_path_factory, calendar, data):
    _, labels = calendar
    row = data.draw(st.integers(1, len(labels) - 2))
    doubled = data.draw(st.booleans())
    changed = labels[:row] + labels[row : row + 1] * 2 * doubled + labels[row + 1 :]
    late = row + 1 if doubled else row
    path = tmp_path_factory.getbasetemp() / "irregular.csv"
    path.write_text("when,x\n" + "".join(f'"{label}",{i}.5\n' for i, label in enumerate(changed)))
    with pytest.raises(DataError) as caught:
        read_series(path)
    where = f"{path}, line {late + 2}, column 'when': {changed[late]!r} follows {changed[late - 1]!r}: "
    assert str(caught.value).startswith(where + ("the same date twice" if doubled else "a gap or a step out of line"))


# What can be read in two ways


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('m,s\n1-01,"1,234.5"\n1-02,"950"\n', [1234.5, 950]),
        ('m,s\n1-01,"1,234"\n1-02,950\n', [1234, 950]),
        ('m,s\n1-01,"1,234"\n1-02,"2,34"\n', [1.234, 2.34]),
        ("m,s\n1-01,1.234\n1-02,950\n", [1.234, 950]),
        ("m;s\n1-01;1.234,5\n1-02;950\n", [1234.5, 950]),
        ("m;s\n1-01;266,0\n1-02;145,9\n", [266, 145.9]),
        ("m;s\n1-01;1.234\n1-02;950\n", [1234, 950]),
        ("m;s\n1-01;1,234\n1-02;950\n", [1.234, 950]),
        ("m;s\n1-01;1.234\n1-02;950.5\n", [1.234, 950.5]),
        ("m;s\n1-01;1.234\n1-02;0.950\n", [1.234, 0.95]),
        ("m;s\n1-01;1.234.567\n1-02;12.345\n", [1234567, 12345]),
        ("m\ts\n1-01\t1,234\n1-02\t950\n", [1234, 950]),
        ("m,s\n1-01,-1e3\n1-02,+.5\n", [-1000, 0.5]),
        ("s\n266,0\n145,9\n", [266, 145.9]),
        ('"s"\n266,0\n145,9\n', [266, 145.9]),
        ("266.0\r145.9\r", [266, 145.9]),
    ],
)
def test_decimal_mark_and_thousands(read, text, values):
    assert read(text).values.tolist() == values


@pytest.mark.parametrize(
    ("labels", "frequency", "beyond"),
    [
        (["01/02/2020", "01/03/2020", "01/04/2020"], "month", "01/05/2020"),  # not 2, 3 and 4 January
        (["02/01/2020", "03/01/2020", "04/01/2020"], "month", "05/01/2020"),
        (["01/02/2020", "02/02/2020", "03/02/2020", "04/02/2020"], "month", "05/02/2020"),
        (["31/01/2020", "29/02/2020", "31/03/2020"], "month", "30/04/2020"),
        (["01/31/2020", "02/29/2020"], "month", "03/31/2020"),
        (["01.02.2020", "02.02.2020", "03.02.2020"], "day", "04.02.2020"),
        (["2020-01-30", "2020-02-29"], "month", "2020-03-30"),
        (["2020-04-30", "2020-05-31", "2020-06-30"], "month", "2020-07-31"),
        (["05/03/2020", "06/03/2020", "09/03/2020"], "business day", "10/03/2020"),  # not 3 May, June and September
        (["2019-01-25", "2019-02-22", "2019-03-29"], "month", "2019-04-29"),  # last Fridays
        (["2020-01-02", "2020-01-03"], "day", "2020-01-04"),
        (["2020-01-02", "2020-01-03", "2020-01-06"], "business day", "2020-01-07"),
        (["2020-02-07", "2020-02-10"], "business day", "2020-02-11"),
        (["2020-01-29", "2020-02-05"], "week", "2020-02-12"),
        (["2020-W52", "2020-W53"], "week", "2021-W01"),
        (["2019-W51", "2019-W52"], "week", "2020-W01"),
        (["Nov-68", "Dec-68", "Jan-69"], "month", "Feb-69"),
        (["NOV 1999", "DEC 1999"], "month", "JAN 2000"),
        (["Nov-99", "Dec-99", "Jan-00"], "month", "Feb-00"),
        (["9-11", "9-12", "10-01"], "month", "10-02"),
        (["1-8", "1-9", "1-10"], "month", "1-11"),
        (["1-Nov", "1-Dec"], "month", "2-Jan"),
        (["4/30/20", "5/31/20"], "month", "6/30/20"),
        (["Jan 8, 2020", "Jan 9, 2020"], "day", "Jan 10, 2020"),
        (["1949Q3", "1949Q4"], "quarter", "1950Q1"),
        (["q3 1949", "q4 1949"], "quarter", "q1 1950"),
        (["1949-02", "1949-05"], "quarter", "1949-08"),
        (["1949", "1950"], "year", "1951"),
        (["0", "1", "2"], None, "3"),
        (["1", "2", "3"], None, "4"),
        (["north", "south", "west"], None, "4"),
    ],
)
def test_labels_and_frequency(read, labels, frequency, beyond):
    series = read("when,x\n" + "".join(f'"{label}",{7 * i}\n' for i, label in enumerate(labels)))
    assert series.values.tolist() == [7.0 * i for i in range(len(labels))]
    assert (series.frequency, series.next_labels(1)) == (frequency, (beyond,))
    assert series.labels == (tuple(labels) if labels[0] != "north" else ("1", "2", "3"))


def test_season():
    seasons = {"month": 12, "quarter": 4, "week": 52, "day": 7, "business day": 5, "year": 1, None: None}
    assert {frequency: Series("x", np.zeros(1), ("1",), frequency).season for frequency in seasons} == seasons


@pytest.mark.parametrize(
    ("text", "name", "values", "labels"),
    [
        ("266.0\n145.9\n", "1", [266, 145.9], ("1", "2")),
        ("0\n1\n2\n", "1", [0, 1, 2], ("1", "2", "3")),
        ("1-01,266.0\n1-02,145.9\n", "2", [266, 145.9], ("1-01", "1-02")),
        ("sales\n266\n145.9\n\n\n", "sales", [266, 145.9], ("1", "2")),
        ("Month,2020\nJan 2020,5\nFeb 2020,7\n", "2020", [5, 7], ("Jan 2020", "Feb 2020")),
        (",month,sales\n0,1-01,5\n1,1-02,7\n", "sales", [5, 7], ("1-01", "1-02")),
        (",0\n0,5\n1,7\n", "0", [5, 7], ("0", "1")),
        ("sales,year\n5,1949\n7,1950\n", "sales", [5, 7], ("1949", "1950")),
        ("month,n\n1-01,1\n1-02,2\n", "n", [1, 2], ("1-01", "1-02")),
        ("shop,month,sales\nA,1-01,5\nA,1-02,7\n", "sales", [5, 7], ("1-01", "1-02")),
        ("sales,note\n5,ok\n7,3\n6,late\n", "sales", [5, 7, 6], ("1", "2", "3")),
        ("due,month,sales\n1-05,1-01,5\n1-07,1-02,7\nsoon,1-03,6\n", "sales", [5, 7, 6], ("1-01", "1-02", "1-03")),
        ('"the\nmonth", "sales, all"\n"1-01", 5\n"1-02", 7\n', "sales, all", [5, 7], ("1-01", "1-02")),
    ],
)
def test_header_index_and_choice_of_columns(read, text, name, values, labels):
    series = read(text)
    assert (series.name, series.values.tolist(), series.labels) == (name, values, labels)


def test_named_columns(read):
    text = "day,month,a,b\n2020-01-01,1-01,5,6\n2020-01-02,1-02,7,8\n"
    assert read(text, "b").values.tolist() == [6, 8]
    assert read(text, "a").frequency == "day"
    assert read(text, "a", "month").frequency == "month"
    assert read(text, column="a", date_column="month").labels == ("1-01", "1-02")
    assert read("a,b\n1,5\n2,7\n", "a").values.tolist() == [1, 2]
    assert read("order,a\n1001,5\n1002,7\n", "a").frequency is None
    assert read(",a\nMay 2020,5\nJune 2020,7\n", "a", "1").frequency == "month"


# Wrong input: the whole message after the path

NO_STEP = "no regular step of a day, business day, week, month, quarter or year"
BAD = [
    (b"", ": expected a column of numbers, got an empty file"),
    (b"\xef\xbb\xbf\r\n  \r\n", ": expected a column of numbers, got an empty file"),
    (',\n"",\n', ": expected a column of numbers, got an empty file"),
    (b"month,sales\n1-01,2\xff6\n", ", line 2: expected UTF-8, got 0xff at byte 18"),
    ("month,sales\n", ": expected rows of data, got a header only"),
    ("month,sales\n1-01,5\n1-02,6,7\n", ", line 3: expected 2 fields as in line 1, got 3"),
    ('month,sales\n1-01,5\n"1-02,6\n1-03,7\n', ", line 3: expected fields in balanced quotes: unexpected end of data"),
    ("month,shop\n1-01,A\n1-02,B\n", ": no numeric column; its columns are 'month', 'shop'"),
    ("month,a,b\n1-01,1,4\n1-02,2,5\n1-03,3,6\n",
     ": expected one numeric column, got 2: 'a', 'b'; choose with --column"),
    ("cars,sales\n1800,5\n1750,6\n1810,7\n",
     ": expected one numeric column, got 2: 'cars', 'sales'; choose with --column"),
    (rows(5, "", 7), ", line 3, column 'sales': expected a number, got a blank"),
    ("month,sales\n1-01,5\n\n1-02,7\n", ", line 3, column 'sales': expected a number, got a blank"),
    (rows(5, 6, "n/a", 7), ", line 4, column 'sales': expected a number, got 'n/a'"),
    ("1-01,n/a\n1-02,5\n1-03,5\n", ", line 1, column '2': expected a number, got 'n/a'"),
    ("n/a\n5.5\n6,5\n6.5\n", ", line 3, column 'n/a': expected a number, got '6,5'"),
    (rows(5, 6, "1_0"), ", line 4, column 'sales': expected a number, got '1_0'"),
    ("m;s\n1-01;1.234,5\n1-02;2,345.5\n1-03;1,5", ", line 3, column 's': expected a number, got '2,345.5'"),
    (rows(5, "nan", 7), ", line 3, column 'sales': expected a finite number, got 'nan'"),
    (rows(5, "-inf", 7), ", line 3, column 'sales': expected a finite number, got '-inf'"),
    (rows(5, "1e999", 7), ", line 3, column 'sales': expected a finite number, got '1e999'"),
    ('month,sales,note\n1-01,5,"one\ntwo\nthree"\n1-02,x,\n1-03,5,\n',
     ", line 5, column 'sales': expected a number, got 'x'"),
    (rows(5, 6) + "Sales of shampoo,7\n",
     ", line 4, column 'month': expected a date such as '1-01', got 'Sales of shampoo'"),
    ("d,s\n2020-01-01,5\n2020-02-30,6\n2020-03-01,7\n",
     ", line 3, column 'd': expected a date such as '2020-01-01', got '2020-02-30'"),
    ("d,s\n1-01,5\n1-02,6\n1-04,7\n",
     ", line 4, column 'd': '1-04' follows '1-02': a gap or a step out of line, expected the next month"),
    ("d,s\n2020-01-03,5\n2020-01-06,6\n2020-01-07,7\n2020-01-09,7\n",
     ", line 5, column 'd': '2020-01-09' follows '2020-01-07': a gap or a step out of line, expected the next business day"),
    ("d,s\n1-01,5\n1-02,6\n1-02,7\n", ", line 4, column 'd': '1-02' follows '1-02': the same date twice"),
    ("d,s\n1-03,5\n1-02,6\n1-01,7\n", ", line 3, column 'd': '1-02' follows '1-03': the dates run backwards"),
    ("d,s\n2020-01-01 00:00,5\n2020-01-01 01:00,6\n",
     ", line 3, column 'd': '2020-01-01 01:00' follows '2020-01-01 00:00': the same date twice"),
    ("d,s\n2020-01-01,5\n2020-01-05,6\n2020-01-19,7\n2020-03-01,8\n",
     ", line 3, column 'd': '2020-01-05' follows '2020-01-01': " + NO_STEP),
    ("d,s\n2020-01-01,5\n2020-02-15,6\n2020-03-01,7\n",
     ", line 3, column 'd': '2020-02-15' follows '2020-01-01': " + NO_STEP),
    ("d,s\n2020-01-04,5\n2020-01-06,6\n2020-01-07,7\n",  # from a Saturday to a Monday
     ", line 3, column 'd': '2020-01-06' follows '2020-01-04': a gap or a step out of line, expected the next day"),
    ("year,s\n1949,5\n1950,6\n1952,7\n",
     ", line 4, column 'year': '1952' follows '1950': a gap or a step out of line, expected the next year"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_file(read, tmp_path, text, message):
    with pytest.raises(DataError) as caught:
        read(text)
    assert str(caught.value) == f"{tmp_path / 'own.csv'}{message}"


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("month,sales", ("profit",), ": no column 'profit'; its columns are 'month', 'sales'"),
        ("month,sales", (None, "day"), ": no column 'day'; its columns are 'month', 'sales'"),
        ("a,a", ("a",), ": more than one column 'a'; its columns are 'a', 'a'"),
        ("month,sales", ("sales", "sales"), ": expected different columns for values and dates, got 'sales' for both"),
        ("month,sales", ("month",), ", line 2, column 'month': expected a number, got '1-01'"),
        ("month,sales", (None, "sales"), ": no numeric column; its columns are 'month', 'sales'"),
    ],
)
def test_bad_column(read, tmp_path, header, columns, message):
    with pytest.raises(DataError) as caught:
        read(rows(5, 6, header=header), *columns)
    assert str(caught.value) == f"{tmp_path / 'own.csv'}{message}"


def test_labels_that_are_no_dates_have_no_next():
    with pytest.raises(DataError, match="series 'x': expected dates as labels, got 'two'"):
        Series("x", np.zeros(2), ("one", "two"), "month").next_labels(1)


def test_a_date_column_without_dates(read):
    with pytest.raises(DataError, match=r"own\.csv, line 2, column 'shop': expected dates, got 'A'"):
        read("shop,sales\nA,5\nB,6\n", date_column="shop")


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError) as caught:
        read_series("./none.csv")
    assert str(caught.value) == "./none.csv: cannot be read: No such file or directory"
    with pytest.raises(DataError, match=re.escape(f"{tmp_path}: expected a file, got a folder")):
        read_series(tmp_path)


def test_a_message_is_one_line(read):
    with pytest.raises(DataError) as caught:
        read('"the\nmonth",sales\n1-01,5\n1-02,"six\nor so' + 500 * "!" + '"\n')
    assert len(str(caught.value).splitlines()) == 1
    assert "!" * 100 not in str(caught.value)
    assert "line 4, column 'sales': expected a number, got 'six\\nor so!" in str(caught.value)
