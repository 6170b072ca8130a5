"""Texts to learn to write from: poems, or any plain text."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rnnlab.checks import one_of
from rnnlab.datasets.downloads import own_copy, public_file
from rnnlab.datasets.own import own_file
from rnnlab.datasets.tables import DataError, read_text

CORPORA = ("sample", "small", "large")
FORMS = ("titled", "lines", "text")

SMALL_URL = (
    "https://raw.githubusercontent.com/nndl/exercise/6cb3e55de162c812f865e8a9fa232ff27bb74405/"
    "exercise%204%20-%20recurrent%20neural%20network/tangshi.txt"
)
SMALL_SHA256 = "56a5adbd9b60acdf1b712cb7761aaf85688c29c38cefa5b5f0b0be643a6c01eb"
# Editions of the Complete Tang Poems, "title:content" a line: the one of the report, and one in simplified characters.
LARGE = ("poems.txt", "poems_quantangshi_simplified.txt")


@dataclass(frozen=True)
class Corpus:
    """A text and its form: "titled" (a poem a line, title:content), "lines" (verses), "text" (anything)."""

    name: str
    text: str
    form: str


def corpus(name: str, form: str | None = None) -> Corpus:
    """A corpus by name, or from a file in UTF-8.

    "sample" comes with the package: quatrains in the manner of Tang poems, written for it. "small" is `tangshi.txt`, 168 Tang
    poems, from the folder that RNNLAB_DATA names, from the network otherwise; "large" is `poems.txt` or
    `poems_quantangshi_simplified.txt` in that folder, an edition of the Complete Tang Poems.

    Args:
        form: one of `FORMS`; None finds it out.

    Raises:
        ValueError: `form` is unknown.
        DataError: there is no such file, it is empty, or it is not UTF-8; the message names the byte.
    """
    if form is not None:
        one_of("form", form, FORMS)
    path = _path_of(name)
    text = read_text(path).replace("\r\n", "\n")
    if not text.strip():
        raise DataError(f"{path}: expected a text, got an empty file")
    return Corpus(path.name, text, form or _form_of(text))


def _form_of(text: str) -> str:
    """The form of a text: verses are Chinese, and a titled poem has something on both sides of its first colon."""
    lines = [line for line in text.splitlines() if line.strip()]
    chinese = sum("\u4e00" <= character <= "\u9fff" for character in text)
    if 2 * chinese < len("".join(text.split())):
        return "text"
    titled = sum(all(part.strip() for part in line.partition(":")) for line in lines)
    return "titled" if 2 * titled > len(lines) else "lines"


def _path_of(name: str) -> Path:
    if name == "sample":
        return own_file("poems_sample.txt")
    if name == "small":
        return public_file("tangshi.txt", SMALL_URL, SMALL_SHA256)
    if name != "large":
        return Path(name)
    for file in LARGE:
        if path := own_copy(file):
            return path
    expected = f"{' or '.join(LARGE)} in a folder that RNNLAB_DATA names, a poem a line as title:content"
    raise DataError(f"large: expected {expected}, got {os.environ.get('RNNLAB_DATA') or 'no folder'}")
