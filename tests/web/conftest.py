"""The live page for tests: servers, browsers, and a camera with a synthetic person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from benchmarks.browser import Served, chromium, open_browser, serve, write_clip
from blazetrack.store import Store
from tests.toy_models import ToyWorld

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"

Browse: TypeAlias = Callable[..., Any]


@pytest.fixture(scope="session")
def camera_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `benchmarks.browser.write_clip`."""
    path: Path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    write_clip(path)
    return path


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server's recordings."""
    folder: Path = tmp_path_factory.mktemp("recordings")
    return folder


@pytest.fixture(scope="module")
def served(weights: Store, recordings: Path) -> Iterator[Served]:
    """A page that shows a synthetic person."""
    with serve("synthetic", "--threads", "1", "--recordings", str(recordings)) as server:
        yield server


@pytest.fixture
def serve_page(toy: ToyWorld, tmp_path: Path) -> Callable[..., Any]:
    """A page on toy networks: `with serve_page(...) as site`."""
    pytest.importorskip("uvicorn")
    from tests.web.served_page import page_server

    return page_server(toy, tmp_path / "recordings")


@pytest.fixture
def browse(served: Served) -> Iterator[Browse]:
    """Open the page in a new browser; options as `open_browser`."""
    pytest.importorskip("selenium", reason="browser tests are driven with Selenium")
    if chromium() is None:
        pytest.skip("needs Debian's chromium and chromium-driver; scripts/test installs them")
    with ExitStack() as stack:

        def call(url: str | None = None, **options: Any) -> Any:
            driver = stack.enter_context(open_browser(**options))
            driver.get(url or served.url)
            return driver

        yield call


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Folder of the screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
