"""rnnlab: a laboratory for recurrent networks in Keras 3 on TensorFlow.

Names load on first use, so that `import rnnlab` itself costs no TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnlab import (
        addition,
        by_hand,
        cells,
        characters,
        datasets,
        digit_sums,
        figures,
        image_rows,
        metrics,
        poems,
        sales,
        state,
        study,
        text,
        training,
    )
    from rnnlab.addition import build_adder
    from rnnlab.digit_sums import build_digit_adder
    from rnnlab.image_rows import build_row_classifier
    from rnnlab.poems import build_language_model
    from rnnlab.sales import build_sales_forecaster
    from rnnlab.text import build_text_classifier
    from rnnlab.training import Replicas, fit_replicas

__version__ = "0.1.0"
__all__ = [
    "Replicas",
    "__version__",
    "addition",
    "build_adder",
    "build_digit_adder",
    "build_language_model",
    "build_row_classifier",
    "build_sales_forecaster",
    "build_text_classifier",
    "by_hand",
    "cells",
    "characters",
    "datasets",
    "digit_sums",
    "figures",
    "fit_replicas",
    "image_rows",
    "metrics",
    "poems",
    "sales",
    "state",
    "study",
    "text",
    "training",
]

_MODULE_OF = {
    "Replicas": "training",
    "build_adder": "addition",
    "build_digit_adder": "digit_sums",
    "build_language_model": "poems",
    "build_row_classifier": "image_rows",
    "build_sales_forecaster": "sales",
    "build_text_classifier": "text",
    "fit_replicas": "training",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULE_OF.get(name, name)}")
    return getattr(module, name) if name in _MODULE_OF else module


def __dir__() -> list[str]:
    return __all__
