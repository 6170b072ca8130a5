"""The stacked classifier, and its twin that reads strings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnlab.cells import check_cell, recurrent_layer, split_seed
from rnnlab.checks import between, one_of, whole
from rnnlab.text.words import PADDING, Vocabulary

if TYPE_CHECKING:
    import keras

POOLINGS = ("last", "mean")
# Initializers of Keras that take a seed. Glorot's name is Xavier.
INITIALIZERS = {
    f"{name}_{shape}": f"{name.title()}{shape.title()}"
    for name in ("glorot", "he", "lecun", "random")
    for shape in ("uniform", "normal")
}


def build_text_classifier(
    *,
    vocabulary_size: int,
    embedding_dim: int,
    num_classes: int,
    cell: str = "lstm",
    units: Sequence[int] = (128, 128),
    bidirectional: bool = False,
    activation: str = "tanh",
    kernel_initializer: str = "glorot_uniform",
    pooling: str = "last",
    masked: bool = True,
    dropout: float = 0.5,
    input_dropout: float = 0.0,
    temperature: float = 1.0,
    vectors: np.ndarray | None = None,
    trainable_vectors: bool | None = None,
    dtype: str | None = None,
    seed: int | None = None,
    name: str = "text_classifier",
) -> keras.Model:
    """Word indices -> word vectors -> recurrent layers, dropout after each -> linear layer: logits of shape (num_classes,).

    Index 0 is padding and is left out wherever it stands, so that texts of any length are answered as they are without it. An
    uncompiled Keras model of stock layers.

    Args:
        vocabulary_size: number of word indices, with those of padding and of unknown words.
        embedding_dim: numbers in a word vector.
        cell: "simple_rnn", "lstm" or "gru".
        units: of each recurrent layer, in each direction.
        bidirectional: whether each recurrent layer also reads the text from its end; both outputs are joined.
        activation: of the recurrent layers, where the cell has tanh of its own, such as "softsign".
        kernel_initializer: of the kernels of recurrent and linear layers, one of `INITIALIZERS`; "glorot_uniform" and
            "glorot_normal" are Xavier's. Recurrent kernels start orthogonal, biases as the cell has them.
        dropout: fraction of the outputs of each recurrent layer that is dropped in training.
        input_dropout: fraction of the numbers of the word vectors that is dropped in training.
        pooling: "last" reads the classes from the last outputs of the last layer, "mean" from the mean of its outputs.
        masked: whether padding is left out; False reads it as the word that it is, as the course's program does, so that an
            answer depends on the length that a text is padded to.
        temperature: what the logits are divided by, in training as afterwards; above 1 it makes a softmax more even.
        vectors: what the word vectors start from, of shape (vocabulary_size, embedding_dim); None draws them.
        trainable_vectors: whether they are trained; None trains those that are drawn and leaves those that are given.
        seed: fixes every initial weight and every dropout; None leaves them to Keras.

    Raises:
        ValueError: an argument is out of range or does not go with another.
    """
    import keras

    check_cell(cell)
    one_of("kernel_initializer", kernel_initializer, INITIALIZERS)
    _check(units, activation, pooling, temperature, dropout=dropout, input_dropout=input_dropout)
    shape = whole("vocabulary_size", vocabulary_size), whole("embedding_dim", embedding_dim)
    num_classes, units = whole("num_classes", num_classes), [whole("units", size) for size in units]
    *seeds, dropping_inputs = _seeds(seed, 3 + len(units))
    words = keras.Input((None,), dtype="int32", name="words")
    hidden = _word_vectors(shape, vectors, trainable_vectors, seeds[0], dtype)(words)
    if input_dropout:
        hidden = keras.layers.Dropout(input_dropout, seed=dropping_inputs, dtype=dtype, name="input_dropout")(hidden)
    # Handed to each layer: some versions of Keras lose the mask of an embedding on the way.
    mask = keras.ops.not_equal(words, PADDING) if masked else None
    for number, (size, own) in enumerate(zip(units, seeds[2:], strict=True), 1):
        *reading, dropping = _seeds(own, 3)
        averaged = number == len(units) and pooling == "mean"
        options = {"activation": activation, "return_sequences": number < len(units) or averaged, "dtype": dtype}
        hidden = _recurrent(cell, size, kernel_initializer, reading, bidirectional, number, options)(hidden, mask=mask)
        hidden = _mean(hidden, mask) if averaged else hidden
        hidden = keras.layers.Dropout(dropout, seed=dropping, dtype=dtype, name=f"dropout_{number}")(hidden)
    kernel = _initializer(kernel_initializer, seeds[1])
    logits = keras.layers.Dense(num_classes, kernel_initializer=kernel, dtype=dtype, name="classes")(hidden)
    if temperature != 1:
        logits = keras.layers.Rescaling(1 / temperature, dtype=dtype, name="temperature")(logits)
    return keras.Model(words, logits, name=name)


def _word_vectors(
    shape: tuple[int, int], vectors: Any, trainable: bool | None, seed: int | None, dtype: Any
) -> keras.layers.Embedding:
    import keras

    if vectors is not None:
        vectors = np.asarray(vectors)
        if vectors.shape != shape or vectors.dtype.kind != "f":
            raise ValueError(f"vectors: expected floating numbers of shape {shape}, got {vectors.dtype} of {vectors.shape}")
    trainable = vectors is None if trainable is None else bool(trainable)
    start = "zeros" if vectors is not None else keras.initializers.RandomUniform(seed=seed)
    layer = keras.layers.Embedding(*shape, embeddings_initializer=start, trainable=trainable, dtype=dtype, name="vectors")
    layer.build()
    if vectors is not None:
        layer.embeddings.assign(vectors)
    return layer


def _mean(outputs: Any, mask: Any) -> Any:
    """The mean over the steps that count; zeros where none does."""
    from keras import ops

    if mask is None:
        return ops.mean(outputs, axis=1)
    counts = ops.expand_dims(ops.cast(mask, outputs.dtype), -1)
    return ops.sum(outputs * counts, axis=1) / ops.maximum(ops.sum(counts, axis=1), 1)


def end_to_end(model: keras.Model, vocabulary: Vocabulary, *, length: int, name: str = "text_to_class") -> keras.Model:
    """A classifier that takes strings, shape (batch,), and gives the probability of each class, shape (batch, num_classes).

    It shares the weights of `model`; its file holds all that an answer takes. Keras reads strings on TensorFlow only.

    Args:
        model: as `build_text_classifier` gives it.
        vocabulary: that of the word indices it was trained on.
        length: words that are read of each text, the first ones.

    Raises:
        ValueError: the vocabulary has another size than the model's, or `length` is below 1.
    """
    import keras

    expected = model.get_layer("vectors").input_dim
    if len(vocabulary) != expected:
        raise ValueError(f"vocabulary: expected {expected} indices as the model has, got {len(vocabulary)}")
    to_indices = keras.layers.TextVectorization(
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        vocabulary=list(vocabulary.words),
        output_sequence_length=whole("length", length),
        name="tokenize",
    )
    texts = keras.Input((), dtype="string", name="texts")
    return keras.Model(texts, keras.layers.Softmax(name="probabilities")(model(to_indices(texts))), name=name)


def _recurrent(
    cell: str, units: int, initializer: str, seeds: list[Any], bidirectional: bool, number: int, options: dict[str, Any]
) -> keras.Layer:
    """A recurrent layer in one direction or both; of its two seeds the second is that of the way back."""
    import keras

    def reader(seed: int | None, **way: Any) -> keras.layers.RNN:
        own, kernel = _seeds(seed, 2)
        return recurrent_layer(cell, units, seed=own, kernel_initializer=_initializer(initializer, kernel), **options, **way)

    name = f"recurrent_{number}"
    if not bidirectional:
        return reader(seeds[0], name=name)
    # Of its own: the one that Keras derives from the first would start with the same weights.
    back = reader(seeds[1], go_backwards=True, name=f"backward_{number}")
    return keras.layers.Bidirectional(reader(seeds[0], name=name), backward_layer=back, dtype=options["dtype"], name=name)


def _initializer(name: str, seed: int | None) -> keras.initializers.Initializer:
    import keras

    return keras.initializers.get({"class_name": INITIALIZERS[name], "config": {"seed": seed}})


def _seeds(seed: int | None, count: int) -> list[Any]:
    return [None] * count if seed is None else split_seed(seed, count)


def _check(units: Any, activation: Any, pooling: Any, temperature: Any, **fractions: Any) -> None:
    import keras

    if isinstance(units, str) or not isinstance(units, Sequence) or not units:
        raise ValueError(f"units: expected a size for each recurrent layer, at least one, got {units!r}")
    if not isinstance(activation, str) or not hasattr(keras.activations, activation):
        raise ValueError(f"activation: expected the name of a Keras activation, got {activation!r}")
    one_of("pooling", pooling, POOLINGS)
    between("temperature", temperature, 0, math.inf)
    for what, fraction in fractions.items():
        if isinstance(fraction, bool) or not isinstance(fraction, Real) or not 0 <= float(fraction) < 1:
            raise ValueError(f"{what}: expected a number from 0 to below 1, got {fraction!r}")
