"""Every derivative of one time step of an LSTM, as a Jacobian: how h changes when one quantity does and nothing before it.

All take a step of one sample, `lstm.step` of vectors without the batch, and give an array of shape (hidden, *shape of the
quantity). The letters are those of `rnnlab.by_hand.lstm`, and diag(v) is the matrix with v on its diagonal.
"""

from __future__ import annotations

import numpy as np

from rnnlab.by_hand.lstm import Arrays, Step


def dh_do(s: Step) -> np.ndarray:
    """∂h/∂o = diag(tanh c), shape (hidden, hidden)."""
    return np.diag(np.tanh(s.c))


def dh_dc(s: Step) -> np.ndarray:
    """∂h/∂c = diag(o ∘ (1 - tanh² c)), shape (hidden, hidden)."""
    return np.diag(s.o * (1 - np.tanh(s.c) ** 2))


def dh_df(s: Step) -> np.ndarray:
    """∂h/∂f = ∂h/∂c · diag(c₋), shape (hidden, hidden)."""
    return dh_dc(s) @ np.diag(s.c_prev)


def dh_di(s: Step) -> np.ndarray:
    """∂h/∂i = ∂h/∂c · diag(c̃), shape (hidden, hidden)."""
    return dh_dc(s) @ np.diag(s.c_tilde)


def dh_dc_tilde(s: Step) -> np.ndarray:
    """∂h/∂c̃ = ∂h/∂c · diag(i), shape (hidden, hidden)."""
    return dh_dc(s) @ np.diag(s.i)


def dh_dc_prev(s: Step) -> np.ndarray:
    """∂h/∂c₋ = ∂h/∂c · diag(f) with h₋ held fixed, shape (hidden, hidden)."""
    return dh_dc(s) @ np.diag(s.f)


def dh_da_f(s: Step) -> np.ndarray:
    """∂h/∂a_f = ∂h/∂f · diag(f ∘ (1 - f)), shape (hidden, hidden)."""
    return dh_df(s) @ np.diag(s.f * (1 - s.f))


def dh_da_i(s: Step) -> np.ndarray:
    """∂h/∂a_i = ∂h/∂i · diag(i ∘ (1 - i)), shape (hidden, hidden)."""
    return dh_di(s) @ np.diag(s.i * (1 - s.i))


def dh_da_c(s: Step) -> np.ndarray:
    """∂h/∂a_c = ∂h/∂c̃ · diag(1 - c̃²), shape (hidden, hidden)."""
    return dh_dc_tilde(s) @ np.diag(1 - s.c_tilde**2)


def dh_da_o(s: Step) -> np.ndarray:
    """∂h/∂a_o = ∂h/∂o · diag(o ∘ (1 - o)), shape (hidden, hidden)."""
    return dh_do(s) @ np.diag(s.o * (1 - s.o))


def dh_dW_f(s: Step) -> np.ndarray:
    """∂h_k/∂W_f[m, j] = z_m ∂h_k/∂a_f[j], shape (hidden, hidden + input, hidden)."""
    return s.z[:, None] * dh_da_f(s)[:, None, :]


def dh_dW_i(s: Step) -> np.ndarray:
    """∂h_k/∂W_i[m, j] = z_m ∂h_k/∂a_i[j], shape (hidden, hidden + input, hidden)."""
    return s.z[:, None] * dh_da_i(s)[:, None, :]


def dh_dW_c(s: Step) -> np.ndarray:
    """∂h_k/∂W_c[m, j] = z_m ∂h_k/∂a_c[j], shape (hidden, hidden + input, hidden)."""
    return s.z[:, None] * dh_da_c(s)[:, None, :]


def dh_dW_o(s: Step) -> np.ndarray:
    """∂h_k/∂W_o[m, j] = z_m ∂h_k/∂a_o[j], shape (hidden, hidden + input, hidden)."""
    return s.z[:, None] * dh_da_o(s)[:, None, :]


def dh_db_f(s: Step) -> np.ndarray:
    """∂h/∂b_f = ∂h/∂a_f, shape (hidden, hidden)."""
    return dh_da_f(s)


def dh_db_i(s: Step) -> np.ndarray:
    """∂h/∂b_i = ∂h/∂a_i, shape (hidden, hidden)."""
    return dh_da_i(s)


def dh_db_c(s: Step) -> np.ndarray:
    """∂h/∂b_c = ∂h/∂a_c, shape (hidden, hidden)."""
    return dh_da_c(s)


def dh_db_o(s: Step) -> np.ndarray:
    """∂h/∂b_o = ∂h/∂a_o, shape (hidden, hidden)."""
    return dh_da_o(s)


def dh_dz(s: Step, p: Arrays) -> np.ndarray:
    """∂h/∂z = ∂h/∂a_f · W_fᵀ + ∂h/∂a_i · W_iᵀ + ∂h/∂a_c · W_cᵀ + ∂h/∂a_o · W_oᵀ, shape (hidden, hidden + input)."""
    return dh_da_f(s) @ p["W_f"].T + dh_da_i(s) @ p["W_i"].T + dh_da_c(s) @ p["W_c"].T + dh_da_o(s) @ p["W_o"].T


def dh_dh_prev(s: Step, p: Arrays) -> np.ndarray:
    """∂h/∂h₋, the first columns of ∂h/∂z, with c₋ held fixed; through all four gates; shape (hidden, hidden)."""
    return dh_dz(s, p)[:, : len(s.h)]


def dh_dx(s: Step, p: Arrays) -> np.ndarray:
    """∂h/∂x, the last columns of ∂h/∂z; through all four gates; shape (hidden, input)."""
    return dh_dz(s, p)[:, len(s.h) :]


def dh_dc_prev_total(s: Step, p: Arrays, o_prev: np.ndarray) -> np.ndarray:
    """dh/dc₋ = ∂h/∂c₋ + ∂h/∂h₋ · diag(o₋ ∘ (1 - tanh² c₋)), shape (hidden, hidden).

    The total derivative: h₋ = o₋ ∘ tanh c₋ moves with c₋, and through it every gate does.

    Args:
        o_prev: the output gate of the step before, shape (hidden,).
    """
    return dh_dc_prev(s) + dh_dh_prev(s, p) @ np.diag(o_prev * (1 - np.tanh(s.c_prev) ** 2))
