"""Objects named in a text: `module:Name` and its options, for nodes, sources and sinks."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack import open_sink, open_source
from blazetrack.common.imports import import_name, is_import, make
from blazetrack.errors import BlazetrackError, SinkError, SourceError
from blazetrack.sinks import SINKS, Sink
from blazetrack.sources import SOURCES, Source, SourceInfo
from blazetrack.types import Frame, Poses

MINE = """
from __future__ import annotations
import numpy as np
from blazetrack.sources import Source, SourceInfo
from blazetrack.sinks import Sink
from blazetrack.sinks.base import TextSink
from blazetrack.types import Frame

class Cam(Source):
    def __init__(self, port: int, fps: float = 1.0, big: bool = False,
                 size: tuple[int, int] | None = None, name: str = "mine") -> None:
        super().__init__(SourceInfo(name, "live", fps=fps))
        self.given = port, fps, big, size
    def _frames(self):
        for index in range(3):
            yield Frame(np.zeros((4, 4, 3), np.uint8), index, index / 30)

class Out(Sink):
    def __init__(self, *, skeleton, port: int = 0) -> None:
        super().__init__("out")
        self.given, self.frames = (skeleton.name, port), 0
    def write(self, frame, poses, picture=None) -> None:
        self.frames += 1
    def close(self) -> None:
        pass

class Lines(TextSink):
    def text(self, frame, poses):
        return f"{frame.index}\\n"

def cam():
    return Cam(7)

def number():
    return 7
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an importable module with a source and a sink."""
    name = f"mine_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(MINE)
    (tmp_path / f"broken_{name}.py").write_text("1 +")
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:B", True),
        ("a.b:C.d?x=1&y=a:b", True),
        ("a", False),
        ("a.b", False),
        ("12:30", False),
        ("rtsp://host", False),
        ("C:/clip.mp4", False),
        ("C:\\clip.mp4", False),
    ],
)
def test_is_import_recognises_module_and_name(text: str, expected: bool) -> None:
    assert is_import(text) is expected


def test_open_source_module_name_gets_options_by_type(mine: str) -> None:
    source: Any = open_source(f"{mine}:Cam?port=2&big=true&size=64x48", fps=15.0, max_frames=2)
    assert source.given == (2, 15.0, True, (64, 48))
    assert [frame.index for frame in source] == [0, 1]
    source = open_source(f"{mine}:Cam?port=2&fps=5&name=desk", fps=15.0, size=(8, 8))
    assert (source.given, source.info.name) == ((2, 5.0, False, (8, 8)), "desk")


def test_open_source_module_name_may_be_function(mine: str) -> None:
    source: Any = open_source(f"{mine}:cam")
    assert source.given[0] == 7


def test_open_sink_module_name_gets_skeleton_and_options(mine: str) -> None:
    sink: Any = open_sink(f"{mine}:Out?port=9000")
    assert sink.given == ("blazepose33", 9000)


def test_sources_table_one_line_adds_name_scheme_and_ending(
    mine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("gamepad", "can://", ".raw"):
        monkeypatch.setitem(SOURCES, key, f"{mine}:Cam")
    (tmp_path / "a.raw").touch()
    named: Any = open_source("gamepad:7?fps=2")
    assert named.given == ("7", 2.0, False, None)
    for text in ("can://bus/1", tmp_path / "a.raw"):
        opened: Any = open_source(text)
        assert opened.given[0] == str(text)


def test_sinks_table_one_line_adds_ending(
    mine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SINKS, ".lines", f"{mine}:Lines")
    with open_sink(tmp_path / "a.lines") as sink:
        sink.write(Frame(np.zeros((4, 4, 3), np.uint8), 5), Poses.empty())
    assert (tmp_path / "a.lines").read_text() == "5\n"


def test_open_source_existing_file_wins_over_module(
    mine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(f"{mine}:Cam").write_text("no video")
    with pytest.raises(SourceError, match="expected a video or a picture"):
        open_source(f"{mine}:Cam")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_pkg.cam:Cam", "source: cannot import 'no_such_pkg.cam' of 'no_such_pkg.cam:Cam'"),
        ("sinthetic:squats", "No module named 'sinthetic'; did you mean 'synthetic'?"),
        ("broken_MINE:Cam", "cannot import 'broken_MINE' of 'broken_MINE:Cam': invalid syntax"),
        ("MINE:Cams", "nothing is named 'Cams' there, did you mean 'Cam'?"),
        ("MINE:Out", "expected a blazetrack.sources.base.Source, or a function that makes one"),
        ("MINE:number", "it made a int"),
        ("MINE:np.pi", "got 3.14159"),
        ("MINE:Cam", "missing a required argument: 'port'"),
        ("MINE:Cam?port=two", "port: expected a whole number, got 'two'"),
        ("MINE:Cam?port=2&big=perhaps", "big: expected true or false, got 'perhaps'"),
        ("MINE:Cam?port=2&size=64", "size: expected WIDTHxHEIGHT in pixels, got '64'"),
        ("MINE:Cam?prot=2", "no option 'prot'; did you mean 'port'?"),
        ("MINE:Cam?port=2&port=3", "'port' is given twice"),
    ],
)
def test_open_source_wrong_module_name_is_one_line(mine: str, name: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(name.replace("MINE", mine))
    assert message.replace("MINE", mine) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_pkg:Out", "output: cannot import 'no_such_pkg' of 'no_such_pkg:Out'"),
        ("MINE:Outt", "nothing is named 'Outt' there, did you mean 'Out'?"),
        ("MINE:Cam", "expected a blazetrack.sinks.base.Sink, or a function that makes one"),
        ("MINE:Out?prt=1", "no option 'prt'; did you mean 'port'?"),
    ],
)
def test_open_sink_wrong_module_name_is_one_line(mine: str, name: str, message: str) -> None:
    with pytest.raises(SinkError) as caught:
        open_sink(name.replace("MINE", mine))
    assert message.replace("MINE", mine) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_make_surplus_argument_is_refused() -> None:
    class Plain(Sink):
        def __init__(self) -> None:
            super().__init__("plain")

        def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
            """Nothing."""

        def close(self) -> None:
            """Nothing."""

    assert make(Sink, Plain, "plain", SinkError).name == "plain"
    with pytest.raises(SinkError, match="plain:x: too many positional arguments"):
        make(Sink, Plain, "plain:x", SinkError, "x")


def test_make_annotation_for_type_checkers_only_is_a_text() -> None:
    def opened(a: Missing = "", **more: str) -> Source:  # type: ignore[name-defined]  # noqa: F821
        class Empty(Source):
            def _frames(self) -> Generator[Frame, None, None]:
                yield Frame(np.zeros((1, 1, 3), np.uint8))

        return Empty(SourceInfo(a + more["b"], "stills"))

    assert make(Source, opened, "x?a=1&b=2", SourceError).info.name == "12"


def test_import_name_dotted_name_is_found() -> None:
    assert import_name("pathlib:Path.home", "here", BlazetrackError) == Path.home
    with pytest.raises(BlazetrackError, match="here: expected module:Name, got 'a b:c'"):
        import_name("a b:c", "here", BlazetrackError)
