"""Run studies, keep what they find, and write the page: `dejavu-audit bench` without its command line."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, cast

from dejavu_audit.bench.kept import read_table, write_table
from dejavu_audit.bench.study import Check, Finding
from dejavu_audit.errors import AuditError, unknown
from dejavu_audit.report.whole import write_whole

SIMULATED = {
    name: f"dejavu_audit.bench.studies.{name}"
    for name in ("coverage", "alarms", "bias", "lists", "shares", "power", "gates")
}
STUDIES = {**SIMULATED, "encoders": "dejavu_audit.bench.studies.encoders"}
"""Every study by name, in the page's order; by default all but the last, which wants trained encoders."""
AUDITS = 100
"""Simulated audits a setting where no number is asked for: some minutes in all on two cores."""
SEED = 0
RECORD = "bench.json"


class Study(Protocol):
    """A module of `bench.studies`."""

    TITLE: str
    ABOUT: str

    def run(self, audits: int, seed: int, processes: int, say: Callable[[str], None]) -> Finding:
        """Run it, with so many simulated audits a setting."""
        ...


@dataclass(frozen=True)
class Kept:
    """One study's finding, as it lies in the folder."""

    name: str
    finding: Finding
    audits: int
    """Simulated audits a setting."""
    seed: int
    versions: Mapping[str, str]

    @property
    def study(self) -> Study:
        """Its module."""
        return study_of(self.name)

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON values."""
        return {"study": self.name, **self.summary(), "rows": self.finding.rows}

    def summary(self) -> dict[str, Any]:
        """All but the rows, as bench.json has it."""
        return {
            "audits_a_setting": self.audits,
            "audits": self.finding.audits,
            "seed": self.seed,
            "seconds": round(self.finding.seconds, 1),
            "versions": dict(self.versions),
            "checks": [asdict(check) for check in self.finding.checks],
        }

    @property
    def met(self) -> bool:
        """Whether every bar is."""
        return all(check.met for check in self.finding.checks)


def study_of(name: str) -> Study:
    """The module of a study; AuditError for a name that nobody knows."""
    if name not in STUDIES:
        raise unknown("study", name, STUDIES)
    return cast("Study", import_module(STUDIES[name]))


def run_bench(
    names: Sequence[str],
    *,
    out: Path,
    page: Path | None = None,
    audits: int = AUDITS,
    seed: int = SEED,
    processes: int = 2,
    say: Callable[[str], None] = lambda message: None,
) -> list[Kept]:
    """Run the studies named (none: all simulated ones) and keep their findings in `out`.

    Every study leaves NAME.csv and its plots there, and its part of bench.json; others that lie there already stay. The
    page (None: `out`/validation.md) tells all that lies there. Gives what was run now, in the order of STUDIES.
    """
    for name in names:
        study_of(name)  # before the first of them takes minutes
    _make(out)
    ran = []
    for name in STUDIES:
        if name in (names or SIMULATED):
            study = study_of(name)
            say(f"{name}: {study.TITLE}")
            finding = study.run(audits, seed, processes, partial(_say, say, name))
            keep(Kept(name, finding, audits, seed, versions()), out)
            ran.append(name)
    every = read_folder(out)
    draw_and_write(every, out, page or out / "validation.md")
    return [kept for kept in every if kept.name in ran]


def draw_and_write(every: Sequence[Kept], out: Path, page: Path) -> None:
    """The plots and the page of what lies in the folder."""
    from dejavu_audit.bench.charts import draw  # the plotting library takes a second to load
    from dejavu_audit.bench.page import write_page

    drawn = {kept.name: draw(kept.name, kept.finding.rows, out) for kept in every}
    text = write_page(every, drawn, out, page)
    write_whole(page, lambda file: file.write_text(text, "utf-8"))


def keep(kept: Kept, out: Path) -> None:
    """Leave a finding in the folder."""
    write_table(kept.finding.rows, out / f"{kept.name}.csv")
    record = _record(out)
    record[kept.name] = kept.summary()
    ordered = {name: record[name] for name in STUDIES if name in record}
    text = json.dumps(ordered, indent=2, ensure_ascii=False) + "\n"
    write_whole(out / RECORD, lambda file: file.write_text(text, "utf-8"))


def read_folder(out: Path) -> list[Kept]:
    """Every finding that lies in the folder, in the order of STUDIES."""
    found = []
    for name, told in _record(out).items():
        checks = [Check(**check) for check in told["checks"]]
        finding = Finding(read_table(out / f"{name}.csv"), checks, told["audits"], told["seconds"])
        found.append(Kept(name, finding, told["audits_a_setting"], told["seed"], told["versions"]))
    return found


def versions() -> dict[str, str]:
    """Of what a simulated audit rests on."""
    packages = ("dejavu-audit", "numpy", "scipy", "faiss-cpu")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _say(say: Callable[[str], None], name: str, message: str) -> None:
    say(f"{name}: {message}")


def _make(folder: Path) -> None:
    """Make a folder, or say why not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AuditError(f"the folder {folder} cannot be made: {error.strerror}; choose another --out") from error


def _record(out: Path) -> dict[str, Any]:
    """What the folder's bench.json holds of studies that are known; nothing where there is none."""
    file = out / RECORD
    if not file.exists():
        return {}
    try:
        record: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return {name: record[name] for name in STUDIES if name in record}
    except (OSError, ValueError, TypeError) as error:
        raise AuditError(f"{file} cannot be read ({error}); move it away or choose another --out") from error
