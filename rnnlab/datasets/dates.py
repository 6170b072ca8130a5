"""Dates in text: which pattern reads a column of them, at which steps they follow, and how the next are written.

Patterns reach from "2020-01-31" and "31/01/2020 12:00" over "Jan 2020" and "2020Q1" to "1-01", month 1 of year 1. Of
two readings ("01/02/2020") the one with more regular steps holds, then the one with the longer step, then month first;
"01.02.2020" is always 1 February. Times of day are ignored. A two-digit year is the one nearest to the row before (in
the first row 1969 to 2068).
"""

from __future__ import annotations

import re
import statistics
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

# Steps in the usual cycle of each frequency, the shortest step first.
SEASONS = {"day": 7, "business day": 5, "week": 52, "month": 12, "quarter": 4, "year": 1}
_FREQUENCIES = tuple(SEASONS)
_MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
_MONTHS = re.findall("[A-Z][a-z]+", "JanuaryFebruaryMarchAprilMayJuneJulyAugustSeptemberOctoberNovemberDecember")
_NAME = r"(?P<b>[a-z]{3,9})\.?"
_YEAR = r"(?P<y>\d{4}|\d\d)"
_TIME = r"(?:[T ]+\d\d?:\d\d.*)?"
_PATTERNS = [
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d\d?)(?P=s)(?P<d>\d\d?){_TIME}",
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
        rf"(?P<m>\d\d?)(?P<s>[-/])(?P<d>\d\d?)(?P=s){_YEAR}{_TIME}",
        rf"(?P<d>\d\d?)(?P<s>[-/.])(?P<m>\d\d?)(?P=s){_YEAR}{_TIME}",
        rf"(?P<d>\d\d?)[- ]{_NAME}[- ]{_YEAR}{_TIME}",
        rf"{_NAME} (?P<d>\d\d?),? (?P<y>\d{{4}}){_TIME}",
        r"(?P<y>\d{1,4})[-/M](?P<m>\d\d?)",
        r"(?P<m>\d\d?)[-/](?P<y>\d{4})",
        rf"{_NAME}[-/ ]?{_YEAR}",
        rf"(?P<y>\d{{1,4}})[-/ ]?{_NAME}",
        r"(?P<y>\d{4})[-/ ]?Q(?P<q>[1-4])",
        rf"Q(?P<q>[1-4])[-/ ]?{_YEAR}",
        r"(?P<y>\d{4})-?W(?P<w>\d\d?)",
        r"(?P<y>\d{4})",
    )
]


@dataclass(frozen=True)
class Dates:
    """Texts read as dates.

    `days` holds the first day of the period that each text names, None where it names none; `known` are those without
    the Nones. `frequency` is one of `SEASONS`, and `regular` counts the steps between neighbours in `known` that have
    it.
    """

    texts: Sequence[str]
    pattern: re.Pattern[str]
    days: list[date | None]
    known: list[date]
    frequency: str
    regular: int

    def next_labels(self, frequency: str, count: int) -> tuple[str, ...]:
        """The `count` dates after the last, `frequency` apart, written as the texts are."""
        return tuple(_label(self.texts, self.pattern, day) for day in _days_after(self.known, frequency, count))


def recognise(texts: Sequence[str]) -> Dates | None:
    """The texts read by the pattern that reads most of them, and at least half; ties as the module's page says."""
    found = []
    for pattern in _PATTERNS:
        days = _days(texts, pattern)
        known = [day for day in days if day]
        if 2 * len(known) >= len(days):
            found.append(Dates(texts, pattern, days, known, *_frequency(known, pattern)))
    return max(found, key=lambda d: (len(d.known), d.regular, _FREQUENCIES.index(d.frequency)), default=None)


def recognise_column(texts: Sequence[str]) -> Dates | None:
    """As `recognise`, but whole numbers are dates only where at least half of their steps are regular."""
    dates = recognise(texts)
    if dates and any(text.isdigit() for text in texts):
        modern = all(1500 <= day.year <= 2200 for day in dates.known)
        return dates if modern and 0 < len(texts) - 1 <= 2 * dates.regular else None
    return dates


def is_date(text: str) -> bool:
    """Whether any pattern reads the text."""
    return any(_days([text], pattern)[0] for pattern in _PATTERNS)


