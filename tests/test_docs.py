"""Documentation: its examples run, its commands parse, its links have targets.

A fenced block whose first line is a file name in a comment (`# zone.py`) is written to that file.
Other Python blocks run unchanged, in a folder with a `clip.mp4` and `pictures/`. Lines that call
blazetrack are parsed, and those that need neither a camera nor the network also run.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from blazetrack import Poses, open_sink, open_source
from blazetrack.cli import app, main
from blazetrack.store import Store

ROOT = Path(__file__).parents[1]
FOLDERS = (".", "docs", "graphs", "benchmarks", "examples")
PAGES = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))
CALL = re.compile(r"^(?:\w+=\S+ )*(?:python -m )?blazetrack (?P<args>.*)$")
# Lines that need a camera, the network, a window, files of the reader or a minute; the demo has its
# own test.
PARSE_ONLY = re.compile(
    r"^demo|^serve|--view web|^run \d|://|^models (pull|add)|\.\./shared|\b(mine|movenet)\b"
    r"|follow\.yaml|\bpicam\b|^bench --|^export web"
)


class Block(NamedTuple):
    """A fenced block: language, text, and file name if it has one."""

    language: str
    text: str
    file: str | None


def blocks(page: Path) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    names = [re.match(r"# (\S+\.\w+)\n", text) for _, text in found]
    return [Block(*two, name and name[1]) for two, name in zip(found, names, strict=True)]


def calls(text: str) -> list[list[str]]:
    """Arguments of every line that calls blazetrack."""
    found = (CALL.match(line) for line in text.splitlines())
    return [shlex.split(match["args"], comments=True) for match in found if match]


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


ALL_CALLS = [
    pytest.param(args, id=f"{page_id(page)}: {' '.join(args)}")
    for page in PAGES
    for block in blocks(page)
    if not block.language
    for args in calls(block.text)
] + [
    pytest.param(args, id=f"{page_id(page)}: {' '.join(args)}")
    for page in PAGES
    for quoted in re.findall(r"`(blazetrack [a-z]+ [^`…]+)`", page.read_text(encoding="utf-8"))
    for args in calls(quoted)
]


@pytest.mark.parametrize("args", ALL_CALLS)
def test_command_of_a_page_parses(args: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    rest = list(args)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    command.make_context("blazetrack", rest)  # raises on a wrong option or value


@pytest.fixture
def reader_folder(weights: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's working folder, with a clip and a picture."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with open_source("synthetic?frames=3") as source, open_sink("clip.mp4") as clip:
        for frame in source:
            clip.write(frame, Poses.empty(), frame.image)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "one.png").write_bytes((ROOT / "docs/images/demo.png").read_bytes())
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_examples_of_a_page_run_in_order(page: Path, reader_folder: Path) -> None:
    for block in blocks(page):
        if block.file is not None:
            (reader_folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (reader_folder / block.file).write_text(block.text, encoding="utf-8")
        if block.language == "python":
            exec(compile(block.text, page_id(page), "exec"), {"__name__": page.stem})
        for args in calls(block.text) if not block.language else []:
            if not PARSE_ONLY.search(" ".join(args)):
                with pytest.raises(SystemExit) as end:
                    main(args)
                assert end.value.code == 0, args


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_of_a_page_have_targets(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, heading = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        assert there.is_relative_to(ROOT), f"{page.name} links out of the project: {target}"
        assert not heading or heading in headings(there), f"{page.name} links to {target}"


def headings(page: Path) -> set[str]:
    """The heading anchors of a page, by GitHub's rules."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_page_of_nodes_equals_the_printed_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["graph", "nodes", "--markdown"])
    page = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
    assert page == capsys.readouterr().out, "blazetrack graph nodes --markdown > docs/nodes.md"
