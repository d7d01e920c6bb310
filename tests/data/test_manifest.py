from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data.json_lines import read_line_by_line
from dejavu_audit.data.manifest import is_file, is_folder, read_manifest, user_path
from dejavu_audit.errors import AuditError

WANTED = {"path", "label", "boxes", "id"}


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_three_formats_tell_the_same(tmp_path):
    rows = [
        {"path": "a.jpg", "label": "cat", "boxes": [[1, 2, 3, 4]]},
        {"path": "b.jpg", "label": "dog", "boxes": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "m.parquet")
    write(tmp_path / "m.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    write(tmp_path / "m.csv", 'path,label,boxes\na.jpg,cat,"[[1, 2, 3, 4]]"\nb.jpg,dog,\n')
    for suffix in ("parquet", "jsonl", "csv"):
        read = read_manifest(tmp_path / f"m.{suffix}", WANTED)
        assert read.text("path").to_pylist() == ["a.jpg", "b.jpg"]
        assert read.text("label").to_pylist() == ["cat", "dog"]
        boxes = [json.loads(box) if isinstance(box, str) else box for box in read.column("boxes").to_pylist()]
        assert boxes == [[[1, 2, 3, 4]], None]
        assert read.typed == (suffix != "csv")


def test_a_csv_keeps_text_as_it_is_written(tmp_path):
    read = read_manifest(write(tmp_path / "m.csv", "id,label\n007,NA\n1e3,null\n2024-01-01,nan\n"), WANTED)
    assert read.text("id").to_pylist() == ["007", "1e3", "2024-01-01"]
    assert read.full("label").to_pylist() == ["NA", "null", "nan"]


def test_a_csv_with_byte_order_mark_quotes_and_line_breaks(tmp_path):
    text = '\ufeffpath,label\r\n"a, ""b"".jpg",cat\r\n"c\nd.jpg",dog\r\n'
    assert read_manifest(write(tmp_path / "m.csv", text), WANTED).text("path").to_pylist() == ['a, "b".jpg', "c\nd.jpg"]


def test_jsonl_takes_no_text_for_a_time(tmp_path):
    lines = '{"id": "2024-01-01 00:00:00", "label": "2024-01-01"}\n'
    read = read_manifest(write(tmp_path / "m.jsonl", lines), WANTED)
    assert (read.text("id")[0].as_py(), read.text("label")[0].as_py()) == ("2024-01-01 00:00:00", "2024-01-01")


def test_jsonl_lets_boxes_be_ragged_and_lines_be_blank(tmp_path):
    lines = '{"path": "a", "boxes": [[1,2,3,4]]}', "", '{"boxes": "oops"}', '{"boxes": [5, [6]]}', '{"path": "d"}'
    read = read_manifest(write(tmp_path / "m.jsonl", "\n".join(lines)), WANTED)
    assert read.column("boxes").to_pylist() == ["[[1, 2, 3, 4]]", '"oops"', "[5, [6]]", None]


@given(
    st.lists(st.fixed_dictionaries({"path": st.text(min_size=1), "label": st.integers(-(2**60), 2**60)}), min_size=1)
)
def test_line_by_line_gives_what_arrow_gives(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("jsonl") / "m.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_line_by_line(file).to_pylist() == read_manifest(file, WANTED).table.to_pylist() == rows


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()])
def test_text_of_every_flavour_is_text(tmp_path, kind):
    values = (
        pa.array(["a", "b", "a"]).cast(kind)
        if "dictionary" not in str(kind)
        else pa.array(["a", "b", "a"]).dictionary_encode()
    )
    pq.write_table(pa.table({"label": values}), tmp_path / "m.parquet")
    column = read_manifest(tmp_path / "m.parquet", WANTED).full("label")
    assert (column.type, column.to_pylist()) == (pa.string(), ["a", "b", "a"])


def test_pandas_categories_are_text(tmp_path):
    pd.DataFrame({"label": pd.Categorical(["x", "y", "x"])}).to_parquet(tmp_path / "m.parquet")
    assert read_manifest(tmp_path / "m.parquet", WANTED).text("label").to_pylist() == ["x", "y", "x"]


def test_only_what_is_wanted_is_read(tmp_path):
    pq.write_table(pa.table({"label": ["a"], "huge": [b"x" * 1000]}), tmp_path / "m.parquet")
    read = read_manifest(tmp_path / "m.parquet", WANTED)
    assert (read.table.column_names, read.found) == (["label"], ("label", "huge"))


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_missing_column_says_what_was_found(tmp_path, suffix):
    file = tmp_path / f"m.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.table({"file": ["a"], "class": ["b"]}), file)
    else:
        write(file, "file,class\na,b\n" if suffix == "csv" else '{"file": "a", "class": "b"}\n')
    with pytest.raises(AuditError, match=r"m\.\w+ has no column 'path'; found: file, class"):
        read_manifest(file, WANTED).column("path")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("m.csv", None, "there is no file .*m.csv"),
        ("m.xlsx", "x", "no known format; write it as .parquet, .csv, .jsonl"),
        ("m.csv", "", "cannot be read as csv: Empty CSV file"),
        ("m.csv", "path,label\n", "has no rows"),
        ("m.csv", "path,label\na,b\nc,d,e\n", r"cannot be read as csv: .*Expected 2 columns, got 3"),
        ("m.csv", "path,path\na,b\n", "has two columns 'path'"),
        ("m.csv", b"path,label\na,b\nc,\xff\n", "cannot be read as csv: line 3 is not UTF-8"),
        ("m.parquet", "this is no parquet", "cannot be read as parquet"),
        ("m.parquet", b"PAR1" + b"\0" * 40 + b"PAR1", "cannot be read as parquet"),
        ("m.jsonl", "", "has no rows"),
        ("m.jsonl", '{"path": "a"}\n{"path": \n', "line 2 of .* is not JSON"),
        ("m.jsonl", '{"path": "a"}\n\n["b"]\n', "line 3 of .* is not a JSON object"),
        ("m.jsonl", '{"label": "a"}\n\n{"label": 3}\n', "'label' of .* mixes types: 'a' in line 1, 3 in line 3"),
        ("m.jsonl", '{"label": 1}\n{"label": true}\n', "mixes types: 1 in line 1, True in line 2"),
        ("m.jsonl", '{"boxes": 1}\n{"boxes": "", "label": 99999999999999999999999}\n', "'label' of .* cannot be read"),
        ("m.jsonl", '{"path": "\\ud800"}\n', "'path' of .* holds what is no text, in line 1"),
        ("m.jsonl", "[" * 100_000 + "\n", "line 1 of .* is not JSON"),
        ("m.jsonl", b'{"path": "\xff"}\n', "cannot be read as jsonl: line 1 is not UTF-8"),
    ],
)
def test_faults_are_one_sentence_with_their_place(tmp_path, name, content, says):
    if content is not None:
        write(tmp_path / name, content)
    with pytest.raises(AuditError, match=says) as raised:
        read_manifest(tmp_path / name, WANTED)
    assert "\n" not in str(raised.value)


