"""Images read row by row: each row is a time step, and the last output of an LSTM says what the image shows.

A published study of what improves such an LSTM, run again with replicates: gate activations, forget biases, optimizers.
"""

from rnnlab.image_rows.network import build_row_classifier
from rnnlab.image_rows.studies import PROTOCOL, STUDIES, study_of
from rnnlab.image_rows.training import train

__all__ = ["PROTOCOL", "STUDIES", "build_row_classifier", "study_of", "train"]
