from __future__ import annotations

import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.data.members import with_members
from dejavu_audit.errors import AuditError
from tests.data.conftest import Table, config


def table(sets=(None,) * 6):
    return Table([0] * len(sets), sets=list(sets))


def ids(data, *places):
    return [data.table["id"][place].as_py() for place in places]


def listed(path, names):
    path.write_text("\n".join(names) + "\n", encoding="utf-8")
    return str(path)


def sets(data):
    return data.table["set"].to_pylist()


def test_without_lists_nothing_changes():
    data = table()
    assert with_members(data, config()) is data


def test_members_are_targets_and_the_others_stay_free(tmp_path):
    data = table([None, None, "control", None, "public", None])
    found = with_members(data, config(members=listed(tmp_path / "a.txt", ids(data, 0, 3))))
    assert sets(found) == ["target", None, "control", "target", "public", None]
    assert any("lists 2 pictures" in note for note in found.notes)
    assert found.identity(1) == data.identity(1)


def test_the_references_members_take_the_controls_place(tmp_path):
    data = table([None, None, "control", None, "public", None])
    a, b = listed(tmp_path / "a.txt", ids(data, 0)), listed(tmp_path / "b.txt", ids(data, 1, 5))
    found = with_members(data, config(members=a, reference_members=b, reference="x.pt"))
    assert sets(found) == ["target", "control", None, None, "public", "control"]


def test_a_list_may_be_a_table_and_the_result_goes_to_worker_processes(tmp_path):
    data = table()
    pq.write_table(pa.table({"id": ids(data, 2)}), tmp_path / "a.parquet")
    found = with_members(data, config(members=str(tmp_path / "a.parquet")))
    assert sets(found)[2] == "target"
    assert pickle.loads(pickle.dumps(found)).table.equals(found.table)


def test_ids_of_other_data_in_a_list_are_passed_over_but_not_if_all_are(tmp_path):
    data = table()
    assert sets(with_members(data, config(members=listed(tmp_path / "a.txt", [*ids(data, 0), "elsewhere"]))))[0]
    with pytest.raises(AuditError, match=r"none of the 1 ids .* its ids look like"):
        with_members(data, config(members=listed(tmp_path / "b.txt", ["elsewhere"])))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"reference_members": "b.txt", "reference": "x"}, "give the other as --members FILE"),
        ({"members": "a.txt", "reference_members": "b.txt"}, "name it by --reference"),
        ({"members": "none.txt"}, "there is no file .*none.txt"),
        ({"members": "empty.txt"}, "is empty; write an id a line"),
        ({"members": "a.txt", "reference_members": "a.txt", "reference": "x"}, "2 ids are in both .* take it out"),
        ({"members": "public.txt"}, "lists 1 pictures that table prescribes as public"),
        ({"members": "bad.txt"}, "cannot be read as text"),
        ({"members": "a.csv"}, "has no column 'id'"),
    ],
)
def test_lists_that_make_no_sense(tmp_path, monkeypatch, asked, says):
    monkeypatch.chdir(tmp_path)
    data = table([None, None, "control", None, "public", None])
    listed(tmp_path / "a.txt", ids(data, 0, 1))
    listed(tmp_path / "b.txt", ids(data, 3))
    listed(tmp_path / "public.txt", ids(data, 4))
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xff")
    (tmp_path / "a.csv").write_text("name\nx\n")
    with pytest.raises(AuditError, match=says):
        with_members(data, config(**asked))
