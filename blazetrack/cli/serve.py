"""`blazetrack serve`: the live page."""

from __future__ import annotations

import os
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blazetrack.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from blazetrack.graph import Trace
    from blazetrack.pipeline import PoseTracker
    from blazetrack.web.engine import Choice

__all__ = ["PORT", "check_extra", "serve"]

PORT = 8765


def serve(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            help="What the page can show, the first one to begin with: as in `blazetrack run`. "
            "Without one it begins with the camera of the browser.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            help="Address to answer at. 0.0.0.0 lets others in the network in, who have the link."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", "-p", help="0 takes any free one.")] = PORT,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Landmark model: a name or a .tflite file.")
    ] = None,
    graph: Annotated[
        str | None, typer.Option("--graph", "-g", help="Graph: a name or a YAML file.")
    ] = None,
    people: Annotated[
        int, typer.Option(min=1, max=20, help="How many people to follow at most.")
    ] = 1,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Cores for the networks.", show_default="up to 4"),
    ] = None,
    viewers: Annotated[int, typer.Option(min=1, max=100, help="Pages at once.")] = 8,
    recordings: Annotated[
        Path | None,
        typer.Option(
            help="Folder that keeps what is recorded.",
            show_default="none: files are gone when the server ends",
        ),
    ] = None,
    https: Annotated[
        bool,
        typer.Option(
            "--https",
            help="Encrypt, with a certificate made here: phones want that to give their camera.",
        ),
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option("--cert", help="Certificate (PEM) of your own, for https.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Never touch the network.")] = False,
) -> None:
    """See it live in a browser: this machine's camera, a video, or the browser's own camera.

    blazetrack serve                       (the camera of the browser)

    blazetrack serve 0                     (the first camera of this machine)

    blazetrack serve clip.mp4 synthetic --people 4

    blazetrack serve 0 --host 0.0.0.0      (for a phone in the same network)
    """
    check_extra()
    from blazetrack.pipeline import PoseTracker, find_graph, graph_for
    from blazetrack.sources import open_source
    from blazetrack.store import Store
    from blazetrack.web.access import Access
    from blazetrack.web.address import links, listen
    from blazetrack.web.catalog import CAMERA, Catalogue
    from blazetrack.web.engine import Choice
    from blazetrack.web.limits import Limits
    from blazetrack.web.server import Page, make_server

    store = Store(offline=offline or None, report=lambda line: typer.echo(line, err=True))
    names = list(sources or [])
    for name in names:  # what is not there is told now, not on the page
        open_source(name).close()
    find_graph(graph or graph_for(people))
    folder = None if recordings is None else _folder(recordings)

    def make(choice: Choice, trace: Trace) -> PoseTracker:
        return PoseTracker(
            choice.model,
            graph=choice.graph,
            people=choice.people,
            threads=threads,
            store=store,
            hooks=[trace],
        )

    choice = Choice(model, graph, people)
    PoseTracker(model, graph=graph, people=people, store=store).close()  # fetches its models
    catalogue = Catalogue.of(names, model, graph, store)
    begin = next(iter(catalogue.sources)) if names else CAMERA
    page = Page(catalogue, make, choice, begin, Limits(viewers=viewers), folder)
    access = Access(host)
    with ExitStack() as stack:
        listening = stack.enter_context(listen(host, port))
        port = listening.getsockname()[1]
        tls = _tls(stack, https, certificate, key, host)
        for link in links(host, port, access.token, bool(tls)):
            typer.echo(f"blazetrack: open {link}", err=True)
        typer.echo("blazetrack: Ctrl-C ends it", err=True)
        try:
            make_server(page.start, access, page.limits, **tls).run(sockets=[listening])
        except SystemExit:  # it could not start, and has said why
            raise typer.Exit(2) from None


def check_extra() -> None:
    """Tell in one line how to get what is missing."""
    if any(find_spec(name) is None for name in ("starlette", "uvicorn", "websockets")):
        raise MissingExtra("the live page", "web")


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise InputError(f"--recordings {path}: expected a folder that is there; make it first")
    if not os.access(path, os.W_OK):
        raise InputError(f"--recordings {path}: writing is not allowed there")
    return path


def _tls(
    stack: ExitStack, https: bool, certificate: Path | None, key: Path | None, host: str
) -> dict[str, Any]:
    """What uvicorn must know to encrypt; nothing where that is not wanted."""
    if certificate is None and key is None:
        if not https:
            return {}
        if find_spec("cryptography") is None:
            raise MissingExtra("what makes certificates", "web")
        from blazetrack.web.address import addresses
        from blazetrack.web.certificate import write_certificate

        folder = Path(stack.enter_context(TemporaryDirectory(prefix="blazetrack-")))
        certificate, key = write_certificate(folder, ["localhost", *addresses(host)])
    if certificate is None or key is None:
        raise InputError("--cert and --key belong together; give both or neither")
    for option, path in (("--cert", certificate), ("--key", key)):
        if not path.is_file():
            raise InputError(f"{option} {path}: no such file")
    import ssl

    try:  # an empty passphrase, so that nobody is asked for one
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, lambda: "")
    except OSError as error:
        raise InputError(
            f"--cert {certificate}, --key {key}: expected a certificate and its key without a "
            f"passphrase, both as PEM ({error.strerror or error})"
        ) from None
    return {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
