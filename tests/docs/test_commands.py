"""Every block of code on the site and in the README is run, or read as far as it can be; see `running`."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.docs import stand_ins
from tests.docs.blocks import ROOT, blocks, pages
from tests.docs.running import PageRun, Workshop


@pytest.fixture(scope="module")
def workshop(tmp_path_factory, request):
    """Stand-ins, and the demo's runs, made once."""
    folder = tmp_path_factory.mktemp("pages")
    kept = {name: value for name, value in os.environ.items() if name.startswith("DEJAVU_AUDIT_")}
    before = {name: os.environ.get(name) for name in ("XDG_CACHE_HOME", "HF_HUB_OFFLINE", "COLUMNS")}
    for name in kept:
        del os.environ[name]
    os.environ.update(XDG_CACHE_HOME=str(folder / "cache"), HF_HUB_OFFLINE="1", COLUMNS="120")
    here, path, modules = Path.cwd(), list(sys.path), set(sys.modules)
    stand_ins.write(folder / "stand-ins")
    (folder / "work").mkdir()
    with pytest.MonkeyPatch.context() as patch:  # undone for the tests that follow in this process
        stand_ins.tiny_architecture(patch)
        stand_ins.small_demo(patch)
        made = Workshop(folder / "stand-ins", stand_ins.demo(folder / "runs"), folder / "work")
        # Plots and reports have tests of their own; here the demo and `dejavu-audit report` make real ones.
        patch.setattr("dejavu_audit.findings._draw", lambda *_: [])
        patch.setattr("dejavu_audit.findings.write_report", stand_ins.no_report)
        yield made
    os.chdir(here)
    sys.path[:] = path
    for name in ("my_arrays", "colour_histogram", "my_models", "my_encoders", "my_taggers"):
        if name not in modules:
            sys.modules.pop(name, None)
    os.environ.update(kept)
    for name, value in before.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    slow = sorted(made.seconds, key=made.seconds.get, reverse=True)
    counted = [f"  {count:4} {what}" for what, count in sorted(made.counts.items())]
    slowest = [f"{made.seconds[name]:6.1f} s of processor time: {name}" for name in slow[:5]]
    told = "\n".join(["", "Blocks and commands of the pages:", *counted, *made.notes, *slowest, ""])
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        sys.stdout.write(told)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_blocks_of_a_page(page, workshop):
    found = list(blocks(page))
    if not found:
        return
    run = PageRun(workshop, page.relative_to(ROOT).as_posix())
    for block in found:
        run.run(block)
    assert not run.faults, "\n".join(run.faults)
