"""A sweep: real audits that share what they can, and made-up ones for what may go wrong."""

from __future__ import annotations

import json
import os
import shutil
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report.folder import RunFolder
from dejavu_audit.report.reading import read_record
from dejavu_audit.report.sweep_record import SweepRecord
from dejavu_audit.samples import MEMORIZER, TWIN
from dejavu_audit.sweep import plan, run, sweep
from tests.run_folders import write_run

REAL = """
name = "two checkpoints"
x = "epoch"
[audit]
family = "timm"
model = "test_resnet"
data = "scenes"
data_options = { targets = 20, control = 30, public = 60, fit = 40, classes = 10 }
image_size = 64
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]
k = 5
min_side = 24
baseline = "encoder-head"
baseline_model = "timm:test_vit:random"
utility = true
workers = 0
replicates = 200
[[glob]]
files = "epoch-*.safetensors"
into = "pretrained"
x_from = 'epoch-(\\d+)'
"""
FAKE = """
name = "made up"
x = "epoch"
audit = { family = "timm", model = "test_resnet", data = "scenes" }
row = [
    { x = 1, pretrained = "1.pt" },
    { x = 2, pretrained = "2.pt" },
    { x = 1, pretrained = "1.pt", series = "again" },
]
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A sweep of two rows, run."""
    folder = tmp_path_factory.mktemp("sweep")
    shutil.copy(MEMORIZER, folder / "epoch-8.safetensors")
    shutil.copy(TWIN, folder / "epoch-16.safetensors")
    (folder / "spec.toml").write_text(REAL, "utf-8")
    return folder, sweep(folder / "spec.toml", out=folder / "out", cache_dir=folder / "cache")


def test_rows_are_audits_and_share_what_does_not_change(real):
    folder, done = real
    assert [(row.x, row.state) for row in done.record.rows] == [(8, "done"), (16, "done")]
    first, second = (read_record(folder / "out" / row.folder) for row in done.record.rows)
    assert second.data == first.data  # the same pictures
    views = [one.timings["views"] for one in (first, second)]
    assert [seen(one, "test_vit") for one in views] == [(50 + 40, 0), (0, 50 + 40)]  # embedded once, then found
    # The encoder's own are embedded anew in each row, once: public and held-out pictures, and judged crops.
    assert [seen(one, "test_resnet") for one in views] == [(60 + 30 + 50, 0)] * 2
    assert second.timings["fit"] < first.timings["fit"]


def seen(views, featurizer):
    """How many views were embedded, and how many found in the cache."""
    own = [job for job in views if job["featurizer"] == featurizer]
    return sum(job["embedded"] for job in own), sum(job["cached"] for job in own)


def test_the_record_holds_what_the_audits_found(real):
    folder, done = real
    for row in done.record.rows:
        record = read_record(folder / "out" / row.folder)
        assert row.headline == record.headline
        assert row.utility == record.utility
        assert row.utility["knn_top1"].estimate is not None
        assert row.accuracies["accuracy_target_top1"] == record.scores["accuracy_target_top1"]
    told = SweepRecord.model_validate_json((folder / "out" / "sweep.json").read_text("utf-8"))
    assert told == done.record


def test_tables_and_plots_are_there(real):
    folder, done = real
    flat, csv = pq.read_table(folder / "out" / "table.parquet"), pa_csv.read_csv(folder / "out" / "table.csv")
    assert flat.column_names == csv.column_names
    assert flat["estimate"].to_pylist() == [row.headline.estimate for row in done.record.rows]
    assert csv["estimate"].to_pylist() == pytest.approx(flat["estimate"].to_pylist())
    assert {"knn_top1", "linear_probe_top1_low", "accuracy_reference_top1_control"} <= set(flat.column_names)
    assert (folder / "out" / "plot.svg").read_text("utf-8").startswith("<svg")
    assert (folder / "out" / "plot.png").stat().st_size > 10_000


def test_what_is_done_is_not_run_again(real, monkeypatch):
    folder, done = real
    monkeypatch.setattr(import_module("dejavu_audit.audit"), "run_audit", lambda *_: pytest.fail("ran a row again"))
    assert sweep(folder / "spec.toml", out=folder / "out").record == done.record


class Audits:
    """Stands for `run_audit`: leaves a made-up run folder, or fails for what it is told to fail for."""

    def __init__(self, fails: dict[str, BaseException] | None = None) -> None:
        self.ran: list[str] = []
        self.fails = fails or {}

    def __call__(self, config, progress):
        name = Path(config.pretrained).name
        self.ran.append(name)
        if name in self.fails:
            raise self.fails[name]
        place = Path(config.out)
        shutil.rmtree(place, ignore_errors=True)
        write_run(place, answers=len(self.ran))
        RunFolder(place).claim(config)
        return SimpleNamespace(record=read_record(place))


