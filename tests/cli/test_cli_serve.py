"""`blazetrack serve`: what it refuses, which link it prints, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import util
from pathlib import Path
from typing import Any

import av
import pytest

from blazetrack.cli import serve as module
from tests.signal_process import BLAZETRACK

pytest.importorskip("uvicorn")

LINK = re.compile(r"blazetrack: open (https?)://(.+):(\d+)/(\?token=(.+))?")


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "websockets"])
def test_serve_missing_extra_names_pip_line(
    command: Any, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(
        module, "find_spec", lambda name: None if name == missing else util.find_spec(name)
    )
    result = command("serve")
    assert (result.code, result.out) == (2, "")
    assert result.err == [
        'blazetrack: the live page is not installed: pip install "blazetrack[web]"'
    ]


@pytest.fixture
def refused(command: Any, weights: object, tmp_path: Path) -> Callable[..., str]:
    """Serve what must be refused: exit code 2, one line, and no file."""

    def call(*args: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        result = command("serve", *args)
        assert (result.code, result.out) == (2, "")
        (line,) = result.err
        assert line.startswith("blazetrack: ")
        assert sorted(tmp_path.rglob("*")) == before
        return str(line)

    return call


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nowhere.mp4",), "no such file"),
        (("synthetic", "nowhere.mp4"), "nowhere.mp4"),
        (("synthetic:dancing",), "no scene 'dancing'"),
        (("--graph", "poze"), "did you mean"),
        (("--model", "fool"), "no model is called 'fool'"),
        (("--recordings", "nowhere"), "expected a folder that is there"),
        (("--port", "65536"), "0 to 65535"),
        (("--port", "-1"), "0 to 65535"),
        (("--host", "not a host"), "check --host"),
        (("--viewers", "0"), "--viewers"),
        (("--people", "21"), "--people"),
        (("--port", "0", "--cert", "c.pem"), "--cert and --key belong together"),
        (("--port", "0", "--key", "k.pem"), "--cert and --key belong together"),
        (("--port", "0", "--cert", "c.pem", "--key", "k.pem"), "--cert c.pem: no such file"),
        (("--port", "0", "--cert", __file__, "--key", __file__), "expected a certificate"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_serve_bad_option_is_one_line(
    refused: Callable[..., str], args: tuple[str, ...], message: str
) -> None:
    assert message in refused(*args)


def test_serve_recordings_file_is_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "expected a folder" in refused("--recordings", "file")


def test_serve_key_with_passphrase_is_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    pytest.importorskip("trustme")
    from cryptography.hazmat.primitives import serialization

    from blazetrack.web.access import write_certificate

    certificate, key = write_certificate(tmp_path, ["localhost"])
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    key.write_bytes(locked)
    assert "passphrase" in refused("--port", "0", "--cert", certificate, "--key", key)


def test_serve_port_in_use_is_one_line(refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        line = refused("--port", other.getsockname()[1])
    assert "choose another --port" in line


@contextmanager
def serving(*args: object, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`blazetrack serve ARGS`, in a process of its own."""
    with subprocess.Popen(
        [*BLAZETRACK, "serve", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def links(process: subprocess.Popen[str]) -> list[re.Match[str]]:
    """What it prints before it serves."""
    assert process.stderr is not None
    found = []
    for line in process.stderr:
        match = LINK.fullmatch(line.strip())
        if match is None:
            assert line.strip() == "blazetrack: Ctrl-C ends it"
            return found
        found.append(match)
    pytest.fail("it ended by itself")


@pytest.mark.parametrize(
    ("args", "hosts", "has_token"),
    [
        ((), ["127.0.0.1"], False),
        (("--host", "localhost"), ["localhost"], False),
        (("--host", "0.0.0.0"), [None, "127.0.0.1"], True),
        (("--https",), ["127.0.0.1"], False),
    ],
    ids=["default", "localhost", "all", "https"],
)
def test_serve_link_has_token_beyond_loopback(
    weights: object,
    tmp_path: Path,
    args: tuple[str, ...],
    hosts: list[str | None],
    has_token: bool,
) -> None:
    if "--https" in args:
        pytest.importorskip("trustme")
    with serving("--port", 0, *args, folder=tmp_path) as process:
        found = links(process)
    assert found[-1][2] == hosts[-1]
    assert len(found) <= len(hosts)
    assert {match[1] for match in found} == {"https" if "--https" in args else "http"}
    tokens = {match[5] for match in found}
    assert len(tokens) == 1
    assert (tokens != {None}) == has_token


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to another process")
@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["SIGINT"], 130),
        (["SIGTERM"], 143),
        (["SIGHUP"], 129),
        (["SIGINT", "SIGINT", "SIGINT"], 130),
    ],
    ids=["ctrl-c", "kill", "hang-up", "impatience"],
)
def test_serve_signal_finishes_recordings(
    weights: object, tmp_path: Path, names: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from websockets.sync.client import connect

    folder, temporary = tmp_path / "recordings", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    source = "synthetic?size=320x240"
    args = (source, "--port", 0, "--recordings", folder)
    with serving(*args, folder=tmp_path) as process:
        port = links(process)[0][3]
        address = f"127.0.0.1:{port}"
        with (
            socket.create_connection(("127.0.0.1", int(port)), timeout=60) as through,
            connect(f"ws://{address}/live", sock=through, origin=f"http://{address}") as viewer,  # type: ignore[arg-type]
        ):
            viewer.send('{"type":"record","on":true}')
            for _ in range(600):
                lines = list(folder.glob("*.jsonl"))
                if lines and lines[0].read_bytes().count(b"\n") >= 10:
                    break
                time.sleep(0.1)
            for name in names:
                process.send_signal(getattr(signal, name))
                time.sleep(0.05)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in err
    rows = lines[0].read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["frame"] for row in rows] == list(range(len(rows)))
    (table,), (film,) = folder.glob("*.csv"), folder.glob("*.mp4")
    assert len(table.read_text(encoding="utf-8").splitlines()) == 1 + len(rows)
    with av.open(str(film)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == len(rows) >= 10
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals cannot be sent to another process")
def test_serve_generated_key_is_deleted(
    weights: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("trustme")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving("--port", 0, "--https", folder=tmp_path) as process:
        links(process)
        assert list(tmp_path.rglob("key.pem"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert list(tmp_path.iterdir()) == []
