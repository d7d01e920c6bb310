from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from dejavu_audit.bench import running
from dejavu_audit.bench.running import read_folder, run_bench
from dejavu_audit.bench.study import Check, Finding
from dejavu_audit.errors import AuditError


@pytest.fixture
def studies(monkeypatch):
    """Two studies that are done at once; the names are real ones without a plot of their own."""
    asked = []

    def study(name: str, measured: float) -> SimpleNamespace:
        def run(audits, seed, processes, say):
            asked.append((name, audits, seed, processes))
            say("1 of 1 settings")
            return Finding([{"a": 1, "b": 0.5, "c": None}], [Check(name, measured, 1.0, "≤")], audits, 0.1)

        return SimpleNamespace(TITLE=f"The {name}", ABOUT="What it shows.", run=run)

    made = {"one": study("one", 0.5), "two": study("two", 2.0)}
    monkeypatch.setattr(running, "STUDIES", {"one": "", "two": ""})
    monkeypatch.setattr(running, "SIMULATED", {"one": ""})
    real = running.study_of
    monkeypatch.setattr(running, "study_of", lambda name: made[name] if name in made else real(name))
    return asked


def test_a_run_leaves_table_record_and_page(studies, tmp_path):
    said = []
    (kept,) = run_bench([], out=tmp_path / "b", audits=7, seed=3, processes=1, say=said.append)
    assert studies == [("one", 7, 3, 1)]
    assert kept.met and kept.finding.rows == [{"a": 1, "b": 0.5, "c": None}]
    assert said == ["one: The one", "one: 1 of 1 settings"]
    record = json.loads((tmp_path / "b" / "bench.json").read_text())
    assert record["one"]["seed"] == 3 and record["one"]["audits_a_setting"] == 7
    assert record["one"]["checks"][0]["measured"] == 0.5 and "numpy" in record["one"]["versions"]
    assert "## The one" in (tmp_path / "b" / "validation.md").read_text()


def test_what_lies_there_stays_and_the_page_tells_all(studies, tmp_path):
    run_bench(["two"], out=tmp_path, processes=1)
    (one,) = run_bench(["one"], out=tmp_path, page=tmp_path / "page.md", processes=1)
    assert one.name == "one"
    assert [kept.name for kept in read_folder(tmp_path)] == ["one", "two"]  # the order is the registry's
    page = (tmp_path / "page.md").read_text()
    assert page.index("## The one") < page.index("## The two") and "**Missed:** two is 2" in page
    # The page hangs on what lies in the folder alone.
    running.draw_and_write(read_folder(tmp_path), tmp_path, tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == page


def test_an_unknown_study_is_refused_before_any_runs(studies, tmp_path):
    with pytest.raises(AuditError, match="unknown study 'onw': did you mean one"):
        run_bench(["one", "onw"], out=tmp_path)
    assert studies == []


def test_a_folder_that_cannot_be_made_is_told(studies, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="choose another --out"):
        run_bench(["one"], out=tmp_path / "file" / "x")
    assert studies == []


def test_a_damaged_record_is_told(tmp_path):
    (tmp_path / "bench.json").write_text("{")
    with pytest.raises(AuditError, match=r"bench\.json cannot be read"):
        read_folder(tmp_path)
