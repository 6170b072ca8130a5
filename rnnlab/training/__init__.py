"""Training many seeds of a Keras model, each with the results of `Model.fit`, in one compiled program."""

from rnnlab.training.fit import fit_replicas
from rnnlab.training.result import Replicas
from rnnlab.training.saved import load_replicas, replicas_of, save_replicas, weights_of

__all__ = ["Replicas", "fit_replicas", "load_replicas", "replicas_of", "save_replicas", "weights_of"]
