"""What is trained and compared: a language model of a corpus, optimizers, Adam's betas, learning rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any

from rnnlab import datasets
from rnnlab.checks import one_of
from rnnlab.study.plan import Setting, Study

# Learning rates of the published comparison.
RATES = {"adam": 1e-3, "rmsprop": 1e-2, "adagrad": 1e-2, "sgd": 1e-3, "momentum": 0.1}
OPTIMIZERS = tuple(RATES)
NUMERIC = ("learning_rate", "beta_1", "beta_2")
EPOCHS = 5  # of a comparison, as published
MOST_TEXTS = 3  # of a text that is not a poem
# What may be other than the recipe of a corpus says: in every plan, and in that of one language model alone.
SIZES, OWN = ("samples", "units", "epochs"), ("cell", "optimizer", "rate", "patience")
WRITING = ("count", "temperature", "top_k", "top_p")
# What the plan of one language model says besides its recipe.
DEFAULTS: dict[str, Any] = {"samples": None, "patience": 2, "count": 200, "top_k": None, "top_p": None}
DEFAULTS |= {"temperature": (0.6, 0.8, 1.0)}


@dataclass(frozen=True)
class Recipe:
    """Sizes of the network and how it is trained."""

    embedding_dim: int
    units: int
    batch_size: int
    epochs: int
    cell: str = "lstm"
    num_layers: int = 1
    dropout: float = 0.0
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    beta_1: float = 0.5
    beta_2: float = 0.99

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Recipe:
        """The recipe among the settings of a plan; what is None or not there stays as it is by default."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: settings[name] for name in names if settings.get(name) is not None})


# As published for the small and the large set; the other two are ours.
RECIPES = {
    "small": Recipe(embedding_dim=256, units=512, batch_size=16, epochs=40),
    "large": Recipe(embedding_dim=512, units=512, batch_size=64, epochs=20),
    "sample": Recipe(embedding_dim=64, units=128, batch_size=16, epochs=60),
    "text": Recipe(embedding_dim=128, units=256, batch_size=64, epochs=20),
}


def recipe_for(name: str, form: str) -> Recipe:
    """The recipe of a corpus by its name, or by its form for a file of the user's own."""
    return RECIPES[name] if name in RECIPES else RECIPES["text" if form == "text" else "large"]


def corpus_of(name: str, form: str | None = None) -> tuple[str, datasets.Corpus]:
    """`datasets.corpus` and its name here; a user's own file has the first digits of its hash, which tell two apart."""
    corpus = datasets.corpus(name, form)
    return name if name in datasets.CORPORA else f"{corpus.name} {sha256(corpus.text.encode()).hexdigest()[:8]}", corpus


def study_of(name: str, form: str, seeds: Sequence[int], **changes: Any) -> Study:
    """The plan of one language model, which writes after training.

    Args:
        name: of the corpus, see `corpus_of`.
        **changes: to `DEFAULTS` and to the recipe of the corpus, whose learning rate is `rate`; None is no change. After
            `patience` epochs without a better held-out perplexity training stops, then it writes `count` texts at each
            `temperature`.
    """
    names = {"rate": "learning_rate"}
    given = DEFAULTS | {names.get(each, each): value for each, value in changes.items() if value is not None}
    common: dict[str, Any] = {"corpus": name, "form": form} | {each: given.pop(each) for each in DEFAULTS}
    common["temperatures"] = " ".join(str(float(each)) for each in common.pop("temperature"))
    if form == "text":
        common["count"] = min(common["count"], MOST_TEXTS)
    recipe = replace(recipe_for(name, form), **given)
    arm = {"cell": recipe.cell, "units": recipe.units, **_optimizer(recipe.optimizer, recipe.learning_rate)}
    common |= {field: value for field, value in vars(recipe).items() if field not in arm}
    title = f"A language model of {_part(name, common['samples'])}: {recipe.embedding_dim} and {recipe.units} units"
    return Study("poems", {f"{recipe.cell}, {recipe.units}": arm}, tuple(seeds), common, (), title)


def _optimizer(optimizer: str, rate: float, beta_1: float = 0.5, beta_2: float = 0.99) -> dict[str, Setting]:
    # Betas that an optimizer does not have stand at None, so that they are no difference between its arms.
    betas = (beta_1, beta_2) if optimizer == "adam" else (None, None)
    return dict(zip(("optimizer", *NUMERIC), (optimizer, rate, *betas), strict=True))


def _part(name: str, samples: int | None) -> str:
    return f"{name}, {samples} samples" if samples else name


_PAIRS = (("momentum", 0.1), ("momentum", 0.01), ("rmsprop", 0.01), ("rmsprop", 0.001))
COMPARISONS: dict[str, tuple[str, dict[str, dict[str, Setting]]]] = {
    "optimizers": ("Five optimizers", {name: _optimizer(name, rate) for name, rate in RATES.items()}),
    "betas": ("Adam's betas", {f"{a}, {b}": _optimizer("adam", 1e-3, a, b) for a, b in ((0.5, 0.99), (0.9, 0.999))}),
    "rates": ("Learning rates", {f"{name}, {rate}": _optimizer(name, rate) for name, rate in _PAIRS}),
}


def comparison_of(kind: str, name: str, form: str, seeds: Sequence[int], **sizes: int | None) -> Study:
    """The plan of a comparison.

    Args:
        kind: one of `COMPARISONS`.
        name: of the corpus, see `corpus_of`.
        **sizes: of `SIZES`, other numbers than all samples, the units of the corpus's recipe, and `EPOCHS`.

    Raises:
        ValueError: the kind is unknown.
    """
    title, arms = COMPARISONS[one_of("kind", kind, COMPARISONS)]
    recipe, samples = recipe_for(name, form), sizes.get("samples")
    common: dict[str, Setting] = {"corpus": name, "samples": samples, "epochs": sizes.get("epochs") or EPOCHS}
    common |= {"embedding_dim": recipe.embedding_dim, "units": sizes.get("units") or recipe.units}
    common |= {"batch_size": recipe.batch_size}
    return Study(kind, arms, tuple(seeds), common, NUMERIC, f"{title} ({_part(name, samples)})")


def smaller_than_published(plan: Study) -> str:
    """What of a comparison is less or other than published; "" where nothing is."""
    corpus = "small" if plan.name == "betas" else "large"
    recipe = recipe_for(corpus, "")
    published = {"corpus": corpus, "samples": None, "embedding_dim": recipe.embedding_dim, "units": recipe.units}
    other = [
        f"{name.replace('_', ' ')} {plan.common[name]}, published {value or 'all'}"
        for name, value in published.items()
        if plan.common[name] != value
    ]
    epochs: Any = plan.common["epochs"]
    return "; ".join(other + ([f"{epochs} epochs of {EPOCHS}"] if epochs < EPOCHS else []))


def temperatures_of(settings: Mapping[str, Any]) -> list[float]:
    """The temperatures of a plan, which has them as one text."""
    return [float(temperature) for temperature in settings["temperatures"].split()]
