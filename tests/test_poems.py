"""The character language model: corpus, network, perplexity, writing."""

from __future__ import annotations

import json
import re
import string
from functools import partial

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab import poems
from rnnlab.cells import CELLS
from rnnlab.poems.data import END, PAD, UNKNOWN, Vocabulary, samples_of, split
from rnnlab.poems.scores import Perplexity, PublishedPerplexity
from rnnlab.poems.studies import Recipe, comparison_of, smaller_than_published, study_of
from rnnlab.poems.training import build, optimizer_of
from rnnlab.poems.writing import Taste, Writer, draw, writer_of
from rnnlab.training import replicas_of

VERSE = "春江花月夜，秋水白云间。"

# Corpus


def test_filters_of_each_form():
    titled = ["甲:" + VERSE * 5, "乙:" + VERSE, "丙:" + VERSE[:-1] + "（一作）" + VERSE, "no title", "丁:" + VERSE * 2]
    assert samples_of("\n".join(titled), "titled") == [(VERSE * 5)[:48], VERSE * 2]
    assert samples_of("\n".join(["一" * 9, "二" * 10, "", "三" * 24, "四" * 25]), "lines") == ["二" * 10, "三" * 24]
    assert samples_of("abcdefghij", "text", 3) == ["abcd", "defg", "ghij"]
    with pytest.raises(ValueError, match=r"^corpus: expected at least 2 samples of the form 'lines', got 0"):
        samples_of("", "lines")


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=2, max_size=40).filter(lambda s: len(set(s)) > 1))
def test_no_sample_straddles_the_split(samples):
    train, held_out = split(samples)
    assert sorted(train + held_out) == sorted(samples)
    assert not set(train) & set(held_out)
    assert min(len(train), len(held_out)) > 0


def test_the_vocabulary_comes_from_training_alone_and_keeps_what_is_common():
    vocabulary = Vocabulary.of(["aab", "abc", "bd"], most=2)
    assert (vocabulary.characters, len(vocabulary)) == ("ab", 5)
    assert Vocabulary.of(["aab", "c"]).characters == "a"
    with pytest.raises(ValueError, match="each character once"):
        Vocabulary("aa")


@given(st.lists(st.text("abcdef", max_size=8), min_size=1, max_size=6), st.booleans())
def test_decode_undoes_encode(samples, end):
    codes = Vocabulary("abcdef").encode(samples, end=end)
    assert (codes.dtype, codes.shape) == (np.int32, (len(samples), max(map(len, samples)) + end))
    assert (codes == END).sum() == end * len(samples)
    assert Vocabulary("abcdef").decode(np.where(codes == PAD, END, codes)) == samples


def test_what_the_vocabulary_lacks_is_unknown():
    vocabulary = Vocabulary("ab")
    assert vocabulary.encode(["axb"]).tolist() == [[3, UNKNOWN, 4, END]]
    assert "x" not in vocabulary
    assert vocabulary.decode(vocabulary.encode(["axb"])) == ["a□b"]


@pytest.fixture(scope="module")
def data():
    lines = np.random.default_rng(0).choice(list("春江花月夜秋水白云间山风"), (60, 2, 5))
    return poems.prepare("\n".join("，".join(map("".join, pair)) + "。" for pair in lines), "lines")


def test_targets_are_the_inputs_shifted_by_one(data):
    for part, (x, y) in ((data.train, data.pairs), (data.held_out, data.held_out_pairs)):
        assert np.array_equal(x[:, 1:], y[:, :-1])
        assert x.shape == (len(part), part.shape[1] - 1)
        assert all((row == END).sum() == 1 for row in y)


# Network and scores


