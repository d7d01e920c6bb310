from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from dejavu_audit.audit import run_audit
from dejavu_audit.planning import disk, memory
from dejavu_audit.planning.inspecting import Inspection
from dejavu_audit.planning.room import disk_record, memory_record, room_warnings, size
from dejavu_audit.planning.work import outstanding
from dejavu_audit.progress import Silent
from tests.planning.conftest import config, contents


def test_what_goes_into_the_cache_is_what_an_audit_leaves_there(planned, tmp_path):
    plan, jobs = planned()
    told = disk_record(plan, outstanding(plan, jobs, Silent()), [], [], None)
    run_audit(config(tmp_path), Silent())
    written = sum(
        bytes_ for name, (bytes_, _) in contents(tmp_path / "cache" / "embeddings").items() if "shard-" in name
    )
    # Parquet's own parts weigh more in shards of so few pictures.
    assert told.cache == pytest.approx(written, rel=0.15)
    assert told.cache < written
    run = sum(bytes_ for bytes_, _ in contents(tmp_path / "run").values())
    assert run / 3 < told.run < 3 * run
    assert (told.cache_folder, told.run_folder) == (str(tmp_path / "cache"), str(tmp_path / "run"))


def test_cached_pictures_add_nothing(planned, tmp_path):
    run_audit(config(tmp_path), Silent())
    plan, jobs = planned()
    work = outstanding(plan, jobs, Silent())
    assert disk_record(plan, work, [], [], Inspection(144, 0, 0.0)).cache == 0
    assert disk_record(plan, work, [], [], Inspection(144, 10, 1.0)).cache == 14_000
    assert memory.decoded(plan, work.looks) == 0


def test_embeddings_are_counted_by_job_and_large_ones_go_to_a_scratch_file(planned):
    plan, jobs = planned()
    work = outstanding(plan, jobs, Silent())
    encoder, thumbs = 4 * plan.encoder.dim, plan.references["image-classifier"].featurizer.dim
    # Public 40 and crops 44 of the encoder; 104 crops as the reference sees them.
    assert memory.embeddings(plan, work, []) == (84 * encoder + 104 * thumbs, 0)
    plan.store.memory_limit = 100 * thumbs
    assert memory.embeddings(plan, work, []) == (84 * encoder, 104 * thumbs)
    told = memory_record(plan, work, [])
    assert told.copies == max(40 * encoder, 60 * thumbs)
    assert told.total == told.process + told.embeddings + told.copies + told.answers + told.decoded
    assert told.answers == 44 * 5 * 20
    assert told.gpu is None


def test_memory_of_the_machine_and_of_a_container(tmp_path, monkeypatch):
    here = memory.available()
    if Path("/proc/meminfo").exists():
        assert 0 < here < 1 << 50
    (tmp_path / "max").write_text("1000000\n")
    (tmp_path / "now").write_text("400000\n")
    monkeypatch.setattr(memory, "CGROUPS", ((str(tmp_path / "max"), str(tmp_path / "now")),))
    assert memory.available() == 600_000
    (tmp_path / "max").write_text("max\n")
    assert memory.available() > 600_000
    assert memory.peak() > 50 << 20


def test_what_does_not_fit_is_said(planned, monkeypatch):
    plan, jobs = planned()
    work = outstanding(plan, jobs, Silent())
    assert room_warnings(memory_record(plan, work, []), disk_record(plan, work, [], [], None)) == []
    monkeypatch.setattr(memory, "available", lambda: 0)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: namedtuple("Usage", "free")(1_000))
    said = room_warnings(memory_record(plan, work, []), disk_record(plan, work, [], [], None))
    assert [warning.partition(":")[0] for warning in said] == ["memory", "disk"]
    assert "dejavu-audit cache prune" in said[1]
    assert "1 kB are free" in said[1]
    # The cache fits alone, but not together with the run folder on one disk.
    cached = disk_record(plan, work, [], [], None).cache
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda folder: namedtuple("Usage", "free")(cached + 100))
    said = room_warnings(memory_record(plan, work, []), disk_record(plan, work, [], [], None))
    assert "at the run folder" in said[1]


def test_sizes_are_written_as_people_read_them():
    assert [size(number) for number in (0, 999, 1_500, 2.5e6, 3.21e9)] == ["0 B", "999 B", "2 kB", "2 MB", "3.2 GB"]
