"""The baseline's file: what it holds, that it is whole, and what is refused."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.gate.baseline import baseline_of, read_baseline, write_baseline
from dejavu_audit.report.judged import read_judged
from tests.gate.made_runs import outcomes, reseal, write_outcomes
from tests.run_folders import write_run


@pytest.fixture
def folder(tmp_path):
    return write_outcomes(tmp_path / "run", outcomes(6, 2, 4, 28), outcomes(2, 2, 4, 32))


def written(folder, name="b.parquet"):
    file = folder.parent / name
    write_baseline(baseline_of(*read_judged(folder), name), file)
    return file


def test_label_outcomes_are_four_bits_a_sample(folder):
    """Bits from the lowest: the model right at top-1, at top-5, the reference right at top-1, at top-5."""
    found = read_baseline(written(folder))
    keys, truths, told = found.samples(control=False)
    assert len(set(keys.tolist())) == 40 and len(set(truths.tolist())) == 10  # of ten classes
    assert dict(zip(*np.unique(told["right"], return_counts=True), strict=True)) == {0: 28, 0b0011: 6, 0b1100: 2, 15: 4}
    assert np.all(np.diff(keys) > 0)  # in no order that the data have
    assert (found.told["samples"]["targets"], found.told["samples"]["control"]) == (40, 40)
    assert found.model == "timm test_resnet random"


def test_object_outcomes_are_kept_to_the_last_bit(tmp_path):
    folder = write_run(tmp_path / "run", "objects")
    _, judged = read_judged(folder)
    _, _, told = read_baseline(written(folder)).samples(control=False)
    for who in ("target", "reference"):
        for measure in ("precision", "recall", "f1"):
            assert sorted(told[f"{who}_{measure}"]) == sorted(getattr(getattr(judged.targets, who), measure))


def test_equal_runs_make_equal_files_without_a_folder_of_this_machine(folder, tmp_path):
    reseal(folder, model={"pretrained": str(tmp_path / "secret/ckpt.pt")}, config={"root": str(tmp_path / "pictures")})
    one, two = written(folder, "one"), written(folder, "two")
    assert one.read_bytes() == two.read_bytes()
    assert str(tmp_path).encode() not in one.read_bytes()
    assert read_baseline(one).told["model"]["pretrained"] == "ckpt.pt"


def edited(file, change):
    """Rewrite a baseline with other metadata or another table."""
    table = pq.read_table(file)
    told = json.loads(zlib.decompress(base64.b64decode(table.schema.metadata[b"dejavu-audit"])))
    changed = change(told, table)
    table = table if changed is None else changed
    packed = base64.b64encode(zlib.compress(json.dumps(told).encode()))
    pq.write_table(table.replace_schema_metadata({b"dejavu-audit": packed}), file)


def flip(told, table):
    right = table["right"].to_numpy().copy()
    right[0] ^= 1
    return table.set_column(table.schema.get_field_index("right"), "right", pa.array(right))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (flip, "is not as it was written"),
        (lambda told, table: told["scores"].clear(), "is not as it was written"),
        (lambda told, table: table.slice(1), "is not as it was written"),
        (lambda told, table: told.update(checksum=None), "is not as it was written"),
        (lambda told, table: told.update(format=2), "has the format 2, newer than this version reads"),
        (lambda told, table: told.update(format=None), "is no baseline of dejavu-audit"),
    ],
    ids=["outcome", "score", "row", "checksum", "newer", "stranger"],
)
def test_edited_file_is_refused(folder, change, said):
    file = written(folder)
    edited(file, change)
    with pytest.raises(AuditError, match=said):
        read_baseline(file)


def test_file_that_is_none_is_refused(folder, tmp_path):
    file = written(folder)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(AuditError, match="cannot be read, it is damaged; make it anew with dejavu-audit gate RUN"):
        read_baseline(file)
    with pytest.raises(AuditError, match="is no baseline of dejavu-audit"):
        read_baseline(folder / "samples.parquet")
    with pytest.raises(AuditError, match=r"there is no baseline .*make it from a run .* with dejavu-audit gate RUN"):
        read_baseline(tmp_path / "none.parquet")


def test_folder_that_cannot_be_written_to_is_told(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match="cannot write"):
        write_baseline(baseline_of(*read_judged(folder), "b"), tmp_path / "file" / "b.parquet")
