"""Run a command line: one line per error or warning, exit codes 0, 2, and 128 + a signal."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from signal import Signals
from typing import Any, NoReturn

import typer

from blazetrack.common.signals import interrupt_on_signals
from blazetrack.errors import BackendWarning, BlazetrackError, RenamedWarning, printable

__all__ = ["new_app", "run_app"]

_TRACEBACK = "BLAZETRACK_TRACEBACK"  # variable that shows where an unexpected error comes from
_OURS = (BackendWarning, RenamedWarning)
_MAX_LINE = 2000  # characters of an error message

# The base of all usage errors. Typer includes click or depends on it, depending on its version,
# and exports only the leaves of this class tree.
_UsageError: type[Exception] = next(
    base for base in reversed(typer.BadParameter.__mro__) if hasattr(base, "format_message")
)


def new_app(about: str, *, completion: bool = False) -> typer.Typer:
    """A command line of one or more commands; with the options that install shell completion."""
    return typer.Typer(
        no_args_is_help=True,
        add_completion=completion,
        pretty_exceptions_enable=False,
        help=about,
    )


def run_app(app: typer.Typer, name: str, prog: str, args: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and end the process with its exit code.

    Args:
        app: the commands.
        name: prefix of its messages: `blazetrack: …`.
        prog: program name in usage texts.
        args: without the program's name; None means `sys.argv`.
    """
    _open_missing_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):  # names may not be encodable for the terminal
        sys.stdout.reconfigure(errors="backslashreplace")
    received: list[int] = []  # signals
    try:
        with interrupt_on_signals() as received, _one_line_warnings(name):
            command: Any = typer.main.get_command(app)
            _tidy_help(command)
            code = command.main(args=args, prog_name=prog, standalone_mode=False)
            sys.stdout.flush()  # here, where a full disk can still be reported
    except (BlazetrackError, ImportError) as error:
        _fail(name, _message(error))
    except _UsageError as error:
        _fail(name, error.format_message())  # type: ignore[attr-defined]
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except SystemExit as end:  # completion has printed its text; or the reader closed stdout
        if end.code:
            _discard_stdout()
        sys.exit(0)
    except BrokenPipeError:  # the reader of stdout has closed it
        _discard_stdout()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - no traceback for users, whatever failed
        _discard_stdout()
        if received:  # the terminal was closed, so that output fails; or in the middle of a start
            sys.exit(128 + received[0])
        if isinstance(error, OSError):  # such as a file name that is too long
            _fail(name, str(error))
        _fail_unexpectedly(name, error)
    if received:
        code = _code_of_signal(name, received[0], code)
    sys.exit(code if isinstance(code, int) else 0)


def _open_missing_streams() -> None:
    """Give a process without stdin, stdout or stderr (`>&-`, no console) ones that discard all.

    Their numbers are taken, too: else the next file has one, and a native library writes into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            discard = os.open(os.devnull, os.O_RDWR)
            if discard != number:
                os.dup2(discard, number)
                os.close(discard)
    for number, stream in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, stream) is None:
            text = io.TextIOWrapper(io.FileIO(number, "w", closefd=False), encoding="utf-8")
            setattr(sys, stream, text)


def _message(error: Exception) -> str:
    """The line of an error of ours, or of an OpenCV that is not there; others are raised again."""
    if isinstance(error, ImportError) and not isinstance(error, BlazetrackError):
        from blazetrack.common.opencv import explain

        problem = explain(error)
        if problem is None:
            raise error
        error = problem
    return str(error)


def _tidy_help(command: Any) -> None:
    """Show flags without a type, and arguments as `NAME`, in all help texts below a command."""
    for inner in getattr(command, "commands", {}).values():
        _tidy_help(inner)
    context = command.context_class(command, info_name=command.name)
    for param in command.get_params(context):
        if param.param_type_name == "argument":
            name = (param.metavar or param.name).upper() + ("..." if param.nargs != 1 else "")
            param.metavar = name
            usage = name if param.required else f"[{name}]"
            param.get_usage_pieces = lambda ctx, usage=usage: [usage]
        elif param.is_flag and param.metavar is None:
            param.metavar = ""


@contextmanager
def _one_line_warnings(name: str) -> Iterator[None]:
    """Print each warning of ours once, as `NAME: warning: …`, without Python's file and line."""
    printed: set[str] = set()
    with warnings.catch_warnings():
        show_default = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: object) -> None:
            if not issubclass(category, _OURS):
                show_default(message, category, *place)  # type: ignore[arg-type]
            elif (text := str(message)) not in printed:
                printed.add(text)
                print(f"{name}: warning: {text}", file=sys.stderr)

        warnings.showwarning = show  # type: ignore[assignment]
        for category in _OURS:
            warnings.simplefilter("always", category)
        yield


def _discard_stdout() -> None:
    """Redirect stdout's buffered rest to nowhere, so that Python's flush at exit is silent."""
    with suppress(OSError, ValueError):  # no real file, as in tests
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _code_of_signal(name: str, number: int, code: object) -> object:
    """The exit code after a signal. Discards what a closed terminal does not take.

    Python would end with code 120 if it cannot flush its streams.
    """
    if code == 130:  # Typer takes every interrupt for Ctrl-C
        code = 128 + number
        with suppress(OSError):
            print(f"{name}: ended by {Signals(number).name}", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code


def _fail_unexpectedly(name: str, error: Exception) -> NoReturn:
    """One line for an error that is a fault of the program or of a user's own code."""
    if os.environ.get(_TRACEBACK):
        raise error
    notes = "; ".join(getattr(error, "__notes__", ()))
    message = f"unexpected {type(error).__name__}: {error}{notes and ' '}{notes}"
    print(f"{name}: {_one_line(message)}; {_TRACEBACK}=1 shows where", file=sys.stderr)
    sys.exit(1)


def _one_line(message: str) -> str:
    line = printable(" ".join(message.split()))
    return line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…"


def _fail(name: str, message: str) -> NoReturn:
    line = _one_line(message)
    if line:  # empty after a help text
        print(f"{name}: {line}", file=sys.stderr)
    sys.exit(2)
