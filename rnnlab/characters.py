"""Texts as one-hot arrays over an alphabet, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class CharacterTable:
    """Texts of one length as one-hot arrays over an alphabet, and back.

    Args:
        characters: the alphabet, each character once; its order is the order of the columns.

    Raises:
        ValueError: a character stands twice, or there is none.
    """

    def __init__(self, characters: str) -> None:
        if not characters or len(set(characters)) != len(characters):
            raise ValueError(f"characters: expected an alphabet with each character once, got {characters!r}")
        self.characters = characters
        self._columns = {character: column for column, character in enumerate(characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def codes(self, texts: Sequence[str], length: int) -> np.ndarray:
        """The column of every character: uint8 or wider, shape (texts, length).

        Raises:
            ValueError: a text has another length, or a character that the alphabet lacks; the message names both.
        """
        for text in texts:
            if len(text) != length:
                raise ValueError(f"texts: expected {length} characters, got {len(text)} in {text!r}")
        try:
            codes = [self._columns[character] for text in texts for character in text]
        except KeyError as error:
            text = next(text for text in texts if error.args[0] in text)
            message = f"texts: expected characters of {self.characters!r}, got {error.args[0]!r} in {text!r}"
            raise ValueError(message) from None
        return np.array(codes, dtype=np.min_scalar_type(len(self))).reshape(len(texts), length)

    def encode(self, texts: Sequence[str], length: int) -> np.ndarray:
        """One-hot float32 array of shape (texts, length, alphabet).

        Raises:
            ValueError: as for `codes`.
        """
        return np.eye(len(self), dtype="float32")[self.codes(texts, length)]

    def decode(self, array: np.ndarray) -> list[str]:
        """Texts from one-hot rows or from probabilities, shape (texts, length, alphabet): the largest column counts.

        Raises:
            ValueError: the array has another shape.
        """
        array = np.asarray(array)
        if array.ndim != 3 or array.shape[-1] != len(self):
            raise ValueError(f"array: expected shape (texts, length, {len(self)}), got {array.shape}")
        return ["".join(self.characters[code] for code in row) for row in array.argmax(axis=-1)]
