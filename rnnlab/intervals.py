"""The one interval of a mean, for tables and for figures."""

from __future__ import annotations

import math
from typing import Any

from scipy import special


def t_interval(mean: Any, sd: Any, n: int, confidence: float = 0.95) -> tuple[Any, Any]:
    """Both ends of Student's t interval of a mean of `n` values with standard deviation `sd` (ddof 1); nan for one value.

    Mean and sd are numbers or arrays of one shape, and so are the ends.
    """
    reach = -special.stdtrit(n - 1, (1 - confidence) / 2) * sd / math.sqrt(n) if n > 1 else math.nan * mean
    return mean - reach, mean + reach