@pytest.fixture
def fake(tmp_path, monkeypatch):
    (tmp_path / "spec.toml").write_text(FAKE, "utf-8")
    for name in ("1.pt", "2.pt"):
        (tmp_path / name).touch()

    # Drawing takes a second; the real sweep above draws.
    draw = import_module("dejavu_audit.report.sweep_chart")
    monkeypatch.setattr(draw, "write_sweep_chart", lambda record, stem: stem.with_suffix(".svg").touch())

    def with_audits(audits: Audits):
        monkeypatch.setattr(import_module("dejavu_audit.audit"), "run_audit", audits)
        return tmp_path / "spec.toml", tmp_path / "out", audits

    return with_audits


def test_one_audit_on_two_lines_is_run_once(fake):
    spec, out, audits = fake(Audits())
    done = sweep(spec, out=out)
    assert audits.ran == ["1.pt", "2.pt"]
    assert [row.state for row in done.record.rows] == ["done"] * 3
    assert done.record.rows[0].headline == done.record.rows[2].headline


def test_a_failed_row_is_told_and_run_again_next_time(fake):
    spec, out, audits = fake(Audits({"1.pt": AuditError("weights are empty")}))
    done = sweep(spec, out=out)
    assert [(row.state, row.error) for row in done.record.rows] == [
        ("failed", "weights are empty"), ("done", None), ("failed", "weights are empty"),
    ]  # fmt: skip
    assert pq.read_table(out / "table.parquet")["state"].to_pylist() == ["failed", "done", "failed"]
    assert (out / "plot.svg").is_file()
    audits.fails.clear()
    audits.ran.clear()
    assert [row.state for row in sweep(spec, out=out).record.rows] == ["done"] * 3
    assert audits.ran == ["1.pt"]


def test_where_all_fail_the_table_is_there_and_no_plot(fake):
    spec, out, _ = fake(Audits(dict.fromkeys(("1.pt", "2.pt"), AuditError("no"))))
    assert {row.state for row in sweep(spec, out=out).record.rows} == {"failed"}
    assert (out / "table.csv").is_file()
    assert not (out / "plot.svg").exists()


def test_an_interrupted_sweep_goes_on_where_it_was(fake):
    spec, out, audits = fake(Audits({"2.pt": KeyboardInterrupt()}))
    with pytest.raises(KeyboardInterrupt):
        sweep(spec, out=out)
    told = SweepRecord.model_validate_json((out / "sweep.json").read_text("utf-8"))
    assert [row.state for row in told.rows] == ["done", "waiting", "waiting"]
    audits.fails.clear()
    audits.ran.clear()
    sweep(spec, out=out)
    assert audits.ran == ["2.pt"]


def test_weights_saved_anew_and_damaged_rows_are_run_again(fake):
    spec, out, audits = fake(Audits())
    done = sweep(spec, out=out)
    audits.ran.clear()
    later = (out / done.record.rows[1].folder / "audit.json").stat().st_mtime + 10
    os.utime(spec.parent / "2.pt", (later, later))
    (out / done.record.rows[0].folder / "audit.json").write_text("{", "utf-8")
    assert plan(spec, out).waiting == 2
    sweep(spec, out=out)
    assert audits.ran == ["1.pt", "2.pt"]


def test_planning_writes_nothing(fake):
    spec, out, audits = fake(Audits())
    planned = plan(spec, out)
    assert (planned.waiting, audits.ran, out.exists()) == (2, [], False)


def test_the_folder_has_the_name_of_the_sweep(fake, monkeypatch):
    spec, _, _ = fake(Audits())
    monkeypatch.chdir(spec.parent)
    assert plan(spec).folder == Path("runs/sweep-made-up")


def test_other_folders_are_refused(fake, tmp_path):
    spec, out, _ = fake(Audits())
    with pytest.raises(AuditError, match="is a file; name a folder"):
        plan(spec, spec)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(AuditError, match="holds files that are not a sweep's"):
        plan(spec, tmp_path / "mine")
    sweep(spec, out=out)
    spec.write_text(FAKE.replace("made up", "another"), "utf-8")
    with pytest.raises(AuditError, match="holds the sweep 'made up', not 'another'"):
        plan(spec, out)
    (out / "sweep.json").write_text(json.dumps({"name": 3}), "utf-8")
    with pytest.raises(AuditError, match="holds files that are not a sweep's"):
        plan(spec, out)


def test_what_is_true_of_all_rows_is_said_once(fake):
    said = []

    class Loud(Audits):
        def __call__(self, config, progress):
            progress.say("the scenes are procedural")
            return super().__call__(config, progress)

    spec, out, _ = fake(Loud())
    run(plan(spec, out), SimpleNamespace(say=said.append))
    assert said == [
        "Row 1 of 3: epoch = 1",
        "the scenes are procedural",
        "Row 2 of 3: epoch = 2",
        "Row 3 of 3: epoch = 1, again",
    ]
