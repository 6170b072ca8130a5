"""Data by name and from the user's own files, as arrays. The only room that touches files and network.

`shampoo_sales`, `airline_passengers` and `published` give the small files that the package owns; `read_series` reads one
column of anybody's text file; `images` gives handwritten digits, for MNIST from the folder RNNLAB_DATA or a download;
`read_texts` reads labelled texts and `read_word_vectors` the vectors of their words.
"""

from rnnlab.datasets.errors import DataError
from rnnlab.datasets.handwriting import IMAGES, Images, digits, images, mnist
from rnnlab.datasets.own import SHA256, airline_passengers, published, shampoo_sales
from rnnlab.datasets.series import Series, read_series
from rnnlab.datasets.texts import emoji_sentences, read_texts
from rnnlab.datasets.word_vectors import WordVectors, read_word_vectors

__all__ = [
    "IMAGES",
    "SHA256",
    "DataError",
    "Images",
    "Series",
    "WordVectors",
    "airline_passengers",
    "digits",
    "emoji_sentences",
    "images",
    "mnist",
    "published",
    "read_series",
    "read_texts",
    "read_word_vectors",
    "shampoo_sales",
]
