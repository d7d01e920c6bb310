from __future__ import annotations

from dataclasses import replace

from benchmarks.figures.page import FIGURES, page, section
from tests.benchmarks.figures.points import RISING


def test_a_section_has_chart_table_and_files():
    text = section(FIGURES[0], RISING)
    assert "![Memorization against epochs](figures/epochs.svg)" in text
    assert "| 16 | 20.0 % [18.0 %, 22.0 %] | 30.0 % | 10.0 % | 31.0 % | 12.0 % | 97.0 % | 95.0 % |" in text
    assert "(figures/epochs.toml)" in text and "(figures/epochs.csv)" in text
    widths = {row.count("|") for row in text.splitlines() if row.startswith("|")}
    assert len(widths) == 1


def test_the_page_has_a_section_a_figure_in_order():
    two = [*RISING, *(replace(p, series="backbone") for p in RISING)]
    pair = [replace(p, series=s) for s in ("one model", "two models") for p in RISING]
    text = page({"epochs": RISING, "size": RISING, "layers": two, "references": pair}, {"torch": "2.9"})
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [
        *(figure.title for figure in FIGURES),
        "Sources",
    ]
    assert "Last made with torch 2.9." in text and "24,000 pictures" in text
    assert max(len(line) for line in text.splitlines() if not line.startswith(("|", "!"))) <= 120
