"""The page that a bench writes: bars, then a section a study; all of it from the findings alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from dejavu_audit.bench.tables import table

if TYPE_CHECKING:
    from dejavu_audit.bench.running import Kept
    from dejavu_audit.bench.study import Check


def write_page(every: Sequence[Kept], drawn: Mapping[str, Path | None], out: Path, page: Path) -> str:
    """The whole page, in Markdown; `drawn` has every study's plot, `out` the tables: links are relative to `page`."""

    def link(file: Path) -> str:
        return Path(os.path.relpath(file.absolute(), page.parent.absolute())).as_posix()

    sections = [_section(kept, drawn.get(kept.name), out, link) for kept in every]
    return "\n\n".join([_opening(every), _bars(every), *sections, _closing(every, out, page)]) + "\n"


def limit(check: Check) -> str:
    """The bar of a check, with what chance may add."""
    slack = f" {'+' if check.sign == '≤' else '−'} {figure(check.slack)}" if check.slack else ""
    return f"{check.sign} {figure(check.limit)}{slack}"


def figure(value: float | None) -> str:
    """A figure to three digits; "-" where it was not measured."""
    return "-" if value is None else f"{value:.3g}".replace("-", "−")


def _opening(every: Sequence[Kept]) -> str:
    intro = (
        "An audit gives a number with an interval, an alarm or none, and a list of samples. This page holds each of "
        "them against a truth that is known. Most of it is simulated: *oracle encoders* answer as a planted mix of "
        "memory, honest reading and guessing would, and the auditor's own code finds neighbours, counts votes and "
        "makes the scores, so that the true score and the memorized samples are known exactly. Where trained encoders "
        "are audited, what they saw is known instead."
    )
    missed = [check for kept in every for check in kept.finding.checks if not check.met]
    total = sum(len(kept.finding.checks) for kept in every)
    verdict = f"All {total} bars below are met." if not missed else f"{len(missed)} of {total} bars below are missed."
    return "\n\n".join(
        [
            "# Validation",
            "<!-- Written by `dejavu-audit bench`; run it again instead of editing. -->",
            _wrapped(intro),
            _wrapped(verdict),
        ]
    )


def _bars(every: Sequence[Kept]) -> str:
    note = (
        "Beside a bar stands what chance may add to a figure in so many audits, and to the worst of so many settings: "
        "a bar is missed where the figure is worse by more."
    )
    rows = [
        {
            "what": check.name,
            "measured": figure(check.measured),
            "bar": limit(check),
            "met": "yes" if check.met else "**no**",
        }
        for kept in every
        for check in kept.finding.checks
    ]
    return "\n\n".join(["## Bars", _wrapped(note), _markdown(rows)])


def _section(kept: Kept, plot: Path | None, out: Path, link: Callable[[Path], str]) -> str:
    finding = kept.finding
    parts = [f"## {kept.study.TITLE}", _wrapped(kept.study.ABOUT)]
    if plot is not None:
        parts.append(f"![{kept.study.TITLE}]({link(plot)})")
    parts += [_missed(check) for check in finding.checks if not check.met]
    if finding.rows:
        parts.append(_markdown(table(kept.name, finding.rows)))
    made = ", ".join(f"{name} {number}" for name, number in kept.versions.items())
    file = f"[`{kept.name}.csv`]({link(out / f'{kept.name}.csv')})"
    parts.append(
        _wrapped(
            f"{finding.audits:,} audits in {finding.seconds:,.0f} s, seed {kept.seed}, with {made}. "
            f"All {len(finding.rows):,} settings: {file}."
        )
    )
    return "\n\n".join(parts)


def _missed(check: Check) -> str:
    """How far a bar is missed, in a sentence."""
    if check.measured is None:
        return _wrapped(f"**Missed:** {check.name} could not be measured.")
    by = abs(check.measured - check.limit)
    return _wrapped(
        f"**Missed:** {check.name} is {figure(check.measured)}, where {limit(check)} was asked for: "
        f"off by {figure(by)}, of which chance explains at most {figure(check.slack)}."
    )


def _closing(every: Sequence[Kept], out: Path, page: Path) -> str:
    names = [kept.name for kept in every]
    sizes = sorted({(kept.audits, kept.seed) for kept in every if kept.name != "encoders"})
    audits, seed = sizes[-1] if sizes else (0, 0)
    command = f"dejavu-audit bench {' '.join(names)} --audits {audits} --seed {seed}"
    note = "The same command gives the same tables on the same versions, with any number of processes."
    if "encoders" in names:
        note += " The trained encoders are made once, by `make bench-models`."
    return "\n\n".join(
        [
            "## Making it again",
            f"```console\n$ {command} \\\n    --out {out.as_posix()} --page {page.as_posix()}\n```",
            _wrapped(note),
        ]
    )


def _markdown(rows: Sequence[Mapping[str, str]]) -> str:
    heads = list(rows[0]) if rows else []
    cells = [heads, ["---"] * len(heads), *([row[head].replace("|", "\\|") for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _wrapped(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False)
