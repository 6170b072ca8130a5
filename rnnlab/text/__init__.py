"""Texts to classes: words to numbers, pre-trained word vectors, stacked recurrent layers, and copies across a split.

A text is a str, its tokens are what `tokenize` makes of it, and a network reads one row of word indices for each text: 0 is
padding, 1 an unknown word. The other rooms are what `examples/text_classification.py` is made of.
"""

from rnnlab.text.network import build_text_classifier, end_to_end
from rnnlab.text.splits import find_copies, split_texts
from rnnlab.text.words import PADDING, UNKNOWN, Vocabulary, embedding_matrix, tokenize

__all__ = [
    "PADDING",
    "UNKNOWN",
    "Vocabulary",
    "build_text_classifier",
    "embedding_matrix",
    "end_to_end",
    "find_copies",
    "split_texts",
    "tokenize",
]