def follows(frequency: str, before: date, after: date) -> bool:
    """Whether `after` is one step of `frequency` after `before`."""
    if frequency not in _MONTHS_IN:
        return (after - before).days == _length(frequency, before)
    # Month ends, last Fridays and the like have no fixed day, but stay within a week counted from one end of the month.
    shift = before.day - after.day
    end_shift = shift - monthrange(before.year, before.month)[1] + monthrange(after.year, after.month)[1]
    months = 12 * (after.year - before.year) + after.month - before.month
    return months == _MONTHS_IN[frequency] and min(abs(shift), abs(end_shift)) < 7


def _days(texts: Sequence[str], pattern: re.Pattern[str]) -> list[date | None]:
    days: list[date | None] = []
    near = 2019
    for text in texts:
        match = pattern.fullmatch(text)
        day = _day(match.groupdict(), near) if match else None
        near = day.year if day else near
        days.append(day)
    return days


def _day(part: dict[str, str], near: int) -> date | None:
    """The first day of the period that the parts of a date name; a two-digit year is the one nearest to `near`."""
    year = int(part["y"])
    if len(part["y"]) == 2:
        year = near + (year - near + 50) % 100 - 50
    try:
        if "w" in part:
            return date.fromisocalendar(year, int(part["w"]), 1)
        month = 3 * int(part["q"]) - 2 if "q" in part else int(part.get("m", 1))
        if "b" in part:
            month = next((i for i, name in enumerate(_MONTHS, 1) if name.lower().startswith(part["b"].lower())), 0)
        return date(year, month, int(part.get("d", 1)))
    except ValueError:
        return None


def _frequency(days: list[date], pattern: re.Pattern[str]) -> tuple[str, int]:
    """The frequency that most steps have (of equals the shortest), no finer than the pattern, and how many have it."""
    finest = {"d": "day", "w": "week", "b": "month", "m": "month", "q": "quarter", "y": "year"}
    start = min(_FREQUENCIES.index(finest[part]) for part in pattern.groupindex if part in finest)
    regular = {f: sum(follows(f, *step) for step in pairwise(days)) for f in _FREQUENCIES[start:]}
    return max(regular.items(), key=lambda item: item[1])


def _length(frequency: str, day: date) -> int:
    """Days from this day to the next of its kind; 0 where a business day has none."""
    if frequency == "business day":
        return (1, 1, 1, 1, 3, 0, 0)[day.weekday()]
    return 7 if frequency == "week" else 1


def _days_after(days: list[date], frequency: str, count: int) -> list[date]:
    last, after = days[-1], []
    if frequency in _MONTHS_IN:
        at_end = all(day.day == monthrange(day.year, day.month)[1] for day in days)
        usual = 31 if at_end else max(statistics.multimode(day.day for day in days))
        for step in range(1, count + 1):
            year, month = divmod(12 * last.year + last.month - 1 + step * _MONTHS_IN[frequency], 12)
            after.append(date(year, month + 1, min(usual, monthrange(year, month + 1)[1])))
        return after
    for _ in range(count):
        last += timedelta(days=_length(frequency, last))
        after.append(last)
    return after


def _label(labels: Sequence[str], pattern: re.Pattern[str], day: date) -> str:
    """The day written as the last label is; widths, two-digit years and full month names as in all labels."""
    matches = [match for label in labels if (match := pattern.fullmatch(label))]
    shapes = {part: [match[part] for match in matches] for part in pattern.groupindex}
    week = day.isocalendar()
    numbers = {"y": day.year, "m": day.month, "d": day.day, "q": (day.month + 2) // 3}
    if "w" in shapes:
        numbers |= {"y": week.year, "w": week.week}
    if all(len(text) == 2 for text in shapes["y"]):
        numbers["y"] %= 100
    written = {part: f"{n:0{min(map(len, shapes[part]))}d}" for part, n in numbers.items() if part in shapes}
    if "b" in shapes:
        full = any(text.capitalize() in _MONTHS and len(text) > 3 for text in shapes["b"])
        name, last = _MONTHS[day.month - 1][: None if full else 3], shapes["b"][-1]
        written["b"] = name.upper() if last.isupper() else name.lower() if last.islower() else name
    text = matches[-1].string
    for part in sorted(written, key=matches[-1].start, reverse=True):
        text = text[: matches[-1].start(part)] + written[part] + text[matches[-1].end(part) :]
    return text
