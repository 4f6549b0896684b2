"""The page, its files, the WebSocket and the recordings, as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from blazetrack.web.access import Access
from blazetrack.web.viewer import Live, Viewer, close

__all__ = ["make_app"]

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
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
FORBIDDEN = "open the link that blazetrack printed: its token is missing or wrong"
# Close codes from 4000 on are an application's own.
NO_ENTRY, FULL = 4403, 4429


def make_app(start: Callable[[], AsyncIterator[Live]], access: Access) -> Starlette:
    """The application.

    Args:
        start: makes what all viewers share when the server starts, and ends it when it stops.
        access: who may come in.
    """
    shared: list[Live] = []
    static = _static()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with asynccontextmanager(start)() as live:
            shared.append(live)
            yield

    async def page(request: Request) -> Response:
        if not access.admits_token(request.query_params.get("token")):
            return PlainTextResponse(FORBIDDEN + "\n", 403)
        return Response(static["index.html"], media_type=KINDS[".html"])

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in static:
            return PlainTextResponse("not found\n", 404)
        return Response(static[name], media_type=KINDS[_ending(name)])

    async def recording(request: Request) -> Response:
        if not access.admits_token(request.query_params.get("token")):
            return PlainTextResponse(FORBIDDEN + "\n", 403)
        number, kind = request.path_params["number"], request.path_params["kind"]
        path = shared[0].recordings.find(number, kind)
        if path is None:
            return PlainTextResponse("not found\n", 404)
        return FileResponse(path, media_type=MEDIA[kind], filename=path.name)

    async def live(socket: WebSocket) -> None:
        headers, token = socket.headers, socket.query_params.get("token")
        if not access.admits_origin(headers.get("origin"), headers.get("host")):
            await close(socket, NO_ENTRY, "this page belongs to another site")
        elif not access.admits_token(token):
            await close(socket, NO_ENTRY, "the token is missing or wrong")
        elif len(shared[0].hub) >= shared[0].limits.viewers:
            await socket.accept()
            await close(socket, FULL, f"{shared[0].limits.viewers} viewers are here already")
        else:
            await socket.accept()
            await Viewer(socket, shared[0]).serve()

    routes = [
        Route("/", page),
        Route("/static/{name}", asset),
        Route("/recordings/{number}/{kind}", recording),
        WebSocketRoute("/live", live),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.add_middleware(_Guard, access=access)
    return app


class _Guard:
    """Refuses requests that were meant for another name, and adds the headers to all answers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if self._access.admits_host(Headers(scope=scope).get("host")):
            await self._app(scope, receive, send_guarded)
        elif scope["type"] == "http":
            refusal = PlainTextResponse("this server answers to localhost only\n", 421)
            await refusal(scope, receive, send_guarded)
        else:
            await WebSocket(scope, receive, send).close(NO_ENTRY, "wrong host")


def _static() -> dict[str, bytes]:
    """The page's files by name, read once: no request ever opens one."""
    folder = files("blazetrack.web") / "static"
    shown = [path for path in folder.iterdir() if _ending(path.name) in KINDS]
    return {path.name: path.read_bytes() for path in shown}


def _ending(name: str) -> str:
    return name[max(0, name.rfind(".")) :]
