import hashlib
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report import checksums
from dejavu_audit.report.folder import AUDIT, SAMPLES
from dejavu_audit.report.reading import read_record, read_run
from tests.run_folders import write_run


def test_a_files_checksum_is_that_of_its_bytes(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"x" * 3_000_000)
    assert checksums.of_file(file) == "sha256:" + hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_order_timings_and_its_own_field_are_of_no_matter_and_all_else_is():
    told = {"a": 1, "b": [1.5, None], "timings": {"embed": 1}, "checksum": "sha256:0"}
    same = {"b": [1.5, None], "a": 1}
    assert checksums.of_record(told) == checksums.of_record(same)
    for changed in ({**same, "a": 2}, {**same, "b": [1.5, 0]}, {**same, "c": None}):
        assert checksums.of_record(changed) != checksums.of_record(same)


@pytest.fixture
def sealed_run(tmp_path):
    folder = write_run(tmp_path / "run")
    record = checksums.sealed(read_record(folder), folder, (SAMPLES, "not-there.parquet"))
    (folder / AUDIT).write_text(record.model_dump_json(indent=2), "utf-8")
    return folder


def test_a_sealed_run_is_read_and_reformatting_it_does_no_harm(sealed_run):
    record = read_run(sealed_run).record
    assert list(record.checksums) == [SAMPLES]
    told = json.loads((sealed_run / AUDIT).read_text("utf-8"))
    (sealed_run / AUDIT).write_text(json.dumps(dict(reversed(told.items()))), "utf-8")
    assert read_run(sealed_run).record == record


def test_an_edited_number_is_refused(sealed_run):
    told = json.loads((sealed_run / AUDIT).read_text("utf-8"))
    told["headline"]["high"] = 0.001
    (sealed_run / AUDIT).write_text(json.dumps(told), "utf-8")
    with pytest.raises(AuditError, match=r"audit\.json is not as the audit left it.*run the audit again"):
        read_record(sealed_run)


def test_an_edited_sample_is_refused(sealed_run):
    table = pq.read_table(sealed_run / SAMPLES)
    pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), sealed_run / SAMPLES)
    with pytest.raises(AuditError, match=r"samples\.parquet is not as the audit left it"):
        read_run(sealed_run)
