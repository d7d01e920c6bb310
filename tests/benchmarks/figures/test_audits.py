from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import timm
import torch
from safetensors.torch import save_file

from benchmarks.figures import audits
from benchmarks.figures.__main__ import DOCS, WORK, main
from benchmarks.figures.page import FIGURES
from benchmarks.figures.runs import EPOCHS, RUNS, SIZES, steps_for
from benchmarks.figures.table import read
from dejavu_audit.errors import AuditError
from dejavu_audit.sweep.spec import read_spec

TINY = """
name = "tiny"
x = "seed"
[audit]
family = "timm"
model = "test_resnet"
pretrained = "random"
image_size = 32
data = "scenes"
data_options = { classes = 10, targets = 12, public = 40, control = 20, fit = 20 }
k = 5
min_side = 24
reference = "other.safetensors"
workers = 0
[[row]]
x = 1
seed = 1
[[row]]
x = 2
seed = 2
"""


@pytest.fixture
def spec(tmp_path):
    (tmp_path / "tiny.toml").write_text(TINY)
    torch.manual_seed(5)
    save_file(timm.create_model("test_resnet").state_dict(), tmp_path / "other.safetensors")
    return tmp_path / "tiny.toml"


def test_a_figure_is_swept_and_its_chart_and_table_are_left_beside_the_description(spec, tmp_path, capsys):
    audits.audit_figures([spec], tmp_path / "runs")
    points = read(tmp_path / "tiny.csv")
    assert [point.x for point in points] == [1, 2]
    found = [
        json.loads(file.read_text()) for file in sorted((tmp_path / "runs" / "tiny" / "rows").glob("*/audit.json"))
    ]
    assert sorted(p.estimate for p in points) == pytest.approx(sorted(f["headline"]["estimate"] for f in found))
    assert all(p.knn is None and 0 <= p.accuracy_control <= 1 for p in points)
    assert (tmp_path / "tiny.svg").read_text().startswith("<svg")
    said = capsys.readouterr().err
    assert "One stream for 2 audits" in said and "Row 2 of 2: seed = 2" in said
    # The sweep itself had nothing left to look at; a second call has nothing left to do.
    assert all(f["timings"]["pictures_decoded"] == 0 for f in found)
    audits.audit_figures([spec], tmp_path / "runs")
    again = capsys.readouterr().err
    assert "One stream" not in again and "Row" not in again


def test_a_figure_with_a_failed_row_is_refused(spec, tmp_path, monkeypatch):
    rows = [SimpleNamespace(state="done"), SimpleNamespace(state="failed", error="there is no such file")]
    monkeypatch.setattr(audits, "sweep", lambda *args, **more: SimpleNamespace(record=SimpleNamespace(rows=rows)))
    with pytest.raises(AuditError, match="1 of 2 rows failed, the first: there is no such file"):
        audits.audit_figure(spec, tmp_path / "runs")
    assert not (tmp_path / "tiny.csv").exists()


def test_the_committed_sweeps_audit_what_the_trainings_leave():
    made = {run.file(WORK / "checkpoints", step) for run in RUNS for step in run.kept}
    specs = {figure.name: read_spec(DOCS / "figures" / f"{figure.name}.toml") for figure in FIGURES}
    rows = [row for spec in specs.values() for row in spec.rows]
    used = {Path(row.config.model) for row in rows} | {
        Path(row.config.reference) for row in rows if row.config.reference
    }
    assert used == made


def test_the_committed_sweeps_stand_at_the_right_places():
    recipe = RUNS[0].recipe
    at = {epochs: f"memorizer-{steps_for(recipe, epochs):05d}.safetensors" for epochs in EPOCHS}
    for name, series in (("epochs", 1), ("layers", 2), ("references", 2)):
        rows = read_spec(DOCS / "figures" / f"{name}.toml").rows
        assert [Path(row.config.model).name for row in rows] == [at[row.x] for row in rows]
        assert len(rows) == series * len(EPOCHS)
    for row in read_spec(DOCS / "figures" / "references.toml").rows:
        expected = {"one model": None, "two models": Path(row.config.model).name.replace("memorizer", "twin")}
        assert (row.config.reference and Path(row.config.reference).name) == expected[row.series]
    for row in read_spec(DOCS / "figures" / "layers.toml").rows:
        assert row.config.layer == row.series
    rows = read_spec(DOCS / "figures" / "size.toml").rows
    assert [row.x for row in rows] == list(SIZES)
    assert all(row.config.data_options["targets"] == f"{row.x:g}" for row in rows)
    assert all(Path(row.config.model).name.startswith(f"size-{row.x:g}-") for row in rows)


@pytest.mark.parametrize("words", [[], ["draw"], ["train", "audit"]])
def test_bad_usage_exits_2(words, capsys):
    assert main(words) == 2
    assert "train|audit|page|all" in capsys.readouterr().err
