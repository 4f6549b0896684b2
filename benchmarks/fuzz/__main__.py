"""Mutated inputs of every kind, and what blazetrack does with each.

    python -m benchmarks.fuzz --seconds 600 [--cases N] [--seed N] [--only film,card]
    python -m benchmarks.fuzz --only film --case 17        (one case again, with all it printed)

Films, pictures, TFLite files, JSON Lines recordings, graphs, cards, options and messages of the
live page are changed at random: bits, integers, blocks, words, lines, parts of JSON. Each is read
by a command of blazetrack in a process of its own, with an empty folder and limits of time and
memory. A case passes if it is accepted, or refused with exit code 2 and one line of error. Faults
are another exit code, a signal, no end within 20 s, a file that is not complete, and a change of
any file but the outputs. A case follows from seed, kind and number alone. Exit code 0 if there is
no fault.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.fuzz.bases import Bases, write_bases
from benchmarks.fuzz.kinds import COMMANDS, make_case
from benchmarks.fuzz.live_page import LivePage, make_messages, serving
from benchmarks.fuzz.run_case import FAULTS, PASSED, Outcome, clear, run_case, run_forked
from benchmarks.machine import describe_machine, package_versions
from benchmarks.report import check_writable, exit_2_on_error, write_json
from blazetrack.errors import InputError, did_you_mean

WEBSOCKET = "websocket"
KINDS = (*COMMANDS, WEBSOCKET)
PROGRESS_S = 10.0

# Loaded before the processes of the cases are forked, so that each starts at once. No import of
# these starts a thread that a fork would lack.
PRELOADED = (
    "cv2", "av", "numpy", "yaml", "ai_edge_litert.interpreter", "blazetrack.cli",
    "blazetrack.plots", "blazetrack.pipeline", "blazetrack.runner", "blazetrack.cli.track",
    "blazetrack.sources", "blazetrack.store.add", "matplotlib.figure",
    "matplotlib.backends.backend_agg",
)  # fmt: skip


class Fuzzing:
    """Runs cases by kind and number.

    Args:
        folder: an empty folder for all of them.
        seed: of the mutations.
        stack: ends the server of the live page.
    """

    def __init__(self, folder: Path, seed: int, stack: ExitStack) -> None:
        self._folder = folder
        self._seed = seed
        self._stack = stack
        self._page: LivePage | None = None
        good = folder / "bases"
        good.mkdir()
        ended = run_forked(lambda: write_bases(good), good, folder / "out", folder / "err", 120)
        if ended.code or ended.stopped:
            raise InputError(f"the good inputs cannot be written: {ended.stderr.strip()[-300:]}")
        self.bases = Bases(good)

    def run(self, kind: str, number: int) -> Outcome:
        """Run a case; its folder, `place`, stays."""
        if kind == WEBSOCKET:
            return self._live_page().send(make_messages(self._seed, number, self.bases))
        return run_case(make_case(kind, self._seed, number, self.bases), self.place(kind, number))

    def place(self, kind: str, number: int) -> Path:
        """The folder of a case."""
        return self._folder / f"{kind}-{number}"

    def describe(self, kind: str, number: int) -> str:
        """The command line or the messages of a case."""
        if kind == WEBSOCKET:
            messages = make_messages(self._seed, number, self.bases)
            return "\n".join(ascii(message)[:500] for message in messages)
        return ascii(make_case(kind, self._seed, number, self.bases).args)[:2000]

    def printed(self, kind: str, number: int) -> str:
        """What the command of a case printed on stderr."""
        path = self.place(kind, number) / "stderr"
        return path.read_bytes().decode(errors="replace")[-5000:] if path.is_file() else ""

    def _live_page(self) -> LivePage:
        if self._page is None or not self._page.is_alive():
            place = self._folder / f"page-{time.monotonic_ns()}"
            self._page = self._stack.enter_context(serving(place))
        return self._page


def main(
    seconds: Annotated[float | None, typer.Option(help="No case starts after so many.")] = None,
    cases: Annotated[int | None, typer.Option(min=1, help="Cases of each kind.")] = None,
    seed: Annotated[int, typer.Option(help="Of the mutations.")] = 0,
    only: Annotated[str, typer.Option(help="Kinds, by comma.")] = ",".join(KINDS),
    case: Annotated[int | None, typer.Option(min=0, help="Only the case of this number.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Run mutated inputs and print a table of the results; exit code 1 if there is a fault."""
    with exit_2_on_error(), ExitStack() as stack:
        check_writable(json_file)
        kinds = _kinds(only)
        if seconds is None and cases is None and case is None:
            seconds = 600.0
        if not hasattr(os, "fork"):
            raise InputError("fuzzing needs a system with fork: Linux or macOS")
        _preload()
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fuzz-")))
        fuzzing = Fuzzing(folder, seed, stack)
        numbers = range(cases or sys.maxsize) if case is None else range(case, case + 1)
        counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
        faults = []
        for kind, number, outcome in _run_all(fuzzing, kinds, numbers, seconds):
            counts[kind][outcome.result] += 1
            if outcome.result in FAULTS:
                replay = f"python -m benchmarks.fuzz --seed {seed} --only {kind} --case {number}"
                faults.append(
                    {"result": outcome.result, "detail": outcome.detail, "replay": replay}
                )
                print(f"{outcome.result}: {outcome.detail!a}\n  {replay}", flush=True)
            if case is not None:
                print(fuzzing.describe(kind, number), fuzzing.printed(kind, number), sep="\n")
                print(f"{kind}: {outcome.result} after {outcome.seconds:.1f} s: {outcome.detail}")
            clear(fuzzing.place(kind, number))
        Console(width=110).print(table(counts))
        write_json(json_file, {"machine": describe_machine(), "seed": seed, "counts": counts,
                               "packages": package_versions("av"), "faults": faults})  # fmt: skip
    raise typer.Exit(1 if faults else 0)


def _run_all(
    fuzzing: Fuzzing, kinds: tuple[str, ...], numbers: range, seconds: float | None
) -> Iterator[tuple[str, int, Outcome]]:
    """Cases of all kinds in turn, with a progress line now and then, until the time is over."""
    began = printed = time.monotonic()
    done = 0
    for number in numbers:
        for kind in kinds:
            now = time.monotonic()
            if seconds is not None and now - began > seconds:
                return
            if now - printed > PROGRESS_S:
                printed = now
                print(f"{done} mutations in {now - began:.0f} s", flush=True)
            yield kind, number, fuzzing.run(kind, number)
            done += 1


def table(counts: dict[str, Counter[str]]) -> Table:
    """Results by kind of input."""
    out = Table(box=SIMPLE_HEAD, title="mutated inputs")
    for name in ("input", "mutations", *PASSED, *FAULTS):
        out.add_column(name, no_wrap=True)
    total = sum(counts.values(), Counter())
    for kind, row in (*counts.items(), ("all", total)):
        cells = (row[result] for result in (*PASSED, *FAULTS))
        out.add_row(kind, str(row.total()), *map(str, cells))
    return out


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(part.strip() for part in text.split(",") if part.strip())
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(f"--only: no input '{kind}'; {did_you_mean(kind, KINDS)}")
    if not kinds:
        raise InputError(
            f"--only: expected kinds of input, got '{text}'; {did_you_mean('', KINDS)}"
        )
    return kinds


def _preload() -> None:
    for name in PRELOADED:
        try:
            import_module(name)
        except ImportError:  # an extra; the command that needs it reports it
            continue


if __name__ == "__main__":
    typer.run(main)
