from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from dejavu_audit.report.charts import specification
from dejavu_audit.report.roc_chart import POINTS, roc_chart, write_roc_chart
from dejavu_audit.scores.membership import figures, roc


def scores(n=200, m=1_500, shift=1.5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(shift, 1, n), rng.normal(size=m)


def drawn(targets, control):
    """The title, the curve's points, and all texts."""
    spec = specification(roc_chart(roc(targets, control), figures(targets, control)))

    def values(layer):
        data = layer["data"]
        return spec["datasets"][data["name"]] if "name" in data else data["values"]

    curve = next(one for one in spec["layer"] if one["mark"].get("interpolate") == "step-after")
    texts = {value["text"] for one in spec["layer"] if one["mark"]["type"] == "text" for value in values(one)}
    return str(spec["title"]["subtitle"]), values(curve), texts


def test_the_curve_is_the_curve():
    targets, control = scores()
    title, points, _ = drawn(targets, control)
    assert "Area under the curve 0.8" in title
    ordered = np.sort(control)[::-1]
    for point in points[5:200:20]:  # as many false positives, and the targets above the next control sample
        allowed = round(point["x"] * len(control))
        assert point["y"] == pytest.approx((targets > ordered[allowed]).mean())
    assert points[-1] == {"x": 1.0, "y": 1.0, "order": points[-1]["order"]}
    assert all(a["x"] <= b["x"] and a["y"] <= b["y"] for a, b in itertools.pairwise(points))


def test_reported_rates_are_marked_and_those_not_measured_are_not():
    def texts(m):
        return drawn(*scores(m=m))[2]

    assert len(texts(1_500)) == 3  # guessing, 1 %, 0.1 %
    assert {text.partition(" ")[2] for text in texts(300)} == {"", "at 1%"}
    assert texts(50) == {"guessing"}


def test_a_long_curve_is_thinned_evenly():
    _, points, _ = drawn(*scores(20_000, 50_000))
    assert 200 < len(points) <= POINTS
    assert points[0]["x"] <= 1e-4


@pytest.mark.parametrize(
    ("targets", "control"),
    [([5.0, 6.0], [1.0, 2.0]), ([1.0, 2.0], [5.0, 6.0]), ([1.0], [1.0]), ([1.0, 1.0], [1.0] * 1_000)],
)
def test_odd_scores_are_drawn_all_the_same(tmp_path, targets, control):
    files = write_roc_chart(tmp_path, targets, control, figures(targets, control))
    assert [file.name for file in files] == ["membership-roc.svg", "membership-roc.png"]
    text = files[0].read_text("utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text


def test_the_picture_has_the_curve_in_its_colour(tmp_path):
    targets, control = scores()
    _, png = write_roc_chart(tmp_path, targets, control, figures(targets, control))
    with Image.open(png) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (pixels == (0x00, 0x72, 0xB2)).all(axis=1).sum() > 1_000


def test_nothing_to_draw_leaves_no_file(tmp_path):
    assert write_roc_chart(tmp_path, [], [1.0], figures([], [1.0])) == []
    assert list(tmp_path.iterdir()) == []
