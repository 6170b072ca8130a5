"""What this process has of the machine, and the versions that decide what it computes."""

from __future__ import annotations

import contextlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def processors() -> int:
    """Processor cores that the system lets this process use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores() -> int:
    """As many replicas as run at the same time: `processors`, or the fewer that the environment variable RNNLAB_CORES says."""
    asked = os.environ.get("RNNLAB_CORES", "")
    return max(1, min(processors(), int(asked))) if asked.isdigit() else processors()


def versions() -> dict[str, str]:
    """Versions of what decides a result: Python, Keras, its backend, NumPy, rnnlab."""
    found = {"python": platform.python_version()}
    for package in ("rnnlab", "keras", "tensorflow", "jax", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def made_here() -> dict[str, str]:
    """Versions, the backend of Keras, and the cores among which its sums are split, which decides their last bits."""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    return versions() | {"backend": backend, "cores": str(processors())}


def memory() -> int:
    """Bytes of memory that the machine has; 8 GiB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def resident_bytes() -> int:
    """Memory that this process holds; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
