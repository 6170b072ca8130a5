"""Two numbers digit by digit, least significant digits first, and a recurrent network that writes their sum.

Numbers are rows of digits, int8 arrays of shape (n, length) with column i worth 10**i, so that they are exact at any length: a
float has about 16 digits, and what is drawn from one has zeros or noise beyond. The network sees column i of both operands
and names column i of the sum; what it must remember between the columns is the carry.
"""

from rnnlab.digit_sums.data import VARIANTS, carry_chains, carry_rich, draw_operands, encode
from rnnlab.digit_sums.integers import Pair, add, carry_lengths, digits_of, first_wrong, number_of
from rnnlab.digit_sums.network import answers, build_digit_adder, build_streaming_adder

__all__ = [
    "VARIANTS",
    "Pair",
    "add",
    "answers",
    "build_digit_adder",
    "build_streaming_adder",
    "carry_chains",
    "carry_lengths",
    "carry_rich",
    "digits_of",
    "draw_operands",
    "encode",
    "first_wrong",
    "number_of",
]
