"""An LSTM in NumPy, to be read: forward, back-propagation through time, optimizers, and a check of it all.

Begin with `rnnlab/by_hand/lstm.py`. What this module imports needs NumPy alone; `gradients.py` compares it with Keras.
"""

from rnnlab.by_hand import lstm, network, single_step
from rnnlab.by_hand.check import central_differences, relative_errors
from rnnlab.by_hand.keras_weights import from_keras, to_keras
from rnnlab.by_hand.optimizers import SGD, AdaGrad, Adam, Momentum, RMSprop

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "Momentum",
    "RMSprop",
    "central_differences",
    "from_keras",
    "lstm",
    "network",
    "relative_errors",
    "single_step",
    "to_keras",
]
