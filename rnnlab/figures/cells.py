"""How a cell looks and what it is called in every figure."""

from __future__ import annotations

COLORS = {"simple_rnn": "tab:red", "lstm": "tab:green", "gru": "tab:blue"}
LABELS = {"simple_rnn": "simple RNN", "lstm": "LSTM", "gru": "GRU"}
