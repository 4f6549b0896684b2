"""`blazetrack mediapipe`: run a program that was written for `mp.solutions.pose`."""

from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from blazetrack.errors import BlazetrackError, InputError

__all__ = ["SETTINGS", "mediapipe"]

SETTINGS = {"allow_interspersed_args": False, "ignore_unknown_options": False}
"""Of the command: what follows the program is the program's own."""


def mediapipe(
    program: Annotated[str, typer.Argument(help="A Python file; with -m, a module.")],
    args: Annotated[list[str] | None, typer.Argument(help="Arguments of the program.")] = None,
    module: Annotated[bool, typer.Option("-m", help="Run a module: -m streamlit run app.py")] = (
        False
    ),
) -> int:
    """Run a program written for MediaPipe's solutions.pose, unchanged, on blazetrack.

    The exit code is the program's own.
    """
    from blazetrack.compat import install

    if not module and not Path(program).is_file():
        raise InputError(f"{program}: expected a Python file, found none there")
    install()
    sys.argv = [program, *(args or ())]
    sys.path.insert(0, "" if module else str(Path(program).resolve().parent))
    try:
        if module:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        return _exit_code(end)
    except BlazetrackError:
        raise
    except Exception as error:  # noqa: BLE001 - the program's own: shown as Python shows it
        _print_exception(error, program)
        return 1
    return 0


def _exit_code(end: SystemExit) -> int:
    """The exit code that Python gives a process for this; a text is printed."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


def _print_exception(error: Exception, program: str) -> None:
    """Print a traceback that begins in the program."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename != program:
        place = place.tb_next
    begun = error.__traceback__ if place is None and not isinstance(error, SyntaxError) else place
    traceback.print_exception(type(error), error, begun)
