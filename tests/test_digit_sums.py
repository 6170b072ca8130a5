"""rnnlab.digit_sums: exact arithmetic on digits, questions with long carries."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab import digit_sums as sums

NUMBERS = st.one_of(
    st.integers(0, 10**30), st.integers(0, 30).map(lambda n: 10**n - 1), st.integers(0, 30).map(lambda n: 10**n)
)


def generator(seed=0):
    return np.random.default_rng(seed)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8))
def test_digits_add_as_integers_do(pairs):
    a, b = (sums.digits_of(column, 32) for column in zip(*pairs, strict=True))
    total = sums.add(a, b)
    assert (a.shape, a.dtype, total.dtype) == ((len(pairs), 32), np.int8, np.int8)
    assert sums.number_of(a) == [pair[0] for pair in pairs]
    assert sums.number_of(total) == [sum(pair) for pair in pairs]


def _longest(a, b):
    """The longest carry of one sum, by walking along it as a child does."""
    longest = run = 0
    for total in (int(x) + int(y) for x, y in zip(a, b, strict=True)):
        run = 1 if total > 9 else run + 1 if total == 9 and run else 0
        longest = max(longest, run)
    return longest


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_carry_lengths_are_those_of_a_walk(length, seed):
    for a, b in (sums.carry_chains(8, length, rng=generator(seed)), sums.carry_rich(8, length, 0.0, rng=generator(seed))):
        assert sums.carry_lengths(a, b).tolist() == [_longest(*pair) for pair in zip(a, b, strict=True)]


def test_known_digits():
    np.testing.assert_array_equal(sums.digits_of([305, 0], 4), [[5, 0, 3, 0], [0, 0, 0, 0]])
    assert sums.number_of(sums.digits_of([np.int64(12)], 2)) == [12]
    a, b = sums.digits_of([995, 1, 50, 0], 4), sums.digits_of([5, 1, 60, 0], 4)
    assert sums.number_of(sums.add(a, b)) == [1000, 2, 110, 0]
    assert sums.carry_lengths(a, b).tolist() == [3, 0, 1, 0]
    right, given_digits = sums.digits_of([123, 123, 123], 4), sums.digits_of([123, 124, 1123], 4)
    assert sums.first_wrong(right, given_digits).tolist() == [4, 0, 3]
    x = sums.encode(sums.digits_of([12, 5], 3), sums.digits_of([340, 6], 3))
    assert (x.dtype, x.tolist()) == (np.int32, [[[2, 0], [1, 4], [0, 3]], [[5, 6], [0, 0], [0, 0]]])


def test_long_sums_are_exact_and_take_no_time():
    a, b = sums.draw_operands(10, 5000, half="upper", rng=generator(), variant="as_claimed")
    chains = sums.carry_chains(10, 5000, rng=generator())
    a, b = np.concatenate([a, chains[0]]), np.concatenate([b, chains[1]])
    total = sums.add(a, b)
    assert sums.number_of(total) == [x + y for x, y in zip(sums.number_of(a), sums.number_of(b), strict=True)]
    assert sums.number_of(total)[10] == 10**5000
    np.testing.assert_array_equal(sums.digits_of(sums.number_of(total), 5001), total)
    a, b = sums.draw_operands(20, 100_000, half="all", rng=generator(), variant="as_claimed")
    start = time.perf_counter()
    sums.add(a, b)
    sums.carry_lengths(a, b)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(("variant", "digits"), [("as_run", 2), ("as_claimed", 3)])
@pytest.mark.parametrize(("half", "low", "high"), [("lower", 0, 0.5), ("upper", 0.5, 1), ("all", 0, 1)])
def test_operands_fill_their_range(variant, digits, half, low, high):
    a, b = sums.draw_operands(20_000, 3, half=half, rng=generator(), variant=variant)
    assert a.shape == b.shape == (20_000, 4)
    assert np.any(a != b)
    for operand in (a, b):
        drawn = np.array(sums.number_of(operand))
        first, last = int(low * 10**digits), int(high * 10**digits) - 1
        assert (drawn.min(), drawn.max()) == (first, last)
        expected = len(drawn) / (last - first + 1)
        counts = np.bincount(drawn - first)
        assert np.sum((counts - expected) ** 2 / expected) < len(counts) + 5 * np.sqrt(2 * len(counts))


def test_low_digits_of_long_operands_are_random():
    for operand in sums.draw_operands(2000, 70, half="lower", rng=generator()):
        assert operand.shape == (2000, 71)
        assert np.all(operand[:, 69:] == 0)
        for column in range(68):
            assert np.bincount(operand[:, column], minlength=10).min() > 140
        assert set(operand[:, 68]) == {0, 1, 2, 3, 4}


def test_carry_chains_chain():
    length = 60
    a, b = sums.carry_chains(1000, length, rng=generator())
    assert a.shape == b.shape == (1000, length + 1)
    assert (sums.number_of(a[:1]), sums.number_of(b[:1])) == ([10**length - 1], [1])
    carried = sums.carry_lengths(a, b)
    assert carried[0] == length
    assert carried.min() >= 1
    assert np.median(carried) > 8
    assert len(set(carried)) > 40, "short, middling and long"
    usual = sums.carry_lengths(*sums.draw_operands(1000, length, half="all", rng=generator(), variant="as_claimed"))
    assert np.median(carried) > 4 * np.median(usual)
    total = (a + b)[:, :length]
    assert np.all(total[:, 0] >= 10)
    assert 0.7 < np.mean(total == 9) < 0.9
    starts, stops = np.mean(total[:, 1:] > 9), np.mean(total[:, 1:] < 9)
    assert 0.8 < starts / stops < 1.25
    assert 0.45 < np.mean((a > b)[:, 1:length]) < 0.55, "neither operand is special"


def test_carry_rich_mixes():
    plain, half, full = (
        np.mean(sums.carry_lengths(*sums.carry_rich(2000, 20, chains, rng=generator())) > 6) for chains in (0, 0.5, 1)
    )
    assert plain < 0.01 < 0.1 < half < 0.8 * full
    a, b = sums.carry_rich(10_000, 20, 0.5, rng=generator())
    assert a.shape == (10_000, 21)
    assert np.all(a[:, 20] + b[:, 20] == 0)
    long = sums.carry_lengths(a, b) > 6
    assert 0.8 < np.mean(long[:5000]) / np.mean(long[5000:]) < 1.25, "shuffled"
    lengths = 21 - np.argmax((a + b)[:, ::-1] > 0, axis=1)
    assert 0.75 < np.mean(lengths == 20) < 0.85
    assert np.bincount(lengths, minlength=21)[1:20].min() > 60, "shorter ones of every length"


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: sums.draw_operands(20, 5, half="lower", rng=rng),
        lambda rng: sums.carry_chains(20, 5, rng=rng),
        lambda rng: sums.carry_rich(20, 5, 0.5, rng=rng),
    ],
)
def test_a_generator_fixes_the_questions(draw):
    first, again, other = (np.stack(draw(generator(seed))) for seed in (1, 1, 2))
    assert first.dtype == np.int8
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sums.digits_of([1, -1], 3), r"numbers\[1\]: expected an integer of at least 0, got -1"),
        (lambda: sums.digits_of([1000], 3), "numbers: expected at most 3 digits, got 4"),
        (lambda: sums.digits_of([1.0], 3), r"numbers\[0\]: expected an integer of at least 0, got 1.0"),
        (lambda: sums.digits_of([], 3), "numbers: expected at least one, got none"),
        (lambda: sums.digits_of([1], 0), "length: expected an integer of at least 1, got 0"),
        (lambda: sums.number_of(np.array([1, 2])), r"digits: expected integers of shape \(n, length\), got int64 of"),
        (lambda: sums.number_of(np.array([[3, 10]])), "digits: expected digits from 0 to 9, got numbers from 3 to 10"),
        (lambda: sums.add(np.array([[1]]), np.array([[1, 2]])), r"b: expected the shape of a, \(1, 1\), got \(1, 2\)"),
        (lambda: sums.add(np.array([[5, 9]]), np.array([[5, 0]])), "a, b: expected sums of at most 2 digits, got a carry"),
        (lambda: sums.first_wrong(np.array([[1]]), np.array([[11]])), "given: expected digits from 0 to 9"),
        (lambda: sums.draw_operands(0, 3, half="all", rng=None), "count: expected an integer of at least 1, got 0"),
        (lambda: sums.draw_operands(1, 1, half="all", rng=None), "maxlen: expected an integer of at least 2, got 1"),
        (lambda: sums.draw_operands(1, 3, half="both", rng=None), "half: expected one of lower, upper, all, got 'both'"),
        (lambda: sums.draw_operands(1, 3, half="all", rng=None, variant="as"), "variant: expected one of as_run, as_claimed"),
        (lambda: sums.carry_rich(1, 2, 1.5, rng=None), "chains: expected a number from 0 to 1, got 1.5"),
        (lambda: sums.answers(None, np.array([[1]]), np.array([[1]]), chunk=0), "chunk: expected an integer of at least 1"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
