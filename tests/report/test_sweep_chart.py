from __future__ import annotations

import pytest

from dejavu_audit.report.charts import specification
from dejavu_audit.report.sweep_chart import ALONE, sweep_chart, write_sweep_chart
from tests.sweep_records import row, sweep_record


def panels(chart):
    """Title -> the panel's own part of the specification."""
    found = {}

    def look(part):
        if "layer" in part:
            found[part["title"]] = part
        for inner in (*part.get("vconcat", ()), *part.get("hconcat", ())):
            look(inner)

    look(specification(chart))
    return found


def values(spec, panel):
    """The points of a panel, by x; altair moves equal data to the top by name."""
    for layer in panel["layer"]:
        data = layer.get("data", panel.get("data", {}))
        points = data.get("values") or spec.get("datasets", {}).get(data.get("name"), [])
        if points and "x" in points[0]:
            return {point["x"]: point for point in points}
    return {}


def test_memorization_above_and_a_panel_for_what_was_measured():
    record = sweep_record(
        row(1, 0.1, knn_top1=0.5, linear_probe_top1=0.6, zero_shot_top1=None),
        row(2, 0.2, knn_top1=None, linear_probe_top1=0.7),
    )
    found = panels(sweep_chart(record))
    assert list(found) == [
        "Memorization: Déjà vu score, top-1, calibrated",
        "k nearest neighbours, accuracy",
        "Linear probe, accuracy",
    ]
    top, knn, probe = (values(specification(sweep_chart(record)), panel) for panel in found.values())
    assert top[2] == {"x": 2, "series": ALONE, "estimate": 20, "low": pytest.approx(15), "high": pytest.approx(25)}
    assert knn[2]["estimate"] is None  # a gap, never a 0
    assert probe[2]["estimate"] == pytest.approx(70)


def test_a_legend_only_where_there_are_series():
    def legend(*rows):
        layer = panels(sweep_chart(sweep_record(*rows))).popitem()[1]["layer"][-1]
        return layer["encoding"]["color"]["legend"]

    assert legend(row(1, 0.1), row(2, 0.1)) is None
    assert legend(row(1, 0.1, "a"), row(2, 0.1, "a")) is not None


def test_ten_series_are_told_apart_by_colour_and_shape_in_turn():
    rows = [row(1, 0.1, f"s{i}") for i in range(10)]
    encoding = panels(sweep_chart(sweep_record(*rows))).popitem()[1]["layer"][-1]["encoding"]
    assert len(encoding["color"]["scale"]["range"]) == len(encoding["shape"]["scale"]["range"]) == 10


def test_a_log_axis_has_the_values_as_ticks():
    record = sweep_record(row(10, 0.1), row(1_000, 0.2), x_scale="log")
    x = panels(sweep_chart(record)).popitem()[1]["layer"][-1]["encoding"]["x"]
    assert x["scale"]["type"] == "log"
    assert x["axis"]["values"] == [10, 1_000]


def test_names_are_shown_as_text(tmp_path):
    record = sweep_record(row(1, 0.1, "<b>one</b>"), row(1, 0.1, "{two}"), name="<i>n</i>", x="<u>x</u>\n")
    svg = write_sweep_chart(record, tmp_path / "plot")[0].read_text("utf-8")
    for text in ("&lt;b&gt;one&lt;/b&gt;", "{two}", "&lt;i&gt;n&lt;/i&gt;", "&lt;u&gt;x&lt;/u&gt;"):
        assert text in svg
    assert sorted(file.name for file in tmp_path.iterdir()) == ["plot.png", "plot.svg"]


def test_numbers_on_the_axis_are_written_out(tmp_path):
    svg = write_sweep_chart(sweep_record(row(10, 0.1), row(1_000_000, 0.2)), tmp_path / "plot")[0].read_text("utf-8")
    assert ">1,000,000<" in svg
    assert "e+" not in svg.replace("exponent", "")
