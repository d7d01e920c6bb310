from __future__ import annotations

import altair as alt
import pytest
from PIL import Image

from dejavu_audit.errors import AuditError
from dejavu_audit.report.charts import COLOURS, SHAPES, heading, plain, save, save_both, specification, themed, ticks


def chart(points=3, title="a title"):
    data = alt.InlineData(values=[{"x": i, "y": i} for i in range(points)])
    return themed(alt.Chart(data, title=heading(title)).mark_line().encode(x="x:Q", y="y:Q"))


def test_both_formats_are_written_and_are_pictures(tmp_path):
    files = save_both(chart(), tmp_path / "new" / "a.b")
    assert [file.name for file in files] == ["a.b.svg", "a.b.png"]
    assert files[0].read_text("utf-8").startswith("<svg")
    with Image.open(files[1]) as picture:
        assert min(picture.size) > 200


def test_text_from_data_stays_text(tmp_path):
    save(chart(title='<script>alert("1")</script> & {datum.x}'), tmp_path / "a.svg")
    svg = (tmp_path / "a.svg").read_text("utf-8")
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


def test_many_points_are_no_fault(tmp_path):
    (points,) = specification(chart(6_000))["datasets"].values()
    assert len(points) == 6_000


def test_other_formats_and_places_are_refused(tmp_path):
    with pytest.raises(AuditError, match=r"written as \.svg or \.png, not as a\.pdf"):
        save(chart(), tmp_path / "a.pdf")
    (tmp_path / "file").touch()
    with pytest.raises(AuditError, match="cannot write"):
        save(chart(), tmp_path / "file" / "a.svg")


def test_ticks_are_the_values_where_they_are_few():
    assert ticks([3, 1, 3]) == [1, 3]
    assert ticks([]) is None
    assert ticks(range(13)) is None


def test_a_name_becomes_one_line_of_bounded_length():
    assert plain("a\n\tb\x00  c") == "a b c"
    assert plain("x" * 100, 10) == "x" * 9 + "…"
    assert plain("") == ""


def test_colours_and_shapes_are_told_apart_and_show_on_white():
    assert len(set(COLOURS)) == len(set(SHAPES)) == 7
    for colour in COLOURS:
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
        assert 1.05 / (luminance + 0.05) > 2.1  # contrast with white