def test_the_network_has_the_published_sizes():
    model = poems.build_language_model(vocabulary_size=5416, embedding_dim=512, units=512)
    lstm = 4 * (512 + 512 + 1) * 512
    assert model.count_params() == 5416 * 512 + lstm + 513 * 5416
    assert model.output_shape == (None, None, 5416)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("vocabulary_size", 0, "vocabulary_size: expected an integer of at least 1, got 0"),
        ("num_layers", 0, "num_layers: expected an integer of at least 1, got 0"),
        ("units", 0, "units: expected an integer of at least 1, got 0"),
        ("cell", "rnn", "cell: expected one of"),
        ("dropout", 1, "dropout: expected a number from 0 to below 1, got 1"),
    ],
)
def test_wrong_arguments_are_named(name, value, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        poems.build_language_model(**{"vocabulary_size": 9, name: value})


def test_a_seed_fixes_all_weights_and_what_comes_later_changes_nothing_before():
    options = {"vocabulary_size": 20, "embedding_dim": 4, "units": 5, "num_layers": 2, "dropout": 0.2}
    one, other, apart = (poems.build_language_model(**options, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    assert not np.array_equal(one.get_weights()[0], apart.get_weights()[0])
    x = np.arange(12).reshape(2, 6)
    np.testing.assert_allclose(one(x)[:, :3], one(x[:, :3]), atol=1e-6)


def test_perplexities_against_their_definitions():
    rng = np.random.default_rng(0)
    y = np.array([[3, 4, 2, 0, 0], [4, 4, 4, 3, 2], [3, 2, 0, 0, 0]])
    logits = rng.normal(size=(3, 5, 6)).astype("float32")
    likely = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    nll = -np.log(np.take_along_axis(likely, y[..., None], -1)[..., 0])
    meant, published = Perplexity(), PublishedPerplexity()
    for part in (slice(0, 2), slice(2, 3)):
        meant.update_state(y[part], logits[part])
        published.update_state(y[part], logits[part])
    assert float(meant.result()) == pytest.approx(np.exp(nll[y != PAD].mean()), rel=1e-5)
    assert float(published.result()) == pytest.approx(np.exp(nll.mean(axis=1)).mean(), rel=1e-5)


def test_training_keeps_the_best_epoch_and_what_its_network_writes_again(data):
    changes = {"embedding_dim": 8, "units": 24, "batch_size": 12, "epochs": 30, "rate": 0.05, "count": 2, "temperature": [0.5]}
    plan = study_of("mine", "lines", [3], **changes)
    results = []
    poems.train(data, plan.jobs, lambda *finished: results.append(finished))
    ((job, result),) = results
    curve = result.curve["held_out_perplexity"]
    assert int(np.argmin(curve)) == len(curve) - 3 < 27
    assert (result.scores["best_epoch"], result.scores["trained_epochs"]) == (len(curve) - 2, len(curve))
    (model,) = replicas_of(partial(build, len(data.vocabulary), job.settings), {3: result.network}).models
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=[Perplexity()])
    _, found = model.evaluate(*data.held_out_pairs, batch_size=12, verbose=0)
    assert found == pytest.approx(result.scores["held_out_perplexity"], rel=1e-4)
    assert found == pytest.approx(min(curve), rel=1e-4)
    notes = json.loads(str(result.network["notes"]))
    assert result.arrays["texts"].tolist() == [writer_of(model, notes)(2, taste=Taste(0.5), seed=3)]


def test_what_is_smaller_than_published_is_named():
    full = {kind: comparison_of(kind, "large", "titled", [0, 1]) for kind in ("optimizers", "rates")}
    assert not any(map(smaller_than_published, full.values()))
    assert not smaller_than_published(comparison_of("betas", "small", "lines", [0]))
    less = comparison_of("betas", "large", "titled", [0], samples=9, units=128, epochs=2)
    expected = "corpus large, published small; samples 9, published all; embedding dim 512, published 256; "
    assert smaller_than_published(less) == expected + "units 128, published 512; 2 epochs of 5"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("adam", {"beta_1": 0.5, "beta_2": 0.99}),
        ("rmsprop", {"rho": 0.99}),
        ("adagrad", {"initial_accumulator_value": 0.1}),
        ("sgd", {"momentum": 0}),
        ("momentum", {"momentum": 0.9}),
    ],
)
def test_optimizers_have_the_published_settings(name, expected):
    config = optimizer_of(Recipe(8, 8, 8, 1, optimizer=name, learning_rate=0.25)).get_config()
    assert (expected | {"learning_rate": 0.25}).items() <= config.items()


# Writing

LETTERS = Vocabulary(string.ascii_lowercase + "，。")


def writer(cell="lstm", num_layers=1, scale=8.0, vocabulary=LETTERS):
    sizes = {"embedding_dim": 6, "units": 7, "cell": cell, "num_layers": num_layers}
    model = poems.build_language_model(vocabulary_size=len(vocabulary), **sizes, seed=0)
    # Far from uniform, so that a wrong state or a wrong order shows.
    model.set_weights([scale * weight for weight in model.get_weights()])
    return Writer(model, vocabulary)


@pytest.mark.parametrize(("cell", "layers"), [*((cell, 1) for cell in CELLS), ("lstm", 2)])
def test_at_a_low_temperature_it_writes_what_predict_finds_likeliest(cell, layers):
    made = writer(cell, layers)
    (found,) = made.write(1, length=12, prompt="ab", taste=Taste(1e-4), ends=False)
    expected = "ab"
    while len(expected) < 12:
        logits = keras.ops.convert_to_numpy(made.model(LETTERS.encode([expected], end=False)))[0, -1]
        logits[[PAD, UNKNOWN, END]] = -np.inf
        expected += LETTERS.characters[int(logits.argmax()) - 3]
    assert found == expected


def test_the_seed_decides_and_companions_do_not():
    made = writer(scale=2)
    many = made.write(8, length=10, seed=3)
    assert many == made.write(8, length=10, seed=3)
    assert many[:4] == made.write(4, length=10, seed=3)
    assert many != made.write(8, length=10, seed=4)
    assert len(set(many)) > 4


