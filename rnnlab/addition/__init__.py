"""Sums as text: questions such as "12+345" read backwards by one recurrent network, answers written by another.

Questions are drawn without repeats (a+b and b+a are the same one), and every network is asked all that it was not trained on.
"""

from rnnlab.addition.data import (
    MAX_DIGITS,
    TABLE,
    Split,
    answer_texts,
    carries,
    count_questions,
    draw_questions,
    encode,
    encode_answers,
    encode_questions,
    question,
    question_index,
    question_texts,
    split_questions,
    turn,
)
from rnnlab.addition.exam import answers, right_of_ten
from rnnlab.addition.network import build_adder
from rnnlab.addition.studies import RECIPES, Recipe
from rnnlab.characters import CharacterTable
from rnnlab.questions import parse_question

__all__ = [
    "MAX_DIGITS",
    "RECIPES",
    "TABLE",
    "CharacterTable",
    "Recipe",
    "Split",
    "answer_texts",
    "answers",
    "build_adder",
    "carries",
    "count_questions",
    "draw_questions",
    "encode",
    "encode_answers",
    "encode_questions",
    "parse_question",
    "question",
    "question_index",
    "question_texts",
    "right_of_ten",
    "split_questions",
    "turn",
]
