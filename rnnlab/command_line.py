"""The habits that all example scripts share: arguments, errors, files that are whole or absent."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import math
import os
import platform
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnlab.files import whole_file

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# TensorFlow reports the machine that it finds, on standard error, unless told not to before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RENEW = 1 << 30  # bytes, see `renew`


def import_keras() -> None:
    """Imports Keras and its backend without what their libraries print on the way, which no setting of theirs silences.

    TensorFlow's warning that functions are traced often is silenced too: here each is meant to be traced once.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            import keras  # noqa: F401
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def positive(text: str) -> int:
    """An integer of at least 1, for argparse."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return number


def seed(text: str) -> int:
    """An integer that seeds a generator, for argparse."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**31:
        raise argparse.ArgumentTypeError(f"expected an integer from 0 to 2**31 - 1, got {text!r}")
    return number


class Parser(argparse.ArgumentParser):
    """argparse with one line per error and without guessing abbreviated flags."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> Any:
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(2)


def add_common(parser: argparse.ArgumentParser, name: str, *, seeds: int, epochs: int | str | None) -> None:
    """The flags that every example takes; `seeds` and `epochs` are the defaults of this one.

    Where `epochs` is a text, it says what decides them; None leaves the flag out.
    """
    parser.add_argument("--seeds", type=positive, default=seeds, metavar="N", help=f"replicates (default {seeds})")
    parser.add_argument("--seed", type=seed, default=0, metavar="S", help="the first seed (default 0)")
    if epochs is not None:
        known = None if isinstance(epochs, str) else epochs
        parser.add_argument("--epochs", type=positive, default=known, metavar="N", help=f"passes (default {epochs})")
    out = Path("reports") / name
    parser.add_argument("--out", type=Path, default=out, metavar="DIR", help=f"where results go (default {out})")
    parser.add_argument("--quiet", action="store_true", help="no progress, no table")
    parser.add_argument("--smoke", action="store_true", help="a run of seconds that only shows that all parts work")


def run_main(main: Callable[[Sequence[str] | None], None], argv: Sequence[str] | None = None) -> int:
    """Runs an example: 0 when done, 2 with one line for wrong input, 130 after Ctrl-C."""
    try:
        main(argv)
    except (ValueError, OSError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; what is finished is kept, and the same command goes on from there", file=sys.stderr)
        return 130
    return 0


def resident_bytes() -> int:
    """Memory that this process holds; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def renew(argv: Sequence[str] | None) -> None:
    """Puts a fresh process that runs the same command in the place of one that holds more than `RENEW` bytes.

    For a long command that goes on from a journal: TensorFlow keeps all that it ever compiled. Does nothing where `main` was
    called with an `argv` of its own, from a process that is more than this command, or where the system cannot replace one.
    """
    if argv is None and os.name == "posix" and resident_bytes() > RENEW:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, sys.orig_argv)


def check_writable(directory: Path) -> None:
    """Makes the directory for results before anything long runs.

    Raises:
        OSError: it cannot be made or written to.
    """
    try:
        with whole_file(directory / ".writable"):
            pass
        (directory / ".writable").unlink()
    except OSError as error:
        raise OSError(f"--out: expected a directory that can be written to, got {directory} ({error.strerror})") from error


def write_results(directory: Path, frames: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]) -> None:
    """Writes tables and figures under their names, each whole or absent."""
    for name, frame in frames.items():
        with whole_file(directory / name) as temporary:
            frame.to_csv(temporary, index=False, float_format="%.10g", lineterminator="\n")
    for name, figure in figures.items():
        with whole_file(directory / name) as temporary:
            figure.savefig(temporary, dpi=110)


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Writes JSON in which a number that is none (nan, inf) stands as null."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(_plain(values), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def command(argv: Sequence[str] | None) -> str:
    """The command line as a reader would type it."""
    return shlex.join(["python", f"examples/{Path(sys.argv[0]).name}", *(sys.argv[1:] if argv is None else argv)])


def versions() -> dict[str, str]:
    """Versions of what decides a result: Python, Keras, its backend, NumPy, rnnlab."""
    found = {"python": platform.python_version()}
    for package in ("rnnlab", "keras", "tensorflow", "jax", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