def test_it_ends_at_the_end_mark_or_goes_on_or_ends_with_the_last_line_of_an_acrostic():
    write = partial(writer(scale=1).write, 64, taste=Taste(1.0))
    assert min(map(len, write(length=30))) < 30
    assert set(map(len, write(length=30, ends=False))) == {30}
    for text in write(length=200, heads="xyz"):
        assert re.fullmatch("x[a-z]*[，。]y[a-z]*[，。]z[a-z]*[，。]?", text)


def test_a_higher_temperature_uses_more_characters():
    vocabulary = Vocabulary("".join(map(chr, range(0x4E00, 0x4E00 + 400))))
    made = writer(scale=1, vocabulary=vocabulary)
    *weights, bias = made.model.get_weights()
    made.model.set_weights([*weights, np.random.default_rng(0).normal(0, 2, bias.shape)])
    texts = (made.write(100, length=12, taste=Taste(temperature), ends=False) for temperature in (0.6, 0.8, 1.0))
    low, middle, high = map(poems.distinct_characters, texts)
    assert low + 20 < middle < high - 20


def test_without_a_prompt_it_begins_as_the_training_samples_do():
    made = Writer(writer().model, LETTERS, "aaab")
    firsts = [text[0] for text in made.write(200, length=2)]
    assert set(firsts) == {"a", "b"}
    assert firsts.count("a") > firsts.count("b")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([None, 1, 3]), st.sampled_from([None, 0.1, 0.6, 1.0]))
def test_draws_follow_the_cut_distribution(seed, top_k, top_p):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=8).astype("float32") * 2
    chances = np.linspace(0, 1, 4001, endpoint=False, dtype="float32")
    drawn = np.asarray(keras.ops.convert_to_numpy(draw(np.tile(logits, (4001, 1)), chances, top_k, top_p)))
    kept = logits >= np.sort(logits)[-top_k] if top_k else np.ones(8, bool)
    likely = np.where(kept, np.exp(logits), 0) / np.exp(logits[kept]).sum()
    if top_p is not None:
        order = np.argsort(-likely)
        smallest = order[: int(np.searchsorted(np.cumsum(likely[order]), top_p - 1e-6)) + 1]
        likely = np.where(np.isin(np.arange(8), smallest), likely, 0)
    np.testing.assert_allclose(np.bincount(drawn, minlength=8) / 4001, likely / likely.sum(), atol=2e-3)


def test_what_has_no_chance_is_never_drawn():
    logits = np.array([[-np.inf, 0.0, -np.inf, 0.0, -np.inf]] * 3, "float32")
    drawn = draw(logits, np.array([0.0, np.nextafter(np.float32(1), np.float32(0)), 0.5], "float32"), None, None)
    assert set(np.asarray(keras.ops.convert_to_numpy(drawn)).tolist()) == {1, 3}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0}, "temperature: expected a number above 0, got 0"),
        ({"top_k": 0}, "top_k: expected an integer of at least 1, got 0"),
        ({"top_p": 1.5}, "top_p: expected a number above 0 and at most 1, got 1.5"),
        ({"prompt": "月"}, "prompt: expected characters that the training text has, got '月'"),
        ({"prompt": "a", "heads": "b"}, "heads: expected without a prompt"),
        ({"length": 0}, "length: expected an integer of at least 1, got 0"),
    ],
)
def test_wrong_wishes_are_named(arguments, message):
    taste = {name: arguments.pop(name) for name in ("temperature", "top_k", "top_p") if name in arguments}
    with pytest.raises(ValueError, match=f"^{message}"):
        writer().write(1, **{"length": 5, "taste": Taste(**taste), **arguments})


def test_a_writer_needs_the_vocabulary_of_its_network():
    with pytest.raises(ValueError, match=r"^vocabulary: expected the 31 numbers of the network, got 5"):
        Writer(writer().model, Vocabulary("ab"))


# Verse


@pytest.mark.parametrize(
    ("poem", "is_even"),
    [
        (VERSE, True),
        (VERSE * 3, True),
        ("春江花月夜水深，秋水白云间水深。", True),
        ("春江花月夜？秋水白云间！", True),
        (VERSE + "春江花月夜水深，秋水白云间水深。", False),
        ("春江花月夜。秋水白云间，", False),
        ("春江花月，秋水白云。", False),
        (VERSE[:-1], False),
        ("", False),
    ],
)
def test_even_lines(poem, is_even):
    assert poems.even(poem) is is_even


def test_distinct_characters_and_layout():
    assert poems.distinct_characters(["ab", "bc", "cd", "dd"], each=2) == 2.5
    with pytest.raises(ValueError, match="expected at least 100, got 1"):
        poems.distinct_characters(["a"])
    assert poems.laid_out(VERSE * 2) == VERSE + "\n" + VERSE
