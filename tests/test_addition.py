"""Questions, their encoding, and the network that answers them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlab import addition

digit_counts = st.integers(1, addition.MAX_DIGITS)


@given(digit_counts, st.data())
def test_questions_are_numbered_without_gaps_and_mirror_images_share_a_number(digits, data):
    number = data.draw(st.integers(0, addition.count_questions(digits) - 1))
    ((a, b),) = addition.question(np.array([number]), digits)
    assert 0 <= a <= b < 10**digits
    assert addition.question_index(np.array([[a, b], [b, a]])).tolist() == [number, number]


def test_all_two_digit_questions():
    pairs = addition.question(np.arange(addition.count_questions(2)), 2)
    assert len(pairs) == 5050
    assert set(map(tuple, pairs.tolist())) == {(a, b) for b in range(100) for a in range(b + 1)}


def test_three_digit_questions_are_500500():
    assert addition.count_questions(3) == 500_500


@given(digit_counts, st.integers(0, 2**32))
def test_text_goes_into_the_network_backwards_and_comes_out_forwards(digits, seed):
    pairs = np.random.default_rng(seed).integers(10**digits, size=(4, 2))
    x, y = addition.encode(pairs, digits)
    assert x.shape == (4, 2 * digits + 1, 12)
    assert y.shape == (4, digits + 1, 12)
    for (a, b), question, answer in zip(pairs.tolist(), addition.TABLE.decode(x), addition.TABLE.decode(y), strict=True):
        assert question[::-1].rstrip() == f"{a}+{b}"
        assert answer.rstrip() == str(a + b)
    assert addition.answers(lambda _: y[None], pairs, digits)[0].tolist() == pairs.sum(axis=1).tolist()


def test_the_published_example():
    x, y = addition.encode(np.array([[12, 345]]), 3)
    assert addition.TABLE.decode(x) == [" 543+21"]
    assert addition.TABLE.decode(y) == ["357 "]


@pytest.mark.parametrize(
    ("text", "number"),
    [("357 ", 357), ("0   ", 0), ("1998", 1998), ("0357", -1), (" 357", -1), ("3 7 ", -1), ("    ", -1), ("3+57", -1)],
)
def test_only_what_is_written_as_in_the_protocol_counts_as_a_number(text, number):
    outputs = addition.encode_answers([text], 3)[None]
    assert addition.answers(lambda _: outputs, np.array([[0, 0]]), 3).tolist() == [[number]]


def test_portions_do_not_change_the_answers(monkeypatch):
    pairs = addition.draw_questions(10, 2, np.random.default_rng(0))
    asked = []

    def predict(x):
        asked.append(x.shape)
        texts = [text[::-1].rstrip().split("+") for text in addition.TABLE.decode(x)]
        return addition.encode_answers([str(int(a) + int(b)).ljust(3) for a, b in texts], 2)[None]

    monkeypatch.setattr(addition, "PORTION", 4)
    assert addition.answers(predict, pairs, 2)[0].tolist() == pairs.sum(axis=1).tolist()
    assert asked == [(4, 5, 12)] * 3


class TestSplit:
    @pytest.mark.parametrize("digits", [1, 2, 3])
    def test_every_question_is_trained_on_or_unseen_and_none_is_both(self, digits):
        split = addition.split_questions(45_000, 5_000, digits, np.random.default_rng(0))
        train, unseen = (set(addition.question_index(part).tolist()) for part in (split.train, split.unseen))
        assert len(train) == len(split.train)
        assert not train & unseen
        assert train | unseen == set(range(addition.count_questions(digits)))
        assert set(addition.question_index(split.held_out).tolist()) <= unseen

    def test_where_there_are_too_many_a_part_is_unseen(self, monkeypatch):
        monkeypatch.setattr(addition, "MOST_UNSEEN", 3000)
        split = addition.split_questions(2000, 500, 6, np.random.default_rng(0))
        assert [len(part) for part in (split.train, split.held_out, split.unseen)] == [2000, 500, 3000]
        assert len(set(addition.question_index(np.concatenate([split.train, split.unseen])).tolist())) == 5000

    def test_operands_come_in_both_orders(self):
        pairs = addition.draw_questions(1000, 3, np.random.default_rng(0))
        assert 400 < (pairs[:, 0] > pairs[:, 1]).sum() < 600

    @pytest.mark.parametrize(("train", "held_out", "name"), [(0, 5, "train"), (5, 0, "held_out")])
    def test_refusals(self, train, held_out, name):
        with pytest.raises(ValueError, match=f"{name}: expected at least 1 question, got 0"):
            addition.split_questions(train, held_out, 2, np.random.default_rng(0))


@given(digit_counts, st.integers(0, 2**32))
def test_carries_as_written_by_hand(digits, seed):
    pairs = np.random.default_rng(seed).integers(10**digits, size=(5, 2))
    for (a, b), found in zip(pairs.tolist(), addition.carries(pairs, digits), strict=True):
        carry, count = 0, 0
        for column in range(digits):
            carry = (a // 10**column % 10 + b // 10**column % 10 + carry) // 10
            count += carry
        assert found == count


def test_right_of_ten_is_drawn_from_the_held_out_questions():
    rng = np.random.default_rng(0)
    assert addition.right_of_ten([0.0, 1.0], 5000, rng).tolist() == [0, 10]
    drawn = addition.right_of_ten(np.full(20_000, 0.9), 5000, rng)
    assert drawn.mean() == pytest.approx(9, abs=0.03)
    assert drawn.max() == 10


class TestParse:
    @pytest.mark.parametrize("text", ["12+345", " 12 + 345 ", "012+345"])
    def test_right(self, text):
        assert addition.parse_question(text, 3) == (12, 345)

    @pytest.mark.parametrize("text", ["12+", "+3", "a+b", "-1+2", "1+-2", "1+2+3", "", "1.5+2", "١+٢"])
    def test_no_question(self, text):
        with pytest.raises(ValueError, match="question: expected two whole numbers with a plus between them"):
            addition.parse_question(text, 3)

    def test_too_long(self):
        with pytest.raises(ValueError, match=r"question: expected operands of up to 3 digits, got 1234 in '1234\+1'"):
            addition.parse_question("1234+1", 3)


class TestBuilder:
    @pytest.mark.parametrize(("cell", "count"), [("lstm", 205_324), ("gru", 155_148), ("simple_rnn", 52_492)])
    def test_the_classic_network(self, cell, count):
        model = addition.build_adder(cell=cell)
        assert model.count_params() == count
        assert model.input_shape == (None, 7, 12)
        assert model.output_shape == (None, 4, 12)

    def test_same_seed_same_weights(self):
        first, second, other = (addition.build_adder(units=4, seed=seed) for seed in (1, 1, 2))
        for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
            assert (a == b).all()
        assert (first.get_weights()[0] != other.get_weights()[0]).any()

    def test_unrolled_or_not_is_the_same_network(self):
        rolled, unrolled = (addition.build_adder(units=4, seed=1, unroll=unroll) for unroll in (False, True))
        x, _ = addition.encode(addition.draw_questions(6, 3, np.random.default_rng(0)), 3)
        np.testing.assert_allclose(rolled(x), unrolled(x), atol=1e-6)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"digits": 0}, "digits: expected an integer from 1 to 6, got 0"),
            ({"digits": 7}, "digits: expected"),
            ({"cell": "rnn"}, "cell: expected one of"),
            ({"units": 0}, "units: expected"),
            ({"num_layers": 0}, "num_layers: expected"),
        ],
    )
    def test_refusals(self, wrong, message):
        with pytest.raises(ValueError, match=message):
            addition.build_adder(**wrong)


def test_the_rate_of_a_recipe_rises_and_falls():
    optimizer = addition.Recipe(100, 10, 10, 2, 0.01, warmup=0.25, clipnorm=1.0).optimizer(questions=100, epochs=2)
    rates = [float(optimizer._learning_rate(step)) for step in range(21)]
    assert rates[0] == pytest.approx(0, abs=1e-9)
    assert np.argmax(rates) == 5
    assert max(rates) == pytest.approx(0.01)
    assert rates[20] == pytest.approx(0, abs=1e-9)
