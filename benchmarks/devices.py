"""Add the result of `blazetrack bench --json` to the table of measured devices.

    blazetrack bench --model blaze_lite --json | python -m benchmarks.devices -

A device has one row per models, threads and interval; a new result replaces the old one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.report import exit_2_on_error
from blazetrack.common.files import read_text
from blazetrack.errors import InputError, SinkError

__all__ = ["add_rows", "main", "rows"]

PAGE = Path(__file__).parents[1] / "docs" / "devices.md"
COLUMNS = ("device", "chip", "models", "threads", "frames/s", "p90 ms", "temperature", "throttling",
           "version")  # fmt: skip
KEY = ("device", "models", "threads")
SOURCE = "synthetic?size=1280x720&frames=300"  # the default of bench; other pictures cost otherwise
SOURCES = (SOURCE, "android: drawn frames of 1280x720")  # the second one is the app's
BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"


def main(
    file: Annotated[str, typer.Argument(help="JSON of `blazetrack bench --json`; - is stdin.")],
    device: Annotated[
        str | None, typer.Option(help="Name of the device.", show_default="its processor or board")
    ] = None,
    page: Annotated[Path, typer.Option(help="Page with the table.")] = PAGE,
) -> None:
    """Add a device to the table, or replace its rows."""
    with exit_2_on_error():
        text = sys.stdin.read() if file == "-" else read_text(file, "result", InputError)
        added = rows(_report(file, text), device)
        content = add_rows(read_text(page, "page", InputError), added)
        try:
            page.write_text(content, encoding="utf-8")
        except OSError as error:
            raise SinkError(f"{page}: cannot be written: {error.strerror}") from None
    print(f"wrote {len(added)} row(s) to {page}")


def rows(report: Mapping[str, Any], device: str | None = None) -> list[dict[str, str]]:
    """A row per round of a result.

    Args:
        report: the JSON of bench.
        device: its name; None is the processor or board.

    Raises:
        InputError: the result is of other pictures, or not one of this version.
    """
    try:
        machine, board = report["machine"], report["board"]
        if report["source"] not in SOURCES:
            raise InputError(
                f"devices: expected a result of the default source, got {report['source']}; "
                "run blazetrack bench without one"
            )
        models = " + ".join(model["name"] for model in reversed(report["models"]))
        if report["every"] not in (None, "1", 1):
            models += f", every {report['every']}"
        shared = {
            "device": _cell(device or machine["processor"]),
            "chip": _cell(machine["soc"] or " ".join(machine["features"]) or "–"),
            "models": _cell(models),
            "temperature": _both(board, "temperature_c", " °C"),
            "throttling": _cell(board["after"]["throttling"] or "–"),
            "version": _cell(machine["blazetrack"]),
        }
        return [
            shared
            | {
                "threads": str(int(one["threads"])),
                "frames/s": f"{one['fps']:.1f}",
                "p90 ms": f"{one['frame_p90_ms']:.1f}",
            }
            for one in report["rounds"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "devices: expected the output of blazetrack bench --json of this version, "
            f"got one without {error}"
        ) from None


def add_rows(page: str, added: list[dict[str, str]]) -> str:
    """The page with these rows in its table, sorted by device.

    Raises:
        InputError: the page has no table between its two marks.
    """
    before, begin, rest = page.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(
            f"devices: expected a page with the lines {BEGIN.strip()} and {END.strip()}"
        )
    known = [dict(zip(COLUMNS, _cells(line), strict=False)) for line in table.splitlines()[2:]]
    replaced = {tuple(row[name] for name in KEY) for row in added}
    kept = [row for row in known if tuple(row.get(name, "") for name in KEY) not in replaced]
    ordered = sorted([*kept, *added], key=lambda row: [row[name] for name in KEY])
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    lines += [_line([row[name] for name in COLUMNS]) for row in ordered]
    return before + begin + "\n".join(lines) + "\n" + end + after


def _report(name: str, text: str) -> Mapping[str, Any]:
    try:
        report = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{name}: expected JSON of blazetrack bench --json: {error}") from None
    if not isinstance(report, dict):
        raise InputError(f"{name}: expected JSON of blazetrack bench --json, got another value")
    return report


def _both(board: Mapping[str, Any], name: str, unit: str) -> str:
    """A value before and after the run."""
    before, after = board["before"][name], board["after"][name]
    return "–" if before is None or after is None else f"{before:.0f} → {after:.0f}{unit}"


def _cell(text: object) -> str:
    """A text that does not break the table."""
    return " ".join(str(text).replace("|", "/").split())


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    typer.run(main)