def test_columns_that_are_no_text_and_have_empty_places(tmp_path):
    pq.write_table(pa.table({"id": [[1]], "label": pa.array([None], pa.string())}), tmp_path / "m.parquet")
    read = read_manifest(tmp_path / "m.parquet", WANTED)
    with pytest.raises(AuditError, match=r"'id' of .* is of type list<.*>; it must be text"):
        read.text("id")
    with pytest.raises(AuditError, match=r"'label' of .* has 1 empty places"):
        read.full("label")


def test_captions_may_be_one_or_many(tmp_path):
    lines = '{"caption": "one"}\n{"caption": ["two", "three"]}\n{"caption": null}\n'
    read = read_manifest(write(tmp_path / "m.jsonl", lines), {"caption"})
    assert read.column("caption").to_pylist() == [["one"], ["two", "three"], None]


def test_whole_numbers_among_floats(tmp_path):
    table = {"id": [1.0, None], "label": [0.5, 1.0], "path": [2.0**70, 1.0]}
    pq.write_table(pa.table(table), tmp_path / "m.parquet")
    read = read_manifest(tmp_path / "m.parquet", WANTED)
    assert read.text("id").to_pylist() == ["1", None]
    for name in ("label", "path"):
        with pytest.raises(AuditError, match="is of type double; it must be text"):
            read.text(name)


def test_names_with_line_breaks_do_not_break_the_sentence(tmp_path):
    read = read_manifest(write(tmp_path / "m.jsonl", '{"a\\nb": 1, "id": {"c\\nd": 1}}\n'), WANTED)
    with pytest.raises(AuditError, match="found: a b, id"):
        read.column("path")
    with pytest.raises(AuditError, match="of type struct<c d: int64>"):
        read.text("id")


@pytest.mark.parametrize("column", ["[null, null]", '[{}, {"": null}]'])
def test_columns_that_arrow_breaks_by_casting(tmp_path, column):
    read = read_manifest(write(tmp_path / "m.jsonl", f'{{"id": {column}}}\n'), WANTED)
    assert len(read.column("id")) == 1


@pytest.mark.parametrize("look", [is_file, is_folder])
@pytest.mark.parametrize("name", ["gone", "x" * 5_000, "a\0b"])
def test_looking_for_odd_names_raises_nothing(name, look):
    assert not look(Path(name))


def test_home_is_resolved_and_the_home_of_nobody_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/x") == tmp_path / "x"
    with pytest.raises(AuditError, match=r"~no_such_user_here/x begins with the home folder of a user"):
        user_path("~no_such_user_here/x")


ODD = st.text('path,label\n\r"\\;[]{}:01 \0\u00e9', max_size=60).map(str.encode)


@settings(deadline=None, max_examples=150)
@given(
    st.binary(max_size=60) | ODD,
    st.sampled_from(["csv", "jsonl", "parquet"]),
    st.sampled_from([b"", b"path,label\n", b'{"path": "a"}\n']),
)
def test_whatever_is_in_a_file_is_read_or_refused_in_a_sentence(tmp_path_factory, content, suffix, start):
    file = tmp_path_factory.mktemp("odd") / f"m.{suffix}"
    file.write_bytes(start + content)
    try:
        read_manifest(file, WANTED).column("path")
    except AuditError as error:
        assert "\n" not in str(error)
