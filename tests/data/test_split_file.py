from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data.loading import SETS
from dejavu_audit.data.split_file import read_split, split_table
from dejavu_audit.data.splits import NO_PUBLIC, draw_split
from dejavu_audit.errors import AuditError
from tests.data.conftest import Table, config


def ask(**settings):
    return config(**{"preset": "full", "k": 1, **settings})


def data():
    """The last two targets and controls are of a class that has no public picture."""
    sets = ["target"] * 22 + [None] * 58 + ["control"] * 20
    labels = np.arange(100) % 4
    labels[[20, 21, 98, 99]] = 4
    return Table(labels, boxed=np.arange(100) % 8 < 4, sets=sets)


def write(table, path):
    (pyarrow.csv.write_csv if path.suffix == ".csv" else pq.write_table)(table, path)
    return str(path)


def same(one, other):
    for name, rows in one.sets().items():
        assert rows.tolist() == other.sets()[name].tolist()
    assert one.fold_of_target.tolist() == other.fold_of_target.tolist()
    assert one.fold_of_control.tolist() == other.fold_of_control.tolist()
    assert one.set_aside == other.set_aside


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([1, 2]), st.sampled_from(["parquet", "csv"]), st.integers(0, 5))
def test_what_was_written_comes_back_exactly(tmp_path_factory, seed, folds, suffix, control):
    asked = ask(seed=seed, folds=folds, targets=20, fit=9, control=control)
    split = draw_split(data(), asked)
    table = split_table(split, data())
    shuffled = table.take(np.random.default_rng(seed).permutation(table.num_rows))
    file = write(shuffled, tmp_path_factory.mktemp("split") / f"split.{suffix}")
    # the sizes and the seed of the second run play no part
    same(split, read_split(file, data(), ask(folds=folds, control=control or 0, seed=seed + 1)))


def test_the_table_of_a_split():
    split = draw_split(data(), ask(folds=2, targets=22, public=4, control=20))
    assert split.set_aside == {"target": {NO_PUBLIC: 2}, "control": {NO_PUBLIC: 2}}
    table = split_table(split, data())
    assert table.schema == pa.schema({"id": pa.string(), "set": pa.string(), "fold": pa.int8()})
    # What is not judged comes last: the file is to give the same audit as the draw, its counts included.
    expected = ["target"] * 20 + ["control"] * 18 + ["public"] * 4 + ["target"] * 2 + ["control"] * 2
    assert table["set"].to_pylist() == expected
    assert sorted(table["fold"].to_pylist()[:20]) == [0] * 10 + [1] * 10
    assert table["fold"].to_pylist()[38:] == [None] * 8
    assert table["id"].to_pylist()[-2:] == ["picture 0000098", "picture 0000099"]


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


@pytest.mark.parametrize("fold", [0, 1])
def test_all_targets_in_one_fold_leave_nothing_to_fit_on(tmp_path, fold):
    table = some(set=["target", "target", "public", "control"], fold=[fold, fold, None, 1 - fold])
    with pytest.raises(AuditError, match=f"--folds 2 needs targets in both folds, .* are all in fold {fold}"):
        read_split(write(table, tmp_path / "s.parquet"), four(), ask(folds=2))


def test_a_file_that_contradicts_the_data_counts_and_is_noted(tmp_path):
    data = Table([0] * 4, sets=["control", "public", "control", None])
    split = read_split(write(some(), tmp_path / "s.parquet"), data, ask())
    assert split.targets.tolist() == [0]
    assert len(split.notes) == 1
    assert "puts 1 pictures into other sets than table prescribes" in split.notes[0]


@settings(deadline=None, max_examples=100)
@given(
    st.binary(max_size=40)
    | st.lists(
        st.fixed_dictionaries(
            {"id": st.integers(0, 4).map("picture {:07d}".format), "set": st.sampled_from(SETS)},
            optional={"fold": st.sampled_from([0, 1, None, 2, "0", [1], {"\n": 1}])},
        ),
        max_size=6,
    ).map(lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode()),
    st.sampled_from([1, 2]),
)
def test_whatever_is_in_a_file_is_a_split_or_refused_in_a_sentence(tmp_path_factory, content, folds):
    file = tmp_path_factory.mktemp("split") / "s.jsonl"
    file.write_bytes(content)
    try:
        split = read_split(str(file), four(), ask(folds=folds))
    except AuditError as error:
        assert "\n" not in str(error)
        return
    for number in range(folds):
        assert len(split.fold(number).fit)


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
