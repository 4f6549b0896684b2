"""A static web server on this machine, as any web space: for exported pages."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

__all__ = ["WebServer", "serve_folder"]


class WebServer(ThreadingHTTPServer):
    """Serves a folder on a free port, without any header of its own.

    Attributes:
        missing: parts of paths that are answered with 404.
        extra: further files by path.
        paths: of all requests.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.missing: set[str] = set()
        self.extra: dict[str, bytes] = {}
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/"


class Handler(SimpleHTTPRequestHandler):
    """Answers one request."""

    server: WebServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.paths.append(path)
        if any(part in path for part in self.server.missing):
            self.send_error(404)
        elif path in self.server.extra:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.server.extra[path])))
            self.end_headers()
            self.wfile.write(self.server.extra[path])
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[WebServer]:
    """Serve a folder until the block ends, or `shutdown` is called."""
    with WebServer(folder) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
