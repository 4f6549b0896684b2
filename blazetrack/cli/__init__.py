"""The command line: one file per verb, errors as one line, exit codes 0, 2, and 128 + a signal."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from signal import Signals

import typer

from blazetrack._version import __version__
from blazetrack.cli import bench, demo, graph, info, models, plot, run, serve
from blazetrack.errors import BlazetrackError
from blazetrack.signals import interrupt_on_signals

__all__ = ["app", "main"]

# What a wrong command line raises. Typer carries click inside or depends on it, by its version,
# and shows only the leaves of the tree by name.
_UsageError: type[Exception] = next(
    base for base in reversed(typer.BadParameter.__mro__) if hasattr(base, "format_message")
)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Track people: 33 keypoints each, on one CPU core, offline.\n\n"
    "Start with: blazetrack demo",
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("plot")(plot.plot)
app.command("bench")(bench.bench)
app.add_typer(models.app, name="models")
app.add_typer(graph.app, name="graph")
app.command("info")(info.info)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"blazetrack {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name may hold what the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    came: list[int] = []  # signals that asked for the end
    try:
        with interrupt_on_signals() as came:
            code = app(args=args, prog_name="blazetrack", standalone_mode=False)
            sys.stdout.flush()  # here, where a full disk can still be told
    except BlazetrackError as error:
        _fail(str(error))
    except _UsageError as error:
        _fail(error.format_message())  # type: ignore[attr-defined]
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except (SystemExit, BrokenPipeError):  # the reader of our output has gone
        _abandon_stdout()
        sys.exit(0)
    except OSError as error:  # what the system refuses, such as a name that is too long
        _abandon_stdout()
        if came:  # the terminal was closed: nobody reads what could not be printed
            sys.exit(128 + came[0])
        _fail(str(error))
    if code == 130 and came:  # Typer takes every interrupt for Ctrl-C
        print(f"blazetrack: ended by {Signals(came[0]).name}", file=sys.stderr)
        code = 128 + came[0]
    sys.exit(code if isinstance(code, int) else 0)


def _abandon_stdout() -> None:
    """Send what is left in stdout's buffer nowhere, so that Python's own flush at exit is quiet."""
    with suppress(OSError, ValueError):  # no real file where a test stands in for it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str) -> None:
    line = " ".join(message.split())
    if line:  # empty where the help was the answer
        print(f"blazetrack: {line}", file=sys.stderr)
    sys.exit(2)
