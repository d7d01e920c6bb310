from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from dejavu_audit.report.charts import specification
from dejavu_audit.report.object_charts import area, gap_chart, recall_chart, write_object_charts
from dejavu_audit.scores.object_order import gap_curve, recall_curves
from dejavu_audit.scores.object_test import MEASURES, JudgedObjects
from dejavu_audit.scores.objects import compare


def judged(n, seed=0, skill=0.6):
    """n made-up samples of up to 20 objects; the reference finds half of them."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 20)) < 0.15
    truth[:, 0] = True

    def found(share):
        return sparse.csr_array(((truth & (rng.random(truth.shape) < share)) | (rng.random(truth.shape) < 0.05)) * 1)

    true = sparse.csr_array(truth * 1)
    return JudgedObjects(compare(found(skill), true), compare(found(0.5), true), rng.random(n))


def points(chart):
    """Every point that is drawn."""
    return [point for data in specification(chart).get("datasets", {}).values() for point in data]


def test_the_area_is_the_mean_recall_gap():
    some = judged(200)
    curves = recall_curves(some.target.recall, some.reference.recall)
    assert area(curves) == pytest.approx(float(np.mean(some.gap("recall"))), abs=1e-12)


def test_the_area_by_hand():
    """Recalls 1 and 0.5 against 0.5 and 0: shares 1, 1, 0.5 against 1, 0.5, 0 at 0, 0.5, 1; 0.5 * 0.5 + 0.5 * 0.5."""
    curves = recall_curves(np.array([1.0, 0.5]), np.array([0.5, 0.0]))
    assert area(curves) == pytest.approx(0.5)
    chart = specification(recall_chart(curves))
    assert chart["hconcat"][0]["title"] == "Targets: area +50.0 points"


def test_the_shaded_area_lies_between_the_curves():
    some = judged(50)
    shaded = [point for point in points(recall_chart(recall_curves(some.target.recall, some.reference.recall)))
              if "lower" in point]  # fmt: skip
    assert shaded
    assert all(point["lower"] == min(point["model"], point["other"]) for point in shaded)


def test_a_control_has_a_panel_of_its_own_with_its_name():
    curves = recall_curves(np.array([1.0, 0.5]), np.array([0.5, 0.0]))
    chart = specification(recall_chart(curves, curves, control_name="<b>others</b>"))
    assert [panel["title"] for panel in chart["hconcat"]] == [
        "Targets: area +50.0 points",
        "<b>others</b>: area +50.0 points",
    ]


def test_many_thresholds_are_thinned_and_the_ends_kept():
    rng = np.random.default_rng(0)
    chart = recall_chart(recall_curves(rng.random(3_000), rng.random(3_000)))
    drawn = [point["recall"] for point in points(chart) if point.get("who") == "reference"]
    assert len(drawn) == 1_000
    assert (drawn[0], drawn[-1]) == (0, 1)


def test_gaps_end_at_the_mean_of_all_and_begin_at_a_tenth_of_a_percent():
    some = judged(4_000)
    chart = gap_chart({measure: gap_curve(some, measure) for measure in MEASURES})
    drawn = [point for point in points(chart) if "share" in point]
    assert min(point["share"] for point in drawn) >= 0.1 * (1 - 1e-9)
    last = [point["gap"] for point in drawn if point["share"] == 100]
    expected = [100 * float(np.mean(some.gap(measure))) for measure in MEASURES for _ in range(3)]
    assert sorted(last) == pytest.approx(sorted(expected))
    assert {point["set"] for point in drawn} == {"targets"}


def test_the_panels_share_one_axis_that_holds_zero():
    some = judged(300)
    chart = specification(gap_chart({measure: gap_curve(some, measure) for measure in MEASURES}))
    domains = [
        layer["encoding"]["y"]["scale"]["domain"]
        for panel in chart["vconcat"][0]["hconcat"]
        for layer in panel["layer"]
        if "scale" in layer["encoding"]["y"]
    ]
    assert len(domains) == 3
    assert domains.count(domains[0]) == 3
    assert domains[0][0] <= 0 <= domains[0][1]


@pytest.mark.parametrize("control", [None, 0, 40])
@pytest.mark.parametrize("n", [1, 60])
def test_the_pictures_are_written(tmp_path, n, control):
    files = write_object_charts(tmp_path, judged(n), None if control is None else judged(control, 1))
    assert [file.name for file in files] == ["recall.svg", "recall.png", "gaps.svg", "gaps.png"]
    assert ("Control" in files[0].read_text("utf-8")) == (control == 40)
    assert ("control" in files[2].read_text("utf-8")) == (control == 40)
    assert all(file.stat().st_size > 5_000 for file in files)


def test_no_target_no_picture(tmp_path):
    assert write_object_charts(tmp_path, judged(0), None) == []
    assert list(tmp_path.iterdir()) == []
