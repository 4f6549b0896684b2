"""Commands of `models`: errors as one line, Keras without its startup messages."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from blazetrack.cli.entry_point import new_app, run_app

__all__ = ["load_keras", "log", "new_app", "quiet_stderr", "run"]


def run(app: typer.Typer, name: str, args: Sequence[str] | None = None) -> None:
    """Run a command line and end the process with its exit code.

    Args:
        app: made by `new_app`, with its commands.
        name: of the module, for usage and messages: `models.train`.
        args: without the program's name; None means `sys.argv`.
    """
    run_app(app, name, f"python -m {name}", args)


def log(line: str) -> None:
    """Print a line of progress on stderr at once."""
    print(line, file=sys.stderr, flush=True)


def load_keras() -> Any:
    """Import Keras and its backend without TensorFlow's startup messages.

    With `TF_CPP_MIN_LOG_LEVEL` set, TensorFlow prints messages of that level.
    """
    if "keras" not in sys.modules and "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
        with quiet_stderr():
            import keras

            if keras.backend.backend() == "tensorflow":
                import tensorflow

                tensorflow.config.list_physical_devices()  # prints messages on drivers
    import keras

    return keras


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Discard stderr, also that of C code; on an error its last part is printed."""
    with tempfile.TemporaryFile() as notes:
        kept = os.dup(2)
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            notes.seek(0)
            os.write(kept, notes.read()[-2000:])
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
