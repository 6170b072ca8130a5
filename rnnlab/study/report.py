"""A study written up: Markdown with figures beside it, and one HTML page that holds everything."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from rnnlab.files import whole_file
from rnnlab.study.plan import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Table(NamedTuple):
    """A frame as text."""

    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Report:
    """What there is to say about a study, finished or not.

    Args:
        study: the plan.
        frame: its finished runs, as `Store.frame` gives them.
        command: what a reader types to get the same.
        tables: frames by caption; numbers are shown with four digits.
        figures: by file name, without its ending: a caption and a figure.
        claims: dicts with claim, verdict and evidence, as `rnnlab.verdicts` gives them.
        notes: sentences that a reader needs first.
    """

    study: Study
    frame: pd.DataFrame
    command: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, tuple[str, Figure]] = field(default_factory=dict)
    claims: Sequence[Mapping[str, str]] = ()
    notes: Sequence[str] = ()

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
    def arms(self) -> int:
        return len(self.study.arms)

    @property
    def seeds(self) -> str:
        seeds = sorted(self.study.seeds)
        run_of = len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1))
        return f"{len(seeds)} seeds ({f'{seeds[0]} to {seeds[-1]}' if run_of else ', '.join(map(str, seeds))})"

    @property
    def made_with(self) -> str:
        """The versions that the runs were made with; more than one set where they changed on the way."""
        return " and ".join(dict.fromkeys(self.frame.versions)) if self.runs else "no runs yet"

    @property
    def spent(self) -> str:
        minutes = self.frame.seconds.sum() / 60 if self.runs else 0.0
        return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"

    def write(self, directory: Path | str) -> None:
        """Writes report.md, report.html and the figures; each is whole or absent."""
        directory = Path(directory)
        pictures = {name: _png(figure) for name, (_, figure) in self.figures.items()}
        for name, picture in pictures.items():
            with whole_file(directory / f"{name}.png") as temporary:
                temporary.write_bytes(picture)
        for ending in ("md", "html"):
            with whole_file(directory / f"report.{ending}") as temporary:
                temporary.write_text(self._rendered(ending, pictures), encoding="utf-8")

    def _rendered(self, ending: str, pictures: Mapping[str, bytes]) -> str:
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader("rnnlab.study"),
            autoescape=ending == "html",
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        return environment.get_template(f"report.{ending}.j2").render(
            report=self,
            tables={caption: as_text(frame) for caption, frame in self.tables.items()},
            captions={name: caption for name, (caption, _) in self.figures.items()},
            pictures={name: base64.b64encode(picture).decode("ascii") for name, picture in pictures.items()},
        )


def as_text(frame: pd.DataFrame) -> Table:
    """Cells as people read them: four digits, an en dash where there is no number."""
    return Table(
        [str(name) for name in frame.columns], [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    )


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()
