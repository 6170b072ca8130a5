"""Data by name and from the user's own files, as arrays. The only room that touches files and network.

`shampoo_sales`, `airline_passengers`, `sentences` and `published` give the small files that the package owns; `read_series`
reads one column of anybody's text file; `images` gives handwritten digits, for MNIST from the folder RNNLAB_DATA or a
download; `corpus` a text to learn to write from; `read_texts` labelled texts from a file, `imdb_reviews` and `ag_news` those
that many have used, and `word_vectors` vectors of their words.
"""

from rnnlab.datasets.handwriting import IMAGES, Images, digits, images, mnist
from rnnlab.datasets.own import SHA256, airline_passengers, published, sentences, shampoo_sales
from rnnlab.datasets.poems import CORPORA, FORMS, Corpus, corpus
from rnnlab.datasets.public_texts import ag_news, emoji_sentences, imdb_reviews
from rnnlab.datasets.series import Series, read_series
from rnnlab.datasets.tables import DataError
from rnnlab.datasets.texts import read_texts
from rnnlab.datasets.word_vectors import WordVectors, read_word_vectors, word_vectors

__all__ = [
    "CORPORA",
    "FORMS",
    "IMAGES",
    "SHA256",
    "Corpus",
    "DataError",
    "Images",
    "Series",
    "WordVectors",
    "ag_news",
    "airline_passengers",
    "corpus",
    "digits",
    "emoji_sentences",
    "images",
    "imdb_reviews",
    "mnist",
    "published",
    "read_series",
    "read_texts",
    "read_word_vectors",
    "sentences",
    "shampoo_sales",
    "word_vectors",
]
