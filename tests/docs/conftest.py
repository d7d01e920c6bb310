"""The site, built once as `make docs` builds it, served on this machine, and a browser that may go nowhere else."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Site:
    """What a build left."""

    folder: Path
    seconds: float
    output: str


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Site:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Site(folder, time.perf_counter() - began, done.stdout + done.stderr)


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served: search needs a server, as its worker may not read files."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site.folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: the pages cannot be looked at")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium)
        yield running
        running.close()


@pytest.fixture
def opened(browser, address):
    """Open a page of the site; what it asks of others, and what its console complains of, fails the test."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def watch(request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            faults.append(f"asked for {request.url}")

    def open_page(path: str = "", **emulated: str):
        page = context.new_page()
        if emulated:
            page.emulate_media(**emulated)
        page.on("request", watch)
        page.on("response", lambda got: got.status >= 400 and faults.append(f"{got.status} for {got.url}"))
        page.on("console", lambda said: said.type in ("error", "warning") and faults.append(f"console: {said.text}"))
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.goto(f"{address}/{path}", wait_until="load")
        return page

    yield open_page
    context.close()
    assert not faults
