from __future__ import annotations

from dejavu_audit.bench.page import figure, limit, write_page
from dejavu_audit.bench.running import STUDIES, Kept, study_of
from dejavu_audit.bench.study import Check, Finding

ROW = {
    "test": "label", "classes": 10, "correlation": 0.3, "skill": 0.9, "reference_skill": 0.3, "n": 300,
    "surplus_of_skill": 0.14, "audits": 40, "above_0": 0.025, "below_0": 0.0, "uncalibrated_above_0": 1.0,
    "p_at_most_5_percent": 0.05,
}  # fmt: skip
MET = Check("alarms, %", 2.5, 5, "≤", 1.4)
MISSED = Check("found", 0.25, 0.5, "≥", 0.1)


def kept(*checks: Check, rows=(ROW,)) -> Kept:
    return Kept("alarms", Finding(list(rows), list(checks), 40, 1.25), 40, 3, {"numpy": "2.0"})


def test_the_page_has_bars_sections_and_the_command(tmp_path):
    out, page = tmp_path / "docs" / "validation", tmp_path / "docs" / "validation.md"
    text = write_page([kept(MET, MISSED)], {"alarms": out / "alarms.svg"}, out, page)
    assert "| alarms, % | 2.5 | ≤ 5 + 1.4 | yes |" in text
    assert "| found | 0.25 | ≥ 0.5 − 0.1 | **no** |" in text
    assert "1 of 2 bars below are missed." in text
    assert "**Missed:** found is 0.25, where ≥ 0.5 − 0.1 was asked for: off by 0.25" in text
    assert "![False alarms](validation/alarms.svg)" in text and "[`alarms.csv`](validation/alarms.csv)" in text
    assert "| label | encoder reads better | 300 | 2.5 % | 2.5 % | 100.0 % | 5.0 % |" in text
    assert "dejavu-audit bench alarms --audits 40 --seed 3" in text
    assert "40 audits in 1 s, seed 3, with numpy 2.0." in text
    assert max(len(line) for line in text.splitlines() if not line.startswith(("|", "!", "    --out"))) <= 120


def test_every_table_is_whole(tmp_path):
    lines = write_page([kept(MET)], {}, tmp_path, tmp_path / "page.md").splitlines()
    assert "All 1 bars below are met." in lines
    tables: list[set[int]] = [set()]
    for line in lines:
        if line.startswith("|"):
            tables[-1].add(line.count("|"))
        elif tables[-1]:
            tables.append(set())
    assert [len(widths) for widths in tables if widths] == [1, 1]


def test_what_was_not_measured_is_said(tmp_path):
    text = write_page([kept(Check("rank", None, 0.9, "≥"), rows=())], {}, tmp_path, tmp_path / "page.md")
    assert "**Missed:** rank could not be measured." in text and "| rank | - | ≥ 0.9 | **no** |" in text


def test_figures_and_limits():
    assert (figure(-0.5), figure(None), figure(12.345)) == ("−0.5", "-", "12.3")
    assert limit(Check("x", 1, 60, "≥")) == "≥ 60"


def test_every_study_tells_what_it_is():
    for name in STUDIES:
        study = study_of(name)
        assert study.TITLE and study.ABOUT.endswith(".")
