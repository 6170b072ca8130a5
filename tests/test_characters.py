import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlab.characters import CharacterTable


@given(st.data())
def test_decoding_undoes_encoding_with_any_alphabet(data):
    characters = "".join(data.draw(st.lists(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12, unique=True)))
    length = data.draw(st.integers(1, 6))
    texts = data.draw(st.lists(st.text(characters, min_size=length, max_size=length), min_size=1, max_size=5))
    table = CharacterTable(characters)
    array = table.encode(texts, length)
    assert array.shape == (len(texts), length, len(characters))
    assert (array.sum(axis=-1) == 1).all()
    assert table.decode(array) == texts


def test_columns_follow_the_alphabet_and_the_likeliest_is_decoded():
    assert CharacterTable("ba ").encode(["ab "], 3)[0].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert CharacterTable("xy").decode(np.array([[[0.4, 0.6], [0.7, 0.3]]])) == ["yx"]


@pytest.mark.parametrize(
    ("texts", "length", "message"),
    [
        (["12", "1x"], 2, "texts: expected characters of '12', got 'x' in '1x'"),
        (["12", "121"], 2, "texts: expected 2 characters, got 3 in '121'"),
        (["1"], 2, "texts: expected 2 characters, got 1 in '1'"),
    ],
)
def test_unknown_texts(texts, length, message):
    with pytest.raises(ValueError, match=message):
        CharacterTable("12").encode(texts, length)


@pytest.mark.parametrize("characters", ["", "aba"])
def test_no_alphabet(characters):
    with pytest.raises(ValueError, match="characters: expected an alphabet with each character once"):
        CharacterTable(characters)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4)])
def test_decoding_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"array: expected shape \(texts, length, 2\)"):
        CharacterTable("ab").decode(np.zeros(shape))
