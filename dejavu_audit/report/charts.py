"""How every chart looks, and saving it: no network, no browser."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vl_convert

from dejavu_audit.errors import AuditError
from dejavu_audit.report.whole import write_whole

if TYPE_CHECKING:
    import altair as alt

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#000000")
"""Apart for colour-blind eyes (Okabe and Ito 2008), the yellow darkened to show on white."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke")
"""Apart without colour, too."""
ENCODER, REFERENCE = COLOURS[0], COLOURS[1]
INK, MUTED, GRID, PAPER = "#1f2328", "#59636e", "#e3e7eb", "#ffffff"
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""The first comes with vl-convert; browsers have one of the others, of the same widths."""
SCALE = 2
"""PNG pixels a pixel of the chart."""
FORMATS = (".svg", ".png")
NUMBER = ",~r"
"""Format of a number on an axis: 1,000,000 and 0.001, never 1e+6."""
MOST_TICKS = 12


def themed(chart: Any) -> Any:
    """The chart, an altair one of any kind, in the house style."""
    text = {"font": FONT, "color": INK}
    axis = {
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": MUTED,
        "titleColor": INK,
        "gridColor": GRID,
        "domainColor": MUTED,
        "tickColor": MUTED,
        "titlePadding": 10,
        "labelLimit": 200,
    }
    legend = {
        "labelFont": FONT,
        "titleFont": FONT,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": MUTED,
        "labelLimit": 260,
        "symbolSize": 90,
        "symbolStrokeWidth": 2,
        "symbolOpacity": 1,
        "rowPadding": 4,
        "columnPadding": 18,
    }
    title = {
        "font": FONT, "subtitleFont": FONT, "fontSize": 13, "subtitleFontSize": 12, "fontWeight": 600, "color": INK,
        "subtitleColor": MUTED, "anchor": "start", "offset": 12, "subtitlePadding": 5,
    }  # fmt: skip
    return chart.configure(
        background=PAPER,
        padding=16,
        font=FONT,
        axis=axis,
        legend=legend,
        title=title,
        text=text,
        view={"stroke": None},
        range={"category": list(COLOURS), "symbol": list(SHAPES)},
        line={"strokeWidth": 2},
        point={"size": 55, "filled": True, "opacity": 1},
    )


def save(chart: alt.TopLevelMixin, path: Path) -> Path:
    """Write a chart as .svg or .png by the path's suffix; AuditError where it cannot be written."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise AuditError(f"a chart is written as {' or '.join(FORMATS)}, not as {path.name}")
    spec = json.dumps(specification(chart))
    if suffix == ".svg":
        text = vl_convert.vegalite_to_svg(spec)
        write_whole(path, lambda file: file.write_text(text, "utf-8"))
    else:
        picture = vl_convert.vegalite_to_png(spec, scale=SCALE)
        write_whole(path, lambda file: file.write_bytes(picture))
    return path


def specification(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart as Vega-Lite."""
    import altair as alt

    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = chart.to_dict()
    return spec


def save_both(chart: alt.TopLevelMixin, stem: Path) -> list[Path]:
    """Write STEM.svg and STEM.png."""
    return [save(chart, stem.with_name(stem.name + suffix)) for suffix in FORMATS]


def heading(title: str, subtitle: str | list[str] | None = None) -> alt.TitleParams:
    """The title of a whole picture, larger than those of its panels."""
    import altair as alt

    return alt.TitleParams(title, subtitle=subtitle or [], fontSize=16, offset=16)


def ticks(values: Iterable[float]) -> list[float] | None:
    """Where an axis has its ticks: at the values themselves if they are few, else (None) as the library likes."""
    distinct = sorted(set(values))
    return distinct if 0 < len(distinct) <= MOST_TICKS else None


def plain(text: str, longest: int = 80) -> str:
    """A text from data as a title or name: one line, of bounded length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
