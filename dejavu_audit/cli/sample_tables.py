"""The tables of `dejavu-audit samples`: side by side on a wide terminal, below one another on a narrow one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from dejavu_audit.cli.cells import grid, interval, percent, texts
from dejavu_audit.report.class_ranking import LEAST
from dejavu_audit.report.plain import number, plain
from dejavu_audit.report.ranking import SORTS

if TYPE_CHECKING:
    from dejavu_audit.report.reading import Run

WIDE = 110
"""Columns under which samples stand below one another."""
_SETS = {"target": "targets", "control": "control pictures"}
_ARE = {
    "memorized": "memorized: the encoder is right where the baseline is wrong",
    "misrepresented": "misrepresented: the encoder is wrong where the baseline is right",
    "correlated": "correlated: both are right",
    "unassociated": "unassociated: both are wrong",
}
_ARE_OBJECTS = {
    "memorized": "memorized: the encoder's objects are more precise than the baseline's",
    "misrepresented": "misrepresented: the encoder's objects are less precise than the baseline's",
    "correlated": "correlated: both are equally precise",
    "unassociated": "unassociated: neither finds an object",
}


def show_samples(run: Run, asked: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Print the ranked samples."""
    console = Console()
    part, sort, label = asked["part"], asked["sort"], run.test == "label"
    are = (_ARE if label else _ARE_OBJECTS)[part]
    what = _SETS.get(asked["set"], f"{plain(asked['set'])} samples")
    say = f"{asked['total']:,} of {asked['of']:,} {what} are {are}."
    console.print(Text(say, style="bold"))
    if not rows:
        return
    console.print(Text(f"The first {len(rows):,} by {sort}: {SORTS[run.test][sort]}.\n"))
    columns, wide, narrow = (_LABEL_COLUMNS, _label_cells, _label_lines) if label else _OBJECTS
    if console.width < WIDE:
        for row in rows:
            first, *more = narrow(row)
            console.print(Text(f"{row['rank']}. {first}", style="bold"), soft_wrap=False)
            for line in more:
                console.print(Padding(Text(line), (0, 0, 0, 3), expand=False))
    else:
        table = grid(*columns, left=[*columns[1:4], "baseline says"] if label else columns[1:3])
        cells = [wide(row) for row in rows]
        table.columns[1].no_wrap = max(len(of[0]) for of in cells) <= 28  # ids are meant to be copied
        for row, of in zip(rows, cells, strict=True):
            table.add_row(*texts(row["rank"], *of))
        console.print(table)
    console.print(Text(_LABEL_NOTE if label else _OBJECT_NOTE, style="dim"))


_LABEL_COLUMNS = (
    "#", "id", "label", "encoder says", "baseline says", "encoder\nsure", "baseline\nsure", "surplus",
    "baseline\nexpects", "votes",
)  # fmt: skip
_LABEL_NOTE = (
    "Sure: minus the entropy of the votes, of the baseline's probabilities, in nats; 0 is certain. Surplus: the first "
    "less the second, the memorization confidence. Expects: probability of the label. Votes: public neighbours of the "
    "label, of all."
)


def _label_cells(row: dict[str, Any]) -> list[str]:
    return [
        plain(row["id"], 60),
        *(plain(row[name]) for name in ("label", "target_top1", "reference_top1")),
        number(row["target_confidence"]),
        number(row["reference_confidence"]),
        number(row["memorization_confidence"], signed=True),
        number(row["reference_probability"]),
        f"{row['label_votes']} of {row['neighbors_counted']}",
    ]


def _label_lines(row: dict[str, Any]) -> list[str]:
    id_, label, encoder, baseline, sure, reference_sure, surplus, expects, votes = _label_cells(row)
    return [
        id_,
        f"label {label}; encoder says {encoder}, baseline says {baseline}",
        f"sure: encoder {sure}, baseline {reference_sure}; surplus {surplus}",
        f"baseline expects {expects}; votes {votes}",
    ]


_OBJECT_COLUMNS = (
    "#", "id", "caption", "objects", "right:\nencoder", "right:\nbaseline", "recall\ngap", "precision\ngap",
)  # fmt: skip
_OBJECT_NOTE = (
    "Right: objects of the picture that are found by the neighbours' objects. Gaps: the encoder's recall and precision "
    "less the baseline's."
)


def _object_cells(row: dict[str, Any]) -> list[str]:
    return [
        plain(row["id"], 60),
        plain(row["caption"], 60),
        str(len(row["objects"])),
        str(row["target_correct"]),
        str(row["reference_correct"]),
        number(row["recall_gap"], signed=True),
        number(row["precision_gap"], signed=True),
    ]


def _object_lines(row: dict[str, Any]) -> list[str]:
    id_, caption, objects, encoder, baseline, recall, precision = _object_cells(row)
    return [
        id_,
        caption,
        f"objects {objects}; right: encoder {encoder}, baseline {baseline}",
        f"recall gap {recall}, precision gap {precision}",
    ]


_OBJECTS = (_OBJECT_COLUMNS, _object_cells, _object_lines)


def show_classes(run: Run, asked: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Print the ranked classes."""
    console = Console()
    part = asked["part"]
    score = {"correlated": "baseline right", "unassociated": "both wrong"}.get(part, "déjà vu")
    ranks = f"by {score}" if asked["sort"] == "score" else f"by the lower end of {score}'s interval"
    if part == "misrepresented":
        ranks = f"by {score}, lowest first"
    what = _SETS.get(asked["set"], f"{plain(asked['set'])} samples")
    console.print(Text(f"The first {len(rows):,} classes of the {what}, {ranks}; in percent.\n", style="bold"))
    title = f"{100 * asked['level']:g} % interval"
    calibrates = any(row.get("calibrated") is not None for row in rows)
    narrow = console.width < WIDE
    columns = ["#", "class", "n", "memorized", score, title]
    columns += ["calibrated", title + " "] if calibrates else []
    table = grid(*columns, left=["class"])
    for row in rows:
        cells = [
            str(row["rank"]), plain(row["class"]), f"{row['n']:,}", f"{row['memorized']:,}", percent(row["score"]),
            interval(row["low"], row["high"]),
        ]  # fmt: skip
        if calibrates:
            cells += [percent(row["calibrated"]), interval(row["calibrated_low"], row["calibrated_high"])]
        if not narrow:
            table.add_row(*texts(*cells))
            continue
        console.print(Text(f"{cells[0]}. {cells[1]}", style="bold"))
        line = f"n {cells[2]}, memorized {cells[3]}; {score} {cells[4]} ({cells[5]})"
        console.print(Padding(Text(line), (0, 0, 0, 3), expand=False))
        if calibrates and row["calibrated"] is not None:
            console.print(Padding(Text(f"calibrated {cells[6]} ({cells[7]})"), (0, 0, 0, 3), expand=False))
    if not narrow:
        console.print(table)
    said = "Each interval is of one class alone: the first of many classes tend to look more extreme than they are."
    if calibrates:
        said += f" Calibrated: less the score of the same class in the control, where both have {LEAST} or more."
    console.print(Text(said, style="dim"))
