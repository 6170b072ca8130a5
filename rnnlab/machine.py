"""What this process has of the machine."""

from __future__ import annotations

import os


def processors() -> int:
    """Processor cores that the system lets this process use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores() -> int:
    """As many replicas as run at the same time: `processors`, or the fewer that the environment variable RNNLAB_CORES says."""
    asked = os.environ.get("RNNLAB_CORES", "")
    return max(1, min(processors(), int(asked))) if asked.isdigit() else processors()
