"""The tables of `dejavu-audit agree`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from dejavu_audit.cli.cells import grid, interval, percent, texts
from dejavu_audit.cli.screen import NARROW
from dejavu_audit.report.plain import number, plain
from dejavu_audit.scores.label_test import PARTS

if TYPE_CHECKING:
    from dejavu_audit.report.agreement import Agreement, Pair
    from dejavu_audit.scores.estimates import Score

_ORDER = ("memorized", "misrepresented", "correlated", "unassociated")
_SHORT = ("mem.", "misrep.", "corr.", "unass.")
_RANKED = {
    "memorization_confidence": "memorization confidence",
    "reference_probability": "probability of the label",
    "recall_gap": "recall gap",
    "reference_recall": "the baseline's recall",
}


def show_agreement(
    heads: list[dict[str, Any]], sizes: dict[str, int], found: Agreement, set_: str, level: float
) -> None:
    """Print all that was found."""
    console = Console()
    _headlines(console, heads)
    what = {"target": "targets", "control": "control pictures"}.get(set_, f"{plain(set_)} samples")
    own = ", ".join(f"{plain(name, 40)} has {size:,}" for name, size in sizes.items() if size != found.n)
    console.print(Text(f"\n{found.n:,} common {what}" + (f" ({own})." if own else "."), style="bold"))
    if found.test == "objects":
        console.print(Text("Right: at least one of the picture's objects is found.", style="dim"))
    for pair in found.pairs:
        _pair(console, pair, level, alone=len(heads) == 1)
    _lists(console, found, len(sizes), level)


def show_pairs(found: Agreement) -> None:
    """Print a line a pair: how far it agrees."""
    console = Console()
    for pair in found.pairs:
        alike, kappa = pair.scores["reference_alike"], pair.scores["reference_kappa"]
        told = f"baselines alike on {percent(alike.estimate)} % of {found.n:,}, kappa {number(kappa.estimate)}"
        console.print(Text(f"{plain(pair.first, 40)} and {plain(pair.second, 40)}: {told}"), soft_wrap=True)


def _headlines(console: Console, heads: list[dict[str, Any]]) -> None:
    """Every run's own headline, and what the runs have in common."""
    same = [all(head[key] == heads[0][key] for head in heads) for key in ("fingerprint", "reference_settings")]
    for name, key, alike in zip(("encoder", "baseline"), ("model", "reference"), same, strict=True):
        console.print(Text(f"{name}: {plain(heads[0][key]) if alike else 'differs from run to run'}"))
    if not any(same):
        console.print(Text("Encoder and baseline both differ: what the runs disagree on may be owed to either."))
    for head in heads:
        line = head["headline"]
        value = percent(line["estimate"], signed=True)
        kind = "" if line["calibrated"] else ", uncalibrated"
        console.print(Text(f"\n{plain(head['name'])}", style="bold"))
        weights = plain(head["pretrained"].replace("\\", "/").rpartition("/")[2], 40)
        console.print(Text(f"  {plain(head['model'])} ({weights}), baseline {plain(head['reference'])}"))
        bounds = interval(line["low"], line["high"], signed=True)
        console.print(Text(f"  {line['metric']}{kind}: {value} points" + (f" ({bounds})" if bounds else "")))


def _pair(console: Console, pair: Pair, level: float, *, alone: bool) -> None:
    first, second = plain(pair.first, 40), plain(pair.second, 40)
    console.print(Text(f"\n{first} and {second}", style="bold"))
    table = grid("", "value", f"{100 * level:g} % interval", left=[""])
    whose = (("reference", "baselines"),) if alone else (("reference", "baselines"), ("model", "encoders"))
    for who, name in whose:
        alike, kappa = pair.scores[f"{who}_alike"], pair.scores[f"{who}_kappa"]
        bounds = interval(alike.low, alike.high)
        table.add_row(*texts(f"{name} right or wrong alike, %", percent(alike.estimate), bounds))
        table.add_row(*_row(f"{name}, Cohen's kappa", kappa))
    table.add_row(*_row("the four parts, Cohen's kappa", pair.scores["parts_kappa"]))
    for key, name in _RANKED.items():
        if f"spearman_{key}" in pair.scores:
            table.add_row(*_row(f"rank correlation, {name}", pair.scores[f"spearman_{key}"]))
    console.print(table)
    console.print(Text(f"Samples by their part in {first} (rows) and in {second} (columns):"))
    columns = _ORDER if console.width >= NARROW else _SHORT
    parts = grid("", *columns, left=[""])
    for name, title in zip(_ORDER, columns, strict=True):
        counts = pair.parts[PARTS.index(name)]
        parts.add_row(*texts(title, *(f"{counts[PARTS.index(other)]:,}" for other in _ORDER)))
    console.print(parts)


def _row(name: str, score: Score) -> list[Text]:
    bounds = "" if score.low is None or score.high is None else f"{number(score.low)} to {number(score.high)}"
    return texts(name, number(score.estimate), bounds)


def _lists(console: Console, found: Agreement, views: int, level: float) -> None:
    every = f"all {views}" if views > 2 else "both"
    console.print(
        Text(
            f"\nMemorized by the account of {every}: {found.memorized_total:,} of {found.n:,}; "
            f"of at least one: {found.memorized_by_any:,}.",
            style="bold",
        )
    )
    _samples(console, found.memorized, "weakest surplus")
    console.print(Text(f"\nRight by {every} baselines: {found.correlated_total:,} of {found.n:,}.", style="bold"))
    _samples(console, found.correlated, "weakest baseline")
    if found.classes:
        console.print(Text(f"\nClasses by the share that {every} baselines get right:", style="bold"))
        table = grid("class", "n", "right", "%", f"{100 * level:g} % interval", left=["class"])
        for row in found.classes:
            cells = (f"{row['n']:,}", f"{row['right']:,}", percent(row["share"]), interval(row["low"], row["high"]))
            table.add_row(*texts(plain(row["class"]), *cells))
        console.print(table)


def _samples(console: Console, rows: list[dict[str, Any]], title: str) -> None:
    if not rows:
        return
    label = ["label"] if "label" in rows[0] else []
    table = grid("id", *label, title, left=["id", "label"])
    for row in rows:
        table.add_row(*texts(plain(row["id"], 60), *(plain(row[name]) for name in label), number(row["weakest"])))
    console.print(table)
