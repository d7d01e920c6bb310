"""The compact tables of the page: of every study what fits a page, in words and percent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TypeAlias

from dejavu_audit.bench.simulated import number
from dejavu_audit.bench.study import Cell

Row: TypeAlias = Mapping[str, Cell]
Table: TypeAlias = "list[dict[str, str]]"

MOST = 24
"""Rows of a study that has no table of its own."""


def table(name: str, rows: Sequence[Row]) -> Table:
    """The rows of a study's table, all with the same columns; without a rule of its own its first rows, all columns."""
    if name in TABLES:
        return TABLES[name](rows)
    return [{key.replace("_", " "): plain(cell) for key, cell in row.items()} for row in rows[:MOST]]


def plain(cell: Cell) -> str:
    """A cell as it is, floats to three digits."""
    return "-" if cell is None else f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def percent(share: Cell, digits: int = 1) -> str:
    """A share in percent with a true minus, "-" where it was not measured."""
    # + 0.0 turns -0.0 into 0.0
    return "-" if share is None else f"{round(100 * number(share), digits) + 0.0:.{digits}f} %".replace("-", "−")


def reader(row: Row) -> str:
    """Which of the two reads better what is honestly there."""
    mine, other = number(row["skill"]), number(row["reference_skill"])
    return "encoder reads better" if mine > other else "reference reads better" if mine < other else "equal skill"


def world(row: Row) -> str:
    """A world in a few words."""
    if row["test"] == "objects":
        return "object test"
    clues = "telling" if number(row["correlation"]) >= 0.2 else "silent"
    return f"{row['classes']} classes, {clues} backgrounds"


