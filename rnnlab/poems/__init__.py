"""Poems, or any text, character by character: a language model, its perplexity, and what it writes.

`prepare` turns a text into numbers; `build_language_model` makes networks and `train` trains those of a plan; `Writer`, in
`rnnlab.poems.writing`, writes with one.
"""

from rnnlab.poems.data import Data, Vocabulary, prepare, samples_of, split
from rnnlab.poems.network import build_language_model
from rnnlab.poems.studies import RECIPES, Recipe
from rnnlab.poems.training import train
from rnnlab.poems.verse import distinct_characters, even, laid_out

__all__ = [
    "RECIPES",
    "Data",
    "Recipe",
    "Vocabulary",
    "build_language_model",
    "distinct_characters",
    "even",
    "laid_out",
    "prepare",
    "samples_of",
    "split",
    "train",
]
