"""report.html of a run of 100,000 samples: how long it takes, how large it is, how fast a browser opens and filters it.

The run is drawn (`large_run`), its pictures are JPEG of ImageNet's size. Building is a whole process, as typed; the
browser is a headless Chromium that is started already. Medians.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks import large_run
from benchmarks.bar import ENV, Bar, whole

TARGETS, CONTROL, PUBLIC, CLASSES = 50_000, 50_000, 100_000, 1_000
BUILDS, OPENS = 3, 5
BUILD = """
import sys
from pathlib import Path
from dejavu_audit.progress import Silent
from dejavu_audit.report.html.building import columns_for, write_report
from dejavu_audit.report.reading import read_run
run = Path(sys.argv[1])
write_report(read_run(run, columns_for(run)), images=sys.argv[2] == "images", progress=Silent(), file=Path(sys.argv[3]))
"""


def run(folder: Path) -> list[Bar]:
    """Build with and without pictures, then open and filter the larger one."""
    with tempfile.TemporaryDirectory() as place:
        made = large_run.write(Path(place), targets=TARGETS, control=CONTROL, public=PUBLIC, classes=CLASSES)
        bars = []
        for kind in ("images", "no-images"):
            file = Path(place) / f"{kind}.html"
            done = [whole("-c", BUILD, str(made), kind, str(file), env=ENV) for _ in range(BUILDS)]
            what = f"report of 100,000 samples, {kind}"
            bars += [
                Bar(f"{what}: built, median of {BUILDS}", median(one.wall for one in done), 20, " s", ".1f"),
                Bar(f"{what}: file", file.stat().st_size / 1e6, 10, " MB", ".1f"),
                Bar(f"{what}: peak memory", max(one.peak for one in done) / 2**30, 4, " GiB", ".1f"),
            ]
        return bars + _in_browser(Path(place) / "images.html")


def _in_browser(file: Path) -> list[Bar]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        return []
    opened, filtered, sorted_ = [], [], []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(OPENS):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            opened.append(_timed(lambda page=page: _open(page, file)))
            filtered.append(_timed(lambda page=page: _changed(page, "#filters input[value=misrepresented]")))
            sorted_.append(_timed(lambda page=page: _changed(page, "#class-table thead button")))
            page.close()
        browser.close()
    what = f"Chromium, median of {OPENS}"
    return [
        Bar(f"report opened and drawn, {what}", median(opened), 2, " s"),
        Bar(f"gallery filtered, {what}", median(filtered), 2, " s"),
        Bar(f"1,000 classes sorted, {what}", median(sorted_), 2, " s"),
    ]


def _open(page, file: Path) -> None:
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready]")
    _drawn(page)


def _changed(page, selector: str) -> None:
    page.locator(selector).first.click()
    _drawn(page)


def _drawn(page) -> None:
    """Wait until what was asked for is on the screen: two frames."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def _timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
