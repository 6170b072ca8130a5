"""rnnlab.text: words to indices and vectors, the stacked classifier, copies across a split."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab import build_text_classifier, fit_replicas
from rnnlab.text import Vocabulary, embedding_matrix, end_to_end, find_copies, split_texts, tokenize

TINY = {"vocabulary_size": 12, "embedding_dim": 4, "num_classes": 3, "units": (5, 6)}
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
# Letters of either case, signs that are deleted and signs that are not, and everything that some program takes for a blank.
ODD_TEXT = st.text(st.sampled_from("aBcÉé'’-_.,!?#\"\\^`~😀👍🏽字 \t\n\r\v\f\x00\x1c\x85\xa0\u2003\u3000"), max_size=30)
numpy_of = keras.ops.convert_to_numpy


def test_words_of_a_text():
    assert tokenize("  I  don't LIKE\tit -- at\nall!! 😀") == ["i", "dont", "like", "it", "at", "all", "😀"]
    assert tokenize(" ?! ") == []


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(ANY_TEXT | ODD_TEXT, min_size=1, max_size=30))
def test_words_are_those_of_keras(texts):
    theirs = keras.layers.TextVectorization(vocabulary=["a"])._preprocess(texts).to_list()
    for text, words in zip(texts, theirs, strict=True):
        assert tokenize(text) == [word.decode() for word in words]
        assert all(tokenize(word) == [word] for word in tokenize(text))


def test_vocabulary_of_training_texts():
    texts = ["b a, c", "C b?", "b"]
    vocabulary = Vocabulary.from_texts(texts)
    assert (vocabulary.words, len(vocabulary), "a" in vocabulary, "d" in vocabulary) == (("b", "c", "a"), 5, True, False)
    assert Vocabulary.from_texts(texts, max_words=2).words == ("b", "c")
    assert Vocabulary.from_words(["the", ",", "n't", "The", "to do", "été", "[UNK]", ""]).words == ("the", "été")


def test_texts_as_indices():
    vocabulary = Vocabulary(["so", "good"])
    texts = ["So, so bad", "", "good good good good"]
    assert vocabulary.encode(texts, 3).tolist() == [[2, 2, 1], [0, 0, 0], [3, 3, 3]]
    assert vocabulary.encode(texts).tolist() == [[2, 2, 1, 0], [0, 0, 0, 0], [3, 3, 3, 3]]
    assert vocabulary.encode(["!"]).tolist() == [[0]]
    assert (vocabulary.encode([], 3).shape, vocabulary.encode(texts).dtype) == ((0, 3), np.int32)


def test_vectors_of_a_vocabulary():
    values = np.arange(8.0).reshape(4, 2)
    matrix = embedding_matrix(Vocabulary(["c", "x", "a"]), ["a", "b", "c", "a"], values)
    assert matrix.tolist() == [[0, 0], [0, 0], [4, 5], [0, 0], [0, 1]]
    assert matrix.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Vocabulary([]), "words: expected at least one word, got none"),
        (lambda: Vocabulary(["a", "b", "a"]), "words: expected each word once, got 'a' twice"),
        (lambda: Vocabulary(["a", "B"]), "words: expected words as tokenize gives them, got 'B'"),
        (lambda: Vocabulary("abc"), "words: expected a sequence of texts, got the text 'abc'"),
        (lambda: Vocabulary.from_texts(["!"]), "words: expected at least one word, got none"),
        (lambda: Vocabulary.from_texts(["a"], max_words=0), "max_words: expected an integer of at least 1, got 0"),
        (lambda: Vocabulary(["a"]).encode(["a", float("nan")]), "texts: expected texts, got nan at place 1"),
        (lambda: Vocabulary(["a"]).encode(["a"], 0), "length: expected an integer of at least 1, got 0"),
        (lambda: embedding_matrix(Vocabulary(["a"]), ["a"], np.ones(3)), r"values: expected shape \(1, dim\).*got \(3,\)"),
        (lambda: embedding_matrix(Vocabulary(["a"]), ["b"], np.ones((1, 3))), "words: expected some of the 1 words"),
        (lambda: split_texts(["a", "b"], [1], fraction=0.5), "labels: expected 2, one for each text, got 1"),
        (lambda: split_texts(["a", "b"], [0, 1], fraction=1.0), "fraction: expected a number between 0 and 1, got 1.0"),
        (lambda: split_texts(["a", "b"], [0, 1], fraction=0.1), "fraction: expected texts in both parts, got 0 of 2"),
        (lambda: find_copies(["a"], ["a"], threshold=0), "threshold: expected a number between 0 and 1, got 0"),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(("trainable", "expected"), [(None, 20_223_927), (False, 223_877)])
def test_size_of_the_published_network(trainable, expected):
    model = build_text_classifier(vocabulary_size=400_001, embedding_dim=50, num_classes=5, trainable_vectors=trainable)
    assert model.count_params() == 20_223_927
    assert sum(np.prod(weights.shape) for weights in model.trainable_weights) == expected
    assert model.output_shape == (None, 5)
    layers = [layer for layer in model.layers if layer.weights or "dropout" in layer.name]
    assert [type(layer).__name__ for layer in layers] == ["Embedding", "LSTM", "Dropout", "LSTM", "Dropout", "Dense"]
    assert [layers[place].rate for place in (2, 4)] == [0.5, 0.5]


@pytest.mark.parametrize("trained", [None, True])
def test_given_vectors(trained):
    vectors = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
    layer = build_text_classifier(**TINY, vectors=vectors, trainable_vectors=trained).get_layer("vectors")
    assert layer.trainable is bool(trained)
    np.testing.assert_array_equal(numpy_of(layer.embeddings), vectors)


def test_padding_that_is_read_as_in_the_course():
    model = build_text_classifier(**TINY, masked=False, seed=3)
    words = hidden = np.array([[3, 4, 5, 0, 0]])
    for name in ("vectors", "recurrent_1", "recurrent_2", "classes"):
        hidden = model.get_layer(name)(hidden)
    np.testing.assert_allclose(numpy_of(model(words)), numpy_of(hidden), rtol=1e-5, atol=1e-6)
    assert np.abs(hidden - numpy_of(model(words[:, :3]))).max() > 1e-4


@pytest.mark.parametrize(
    ("cell", "bidirectional", "pooling"), [("lstm", False, "last"), ("lstm", True, "last"), ("gru", True, "mean")]
)
def test_padding_changes_no_answer(cell, bidirectional, pooling):
    model = build_text_classifier(**TINY, cell=cell, bidirectional=bidirectional, pooling=pooling, seed=3)
    # Larger weights: answers that differ by more than rounding.
    model.set_weights([4 * weights for weights in model.get_weights()])
    words = np.random.default_rng(1).integers(1, 12, (6, 4))
    alone = numpy_of(model(words))
    for width in (1, 5):
        for side in ((0, width), (width, 0)):
            np.testing.assert_allclose(numpy_of(model(np.pad(words, ((0, 0), side)))), alone, rtol=1e-4, atol=1e-5)
    mixed = np.pad(words, ((0, 0), (0, 3)))
    mixed[:, 2] = [*words[:3, 2], 0, 0, 0]
    mixed[3:, 3:] = 0
    expected = numpy_of(model(words[3:, :2]))
    np.testing.assert_allclose(numpy_of(model(mixed))[3:], expected, rtol=1e-4, atol=1e-5)
    assert np.abs(alone[3:] - expected).max() > 0.05, "the words that were left out matter"
    # A text without a word: the same answer at every width.
    nothing = [numpy_of(model(np.zeros((2, width), "int32"))) for width in (1, 6)]
    np.testing.assert_allclose(*nothing, atol=1e-6)


def test_a_seed_fixes_weights_and_dropouts():
    def start(seed, **options):
        model = build_text_classifier(**{**TINY, "units": (5, 5)}, bidirectional=True, seed=seed, **options)
        weights = [array for array in model.get_weights() if array.dtype.kind == "f"]
        return weights, numpy_of(model(np.full((4, 3), 2), training=True))

    (weights, dropped), again, other, noisy = start(7), start(7), start(8), start(7, input_dropout=0.5)
    for one, two, three in zip(weights, again[0], noisy[0], strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    np.testing.assert_array_equal(dropped, again[1])
    assert np.any(dropped != other[1])
    assert np.any(dropped != noisy[1]), "its inputs are dropped too"
    drawn = [array for array in (*weights, *other[0]) if array.ndim == 2]
    assert len({array.tobytes() for array in drawn}) == len(drawn), "no two alike"


def test_options_of_the_advice():
    plain, soft = (build_text_classifier(**TINY, seed=2, **options) for options in ({}, {"temperature": 4.0}))
    words = np.full((1, 3), 5)
    np.testing.assert_allclose(numpy_of(plain(words)), 4 * numpy_of(soft(words)), rtol=1e-6)
    wide, xavier = {**TINY, "embedding_dim": 60, "units": (64,)}, [(2 / (60 + 256)) ** 0.5, (2 / (64 + 3)) ** 0.5]
    for name, expected in {"glorot_uniform": xavier, "glorot_normal": xavier, "random_normal": [0.05, 0.05]}.items():
        model = build_text_classifier(**wide, activation="softsign", kernel_initializer=name, seed=2)
        cell = model.get_layer("recurrent_1").cell
        assert cell.activation is keras.activations.softsign
        spread = [numpy_of(kernel).std() for kernel in (cell.kernel, model.get_layer("classes").kernel)]
        assert spread == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(
    "wrong",
    [
        {"vocabulary_size": 0}, {"embedding_dim": 1.5}, {"num_classes": True}, {"cell": "rnn"}, {"units": ()}, {"units": 128},
        {"units": (3, 0)}, {"activation": "square"}, {"kernel_initializer": "zeros"}, {"dropout": 1}, {"dropout": "0.5"},
        {"input_dropout": -0.1}, {"temperature": 0}, {"vectors": np.ones((12, 5))}, {"vectors": np.ones((12, 4), int)},
    ],
)  # fmt: skip
def test_builder_refuses(wrong):
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))}: expected"):
        build_text_classifier(**{**TINY, **wrong})


@pytest.mark.slow
def test_strings_in_probabilities_out_wherever_it_is_loaded(tmp_path):
    vocabulary = Vocabulary(["i", "dont", "like", "it", "so", "good", "été", "😀", "a", "b"])
    model = build_text_classifier(**TINY, bidirectional=True, seed=1)
    model.set_weights([4 * weights for weights in model.get_weights()])
    texts = ["I DON'T  like it!", "so—good", "été 😀", "Été", "", "...", "a\xa0b", "a\nb a b a b", "it's so b?"]
    whole = end_to_end(model, vocabulary, length=4)
    whole.save(tmp_path / "whole.keras")
    np.save(tmp_path / "in.npy", np.array(texts))
    code = (
        "import sys, keras, numpy as np; sys.modules['rnnlab'] = None\n"
        "texts = keras.ops.convert_to_tensor(np.load('in.npy').tolist())\n"
        "np.save('out.npy', keras.saving.load_model('whole.keras').predict(texts, verbose=0))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)
    expected = numpy_of(keras.ops.softmax(model(vocabulary.encode(texts, 4))))
    for answers in (np.load(tmp_path / "out.npy"), whole.predict(np.array(texts, dtype=object), verbose=0)):
        np.testing.assert_allclose(answers, expected, rtol=1e-4, atol=1e-5)
    assert np.ptp(expected, axis=0).max() > 0.05
    with pytest.raises(ValueError, match="vocabulary: expected 12 indices as the model has, got 4"):
        end_to_end(model, Vocabulary(["a", "b"]), length=4)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"cell": "gru", "bidirectional": True, "activation": "softsign"}])
def test_trains_in_fit_replicas_as_in_fit(options):
    rng = np.random.default_rng(0)
    x = rng.integers(1, 12, (20, 4)) * (np.arange(4) < rng.integers(1, 5, (20, 1)))
    y = rng.integers(0, 3, 20)
    vectors = rng.normal(size=(12, 4)).astype("float32")

    def build(seed):
        return build_text_classifier(**TINY, vectors=vectors, seed=seed, **options)

    loss, training = (
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        {"epochs": 15, "batch_size": 10, "shuffle": False},
    )
    replicas = fit_replicas(build, x, y, seeds=[4], optimizer=keras.optimizers.SGD(0.5, clipnorm=1.0), loss=loss, **training)
    model = build(4)
    start = model.get_weights()
    # Without compilation TensorFlow draws other dropout masks from the same seed.
    model.compile(keras.optimizers.SGD(0.5, clipnorm=1.0), loss, jit_compile=True)
    history = model.fit(x, y, verbose=0, **training).history
    np.testing.assert_allclose(replicas.history.loss, history["loss"], rtol=1e-4)
    for mine, theirs in zip(replicas.models[0].get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(replicas.models[0].get_layer("vectors").get_weights()[0], vectors)
    moved = [np.abs(after - before).max() for after, before in zip(model.get_weights(), start, strict=True)]
    assert sum(distance > 0.001 for distance in moved) == len(model.trainable_weights), moved


def test_a_split_keeps_copies_together():
    texts = [f"{word} {number}" for number in range(10) for word in "abc"] + ["A 3!", "b 7", "c, 1"]
    labels = [text[0].lower() for text in texts]
    train, aside = split_texts(texts, labels, fraction=0.2, seed=1)
    assert sorted([*train, *aside]) == list(range(33))
    kept, different = ({tuple(tokenize(texts[row])) for row in rows} for rows in (train, aside))
    assert not kept & different
    assert sorted(words[0] for words in different) == ["a", "a", "b", "b", "c", "c"]
    frame = pd.DataFrame({"text": texts, "label": labels}, index=range(100, 133))
    np.testing.assert_array_equal(split_texts(frame.text, frame.label, fraction=0.2, seed=1)[1], aside)
    assert any(list(split_texts(texts, labels, fraction=0.2, seed=seed)[1]) != list(aside) for seed in (2, 3))


def test_copies():
    train = ["ha ha so funny", "I love the red ball", "Good job", "good JOB!", "!"]
    test = ["good job", "the red ball I love", "i love the red", "so funny ha ha ha", "something else", "", "?"]
    found = find_copies(train, test, threshold=0.8)
    assert list(found.itertuples(index=False, name=None)) == [
        (0, 2, 1.0, True), (1, 1, 1.0, False), (2, 1, 0.8, False), (3, 0, 1.0, False),
    ]  # fmt: skip
    assert list(find_copies(train, test, threshold=1).test) == [0, 1, 3]
    assert list(find_copies(train, ["new"]).columns) == ["test", "train", "similarity", "copy"]


@given(
    train=st.lists(st.text("abcdef ", max_size=12), max_size=8),
    test=st.lists(st.text("abcdefg ", max_size=12), max_size=8),
    threshold=st.sampled_from([0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 1]),
)
def test_no_copy_is_missed(train, test, threshold):
    train, test = ([" ".join(text) for text in part] for part in (train, test))
    expected = []
    for row, text in enumerate(test):
        words, scores = tokenize(text), []
        for place, other in enumerate(map(tokenize, train)):
            either = len({*words, *other})
            scores.append((len(set(words) & set(other)) / (either or 1), words == other, -place))
        similarity, copy, place = max(scores, default=(0, False, 0))
        if similarity >= threshold:
            expected.append((row, -place, similarity, copy))
    assert list(find_copies(train, test, threshold=threshold).itertuples(index=False, name=None)) == expected
