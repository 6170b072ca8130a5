"""The habits that all example scripts share: arguments, errors, signals, screens that cannot show everything."""

from __future__ import annotations

import argparse
import contextlib
import logging
import math
import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rnnlab.files import check_ordinary, write_whole
from rnnlab.machine import memory
from rnnlab.screen import plain

# TensorFlow reports the machine that it finds, on standard error, unless told not to before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Figures are drawn into files alone, whatever backend the user has set for windows; a first start says that it looks for fonts.
os.environ["MPLBACKEND"] = "agg"
logging.getLogger("matplotlib").setLevel(logging.ERROR)

BACKENDS = ("tensorflow", "jax")
MOST = 1_000_000_000  # of any number that counts something
FORESEEN = (ValueError, OSError, ArithmeticError, MemoryError, NotImplementedError, ImportError)
TRACEBACK = "RNNLAB_TRACEBACK"  # an environment variable: where it is set, unforeseen errors are shown in full


def import_keras() -> None:
    """Imports Keras and its backend without what their libraries print on the way, which no setting of theirs silences.

    TensorFlow's warning that functions are traced often is silenced too: here each is meant to be traced once.

    Raises:
        ValueError: the environment variable KERAS_BACKEND names a backend that cannot train here.
    """
    if (backend := os.environ.get("KERAS_BACKEND", "tensorflow")) not in BACKENDS:
        raise ValueError(f"KERAS_BACKEND: expected {' or '.join(BACKENDS)}, got {backend!r}")
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


def integer(least: int, most: int = MOST) -> Callable[[str], int]:
    """An integer from `least` to `most`, as a type for argparse."""
    span = f"of at least {least}" if most == MOST else f"from {least} to {most}"

    def convert(text: str) -> int:
        if not (re.fullmatch(r"[+-]?[0-9]{1,18}", text) and least <= int(text) <= most):
            about = f"{span}, got {text!r}" if len(text) < 19 else f"{span}, got {text[:16]!r}..."
            raise argparse.ArgumentTypeError(f"expected an integer {about}")
        return int(text)

    return convert


def real(fits: Callable[[float], bool], expected: str) -> Callable[[str], float]:
    """A number that `fits`, as a type for argparse; `expected` says in words which those are."""

    def convert(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and fits(number)):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return number

    return convert


# Of an LSTM with so many units the kernels, 8 squares of them as float32, fit into memory five times, as training needs them.
positive, counted, units = integer(1), integer(1, 1_000_000), integer(1, int((memory() / (5 * 8 * 4)) ** 0.5))
layers = integer(1, 100)
seed = integer(0, 2**31 - 1)
above_zero = real(lambda number: number > 0, "a number above 0")
fraction = real(lambda number: 0 <= number <= 1, "a number from 0 to 1")


class Parser(argparse.ArgumentParser):
    """argparse with one line per error and without guessing abbreviated flags."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> Any:
        print(f"{self.prog}: {plain(' '.join(message.split()))}", file=sys.stderr)
        raise SystemExit(2)


def add_common(parser: argparse.ArgumentParser, *, seeds: int, epochs: int | str | None = None, networks: bool = True) -> None:
    """The flags that every example takes; `seeds` and `epochs` are the defaults of this one.

    Args:
        epochs: where it is a text, that says what decides them; None leaves the flag out.
        networks: whether there are trained networks to keep, with --save and --load.
    """
    add = parser.add_argument
    add("--seeds", type=integer(1, 100_000), default=seeds, metavar="N", help=f"replicates (default {seeds})")
    add("--seed", type=seed, default=0, metavar="S", help="the first seed (default 0)")
    if epochs is not None:
        known = None if isinstance(epochs, str) else epochs
        add("--epochs", type=counted, default=known, metavar="N", help=f"epochs (default {epochs})")
    add("--out", type=Path, metavar="DIR", help="where results go (default: a folder in reports/, by settings)")
    add("--store", type=Path, metavar="FILE", help="file of finished runs (default runs.sqlite in --out)")
    add("--workers", type=integer(1, 1024), default=1, metavar="N", help="processes on this machine (default 1)")
    add("--cluster", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")
    add("--report", action="store_true", help="write the report of what is there, without training")
    parser.set_defaults(save=None, load=None)
    if networks:
        add("--save", type=Path, metavar="FILE", help="keep the trained networks (of one kind) in a file")
        add("--load", type=Path, metavar="FILE", help="use the networks that --save kept, without training")
    add("--quiet", action="store_true", help="no progress, no table")
    add("--smoke", action="store_true", help="a run of seconds that only shows that all parts work")


def check_common(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Refuses common flags that do not go together."""
    if arguments.cluster and arguments.workers > 1:
        parser.error("--workers: expected without --cluster, whose workers do the training")
    if arguments.load and (arguments.save or arguments.report):
        parser.error(f"--load: expected without --{'save' if arguments.save else 'report'}")


