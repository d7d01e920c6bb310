"""Made-up runs with chosen outcomes, for tests of the gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dejavu_audit.data.scenes import class_names
from dejavu_audit.report.checksums import sealed
from dejavu_audit.report.judged import read_judged, scores_at
from dejavu_audit.report.record import AuditRecord
from tests.run_folders import write_run

CLASSES = class_names(10)


def write_outcomes(
    folder: Path,
    targets: Sequence[tuple[int, int]],
    control: Sequence[tuple[int, int]] = (),
    **record: Any,
) -> Path:
    """A label run whose sample i is right at top-1 by the audited model, by the reference, as pairs of 0 and 1 say.

    `record` are parts of audit.json in the place of the made-up ones; the run is sealed as an audit seals it.
    """
    pairs = np.array([*targets, *control], int).reshape(-1, 2)
    label = np.arange(len(pairs)) % len(CLASSES)
    # A wrong answer is another class, so that who is right is as asked.
    columns: dict[str, Any] = {}
    for who, right in zip(("target", "reference"), pairs.T, strict=True):
        answers = [CLASSES[at] for at in np.where(right, label, (label + 1) % len(CLASSES))]
        columns |= {f"{who}_top1": answers, f"{who}_top5": pa.array([[one] for one in answers])}
    write_run(folder, n=len(targets), control=len(control), **columns)
    _, judged = read_judged(folder)
    scores = {key: vars(score) for key, score in scores_at(judged, judged.made_of).items()}
    found = {key: scores["deja_vu_top1"][key] for key in ("estimate", "low", "high")}
    headline = {**found, "calibrated": bool(control), **record.pop("headline", {})}
    return reseal(folder, scores=scores, headline=headline, **record)


def reseal(folder: Path, **changes: Any) -> Path:
    """Change audit.json as if the audit had written it so, its checksums with it."""
    told = json.loads((folder / "audit.json").read_text("utf-8"))
    for key, value in changes.items():
        told[key] = {**told[key], **value} if isinstance(value, dict) and isinstance(told[key], dict) else value
    record = sealed(AuditRecord.model_validate(told), folder, ["samples.parquet"])
    (folder / "audit.json").write_text(record.model_dump_json(indent=2), "utf-8")
    return folder


def outcomes(memorized: int, misrepresented: int, correlated: int, unassociated: int) -> list[tuple[int, int]]:
    """So many pairs of each of the four parts."""
    kinds = ((1, 0), (0, 1), (1, 1), (0, 0))
    counts = (memorized, misrepresented, correlated, unassociated)
    return [kind for kind, count in zip(kinds, counts, strict=True) for _ in range(count)]


def rewrite(folder: Path, **columns: Any) -> Path:
    """Put columns into samples.parquet, new ones at its end, and seal the run again."""
    table = pq.read_table(folder / "samples.parquet")
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.append_column(name, values) if place < 0 else table.set_column(place, name, values)
    pq.write_table(table, folder / "samples.parquet")
    return reseal(folder)
