"""What the loaders raise."""

from __future__ import annotations


class DataError(ValueError):
    """Wrong input data; the message is one plain line: where, what was expected, what came."""
