"""Settings that must stand before TensorFlow and Matplotlib are imported."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# Tolerances are those of a CPU; a GPU multiplies in lower precision.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# One setting for all tests of a worker and for the scripts that they start, whichever compiles first: the default.
os.environ.setdefault("XLA_FLAGS", f"--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold={1 << 16}")
