from __future__ import annotations

import pyarrow as pa
import pytest

from dejavu_audit import plugins
from dejavu_audit.data.loading import checked, load_dataset, root_variable
from dejavu_audit.errors import AuditError
from tests.data.conftest import Table, config, encoded


@pytest.fixture
def plugin(monkeypatch):
    """Offer a data set `theirs` by entry point; gives what it was called with."""
    calls = []

    def load(root, options, seed):
        calls.append((root, dict(options), seed))
        return Table([0, 1])

    monkeypatch.setattr(plugins, "names", lambda group: ["imagenet", "theirs"])
    monkeypatch.setattr(plugins, "find", lambda group, name, kind: load)
    return calls


def test_built_in_data_by_name():
    data = load_dataset(config("scenes", data_options={"classes": "10", "public": "7"}))
    assert (data.name, len(data.classes)) == ("scenes", 10)
    assert data.table["set"].to_pylist().count("public") == 7


def test_a_plug_in_gets_root_options_and_seed(plugin, monkeypatch):
    assert load_dataset(config("theirs", root="/r", data_options={"a": "b"}, seed=3)).table.num_rows == 2
    monkeypatch.setenv("DEJAVU_AUDIT_THEIRS_ROOT", "/env")
    load_dataset(config("theirs"))
    load_dataset(config("theirs", root="/flag"))
    monkeypatch.setenv("DEJAVU_AUDIT_THEIRS_ROOT", "")
    load_dataset(config("theirs"))
    assert plugin == [("/r", {"a": "b"}, 3), ("/env", {}, 0), ("/flag", {}, 0), (None, {}, 0)]


def test_names_of_environment_variables():
    assert root_variable("imagenet") == "DEJAVU_AUDIT_IMAGENET_ROOT"
    assert root_variable("my-data.v2") == "DEJAVU_AUDIT_MY_DATA_V2_ROOT"


def test_a_description_by_its_path_and_the_root_by_its_name(mine, tmp_path, monkeypatch):
    toml = mine({"m.csv": "path,label\na.png,cat\n", "else/a.png": encoded()}, name="my-birds", manifest="m.csv")
    assert load_dataset(config(toml)).root == str(tmp_path.resolve())
    monkeypatch.setenv("DEJAVU_AUDIT_MY_BIRDS_ROOT", str(tmp_path / "else"))
    assert load_dataset(config(toml)).root == str((tmp_path / "else").resolve())
    assert load_dataset(config(toml, root=str(tmp_path))).root == str(tmp_path.resolve())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("imagenett", r"unknown data set 'imagenett': did you mean imagenet\?"),
        ("gone.toml", r"there is no dataset description gone.toml; give the path of a .toml file"),
        ("some/folder", "is neither a built-in name nor a description; describe your data in a .toml file"),
        ("pictures", "--data pictures is neither a built-in name nor a description"),
        ("mine", r"there is no data set 'mine', but a description mine.toml; type --data mine.toml"),
        ("~no_such_user_here/x.toml", "begins with the home folder of a user who is not known"),
        ("x" * 5_000, "unknown data set 'xxx"),
        ("x" * 5_000 + ".toml", "there is no dataset description xxx"),
        ("a\0b", "unknown data set"),
        ("list.csv", "--data list.csv is a manifest; write a file list.toml"),
    ],
)
def test_data_that_is_not_there(mine, tmp_path, monkeypatch, data, says):
    mine({"list.csv": "path,label\n", "pictures/x": b""}, manifest="list.csv")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AuditError, match=says) as raised:
        load_dataset(config(data))
    assert "\n" not in str(raised.value)


def test_the_root_may_be_nobodys_home(mine):
    toml = mine({"m.csv": "path,label\na,x\n"}, manifest="m.csv")
    with pytest.raises(AuditError, match="~no_such_user_here begins with the home folder"):
        load_dataset(config(toml, root="~no_such_user_here"))


def test_options_do_not_go_with_a_description(mine):
    with pytest.raises(AuditError, match="--data-option is for built-in data sets"):
        load_dataset(config(mine(manifest="m.csv"), data_options={"a": "b"}))


@pytest.mark.parametrize(
    ("header", "rows", "says"),
    [
        ("path,label", ["a,x", "b,x", "a,y"], "two pictures of the data set 'mine' have the id 'a'"),
        ("path,label,id", ["a,x,1", "b,x,1"], "the id '1'; ids must be unique"),
        ("path,label,set", ["a,x,target", "b,x,publik"], r"unknown set 'publik': did you mean public\?"),
        ("path,label,id", ["a,x,1", "b,x,"], "'id' of .* has 1 empty places"),
        ("path,label", ["a,x", ",x"], "'path' of .* has 1 empty places"),
    ],
)
def test_manifests_that_make_no_sense_together(mine, header, rows, says):
    with pytest.raises(AuditError, match=says):
        load_dataset(config(mine({"m.csv": "\n".join([header, *rows])}, manifest="m.csv")))


def broken(column, values):
    data = Table([0, 1])
    at = data.table.column_names.index(column)
    data.table = data.table.remove_column(at) if values is None else data.table.set_column(at, column, values)
    return data


def renamed():
    data = Table([0, 1])
    data.classes = ["same", "same"]
    return data


def unlabelled(*labels, **columns):
    data = broken("label", pa.array(labels, pa.int32()))
    data.classes = []
    for name, values in columns.items():
        data.table = data.table.append_column(name, values)
    return data


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (unlabelled(-1, 0), "'table' has labels, but no classes that they stand for"),
        (unlabelled(-1, -1, caption=pa.array([1, 2])), "'caption' of .* is of type int64; it must be of type str"),
        (unlabelled(-1, -1, caption=pa.array([[1], [2]])), "'caption' of .* must be of type string or list"),
        (unlabelled(-1, -1, objects=pa.array(["a", "b"])), "'objects' of .* type string; it must be of type list"),
        (None, r"what the data set's plug-in gives \(NoneType\) is no data set: it lacks name, root, classes"),
        (broken("group", None), "the data set 'table' has no column 'group' in its table; found: id, path"),
        (broken("label", pa.array(["a", "b"])), "'label' of .* is of type string; it must be of type int32"),
        (broken("id", pa.array([1, 2])), "'id' of .* is of type int64; it must be of type string"),
        (broken("boxed", pa.array([True, None])), "'boxed' of .* has 1 empty places"),
        (broken("label", pa.array([0, -1], pa.int32())), "a label of .* lies outside its 2 classes"),
        (broken("label", pa.array([0, 2], pa.int32())), "a label of .* lies outside its 2 classes"),
        (broken("id", pa.array(["a", "a"])), "have the id 'a'"),
        (broken("set", pa.array(["fit", "test"])), "unknown set 'test'"),
        (Table([]), "holds no picture"),
        (renamed(), "two classes of .* have the same name"),
    ],
)  # fmt: skip
def test_the_fault_of_a_plug_in_is_one_sentence(data, says):
    with pytest.raises(AuditError, match=says) as raised:
        checked(data)
    assert "\n" not in str(raised.value)


def test_sets_and_groups_may_be_of_any_kind_of_text():
    data = broken("set", pa.array(["fit", None]).dictionary_encode())
    data.table = data.table.set_column(5, "group", pa.nulls(2))
    assert checked(data) is data


def test_without_classes_every_label_is_minus_one():
    told = {"caption": pa.array([["a", "b"], None]), "objects": pa.array([["dog"], []])}
    data = unlabelled(-1, -1, **told)
    assert checked(data) is data
    data = unlabelled(-1, -1, caption=pa.array(["a", None]))
    assert checked(data) is data
