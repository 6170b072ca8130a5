"""Questions, their encoding, and the network that answers them."""

from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlab import addition, questions, study
from rnnlab.addition import data, exam, report, studies

digit_counts = st.integers(1, addition.MAX_DIGITS)


@given(digit_counts, st.data())
def test_questions_are_numbered_without_gaps_and_mirror_images_share_a_number(digits, data):
    number = data.draw(st.integers(0, addition.count_questions(digits) - 1))
    ((a, b),) = addition.question(np.array([number]), digits)
    assert 0 <= a <= b < 10**digits
    assert addition.question_index(np.array([[a, b], [b, a]])).tolist() == [number, number]


def test_all_two_digit_questions():
    pairs = addition.question(np.arange(5050), 2)
    assert len(pairs) == addition.count_questions(2)
    assert set(map(tuple, pairs.tolist())) == {(a, b) for b in range(100) for a in range(b + 1)}


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

    monkeypatch.setattr(exam, "PORTION", 4)
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
        monkeypatch.setattr(data, "MOST_UNSEEN", 3000)
        split = addition.split_questions(2000, 500, 6, np.random.default_rng(0))
        assert [len(part) for part in (split.train, split.held_out, split.unseen)] == [2000, 500, 3000]
        assert len(set(addition.question_index(np.concatenate([split.train, split.unseen])).tolist())) == 5000

    def test_operands_come_in_both_orders(self):
        pairs = addition.draw_questions(1000, 3, np.random.default_rng(0))
        assert 400 < (pairs[:, 0] > pairs[:, 1]).sum() < 600

    @pytest.mark.parametrize(("train", "held_out", "name"), [(0, 5, "train"), (5, 0, "held_out")])
    def test_refusals(self, train, held_out, name):
        with pytest.raises(ValueError, match=f"{name}: expected an integer of at least 1, got 0"):
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


@pytest.mark.parametrize("text", ["12+345", " 12 + 345 ", "012+345"])
def test_parse(text):
    assert addition.parse_question(text, 3) == (12, 345)


@pytest.mark.parametrize("text", ["12+", "+3", "a+b", "-1+2", "1+-2", "1+2+3", "", "1.5+2", "١+٢", "1234+1"])
def test_what_is_no_question(text):
    expected = "operands of up to 3 digits, got 1234 in" if "1234" in text else "two whole numbers with a plus between them"
    with pytest.raises(ValueError, match=f"question: expected {expected}"):
        addition.parse_question(text, 3)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ([7, 9, 7], "3+4 = 7 (right; the answer of 2 of 3 networks)"),
        ([7, 8], "3+4 = 8 (wrong, it is 7; the answer of 1 of 2 networks)"),
        ([-1, 7, -1], "3+4 = no number (wrong, it is 7; the answer of 2 of 3 networks)"),
    ],
)
def test_the_answer_of_most_networks(given, line):
    assert list(questions.answered([(3, 4)], [given])) == [line]


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


def test_the_learning_rate_of_a_recipe_rises_and_falls():
    optimizer = addition.Recipe(100, 10, 10, 2, 0.01, warmup=0.25, clipnorm=1.0).optimizer(questions=100, epochs=2)
    rates = [float(optimizer._learning_rate(step)) for step in range(21)]
    assert np.argmax(rates) == 5
    assert [rates[0], rates[5], rates[20]] == pytest.approx([0, 0.01, 0], abs=1e-9)


def made_up(exact, recipe="classic", digits=3, **changes):
    """A plan and its report: runs with given accuracies after every epoch, without any training."""
    plan = studies.study_of(list(exact), recipe, digits=digits, seeds=range(len(next(iter(exact.values())))), **changes)
    split, epochs = studies.questions_of(plan.common), plan.common["epochs"]
    with study.Store(":memory:") as store:
        for job in plan.jobs:
            fraction = exact[job.arm][job.seed]
            wrong = np.arange(round((1 - fraction) * len(split.unseen)))
            ten = addition.right_of_ten([fraction] * epochs, len(split.held_out), np.random.default_rng(job.seed)).tolist()
            curve = {"epoch": [*range(1, epochs + 1)], "loss": [0.1] * epochs, "exact": [fraction] * epochs}
            arrays = {"wrong": wrong, "answers": split.unseen[wrong].sum(axis=1) + 1}
            scores = {"exact_heldout": fraction, "exact_unseen": 1 - len(wrong) / len(split.unseen)}
            store.add(plan.name, job, study.Result(scores, 1.0, curve | {"right_of_ten": ten}, arrays))
        return report.report_of(plan, store.runs(plan), "command"), split


class TestReport:
    GRU = (0.99, 0.992, 0.991, 0.99, 0.989, 0.992, 0.98, 0.991)
    LIKELY = MappingProxyType({"simple_rnn": (0.9, 0.91, 0.9, 0.9, 0.91, 0.88, 0.9, 0.91), "lstm": (1.0,) * 8, "gru": GRU})

    def test_claims_follow_the_runs(self):
        found, _ = made_up(self.LIKELY)
        best, tens, nines, never, worst = found.claims
        assert (best.verdict, tens.verdict, tens.ours) == ("holds", "holds", "8 of 8 runs")
        assert (never.verdict, worst.verdict) == ("does not hold", "does not hold")
        assert (nines.verdict, nines.ours) == ("undecided", "7 of 8 runs")
        assert best.test.startswith("paired t-tests")

    @pytest.mark.parametrize(
        ("changes", "note"), [({"epochs": 3}, "epochs 3"), ({"questions": 2000, "digits": 2}, "digits 2, questions 2000")]
    )
    def test_no_claim_is_tested_by_smaller_runs(self, changes, note):
        found, _ = made_up(self.LIKELY, **changes)
        assert {(claim.verdict, claim.note) for claim in found.claims} == {("not tested at full size", note)}

    def test_other_recipes_and_single_cells_claim_nothing(self):
        assert not made_up(self.LIKELY, "fast", digits=2)[0].claims
        assert not made_up({"lstm": [0.9]}, digits=2)[0].claims

    def test_accuracies_and_hardest_mistakes_come_from_the_answers(self):
        found, split = made_up({"lstm": [0.5, 0.75]}, digits=2)
        (row,) = found.tables[report.SCORES].to_dict("records")
        assert [row["unseen"], row["best"], row["worst"]] == pytest.approx([37.5, 25, 50], abs=0.1)
        counts = np.bincount(addition.carries(split.unseen, 2))
        by_carries = found.tables[report.CARRIES].iloc[0, 1:].to_numpy(dtype=float)
        assert (by_carries * counts).sum() / counts.sum() == pytest.approx(37.5, abs=0.1)
        hardest = found.tables[report.MISTAKES].iloc[0]
        assert hardest["wrong in"] == "2 of 2 runs"
        assert hardest["most frequent wrong answer"] == str(hardest["answer"] + 1)
        assert hardest["answer"] == sum(map(int, hardest["question"].split("+")))