def run_main(main: Callable[[Sequence[str] | None], None], argv: Sequence[str] | None = None) -> int:
    """Runs an example: 0 when done, 2 with one line for wrong input, 130 after Ctrl-C, 128 and its number after a signal.

    A screen or a pipe that cannot show a character gets another in its place; one that is closed ends the command quietly.
    """
    name = Path(sys.argv[0]).name
    _screens()
    with _signals():
        try:
            main(argv)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read has seen enough; Python would complain once more when it closes the pipe.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt as stopped:
            print("interrupted; what is finished is kept, and the same command goes on from there", file=sys.stderr)
            return 128 + stopped.number if isinstance(stopped, Stopped) else 130
        except Exception as error:
            if os.environ.get(TRACEBACK):
                raise
            if isinstance(error, FORESEEN):
                print(f"{name}: {_line(error)}", file=sys.stderr)
                return 2
            what = f"this is a bug of rnnlab ({_line(error)}); finished runs are kept; please report it with what the"
            print(f"{name}: {what} same command says after {TRACEBACK}=1", file=sys.stderr)
            return 1
    return 0


class Stopped(KeyboardInterrupt):
    """A signal that asks to end, such as SIGTERM; it ends a command as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise Stopped(number)

    main = threading.current_thread() is threading.main_thread()  # the others cannot set handlers
    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if main and hasattr(signal, name)]
    before = {name: signal.signal(name, stop) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _screens() -> None:
    """Makes standard output and error be there, and replace what they cannot show."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _line(error: BaseException) -> str:
    """One line for an error: what an error of the system is about comes first."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return plain(f"{error.filename}: {error.strerror}")
    if isinstance(error, MemoryError):
        return f"this takes more memory than there is; ask for less, or for fewer at once ({error})"
    text = " ".join(str(error).split())
    return plain(text if isinstance(error, (ValueError, OSError)) and text else f"{type(error).__name__}: {text}")


def check_writable(directory: Path) -> None:
    """Makes the directory for results before anything long runs.

    Raises:
        OSError: it cannot be made or written to.
    """
    try:
        write_whole(directory / ".writable", b"")
        (directory / ".writable").unlink()
    except OSError as error:
        raise OSError(f"--out: expected a directory that can be written to, got {directory} ({error.strerror})") from error


def check_target(flag: str, path: Path) -> None:
    """Refuses, before anything long runs, a file that could not be written at the end.

    Raises:
        ValueError: its folder is none, or there is something else than a file.
    """
    if not path.parent.is_dir():
        raise ValueError(f"{flag}: expected a file in a folder that is there, got {path}")
    if path.exists():
        check_ordinary(path, most=None)


def command(argv: Sequence[str] | None) -> str:
    """The command line as a reader would type it."""
    return shlex.join(["python", f"examples/{Path(sys.argv[0]).name}", *(sys.argv[1:] if argv is None else argv)])
