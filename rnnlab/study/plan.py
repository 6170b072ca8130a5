"""What a study is: arms by name, each a set of settings, times seeds."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

Setting = str | bool | int | float | None

# Columns of runs.csv that are neither settings nor scores.
RESERVED = ("study", "arm", "seed", "seconds", "versions", "settings")


class Job(NamedTuple):
    """One run to do."""

    arm: str
    settings: dict[str, Setting]
    seed: int


@dataclass(frozen=True)
class Study:
    """A plan, which is a value: it compares, prints and goes through JSON.

    Args:
        name: one word, as the store and the files know it.
        arms: the settings of each arm by a name that people can read. All arms have the same settings.
        seeds: one replicate of every arm each.
        common: settings that all arms share, such as the number of updates.
        numeric: settings that are only numbers in one program: arms that differ in them alone are trained together.
        title: what a report calls it.

    Raises:
        ValueError: there is no arm or no seed, a name stands twice, or a setting is no text, number or None.
    """

    name: str
    arms: Mapping[str, Mapping[str, Setting]]
    seeds: tuple[int, ...]
    common: Mapping[str, Setting] = field(default_factory=dict)
    numeric: tuple[str, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "seeds", tuple(self.seeds))
        object.__setattr__(self, "numeric", tuple(self.numeric))
        if not self.arms:
            raise ValueError(f"arms: expected at least one in study {self.name!r}, got none")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: expected at least one, each once, in study {self.name!r}, got {list(self.seeds)}")
        names = set(next(iter(self.arms.values())))
        for arm, settings in self.arms.items():
            if set(settings) != names:
                got = ", ".join(settings)
                raise ValueError(f"arms: expected the settings {', '.join(sorted(names))} in {arm!r}, got {got}")
        for name, value in itertools.chain(self.common.items(), *(settings.items() for settings in self.arms.values())):
            _check_setting(name, value)
        if twice := names & set(self.common):
            raise ValueError(f"common: expected settings that no arm has, got {', '.join(sorted(twice))}")
        if unknown := set(self.numeric) - names:
            raise ValueError(f"numeric: expected settings of the arms, got {', '.join(sorted(unknown))}")

    def settings(self, arm: str) -> dict[str, Setting]:
        """All settings of an arm."""
        return {**self.common, **self.arms[arm]}

    @property
    def jobs(self) -> list[Job]:
        """Every run of the study, arm by arm."""
        return [Job(arm, self.settings(arm), seed) for arm in self.arms for seed in self.seeds]

    def programs(self, jobs: Iterable[Job]) -> list[list[Job]]:
        """Jobs that one program can train, together: their arms differ in numeric settings alone."""
        groups: dict[str, list[Job]] = {}
        for job in jobs:
            shared = {name: value for name, value in job.settings.items() if name not in self.numeric}
            groups.setdefault(definition(shared), []).append(job)
        return list(groups.values())

    @property
    def table(self) -> pd.DataFrame:
        """A row per arm."""
        import pandas as pd

        return pd.DataFrame([{"arm": arm, **self.settings(arm)} for arm in self.arms])

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Study:
        return cls(**json.loads(text))

    def differences(self, other: Study) -> list[str]:
        """A few words for each way in which this plan is another than `other`; none where it is `other` with more seeds."""
        words = [f"{name} {value}" for name, value in self.common.items() if other.common.get(name, ...) != value]
        if self._definitions() != other._definitions():
            varied = {name: _values(self, name) for arm in self.arms.values() for name in arm}
            changed = [" ".join([name, *values]) for name, values in varied.items() if values != _values(other, name)]
            words += changed or [f"{len(self.arms)} arms"]
        if missing := set(other.seeds) - set(self.seeds):
            words.append(f"{len(self.seeds)} seeds" if len(self.seeds) < len(other.seeds) else f"without seed {min(missing)}")
        return words

    def _definitions(self) -> dict[str, str]:
        return {arm: definition(settings) for arm, settings in self.arms.items()}


def grid(**values: Iterable[Setting]) -> dict[str, dict[str, Setting]]:
    """Arms for all combinations of settings: `grid(cell=["lstm", "gru"], units=[8, 16])` has "lstm, 8", "lstm, 16", ..."""
    combinations = itertools.product(*values.values())
    return {", ".join(map(str, row)): dict(zip(values, row, strict=True)) for row in combinations}


def definition(settings: Mapping[str, Setting]) -> str:
    """Settings as text that is the same for the same settings, in whatever order."""
    return json.dumps(dict(settings), sort_keys=True, ensure_ascii=False)


def _values(study: Study, name: str) -> list[str]:
    """The values of a setting, each once, in the order of the arms."""
    return list(dict.fromkeys(str(settings.get(name)) for settings in study.arms.values()))


def _check_setting(name: str, value: Any) -> None:
    if name in RESERVED:
        raise ValueError(f"arms: expected settings with names other than {', '.join(RESERVED)}, got {name!r}")
    finite = isinstance(value, float) and math.isfinite(value)
    if value == "" or not (value is None or isinstance(value, (str, bool, int)) or finite):
        raise ValueError(f"arms: expected a text, a finite number or None for {name!r}, got {value!r}")
