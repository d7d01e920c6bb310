from __future__ import annotations

import json

import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report.charts import specification
from dejavu_audit.report.judged import judged_sets, scores_at
from dejavu_audit.report.memorized_record import membership_figures_record
from dejavu_audit.report.reading import read_run
from dejavu_audit.report.result import AuditResult
from tests.report.memorized_runs import write_listed_run

CHARTS = {
    "label": ("interval", "parts", "confidence", "classes"),
    "objects": ("interval", "parts", "confidence", "recall"),
}


@pytest.fixture(params=["label", "objects"])
def result(request, tmp_path):
    """A made-up run with the scores that its samples have."""
    folder, listed = write_listed_run(tmp_path / "run", request.param, n=60, control=120)
    judged = judged_sets(read_run(folder))
    file = folder / "audit.json"
    record = json.loads(file.read_text("utf-8"))
    record["scores"] = {key: vars(score) for key, score in scores_at(judged, list(judged.made_of)).items()}
    figures = membership_figures_record(listed.by, listed.figures)
    record["membership_figures"] = figures.model_dump(mode="json")
    file.write_text(json.dumps(record), "utf-8")
    return AuditResult.load(folder)


def values(chart):
    """All rows of data in a chart."""
    return [row for rows in specification(chart)["datasets"].values() for row in rows]


def test_every_chart_of_the_test_is_drawn(result):
    test = result.record.config["test"]
    for name in CHARTS[test]:
        assert values(getattr(result.plot, name)()), name


def test_intervals_are_those_of_audit_json(result):
    metric = result.headline.metric
    rows = {row["name"]: row for row in values(result.plot.interval(limit=0.02)) if "name" in row}
    first = next(iter(rows.values()))
    assert first["strong"] and [first[of] for of in ("estimate", "low", "high")] == pytest.approx(
        [100 * getattr(result.scores[metric], of) for of in ("estimate", "low", "high")]
    )
    assert [row["limit"] for row in values(result.plot.interval(limit=0.02)) if "limit" in row] == [2.0]
    assert not any("limit" in row for row in values(result.plot.interval()))


def test_the_parts_of_both_sets_sum_to_all(result):
    rows = [row for row in values(result.plot.parts()) if "part" in row]
    bars = {(row["set"], row["part"]): row["estimate"] for row in rows}
    for set_ in ("targets", "control"):
        assert sum(share for (of, _), share in bars.items() if of == set_) == pytest.approx(100)


def test_the_curve_ends_at_the_accuracy_of_all(result):
    if result.record.config["test"] != "label":
        assert {row["set"] for row in values(result.plot.confidence()) if "set" in row} == {"targets", "control"}
        return
    rows = [row for row in values(result.plot.confidence()) if row.get("share") == pytest.approx(100)]
    found = {(row["who"], row["set"]): row["right"] for row in rows}
    assert found["audited model", "targets"] == pytest.approx(100 * result.scores["accuracy_target_top1"].estimate)
    assert found["reference", "control"] == pytest.approx(
        100 * result.scores["accuracy_reference_top1_control"].estimate
    )


def test_the_roc_curve_is_that_of_the_list_s_score(result):
    figures = result.record.membership_figures
    marks = [row for row in values(result.plot.roc()) if "text" in row and "low" in row]
    at = next(one for one in figures.at if one.true_positive_rate.estimate is not None)
    assert {mark["y"] for mark in marks} >= {at.true_positive_rate.estimate}
    record = result.record.model_copy(update={"membership_figures": None})
    with pytest.raises(AuditError, match="no membership figures"):
        AuditResult(record, result.samples, result.folder).plot.roc()


def test_what_a_run_has_not_is_said_in_one_sentence(result):
    other = {"label": "recall", "objects": "classes"}[result.record.config["test"]]
    for name in (other, "balance"):
        with pytest.raises(AuditError):
            getattr(result.plot, name)()


def test_a_finished_run_opens_by_name_as_it_was(result, monkeypatch):
    runs = result.folder.parent / "runs"
    runs.mkdir()
    result.folder.rename(runs / "a-run")
    monkeypatch.chdir(runs.parent)
    for name in ("latest", "a-r", runs / "a-run"):
        again = AuditResult.load(name)
        assert again.record == result.record and again.samples.equals(result.samples)
    with pytest.raises(AuditError, match="unknown run"):
        AuditResult.load("another")


def test_the_frame_is_the_table_by_id(result):
    frame = result.frame
    assert frame.index.name == "id" and list(frame.index) == result.samples["id"].to_pylist()
    assert [*frame.columns] == [name for name in result.samples.column_names if name != "id"]


def test_without_pandas_it_says_what_to_type(result, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(AuditError, match="pip install"):
        _ = result.frame


def test_the_notebook_shows_data_as_text_and_sets_no_colour_of_its_own(result):
    hostile = "<script>alert(1)</script>"
    record = result.record.model_copy(update={"caveats": [hostile], "verdict": hostile})
    html = AuditResult(record, result.samples, result.folder)._repr_html_()
    assert "<script" not in html and html.count("&lt;script&gt;") == 2
    assert " color:" not in html and ";color:" not in html and "background:#" not in html
    assert "What the number does not say" in html
