"""Made-up runs with a list of memorized samples, for whatever reads one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from dejavu_audit.report.columns import memorized_columns
from dejavu_audit.report.memorized_record import memorized_record
from dejavu_audit.scores.memorized import Memorized, find_memorized
from tests.run_folders import write_run


def write_listed_run(folder: Path, test: str = "label", *, shift: float = 3.0, **kinds: Any) -> tuple[Path, Memorized]:
    """A run as `write_run` makes it, whose first 20 targets score `shift` higher, with its list."""
    write_run(folder, test, **kinds)
    samples = pq.read_table(folder / "samples.parquet")
    targets = np.array([name == "target" for name in samples["set"].to_pylist()])
    score = np.random.default_rng(0).normal(size=len(targets))
    score[:20] += shift
    name = "standing" if test == "label" else "recall_gap"
    found = find_memorized({name: score, "votes": score}, targets, by=name, q=0.2)
    for column, values in memorized_columns(found, len(targets)).items():
        place = samples.schema.get_field_index(column)
        samples = samples.append_column(column, values) if place < 0 else samples.set_column(place, column, values)
    pq.write_table(samples, folder / "samples.parquet")
    record = json.loads((folder / "audit.json").read_text("utf-8"))
    record["memorized"] = memorized_record(found).model_dump(mode="json")
    (folder / "audit.json").write_text(json.dumps(record), "utf-8")
    return folder, found
