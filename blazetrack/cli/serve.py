"""`blazetrack serve`: the live page."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from blazetrack.cli.options import Every, Graph, Model, Offline, Threads, log, open_store
from blazetrack.cli.tracker_options import Masks, MinDetection, MinTracking, Smoothing
from blazetrack.common.files import expand
from blazetrack.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from blazetrack.store import Store
    from blazetrack.web.access import Limits
    from blazetrack.web.choice import Choice
    from blazetrack.web.server import Page

__all__ = ["PORT", "check_extra", "log_link", "serve"]

PORT = 8765


Sources = Annotated[
    list[str] | None,
    Argument(
        metavar="SOURCE",
        help="Sources of the page, the first one is shown first: as in `blazetrack run`. "
        "Without one it begins with the camera of the browser.",
    ),
]
Host = Annotated[
    str, Option(help="Address to listen at. 0.0.0.0 admits others in the network with the link.")
]
Port = Annotated[int, Option("--port", "-p", help="0 takes any free one.")]
People = Annotated[int, Option(min=1, max=20, help="Maximum number of people.")]
Viewers = Annotated[int, Option(min=1, max=100, help="Maximum number of pages.")]
Folder = Annotated[
    Path | None,
    Option(help="Folder that keeps recordings.", show_default="none: deleted at the end"),
]
Https = Annotated[
    bool,
    Option("--https", help="Encrypt with a generated certificate: phones require it for a camera."),
]
Certificate = Annotated[
    Path | None, Option("--cert", help="Certificate (PEM) of your own, for https.")
]
Key = Annotated[Path | None, Option(help="Its key (PEM).")]


def serve(
    sources: Sources = None,
    host: Host = "127.0.0.1",
    port: Port = PORT,
    model: Model = None,
    graph: Graph = None,
    people: People = 1,
    every: Every = None,
    threads: Threads = None,
    masks: Masks = False,
    min_detection: MinDetection = None,
    min_tracking: MinTracking = None,
    smoothing: Smoothing = None,
    viewers: Viewers = 8,
    recordings: Folder = None,
    https: Https = False,
    certificate: Certificate = None,
    key: Key = None,
    offline: Offline = False,
) -> None:
    """Track live in a browser: this machine's camera, a video, or the browser's own camera.

    blazetrack serve                       (the camera of the browser)

    blazetrack serve 0                     (the first camera of this machine)

    blazetrack serve clip.mp4 synthetic --people 4

    blazetrack serve 0 --host 0.0.0.0      (for a phone in the same network)
    """
    check_extra()
    from blazetrack.smooth import parse_strength
    from blazetrack.web.access import Access, Limits, links, listen
    from blazetrack.web.choice import Choice
    from blazetrack.web.server import make_server

    folder = None if recordings is None else _folder(recordings)
    limits = Limits(viewers=viewers)
    choice = Choice(
        model, graph, people, parse_strength(smoothing), masks, min_detection, min_tracking
    )
    page = _page(
        sources or [], choice, open_store(offline), limits, folder, every=every, threads=threads
    )
    access = Access(host)
    with ExitStack() as stack:
        listening = stack.enter_context(listen(host, port))
        port = listening.getsockname()[1]
        tls = _tls(stack, https, certificate, key, host)
        for link in links(host, port, access.token, bool(tls)):
            log_link(link)
        log("blazetrack: Ctrl-C ends it")
        try:
            make_server(page.start, access, page.limits, **tls).run(sockets=[listening])
        except SystemExit:  # it could not start, and has printed the reason
            raise typer.Exit(2) from None


def log_link(link: str) -> None:
    """Print the address of the page."""
    log(f"blazetrack: open {link}")


def _page(
    sources: list[str],
    choice: Choice,
    store: Store,
    limits: Limits,
    recordings: Path | None,
    **tracker_options: Any,
) -> Page:
    """The page, once its sources, graph and models are known to exist."""
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.sources import open_source
    from blazetrack.web.catalog import BROWSER_CAMERA, Catalog
    from blazetrack.web.server import Page

    open_here = partial(open_source, offline=store.offline)
    for name in sources:
        open_here(name).close()

    def make(choice: Choice) -> tuple[PoseTracker, Trace]:
        trace = Trace(window=1)
        options = choice.tracker_options() | tracker_options
        return PoseTracker(store=store, hooks=[trace], **options), trace

    make(choice)[0].close()  # fetches the models
    catalog = Catalog.create(sources, choice.model, choice.graph, store)
    first = next(iter(catalog.sources)) if sources else BROWSER_CAMERA
    return Page(catalog, make, choice, first, limits, recordings, open_here)


def check_extra() -> None:
    """Raise `MissingExtra` unless the packages of the live page are installed."""
    if any(find_spec(name) is None for name in ("starlette", "uvicorn", "websockets")):
        raise MissingExtra("the live page", "web")


def _folder(path: Path) -> Path:
    path = expand(path)
    if not path.is_dir():
        raise InputError(f"--recordings {path}: expected a folder that is there; make it first")
    if not os.access(path, os.W_OK):
        raise InputError(f"--recordings {path}: writing is not allowed there")
    return path


def _tls(
    stack: ExitStack, https: bool, certificate: Path | None, key: Path | None, host: str
) -> dict[str, Any]:
    """Uvicorn's options for https; empty for http."""
    if certificate is None and key is None:
        if not https:
            return {}
        if find_spec("trustme") is None:
            raise MissingExtra("the package for certificates", "web")
        from blazetrack.web.access import addresses, write_certificate

        folder = Path(stack.enter_context(TemporaryDirectory(prefix="blazetrack-")))
        certificate, key = write_certificate(folder, ["localhost", *addresses(host)])
    if certificate is None or key is None:
        raise InputError("--cert and --key belong together; give both or neither")
    for option, path in (("--cert", certificate), ("--key", key)):
        if not path.is_file():
            raise InputError(f"{option} {path}: no such file")
    import ssl

    try:  # an empty passphrase: OpenSSL would prompt for one
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: "")
    except OSError as error:
        raise InputError(
            f"--cert {certificate}, --key {key}: expected a certificate and its key without a "
            f"passphrase, both as PEM ({error.strerror or error})"
        ) from None
    return {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
