"""Five optimizers written out, with Keras' defaults and Keras' place for epsilon.

Each has `update(w, g)`, which puts new arrays into the dict of weights w by the gradients of the same names in g; entries of g
that are no weights are left alone. It raises a ValueError where a gradient is missing or has not the shape of its weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rnnlab.by_hand.arguments import check_gradients
from rnnlab.by_hand.lstm import Arrays


@dataclass
class SGD:
    """w ← w - η g."""

    rate: float = 0.01

    def update(self, w: Arrays, g: Arrays) -> None:
        check_gradients(w, g)
        for k in w:
            w[k] = w[k] - self.rate * g[k]


@dataclass
class Momentum:
    """v ← β v - η g, w ← w + v, with v = 0 at the start. Keras: SGD(momentum=β).

    Source: B. T. Polyak, USSR Computational Mathematics and Mathematical Physics 4, 1964. Some books write v ← β v + g and
    w ← w - η v, which differs where η changes on the way.
    """

    rate: float = 0.01
    beta: float = 0.9
    v: Arrays = field(default_factory=dict, init=False, repr=False)

    def update(self, w: Arrays, g: Arrays) -> None:
        check_gradients(w, g)
        for k in w:
            self.v[k] = self.beta * self.v.get(k, 0.0) - self.rate * g[k]
            w[k] = w[k] + self.v[k]


@dataclass
class AdaGrad:
    """s ← s + g², w ← w - η g / √(s + ε), with s = `start` before the first update.

    ε stands inside the root, as in Keras; others put it outside, g / (√s + ε). Keras starts s at 0.1, others at 0.

    Source: J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods, JMLR 12, 2011.
    """

    rate: float = 0.001
    epsilon: float = 1e-7
    start: float = 0.1
    s: Arrays = field(default_factory=dict, init=False, repr=False)

    def update(self, w: Arrays, g: Arrays) -> None:
        check_gradients(w, g)
        for k in w:
            self.s[k] = self.s.get(k, self.start) + g[k] ** 2
            w[k] = w[k] - self.rate * g[k] / np.sqrt(self.s[k] + self.epsilon)


@dataclass
class RMSprop:
    """s ← ρ s + (1 - ρ) g², w ← w - η g / √(s + ε), with s = 0 at the start.

    ε stands inside the root, as in Keras; others put it outside, g / (√s + ε).

    Source: T. Tieleman and G. Hinton, Lecture 6.5, Neural Networks for Machine Learning, 2012.
    """

    rate: float = 0.001
    rho: float = 0.9
    epsilon: float = 1e-7
    s: Arrays = field(default_factory=dict, init=False, repr=False)

    def update(self, w: Arrays, g: Arrays) -> None:
        check_gradients(w, g)
        for k in w:
            self.s[k] = self.rho * self.s.get(k, 0.0) + (1 - self.rho) * g[k] ** 2
            w[k] = w[k] - self.rate * g[k] / np.sqrt(self.s[k] + self.epsilon)


@dataclass
class Adam:
    """m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε), at update t = 1, 2, ...

    The factor in front of m corrects the bias of averages that start at m = v = 0. ε stands outside the root, with the
    uncorrected v, as in Keras and in the last paragraph of the paper's section 2; its algorithm 1 has m̂ / (√v̂ + ε) with both
    corrected, which is the same with ε √(1 - β₂ᵗ) here.

    Source: D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
    """

    rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    t: int = field(default=0, init=False)
    m: Arrays = field(default_factory=dict, init=False, repr=False)
    v: Arrays = field(default_factory=dict, init=False, repr=False)

    def update(self, w: Arrays, g: Arrays) -> None:
        check_gradients(w, g)
        self.t += 1
        corrected = self.rate * np.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
        for k in w:
            self.m[k] = self.beta_1 * self.m.get(k, 0.0) + (1 - self.beta_1) * g[k]
            self.v[k] = self.beta_2 * self.v.get(k, 0.0) + (1 - self.beta_2) * g[k] ** 2
            w[k] = w[k] - corrected * self.m[k] / (np.sqrt(self.v[k]) + self.epsilon)
