from __future__ import annotations

from itertools import product

from dejavu_audit.bench.charts import CHARTS, draw
from dejavu_audit.bench.running import STUDIES
from dejavu_audit.bench.tables import MOST, TABLES, percent, plain, table

COVERAGE = [
    {"score": score, "interval": kind, "targets": n, "clusters": "no", "coverage": 0.94, "rare": rare, "width": 0.1}
    for score, kind, (n, rare) in product(("deja_vu_top1", "ppg"), ("auto", "bca"), ((100, 0.9), (2_000, 0.0)))
]


def encoder(repeats: int, estimate: float | None) -> dict:
    row = {"encoder": "grid", "classes": 10, "correlation": 0.3, "repeats": repeats}
    row |= {"right_targets": 0.4, "right_control": 0.2, "listed_ratio_5": 0, "listed_ratio_10": None}
    for name in ("estimate", "truth", "twin_estimate"):
        of = estimate if name == "estimate" else repeats / 100
        row |= {name: of, f"{name}_low": None if of is None else of - 0.05, f"{name}_high": None if of is None else 1.0}
    return row


def test_every_study_has_a_plot_and_a_table():
    assert set(CHARTS) == set(TABLES) == set(STUDIES)


def test_plots_are_written_without_network(tmp_path):
    file = draw("coverage", COVERAGE, tmp_path)
    assert file == tmp_path / "coverage.svg" and file.read_text("utf-8").startswith("<svg")
    rows = [encoder(0, 0.01), encoder(10, 0.12), encoder(30, None)]
    assert "10 classes, correlation 0.3" in draw("encoders", rows, tmp_path).read_text("utf-8")


def test_a_study_without_rows_or_plot_has_none(tmp_path):
    assert draw("coverage", [], tmp_path) is None
    assert draw("unheard of", [{"a": 1}], tmp_path) is None


def test_tables_by_hand():
    first = table("coverage", COVERAGE)[0]
    assert first["lowest"] == first["highest, not rare"] == "94.0 %" and first["settings"] == "2"
    rare = table("coverage", [row for row in COVERAGE if row["rare"] > 0.5])[0]
    assert rare["highest, not rare"] == "-"
    row = table("encoders", [encoder(10, 0.12)])[0]
    assert row["audit"] == "12.0 % [7.0 %, 100.0 %]" and row["listed at 10 %, by ratio"] == "-"
    assert table("encoders", [encoder(30, None)])[0]["audit"] == "-"
    assert percent(-0.0004) == "0.0 %" and percent(-0.05) == "−5.0 %" and plain(None) == "-"


def test_a_study_without_a_table_of_its_own_shows_its_first_rows():
    shown = table("unheard of", [{"some_key": place / 3} for place in range(2 * MOST)])
    assert len(shown) == MOST and shown[1] == {"some key": "0.333"}