def grouped(rows: Sequence[Row], key: Callable[[Row], tuple[Cell, ...]]) -> dict[tuple[Cell, ...], list[Row]]:
    """Rows by key, in the order of their first."""
    groups: dict[tuple[Cell, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def coverage(rows: Sequence[Row]) -> Table:
    """By score, kind of interval and clusters: lowest, mean and highest, and that where outcomes are not rare."""
    found = []
    groups = grouped(rows, lambda row: (row["score"], row["interval"], row["clusters"]))
    for (score, interval, clusters), some in groups.items():
        covered = [number(row["coverage"]) for row in some]
        frequent = [number(row["coverage"]) for row in some if number(row["rare"]) < 0.5]
        found.append(
            {
                "score": f"`{score}`",
                "interval": str(interval),
                "clusters": str(clusters),
                "settings": str(len(some)),
                "lowest": percent(min(covered)),
                "mean": percent(fmean(covered)),
                "highest": percent(max(covered)),
                "highest, not rare": percent(max(frequent, default=None)),
            }
        )
    return found


def alarms(rows: Sequence[Row]) -> Table:
    """Mean and worst by test, reader and size."""
    found = []
    for (test, who, n), some in grouped(rows, lambda row: (row["test"], reader(row), row["n"])).items():
        above = [number(row["above_0"]) for row in some]
        found.append(
            {
                "test": str(test),
                "who": str(who),
                "targets": f"{n:,}",
                "calibrated, mean": percent(fmean(above)),
                "worst": percent(max(above)),
                "uncalibrated, mean": percent(fmean(number(row["uncalibrated_above_0"]) for row in some)),
                "p ≤ 5 %, mean": percent(fmean(number(row["p_at_most_5_percent"]) for row in some)),
            }
        )
    return found


def bias(rows: Sequence[Row]) -> Table:
    """Mean error by test, reader and share, over classes and sizes."""
    found = []
    for (test, who, share), some in grouped(
        rows, lambda row: (row["test"], reader(row), row["memorized_share"])
    ).items():
        columns = {name: fmean(number(row[name]) for row in some) for name in ("truth", "calibrated", "uncalibrated")}
        error = fmean(number(row["calibrated_error"]) ** 2 for row in some) ** 0.5 / len(some) ** 0.5
        found.append(
            {
                "test": str(test),
                "who": str(who),
                "memorized": percent(share, 0),
                "true score": percent(columns["truth"]),
                "calibrated, mean": percent(columns["calibrated"]),
                "standard error": percent(error, 2),
                "uncalibrated, mean": percent(columns["uncalibrated"]),
            }
        )
    return found


def lists(rows: Sequence[Row]) -> Table:
    """At q = 10 %: the false discoveries and what is found, by world, share and sizes; a column a score's finds."""
    found = []
    some = [row for row in rows if row["q"] == 0.1 and number(row["memorized_share"]) >= 0.1]
    for (where, share, n, m), same in grouped(
        some, lambda row: (world(row), row["memorized_share"], row["n"], row["control"])
    ).items():
        finds = ", ".join(f"{row['score']} {percent(row['found'], 0)}" for row in same)
        found.append(
            {
                "world": str(where),
                "memorized": percent(share, 0),
                "targets": f"{n:,}",
                "control": f"{m:,}",
                "false discoveries, worst score": percent(max(number(row["false_discovery_rate"]) for row in same)),
                "found, by score": finds,
            }
        )
    return found


def shares(rows: Sequence[Row]) -> Table:
    """By world and true share, by the first score, at the middle sizes."""
    found = []
    for (where, share), some in grouped(rows, lambda row: (world(row), row["memorized_share"])).items():
        first = [row for row in some if row["score"] == some[0]["score"]]
        low, high = (fmean(number(row[name]) for row in first) for name in ("low", "high"))
        found.append(
            {
                "world": str(where),
                "score": str(some[0]["score"]),
                "true share": percent(share, 0),
                "estimate, mean": percent(fmean(number(row["estimate"]) for row in first)),
                "interval, mean": f"{percent(low)} to {percent(high)}",
                "lower end above the truth": percent(fmean(number(row["low_above_truth"]) for row in first)),
                "interval holds the truth": percent(fmean(number(row["holds_truth"]) for row in first)),
            }
        )
    return found


def power(rows: Sequence[Row]) -> Table:
    """By test and sizes: mean planned and measured, and the farthest apart."""
    found = []
    for (test, n, m), some in grouped(rows, lambda row: (row["test"], row["n"], row["control"])).items():
        gaps = [number(row["measured"]) - number(row["planned"]) for row in some]
        found.append(
            {
                "test": str(test),
                "targets": f"{n:,}",
                "control": f"{m:,}",
                "settings": str(len(some)),
                "planned, mean": percent(fmean(number(row["planned"]) for row in some)),
                "measured, mean": percent(fmean(number(row["measured"]) for row in some)),
                "farthest apart": percent(max(gaps, key=abs)),
                "p ≤ 2.5 %, mean": percent(fmean(number(row["p_at_most_2.5_percent"]) for row in some)),
            }
        )
    return found


def gates(rows: Sequence[Row]) -> Table:
    """By limits, looks and size: verdicts by where the truth lies, means over the worlds; the worst of the wrong."""
    found = []
    for (limits, looks, n), some in grouped(rows, lambda row: (row["limits"], row["looks"], row["n"])).items():
        clear_under, under, on, over, clear_over = (
            [row for row in some if row["truth_less_limit"] == offset] for offset in (-0.06, -0.02, 0.0, 0.02, 0.06)
        )
        wrong = max(
            *(number(row["fail"]) for row in under + on),
            *(number(row["pass"]) for row in over + on),
        )
        used, clear = (
            fmean(number(row["mean_targets"]) for row in rows_of)
            for rows_of in (under + over, clear_under + clear_over)
        )
        found.append(
            {
                "limits": str(limits),
                "looks": str(looks),
                "targets": f"{n:,}",
                "2 points under: pass": percent(fmean(number(row["pass"]) for row in under)),
                "fail": percent(fmean(number(row["fail"]) for row in under)),
                "2 points over: fail": percent(fmean(number(row["fail"]) for row in over)),
                "pass": percent(fmean(number(row["pass"]) for row in over)),
                "on the limit: inconclusive": percent(fmean(number(row["inconclusive"]) for row in on)),
                "worst of the wrong": percent(wrong),
                "targets used, 2 points off": f"{used:,.0f}",
                "6 points off": f"{clear:,.0f}",
            }
        )
    return found


def encoders(rows: Sequence[Row]) -> Table:
    """One line an encoder: what it reads, estimate and truth with their intervals, and the first score's list."""
    listed = next(name for name in rows[0] if name.startswith("listed_") and name.endswith("_10"))
    score = listed.removeprefix("listed_").removesuffix("_10")
    return [
        {
            "encoder": f"{row['encoder']}, {row['classes']} classes, correlation {plain(row['correlation'])}",
            "repeats": str(row["repeats"]),
            "`f` right on targets": percent(row["right_targets"]),
            "on control": percent(row["right_control"]),
            "audit": _interval(row, "estimate"),
            "two-model truth": _interval(row, "truth"),
            "audit of the twin": _interval(row, "twin_estimate"),
            f"listed at 10 %, by {score}": plain(row[listed]),
        }
        for row in rows
    ]


def _interval(row: Row, name: str) -> str:
    if row[name] is None:
        return "-"
    return f"{percent(row[name])} [{percent(row[f'{name}_low'])}, {percent(row[f'{name}_high'])}]"


TABLES: dict[str, Callable[[Sequence[Row]], Table]] = {
    "coverage": coverage,
    "alarms": alarms,
    "bias": bias,
    "lists": lists,
    "shares": shares,
    "power": power,
    "gates": gates,
    "encoders": encoders,
}
"""By the name of the study."""
