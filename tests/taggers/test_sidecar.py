"""Files of tags: formats, alignment, and every fault in one sentence."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.taggers.sidecar import is_sidecar, read_tags

ROWS = {"b": ["dog", "tree"], "a": [], "x": ["car"]}


def write(path, rows, *, key="id", name="tags"):
    if path.suffix == ".parquet":
        pq.write_table(pa.table({key: list(rows), name: pa.array(list(rows.values()), pa.list_(pa.string()))}), path)
    elif path.suffix == ".csv":
        quoted = (json.dumps(tags).replace('"', '""') for tags in rows.values())
        path.write_text(f"{key},{name}\n" + "".join(f'{i},"{text}"\n' for i, text in zip(rows, quoted, strict=True)))
    else:
        path.write_text("".join(json.dumps({key: i, name: tags}) + "\n" for i, tags in rows.items()))
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
@pytest.mark.parametrize("name", ["tags", "objects"])
def test_aligned_with_the_ids(tmp_path, suffix, name):
    file = write(tmp_path / f"tags{suffix}", ROWS, name=name)
    column = read_tags(file, ["a", "b", "c"])
    assert column.type == pa.list_(pa.string())
    assert column.to_pylist() == [[], ["dog", "tree"], None]  # the file's x is no picture of ours; c is not in the file
    assert read_tags(file, pa.chunked_array([["c"], ["x"]])).to_pylist() == [None, ["car"]]


def test_by_path(tmp_path):
    file = write(tmp_path / "tags.jsonl", {"p/1.jpg": ["dog"]}, key="path")
    assert read_tags(file, ["1", "2"], paths=["p/0.jpg", "p/1.jpg"]).to_pylist() == [None, ["dog"]]
    assert read_tags(file, ["p/1.jpg"]).to_pylist() == [["dog"]]


def test_numbers_as_ids_and_polars_types(tmp_path):
    table = pa.table({"id": [3, 1], "objects": pa.array([["a"], None], pa.large_list(pa.large_string()))})
    pq.write_table(table, tmp_path / "t.parquet")
    assert read_tags(tmp_path / "t.parquet", ["1", "2", "3"]).to_pylist() == [None, None, ["a"]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('{"id": "a", "tags": ["x"]}\n{"id": "a", "tags": []}\n', r"several rows with the id 'a'"),
        ('{"id": "q", "tags": ["x"]}\n', r"tags none of the 2 pictures: its id 'q' is unknown.*such as 'a'"),
        ('{"id": "a"}\n', r"no column 'tags'; found: id"),
        ('{"tags": ["x"]}\n', r"no column 'id'; found: tags"),
        ('{"id": "a", "tags": [1, 2]}\n', r"the column 'tags' .* must be lists of strings"),
        ('{"id": "a", "tags": "dog"}\n', r"'dog' in row 1; write lists of strings"),
        ('{"id": "a", "tags": ["x", null]}\n', r"lists with empty places"),
        ('{"id": null, "tags": ["x"]}\n', r"1 empty places"),
        ("", r"has no rows|Empty JSON"),
        ("nonsense\n", r"line 1 .* is not JSON"),
    ],
)
def test_faults(tmp_path, rows, message):
    (tmp_path / "t.jsonl").write_text(rows)
    with pytest.raises(AuditError, match=message):
        read_tags(tmp_path / "t.jsonl", ["a", "b"])


def test_a_csv_without_json(tmp_path):
    (tmp_path / "t.csv").write_text("id,tags\na,\nb,dog;tree\n")
    with pytest.raises(AuditError, match=r"'dog;tree' in row 2; write lists of strings, in a CSV as JSON"):
        read_tags(tmp_path / "t.csv", ["a"])


def test_missing_file(tmp_path):
    with pytest.raises(AuditError, match="there is no file"):
        read_tags(tmp_path / "t.parquet", ["a"])


def test_is_sidecar(tmp_path):
    (tmp_path / "odd.name").write_text("x")
    assert is_sidecar("tags.parquet") and is_sidecar("a/T.CSV") and is_sidecar(str(tmp_path / "odd.name"))
    assert not is_sidecar("timm:resnet50:w.safetensors") and not is_sidecar("detector:ssd300_vgg16")
