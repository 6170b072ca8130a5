"""What is compared: cells that learn to add by a recipe, each over several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.addition.data import Split, split_questions
from rnnlab.cells import CELLS
from rnnlab.study import Study, grid

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Recipe:
    """How an adder is trained: Adam, on `questions` questions, with `held_out` more to look at after each epoch.

    The learning rate rises from nothing to `learning_rate` over the first `warmup` part of the updates and falls along a cosine
    to nothing; `warmup` None keeps it constant.
    """

    questions: int
    held_out: int
    batch_size: int
    epochs: int
    learning_rate: float
    warmup: float | None = None
    clipnorm: float | None = None
    beta_2: float = 0.999
    short: float = 0.0  # see draw_questions

    def optimizer(self, questions: int, epochs: int) -> keras.optimizers.Adam:
        """For `epochs` epochs over `questions` questions."""
        import keras

        updates = epochs * -(-questions // self.batch_size)
        rate: Any = self.learning_rate
        if self.warmup is not None:
            rising = max(1, round(self.warmup * updates))
            rate = keras.optimizers.schedules.CosineDecay(
                0.0, max(1, updates - rising), warmup_target=self.learning_rate, warmup_steps=rising
            )
        return keras.optimizers.Adam(rate, beta_2=self.beta_2, clipnorm=self.clipnorm)


RECIPES = {
    # The published protocol.
    "classic": Recipe(45_000, 5_000, 32, epochs=30, learning_rate=0.001),
    # Most mistakes of the classic recipe are in short sums, which it hardly sees; a high rate that falls does the rest.
    "fast": Recipe(90_000, 5_000, 128, epochs=6, learning_rate=0.01, warmup=0.1, clipnorm=1.0, beta_2=0.98, short=0.5),
}


def study_of(
    cells: Sequence[str],
    recipe: str = "fast",
    *,
    digits: int = 3,
    units: int = 128,
    questions: int | None = None,
    epochs: int | None = None,
    seeds: Sequence[int],
) -> Study:
    """The plan: an arm for each cell, with all numbers of the recipe among the settings.

    Args:
        questions, epochs: None leaves them as the recipe has them.
    """
    chosen = RECIPES[recipe]
    chosen = replace(chosen, questions=questions or chosen.questions, epochs=epochs or chosen.epochs)
    common = {"recipe": recipe, "digits": digits, "units": units, **asdict(chosen)}
    size, length = f"{digits} digit{'s' * (digits > 1)}", f"{chosen.epochs} epoch{'s' * (chosen.epochs > 1)}"
    title = f"Sums of up to {size}, recipe {recipe}, {length}"
    return Study("addition", grid(cell=cells), tuple(seeds), common, title=title)


def full(recipe: str, seeds: Sequence[int] = range(10)) -> Study:
    """The plan of a recipe at full size, with all cells; the report of ten seeds is committed."""
    return study_of(CELLS, recipe, seeds=seeds)


def recipe_of(settings: Mapping[str, Any]) -> Recipe:
    """The recipe that stands in the settings of an arm."""
    return Recipe(**{each.name: settings[each.name] for each in fields(Recipe)})


def questions_of(settings: Mapping[str, Any]) -> Split:
    """The questions of a plan; they are the same in all runs, whatever their seed."""
    rng = np.random.default_rng(0)
    return split_questions(settings["questions"], settings["held_out"], settings["digits"], rng, settings["short"])
