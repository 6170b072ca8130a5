"""A study written up: Markdown with figures beside it, one HTML page that holds everything, tables as files, the screen."""

from __future__ import annotations

import base64
import io
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from rnnlab.files import write_whole
from rnnlab.machine import versions
from rnnlab.study.claims import Verdict, as_frame
from rnnlab.study.files import write_frame
from rnnlab.study.plan import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 110


class Table(NamedTuple):
    """A frame as text."""

    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Report:
    """What there is to say about a study, finished or not.

    Args:
        study: the plan.
        frame: its finished runs, as `Store.runs` gives them.
        command: what a reader types to get the same.
        tables: frames by caption; numbers are shown with four digits.
        figures: by file name, without its ending: a caption and a figure.
        claims: published statements, each with its verdict; see `rnnlab.study.claims`.
        notes: sentences that a reader needs first.
        files: further files by name, a frame for a .csv and a text for any other.
        shown: captions of the tables that the screen shows; the first one alone where there are none.
        summary: further entries of summary.json.
    """

    study: Study
    frame: pd.DataFrame
    command: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, tuple[str, Figure]] = field(default_factory=dict)
    claims: Sequence[Verdict] = ()
    notes: Sequence[str] = ()
    files: Mapping[str, pd.DataFrame | str] = field(default_factory=dict)
    shown: Sequence[str] = ()
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.study.title or self.study.name

    @property
    def runs(self) -> int:
        return len(self.frame)

    @property
    def missing(self) -> int:
        return len(self.study.jobs) - self.runs

    @property
    def arms(self) -> str:
        return f"{len(self.study.arms)} arm{'s' * (len(self.study.arms) > 1)}"

    @property
    def seeds(self) -> str:
        seeds = sorted(self.study.seeds)
        if len(seeds) == 1:
            return f"1 seed ({seeds[0]})"
        in_a_row = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1))
        return f"{len(seeds)} seeds ({f'{seeds[0]} to {seeds[-1]}' if in_a_row else ', '.join(map(str, seeds))})"

    @property
    def made_with(self) -> str:
        """The versions that the runs were made with; more than one set where they changed on the way."""
        return " and ".join(dict.fromkeys(self.frame.versions)) if self.runs else "no runs yet"

    @property
    def spent(self) -> str:
        minutes = self.frame.seconds.sum() / 60 if self.runs else 0.0
        return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"

    def write(self, directory: Path | str, seconds: Mapping[str, float] | None = None) -> None:
        """Writes report.md, report.html, summary.json, the figures and `files`; each is whole or absent.

        Args:
            seconds: what the command took, for summary.json.
        """
        directory = Path(directory)
        pictures = {name: _png(figure) for name, (_, figure) in self.figures.items()}
        for name, content in self.files.items():
            if isinstance(content, pd.DataFrame):
                write_frame(content, directory / name)
            else:
                write_whole(directory / name, content.encode())
        for name, picture in pictures.items():
            write_whole(directory / f"{name}.png", picture)
        for ending in ("md", "html"):
            write_whole(directory / f"report.{ending}", self._rendered(ending, pictures).encode())
        write_json(directory / "summary.json", self._summary() | {"seconds": dict(seconds or {})})

    def show(self, directory: Path | str) -> None:
        """Prints the tables of `shown`, the claims, and where the rest is."""
        from rnnlab.screen import console, print_table

        screen = console()
        screen.print(f"{self.title}: {self.seeds}")
        for caption in self.shown or list(self.tables)[:1]:
            print_table(screen, as_text(self.tables[caption]), caption if self.shown else "")
        for claim in self.claims:
            screen.print(f"{claim.claim}: {claim.verdict} ({claim.evidence})", soft_wrap=True)
        screen.print(f"results: {Path(directory) / 'report.html'}", soft_wrap=True)

    def _summary(self) -> dict[str, Any]:
        about = {"study": self.study.name, "title": self.title, "runs": self.runs, "missing": self.missing}
        about |= {"claims": [asdict(claim) for claim in self.claims], "command": self.command, **self.summary}
        about |= {"tables": {caption: table.to_dict("records") for caption, table in self.tables.items()}}
        return about | {"versions": versions()}

    def _rendered(self, ending: str, pictures: Mapping[str, bytes]) -> str:
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("rnnlab.study"),
            autoescape=ending == "html",
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        environment.filters["cell"] = lambda text: " ".join(str(text).replace("|", "\\|").split())
        return environment.get_template(f"report.{ending}.j2").render(
            report=self,
            claims=as_text(_for_readers(self.claims)) if self.claims else None,
            tables={caption: as_text(frame) for caption, frame in self.tables.items()},
            captions={name: caption for name, (caption, _) in self.figures.items()},
            pictures={name: base64.b64encode(picture).decode("ascii") for name, picture in pictures.items()},
        )


def _for_readers(claims: Sequence[Verdict]) -> pd.DataFrame:
    """A row per claim: what these runs say stands with the verdict, the interval with the difference; no empty columns."""
    table = as_frame(claims)
    table["verdict"] += [f" (here: {here})" if here else "" for here in table.here]
    ends = zip(table.difference, table.low, table.high, strict=True)
    table["difference"] = ["" if pd.isna(mean) else f"{mean:.3g} ({low:.3g} to {high:.3g})" for mean, low, high in ends]
    table = table.drop(columns=["low", "high", "here", "id"]).rename(columns={"corrected p": "p (Holm)"})
    return table[[name for name in table if not table[name].isin(["", None]).all()]]


def as_text(frame: pd.DataFrame) -> Table:
    """Cells as people read them: four digits, an en dash where there is no number."""
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return Table([str(name) for name in frame.columns], rows)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Writes JSON in which a number that is none (nan, inf) stands as null."""
    write_whole(path, (json.dumps(_plain(values), indent=2, allow_nan=False) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _png(figure: Figure) -> bytes:
    """The picture; text is text, so that a dollar sign in a name begins no formula and a missing sign is no warning."""
    from matplotlib.text import Text
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    axes = [axis for part in figure.axes for axis in (part.xaxis, part.yaxis)]
    numbers = [axis for axis in axes if not isinstance(axis.get_major_formatter(), (FixedFormatter, FuncFormatter))]
    ticks = {id(label) for axis in numbers for label in axis.get_ticklabels(which="both")}
    for text in figure.findobj(Text):
        text.set_parse_math(id(text) in ticks)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)
        figure.savefig(buffer, format="png", dpi=DPI)
    return buffer.getvalue()
