"""Training many seeds of a Keras model, each with the results of `Model.fit`, in one compiled program."""

from rnnlab.training.backend import emit_loops_whole
from rnnlab.training.fit import fit_replicas
from rnnlab.training.result import Replicas
from rnnlab.training.saved import load_replicas, save_replicas

__all__ = ["Replicas", "emit_loops_whole", "fit_replicas", "load_replicas", "save_replicas"]
