"""Settings that must stand before TensorFlow and Matplotlib are imported."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# Tolerances are those of a CPU; a GPU multiplies in lower precision.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
