"""ASGI application: the page, its files, the WebSocket and the recordings."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from blazetrack.web.access import Access
from blazetrack.web.viewer import PageState, Viewer, close

__all__ = ["make_app"]

STATIC = Path(__file__).with_name("static")
MEDIA = {"mp4": "video/mp4", "jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
# Close codes of the application (RFC 6455, section 7.4.2).
FORBIDDEN, FULL = 4403, 4429


def make_app(start: Callable[[], AsyncIterator[PageState]], access: Access) -> Starlette:
    """Create the application; `start` opens the state that all viewers share, and closes it."""
    # A Windows registry may hold text/plain, and browsers run no module of that type.
    mimetypes.add_type("text/javascript", ".js")
    endpoints = _Endpoints(start, access)
    app = Starlette(
        routes=[
            Route("/", endpoints.page),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/recordings/{key}/{kind}", endpoints.recording),
            WebSocketRoute("/live", endpoints.live),
        ],
        lifespan=endpoints.lifespan,
    )
    app.add_middleware(_Guard, access=access)
    return app


class _Endpoints:
    """The endpoints, with the state that is shared by all viewers."""

    def __init__(self, start: Callable[[], AsyncIterator[PageState]], access: Access) -> None:
        self._start = start
        self._access = access

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with asynccontextmanager(self._start)() as self._state:
            yield

    async def page(self, request: Request) -> Response:
        admitted = self._access.allows_token(request.query_params.get("token"))
        name, status = ("index.html", 200) if admitted else ("refused.html", 403)
        return FileResponse(STATIC / name, status)

    async def recording(self, request: Request) -> Response:
        if not self._access.allows_token(request.query_params.get("token")):
            return PlainTextResponse("the token is missing or wrong\n", 403)
        kind = request.path_params["kind"]
        path = self._state.recordings.find(request.path_params["key"], kind)
        if path is None:
            return PlainTextResponse("not found\n", 404)
        return FileResponse(path, media_type=MEDIA[kind], filename=path.name)

    async def live(self, socket: WebSocket) -> None:
        headers, state = socket.headers, self._state
        if not self._access.allows_origin(headers.get("origin"), headers.get("host")):
            await close(socket, FORBIDDEN, "this page belongs to another site")
        elif not self._access.allows_token(socket.query_params.get("token")):
            await close(socket, FORBIDDEN, "the token is missing or wrong")
        elif len(state.hub) >= state.limits.viewers:
            await socket.accept()
            await close(socket, FULL, f"the limit of {state.limits.viewers} viewers is reached")
        else:
            await socket.accept()
            await Viewer(socket, state).serve()


class _Guard:
    """Middleware: refuses foreign hosts and adds the security headers to all responses.

    Starlette's TrustedHostMiddleware compares with a fixed list of names (127.0.0.0/8 is a range,
    and `[::1]` is parsed by recent releases only) and gives its refusal no headers.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        kind = scope["type"]
        if kind == "lifespan" or self._access.allows_host(Headers(scope=scope).get("host")):
            await self._app(scope, receive, send_with_headers)
        elif kind == "http":
            refusal = PlainTextResponse("this server responds to localhost only\n", 421)
            await refusal(scope, receive, send_with_headers)
        else:
            await WebSocket(scope, receive, send).close(FORBIDDEN, "wrong host")
