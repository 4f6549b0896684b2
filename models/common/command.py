"""How the workshop's commands end: one line per error, exit codes 0, 2 and 130."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from blazetrack.errors import BlazetrackError

__all__ = ["load_keras", "new_app", "quiet_stderr", "run"]

# What a wrong command line raises: typer carries click inside or depends on it, by its version.
_UsageError: type[Exception] = next(
    base for base in reversed(typer.BadParameter.__mro__) if hasattr(base, "format_message")
)


def new_app(about: str) -> typer.Typer:
    """A command line of one or more commands, in the style of `blazetrack`."""
    return typer.Typer(
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=about
    )


def run(app: typer.Typer, name: str, args: Sequence[str] | None = None) -> None:
    """Run a command line and end the process with its exit code.

    Args:
        app: what `new_app` gave, with its commands.
        name: of the module, for usage and messages: `models.train`.
        args: without the program's name; None is this process's own.
    """
    try:
        code = app(args=args, prog_name=f"python -m {name}", standalone_mode=False)
        sys.stdout.flush()
    except BlazetrackError as error:
        _fail(name, str(error))
    except _UsageError as error:
        _fail(name, error.format_message())  # type: ignore[attr-defined]
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except OSError as error:
        _fail(name, str(error))
    sys.exit(code if isinstance(code, int) else 0)


def load_keras() -> Any:
    """Import Keras and the framework it runs on, without what TensorFlow says of itself.

    With `TF_CPP_MIN_LOG_LEVEL` set, TensorFlow says as much as is asked for.
    """
    if "keras" not in sys.modules and "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
        with quiet_stderr():
            import keras

            if keras.backend.backend() == "tensorflow":
                import tensorflow

                tensorflow.config.list_physical_devices()  # looks for drivers and tells of it
    import keras

    return keras


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what is written to stderr, past Python too; its end is shown where there is an error."""
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


def _fail(name: str, message: str) -> None:
    line = " ".join(message.split())
    if line:  # empty where the help was the answer
        print(f"{name}: {line}", file=sys.stderr)
    sys.exit(2)
