from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data.split_file import read_split, split_table
from dejavu_audit.data.splits import draw_split
from dejavu_audit.errors import AuditError
from tests.data.conftest import Table, config


def ask(**settings):
    return config(**{"preset": "full", "k": 1, **settings})


def data():
    sets = [None] * 80 + ["control"] * 20
    return Table(np.arange(100) % 4, boxed=np.arange(100) % 8 < 4, sets=sets)


def write(table, path):
    (pyarrow.csv.write_csv if path.suffix == ".csv" else pq.write_table)(table, path)
    return str(path)


def same(one, other):
    for name, rows in one.sets().items():
        assert rows.tolist() == other.sets()[name].tolist()
    assert one.fold_of_target.tolist() == other.fold_of_target.tolist()
    assert one.fold_of_control.tolist() == other.fold_of_control.tolist()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([1, 2]), st.sampled_from(["parquet", "csv"]), st.integers(0, 5))
def test_what_was_written_comes_back_exactly(tmp_path_factory, seed, folds, suffix, control):
    asked = ask(seed=seed, folds=folds, targets=12, fit=9, control=control)
    split = draw_split(data(), asked)
    table = split_table(split, data())
    shuffled = table.take(np.random.default_rng(seed).permutation(table.num_rows))
    file = write(shuffled, tmp_path_factory.mktemp("split") / f"split.{suffix}")
    # the sizes and the seed of the second run play no part
    same(split, read_split(file, data(), ask(folds=folds, control=control or 0, seed=seed + 1)))


def test_the_table_of_a_split():
    split = draw_split(data(), ask(folds=2, targets=4, public=4, control=2))
    table = split_table(split, data())
    assert table.schema == pa.schema({"id": pa.string(), "set": pa.string(), "fold": pa.int8()})
    assert table["set"].to_pylist() == ["target"] * 4 + ["control"] * 2 + ["public"] * 4
    assert sorted(table["fold"].to_pylist()[:4]) == [0, 0, 1, 1]
    assert table["fold"].to_pylist()[6:] == [None] * 4


def some(**columns):
    names = {"id": [0, 1, 2, 3], "set": ["target", "public", "control", "fit"], **columns}
    names["id"] = names["id"] and [f"picture {one:07d}" if isinstance(one, int) else one for one in names["id"]]
    return pa.table({name: values for name, values in names.items() if values is not None})


def four():
    return Table([0, 0, 0, 0])


def test_a_file_may_do_without_folds(tmp_path):
    split = read_split(write(some(), tmp_path / "s.parquet"), four(), ask())
    assert {name: rows.tolist() for name, rows in split.sets().items()} == {
        "target": [0],
        "public": [1],
        "control": [2],
        "fit": [3],
    }
    assert split.fold_of_target.tolist() == [0]


def test_folds_that_the_file_does_not_know_are_drawn(tmp_path):
    table = pa.table({"id": [f"picture {one:07d}" for one in range(10)], "set": ["target"] * 8 + ["public"] * 2})
    split = read_split(write(table, tmp_path / "s.parquet"), Table([0] * 10), ask(folds=2))
    assert sorted(split.fold_of_target.tolist()) == [0] * 4 + [1] * 4


@pytest.mark.parametrize("folds", [["0", "1", "", ""], ["0.0", "1.0", "", ""]])
def test_folds_as_pandas_writes_them_into_a_csv(tmp_path, folds):
    table = some(set=["target", "target", "public", "public"], fold=folds)
    split = read_split(write(table, tmp_path / "s.csv"), four(), ask(folds=2))
    assert split.fold_of_target.tolist() == [0, 1]


def test_no_control_leaves_the_files_control_out(tmp_path):
    file = write(some(), tmp_path / "s.parquet")
    split = read_split(file, four(), ask(control=0))
    assert len(split.control) == 0
    assert not split.notes


def test_sizes_beside_a_file_are_said_not_to_count(tmp_path):
    split = read_split(write(some(), tmp_path / "s.parquet"), four(), ask(targets=7))
    assert len(split.notes) == 1
    assert split.notes[0].startswith("--targets 7 does not count: ")


@pytest.mark.parametrize(
    ("table", "asked", "says"),
    [
        (some(id=[0, "x", "y", 3]), {}, "names 2 ids that table does not have, the first is 'x'"),
        (some(id=[0, 1, 1, 3]), {}, "has 'picture 0000001' in public and in control; the sets must not overlap"),
        (some(id=[0, 1, 1, 3], set=["target", "public", "public", "fit"]), {}, "'picture 0000001' twice in public"),
        (some(set=["target", "pubic", "control", "fit"]), {}, r"unknown set 'pubic': did you mean public\? \(in"),
        (some(set=["target", None, "control", "fit"]), {}, "'set' of .* has 1 empty places"),
        (some(set=["fit", "public", "control", "fit"]), {}, "names no targets"),
        (some(set=["target", "fit", "control", "fit"]), {}, "only 0 public pictures"),
        (some(set=["target", "public", "control", "target"]), {}, "no picture is left .* to fit the baseline on"),
        (some(), {"k": 2}, "--k 2 neighbours .* only 1 public pictures"),
        (some(set=None), {}, "no column 'set'; found: id"),
        (some(id=None, set=None, name=["x"]), {}, "no column 'id'; found: name"),
        (some(fold=[0, 1, 2, 0]), {"folds": 2}, "'fold' of .* must hold 0 and 1, not 2"),
        (some(fold=["a", "1", "", ""]), {"folds": 2}, "'fold' of .* is not a number"),
    ],
)
def test_files_that_make_no_sense(tmp_path, table, asked, says):
    with pytest.raises(AuditError, match=says) as raised:
        read_split(write(table, tmp_path / "s.parquet"), four(), ask(**asked))
    assert "\n" not in str(raised.value)
