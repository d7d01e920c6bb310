from __future__ import annotations

import builtins
import sys
import threading
from types import ModuleType, SimpleNamespace

import pytest

from dejavu_audit.audit import run_audit
from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from dejavu_audit.report.watching import Bars, Told, in_notebook, watcher

SCENES = {"classes": "10", "targets": "24", "control": "20", "public": "40", "fit": "60"}


class Stop(Exception):
    """What a user's function raises."""


def config(folder, **settings):
    known = {
        "family": "timm", "model": "test_resnet", "pretrained": "random", "image_size": 32, "data": "scenes",
        "data_options": SCENES, "k": 5, "min_side": 24, "workers": 0, "batch_size": 8, "device": "cpu", "images": False,
        "cache_dir": str(folder / "cache"), "out": str(folder / "run"), "baseline_options": {"epochs": "2"},
    }  # fmt: skip
    return AuditConfig.resolve(**{**known, **settings})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a function is told of an audit that nobody ends, and its headline."""
    told = []
    folder = tmp_path_factory.mktemp("whole")
    result = run_audit(config(folder), watcher(lambda *step: told.append(step)))
    return told, result.headline


def test_a_function_is_told_of_every_stage_from_nothing_to_all(whole):
    told, _ = whole
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert "embedding" in " ".join(stages) and len(stages) > 3
    for stage in stages:
        steps = [(done, total) for name, done, total in told if name == stage]
        assert steps[0][0] == 0
        assert all(total is None or done <= total for done, total in steps)
        assert [done for done, _ in steps if done] == sorted(done for done, _ in steps if done)


@pytest.mark.parametrize(("place", "error"), [(0.0, Stop), (0.5, KeyboardInterrupt), (1.0, Stop)])
def test_what_the_function_raises_ends_the_audit_and_gives_the_folder_back(whole, tmp_path, place, error):
    told, headline = whole
    last = round(place * (len(told) - 1))
    calls = 0

    def stop(*step):
        nonlocal calls
        calls += 1
        if calls > last:
            raise error

    before = threading.active_count()
    with pytest.raises(error):
        run_audit(config(tmp_path), watcher(stop))
    assert calls == last + 1  # it was not asked again
    assert not (tmp_path / "run").exists()
    assert threading.active_count() <= before
    if place == 0.5:  # the same audit goes on from what was embedded, and finds the same
        assert run_audit(config(tmp_path), Silent()).headline == headline


def test_who_is_told():
    assert isinstance(watcher(None), Silent)
    mine = Silent()
    assert watcher(mine) is mine
    assert isinstance(watcher(print), Told)
    with pytest.raises(AuditError, match="on_progress takes a function"):
        watcher(3)


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook's kernel offers, as far as it is used; the cells' outputs."""
    shown = []

    class Handle:
        def update(self, html):
            shown[-1] = html

    def display(html, display_id):
        assert display_id
        shown.append(html)
        return Handle()

    module = ModuleType("IPython.display")
    module.HTML, module.display = str, display
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(builtins, "get_ipython", lambda: SimpleNamespace(kernel=object()), raising=False)
    return shown


def test_a_notebook_shows_bars_in_one_output(notebook):
    assert in_notebook()
    bars = watcher(None)
    assert isinstance(bars, Bars)
    bars.say("<b>a note</b>")
    with bars.stage("<embedding>", 10, "pictures") as step:
        step(4)
        bars._draw()
        assert "value='0.400'" in notebook[0] and "4 of 10 pictures" in notebook[0]
    with pytest.raises(Stop), bars.stage("fit", None):
        raise Stop
    assert len(notebook) == 1
    assert "&lt;embedding&gt;" in notebook[0] and "<b>" not in notebook[0]
    assert notebook[0].count("<progress") == 2 and ">done<" in notebook[0] and ">stopped<" in notebook[0]


def test_ipythons_terminal_is_no_notebook(monkeypatch):
    monkeypatch.setattr(builtins, "get_ipython", lambda: SimpleNamespace(kernel=None), raising=False)
    assert not in_notebook()
    monkeypatch.setattr(builtins, "get_ipython", lambda: SimpleNamespace(), raising=False)
    assert not in_notebook()
