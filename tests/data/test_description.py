from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.data import embedded
from dejavu_audit.data.description import Description, load
from dejavu_audit.data.loading import checked, load_dataset
from dejavu_audit.data.splits import draw_split
from dejavu_audit.errors import AuditError, SetAside
from tests.data.conftest import config, encoded

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RED = (200, 30, 30)


def csv(*lines, header="path,label"):
    return "\n".join([header, *lines]) + "\n"


def two(**more):
    return {"images.csv": csv("a.png,cat", "b.png,dog"), "a.png": encoded(), "b.png": encoded((1, 2, 3)), **more}


def test_the_least_description_reads_a_csv(mine):
    data = load(mine(two(), manifest="images.csv"), None)
    assert (data.name, list(data.classes)) == ("mine", ["cat", "dog"])
    assert data.table["id"].to_pylist() == data.table["path"].to_pylist() == ["a.png", "b.png"]
    assert data.table["label"].to_pylist() == [0, 1]
    assert data.table["label"].type == pa.int32()
    assert data.table["boxed"].to_pylist() == [False, False]
    assert data.table["set"].to_pylist() == data.table["group"].to_pylist() == [None, None]
    assert data.open(0).getpixel((0, 0)) == RED
    assert data.identity(0) != data.identity(1)


def test_every_column(mine, tmp_path):
    rows = {
        "path": ["a.png", "b.png"],
        "id": [10, 11],
        "label": ["dog", "cat"],
        "boxes": [[[1.0, 2.0, 3.0, 4.0]], None],
        "set": ["target", None],
        "group": ["g", ""],
        "caption": [["one", "two"], ["three"]],
        "objects": [["dog", "ball"], []],
        "of no interest": [1, 2],
    }
    pq.write_table(pa.table(rows), tmp_path / "m.parquet")
    data = load(mine(two(), manifest="m.parquet"), None)
    assert data.table["id"].to_pylist() == ["10", "11"]
    assert data.table["label"].to_pylist() == [1, 0]
    assert data.table["boxed"].to_pylist() == [True, False]
    assert data.table["set"].to_pylist() == ["target", None]
    assert data.table["group"].to_pylist() == ["g", None]
    assert data.table["caption"].to_pylist() == rows["caption"]
    assert data.table["objects"].to_pylist() == rows["objects"]
    assert "of no interest" not in data.table.column_names
    assert data.annotation(0).boxes == ((1.0, 2.0, 3.0, 4.0),)


def test_it_travels_to_a_worker_process(mine):
    data = load(mine(two(), manifest="images.csv"), None)
    there = pickle.loads(pickle.dumps(data))
    assert there.identity(1) == data.identity(1)
    assert there.open(1).getpixel((0, 0)) == (1, 2, 3)


@pytest.mark.parametrize(
    ("boxes_format", "written"),
    [
        ("xyxy", [[6, 4, 30, 20]]),
        ("xywh", [[6, 4, 24, 16]]),
        # of a picture of 60 x 40: 6 / 60, 4 / 40, 30 / 60, 20 / 40
        ("xyxy-normalized", [[0.1, 0.1, 0.5, 0.5]]),
        ("xywh-normalized", [[0.1, 0.1, 0.4, 0.4]]),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_formats_of_boxes(mine, boxes_format, written, kind):
    line = f"a.png,cat,{json.dumps(json.dumps(written))}"
    files = {"images.csv": csv(line, header="path,label,boxes"), "a.png": encoded(kind=kind)}
    data = load(mine(files, manifest="images.csv", boxes_format=boxes_format), None)
    np.testing.assert_allclose(data.annotation(0).boxes, [[6, 4, 30, 20]])


def test_normalized_boxes_of_a_broken_picture_set_it_aside(mine):
    files = {"images.csv": csv('a.png,cat,"[[0, 0, 1, 1]]"', header="path,label,boxes"), "a.png": b"no picture"}
    data = load(mine(files, manifest="images.csv", boxes_format="xyxy-normalized"), None)
    with pytest.raises(SetAside, match="not a picture"):
        data.annotation(0)


@pytest.mark.parametrize(
    "boxes",
    [
        *('"[[1, 2, 3"', '"[[1, 2, 3]]"', '"[[1, 2, 3, 4, 5]]"', '"{""a"": 1}"', '"[[""a"", 2, 3, 4]]"', "7"),
        *('"[[1], 2]"', '"[""1234""]"', '"true"', '"[{""x"": 1}]"'),
        *('"' + "[" * 100_000 + '"', '"[[1, 2, 3, 1' + "0" * 400 + ']]"'),
    ],
)
def test_a_fault_of_one_rows_boxes_sets_that_row_aside(mine, boxes):
    files = {"images.csv": csv(f"a.png,cat,{boxes}", 'b.png,dog,"[[1, 2, 3, 4]]"', header="path,label,boxes")}
    data = load(mine(files, manifest="images.csv"), None)
    assert data.table["boxed"].to_pylist() == [True, True]
    with pytest.raises(SetAside) as raised:
        data.annotation(0)
    assert raised.value.reason == "annotation is malformed"
    assert data.annotation(1).boxes == ((1, 2, 3, 4),)


def test_jsonl_boxes_of_mixed_shapes(mine):
    rows = [
        {"path": "a", "label": "x", "boxes": [1, 2, 3, 4]},
        {"path": "b", "label": "x", "boxes": [[1, 2, 3, 4], [5, 6, 7, float("nan")]]},
        {"path": "c", "label": "x", "boxes": "none"},
        {"path": "d", "label": "x", "boxes": []},
        {"path": "e", "label": "x"},
    ]
    files = {"images.jsonl": "".join(json.dumps(row) + "\n" for row in rows)}
    data = load(mine(files, manifest="images.jsonl"), None)
    assert data.table["boxed"].to_pylist() == [True, True, True, False, False]
    assert data.annotation(0).boxes == ((1, 2, 3, 4),)
    np.testing.assert_equal(data.annotation(1).boxes, ((1, 2, 3, 4), (5, 6, 7, np.nan)))  # crops.py has the word for it
    with pytest.raises(SetAside, match="annotation is malformed"):
        data.annotation(2)
    assert data.annotation(3).boxes == data.annotation(4).boxes == ()


def test_empty_boxes_count_as_no_annotation_in_every_format(mine, tmp_path):
    pq.write_table(
        pa.table({"path": ["a", "b"], "label": ["x", "y"], "boxes": [[], [[1, 2, 3, 4]]]}), tmp_path / "m.parquet"
    )
    assert load(mine(manifest="m.parquet"), None).table["boxed"].to_pylist() == [False, True]
    text = csv('a,x," [ ] "', 'b,y,"[[1, 2, 3, 4]]"', "c,y,", "d,y,null", header="path,label,boxes")
    assert load(mine({"m.csv": text}, manifest="m.csv"), None).table["boxed"].to_pylist() == [False, True, False, False]


BOX = [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    "boxes",
    [
        pa.array([[BOX], None], pa.list_(pa.list_(pa.float32(), 4))),
        pa.array([[BOX], None], pa.list_(pa.list_(pa.float64()), 1)),
        pa.array([[BOX], []], pa.large_list(pa.large_list(pa.float64()))),
        pa.array([BOX, None]),
        pa.array(["[[1, 2, 3, 4]]", None], pa.large_string()),
        pa.array(["[[1, 2, 3, 4]]", None]).dictionary_encode(),
    ],
    ids=lambda boxes: str(boxes.type),
)
def test_boxes_in_columns_of_many_types(mine, tmp_path, boxes):
    pq.write_table(pa.table({"path": ["a", "b"], "label": ["x", "y"], "boxes": boxes}), tmp_path / "m.parquet")
    data = load(mine(manifest="m.parquet"), None)
    assert data.table["boxed"].to_pylist() == [True, False]
    assert data.annotation(0).boxes == (tuple(BOX),)


@pytest.mark.parametrize("boxes", [[1, 2], [True, False], [b"[]", None], [[{"x0": 1, "y0": 2}], None]])
def test_columns_that_can_hold_no_boxes_end_the_run(mine, tmp_path, boxes):
    pq.write_table(pa.table({"path": ["a", "b"], "label": ["x", "y"], "boxes": boxes}), tmp_path / "m.parquet")
    with pytest.raises(AuditError, match=r"'boxes' of .*m.parquet is of type .*; write a list of boxes a picture"):
        load(mine(manifest="m.parquet"), None)


# Labels


def labels(mine, lines, **keys):
    data = load(
        mine({"m.csv": csv(*(f"{i}.png,{label}" for i, label in enumerate(lines)))}, manifest="m.csv", **keys), None
    )
    return data.table["label"].to_pylist(), list(data.classes)


def test_whole_numbers_in_a_csv_are_numbers(mine):
    assert labels(mine, ["10", "9", "10"]) == ([1, 0, 1], ["9", "10"])
    assert labels(mine, ["1", "0"], classes=["cat", "dog"]) == ([1, 0], ["cat", "dog"])


def test_numbers_with_leading_zeros_are_names(mine):
    assert labels(mine, ["010", "009"]) == ([1, 0], ["009", "010"])


def test_classes_may_be_named_by_numbers(mine):
    assert labels(mine, ["7", "A"], classes=["A", "7"]) == ([1, 0], ["A", "7"])


@pytest.mark.parametrize(("name", "text"), [("names.txt", "cat\n\ndog \n"), ("names.json", '["cat", "dog"]')])
def test_class_names_from_a_file(mine, name, text):
    toml = mine({"m.csv": csv("a,1", "b,0"), name: text}, manifest="m.csv", classes=name)
    data = load(toml, None)
    assert (data.table["label"].to_pylist(), list(data.classes)) == ([1, 0], ["cat", "dog"])


@pytest.mark.parametrize(
    ("lines", "keys", "says"),
    [
        (["cat", "dog", "3"], {}, "mixes types: 'cat' first, '3' in row 3; .* list the names"),
        (["cat", "dgo"], {"classes": ["cat", "dog"]}, r"unknown class 'dgo': did you mean dog\?"),
        (["0", "2"], {"classes": ["cat", "dog"]}, "label 2 in .* lies outside the 2 classes .* from 0 to 1"),
        (["0", "-1"], {"classes": ["cat", "dog"]}, "label -1 in .* lies outside"),
        (["cat", ""], {}, "'label' of .* has 1 empty places"),
        (["cat"], {"classes": ["cat", "dog", "cat"]}, "have the name 'cat' twice"),
        (["cat"], {"classes": "gone.txt"}, "class names in .*gone.txt cannot be read"),
    ],
)
def test_labels_that_make_no_sense(mine, lines, keys, says):
    with pytest.raises(AuditError, match=says):
        labels(mine, lines, **keys)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            [1.0, 1.5],
            "'label' of .*m.parquet is of type double, and 1.5 in row 2 is no whole number; write",
        ),
        ([1.0, float("nan")], "and nan in row 2 is no whole number"),
        ([1e300, 1.0], r"and 1e\+300 in row 1 is no"),
        ([True, False], "'label' of .* is of type bool; write class names or whole numbers"),
        ([[1], [2]], "'label' of .* is of type list<element: int64>; write"),
        ([{"a\nb": 1}] * 2, "'label' of .* is of type struct<a b: int64>; write"),
    ],
)
def test_labels_of_an_odd_type(mine, tmp_path, values, says):
    pq.write_table(pa.table({"path": ["a", "b"], "label": values}), tmp_path / "m.parquet")
    with pytest.raises(AuditError, match=says) as raised:
        load(mine(manifest="m.parquet"), None)
    assert "\n" not in str(raised.value)


def test_numbers_that_became_floats_are_numbers_again(mine, tmp_path):
    rows = {"path": ["a", "b"], "label": [1.0, 0.0], "id": [10.0, 11.0], "group": [7.0, None]}  # as pandas has them
    pd.DataFrame(rows).to_parquet(tmp_path / "m.parquet")
    data = load(mine(manifest="m.parquet", classes=["cat", "dog"]), None)
    assert data.table["label"].to_pylist() == [1, 0]
    assert data.table["id"].to_pylist() == ["10", "11"]
    assert data.table["group"].to_pylist() == ["7", None]


# Captions and objects


def test_captions_make_labels_needless(mine):
    text = csv("a.png,a dog", "b.png,", header="path,caption")
    data = checked(load(mine({"m.csv": text}, manifest="m.csv"), None))
    assert (data.table["label"].to_pylist(), list(data.classes)) == ([-1, -1], [])
    assert data.table["caption"].to_pylist() == ["a dog", None]
    assert "objects" not in data.table.column_names


@pytest.mark.parametrize(
    ("header", "keys", "says"),
    [
        ("path,lable", {}, "has no column 'label'; found: path, lable"),
        ("path,caption", {"classes": ["cat"]}, "has no column 'label'; found: path, caption"),
        ("path,caption", {"vocabulary": []}, "vocabulary is empty"),
        ("path,caption", {"vocabulary": ["a", "a"]}, "objects of the vocabulary have the name 'a' twice"),
        ("path,caption", {"vocabulary": "gone.txt"}, "objects of the vocabulary in .*gone.txt cannot be read"),
    ],
)
def test_columns_and_keys_that_do_not_go_together(mine, header, keys, says):
    with pytest.raises(AuditError, match=says):
        load(mine({"m.csv": csv("a.png,x", header=header)}, manifest="m.csv", **keys), None)


def test_captions_and_objects_of_a_csv_are_json_lists(mine):
    lines = ['a.png,x,"[""one"", ""two""]","[""dog"", ""ball""]"', "b.png,y,three,", 'c.png,x,"[]","[]"']
    files = {"m.csv": csv(*lines, header="path,label,caption,objects")}
    data = checked(load(mine(files, manifest="m.csv"), None))
    assert data.table["caption"].to_pylist() == [["one", "two"], ["three"], None]
    assert data.table["objects"].to_pylist() == [["dog", "ball"], None, []]


@pytest.mark.parametrize("vocabulary", [["dog", "ball"], "names.txt", "names.json"])
def test_objects_must_be_of_the_vocabulary(mine, vocabulary):
    files = {
        "m.jsonl": '{"path": "a", "caption": "x", "objects": ["dog", "bal"]}\n',
        "names.txt": "dog\nball\n",
        "names.json": '["ball", "dog"]',
    }
    with pytest.raises(AuditError, match=r"unknown object 'bal': did you mean ball\? \(in .*m.jsonl\)"):
        load(mine(files, manifest="m.jsonl", vocabulary=vocabulary), None)
    files["m.jsonl"] = files["m.jsonl"].replace("bal", "ball")
    data = load(mine(files, manifest="m.jsonl", vocabulary=vocabulary), None)
    assert data.table["objects"].to_pylist() == [["dog", "ball"]]
    with pytest.raises(AuditError, match="vocabulary = … goes with a manifest"):
        load(mine(folder="p", vocabulary=vocabulary), None)


# Roots and paths


def test_roots_and_what_overrides_them(mine, tmp_path):
    files = {"lists/m.csv": csv("a.png,cat"), "pictures/a.png": encoded(), "other/a.png": encoded((9, 9, 9))}
    with pytest.raises(SetAside, match="picture is missing"):  # the manifest's own folder
        data = load(mine(files, manifest="lists/m.csv"), None)
        data.open(data.identity(0))
    assert load(mine(manifest="lists/m.csv", root="pictures"), None).open(0).getpixel((0, 0)) == RED
    over = load(mine(manifest="lists/m.csv", root="pictures"), str(tmp_path / "other"))
    assert over.open(0).getpixel((0, 0)) == (9, 9, 9)


@pytest.mark.parametrize("path", ["../a.png", "x/../../a.png", "/etc/passwd", "..", "x/..", r"x\..\..\a.png"])
def test_paths_that_leave_the_root_end_the_run(mine, path):
    with pytest.raises(AuditError, match=r"1 paths that leave the root, the first is") as raised:
        load(mine({"m.csv": csv("a.png,cat", f"{path},dog")}, manifest="m.csv"), None)
    assert repr(path) in str(raised.value)


def test_absolute_paths_end_the_run_even_within_the_root(mine, tmp_path):
    path = str(tmp_path / "a.png")
    with pytest.raises(AuditError, match=r"has 1 absolute paths, .*; write them relative to") as raised:
        load(mine({"m.csv": csv("a.png,cat", f"{path},dog"), "a.png": encoded()}, manifest="m.csv"), None)
    assert repr(path) in str(raised.value)


def test_a_sibling_with_the_roots_name_in_front_is_outside(mine, tmp_path):
    (tmp_path / "in").mkdir()
    files = {"m.csv": csv("../inner/a.png,cat"), "inner/a.png": encoded()}
    with pytest.raises(AuditError, match="leave the root"):
        load(mine(files, manifest="m.csv", root="in"), None)


def test_paths_may_turn_back_within_the_root(mine, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path, target_is_directory=True)
    files = {"m.csv": csv("a.png,cat", "x/../a.png,cat", "..a.png,dog"), "a.png": encoded(), "..a.png": encoded()}
    toml = mine({**files, "x/y": b""}, manifest="m.csv")
    for root in (None, str(link)):  # the root by its other name
        data = load(toml, root)
        assert [data.open(row).getpixel((0, 0)) for row in range(3)] == [RED] * 3


def test_a_link_out_of_the_root_is_set_aside(mine, tmp_path):
    (tmp_path / "secret.png").write_bytes(encoded())
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.png").symlink_to(tmp_path / "secret.png")
    data = load(mine({"m.csv": csv("a.png,cat")}, manifest="m.csv", root="root"), None)
    for look in (data.identity, data.open):
        with pytest.raises(SetAside) as raised:
            look(0)
        assert raised.value.reason == "path leaves the root"


def test_odd_paths_are_missing_pictures(mine):
    rows = "".join(json.dumps({"path": path, "label": "x"}) + "\n" for path in ("a\0.png", "loop/a.png", "x" * 5000))
    toml = mine({"m.jsonl": rows}, manifest="m.jsonl")
    (toml.parent / "loop").symlink_to("loop")
    data = load(toml, None)
    for row in range(3):
        with pytest.raises(SetAside):
            data.identity(row)
        with pytest.raises(SetAside):
            data.open(row)


# Pictures within the manifest


def embed(path, rows, **options):
    pq.write_table(pa.table(rows), path, **options)


def test_pictures_within_parquet(mine, tmp_path):
    colours = [(number, 0, 0) for number in range(25)]
    rows = {"image": [encoded(colour) for colour in colours], "label": [number % 3 for number in range(25)]}
    embed(tmp_path / "m.parquet", rows, row_group_size=4)
    data = load(mine(manifest="m.parquet"), None)
    assert data.table["id"].to_pylist()[:2] == ["00", "01"]  # sorted as they lie in the file
    assert "image" not in data.table.column_names
    for row in (24, 0, 3, 4, 11, 23):
        assert data.open(row).getpixel((0, 0)) == colours[row]
    assert len({data.identity(row) for row in range(25)}) == 25
    there = pickle.loads(pickle.dumps(data))
    assert there.identity(7) == data.identity(7)
    assert there.open(7).getpixel((0, 0)) == colours[7]


def test_the_hubs_struct_of_bytes_and_path(mine, tmp_path):
    images = [{"bytes": encoded(), "path": "a.png"}, {"bytes": None, "path": "b.png"}, None]
    embed(tmp_path / "m.parquet", {"image": images, "label": ["x", "y", "y"]})
    data = load(mine(manifest="m.parquet"), None)
    assert data.open(0).getpixel((0, 0)) == RED
    for row in (1, 2):
        with pytest.raises(SetAside, match="picture is missing"):
            data.open(row)


def test_a_rewritten_file_is_read_anew(mine, tmp_path):
    for colour in (RED, (5, 6, 7)):
        embed(tmp_path / "m.parquet", {"image": [encoded(colour)], "label": ["x"]})
        os.utime(tmp_path / "m.parquet", ns=(colour[0], colour[0]))
        assert load(mine(manifest="m.parquet"), None).open(0).getpixel((0, 0)) == colour


def test_row_groups_are_kept_within_bounds(mine, tmp_path, monkeypatch):
    noise = np.random.default_rng(0).bytes(1000)
    embed(tmp_path / "m.parquet", {"image": [noise] * 20, "label": ["x"] * 20}, row_group_size=2)
    monkeypatch.setattr(embedded, "KEPT_BYTES", 5_000)
    path = str(tmp_path / "m.parquet")
    for row in range(20):
        assert embedded.embedded_bytes(path, row) == noise
    reader = embedded._reader(path, embedded.file_identity(path), os.getpid())
    assert list(reader._kept) == [8, 9]  # two groups of 2 kB and some bytes each fit into 5 kB


def test_normalized_boxes_within_parquet(mine, tmp_path):
    embed(tmp_path / "m.parquet", {"image": [encoded()], "label": ["x"], "boxes": [[[0.5, 0.5, 1.0, 1.0]]]})
    data = load(mine(manifest="m.parquet", boxes_format="xyxy-normalized"), None)
    assert data.annotation(0).boxes == ((30, 20, 60, 40),)


def test_paths_are_the_ids_of_embedded_pictures_where_they_can_be(mine, tmp_path):
    images = [encoded(), encoded()]
    for paths, ids in ((["b", "a"], ["b", "a"]), (["a", "a"], ["0", "1"]), (["a", None], ["0", "1"])):
        embed(tmp_path / "m.parquet", {"image": images, "label": ["x", "y"], "path": paths})
        assert load(mine(manifest="m.parquet"), None).table["id"].to_pylist() == ids


def test_an_image_column_of_paths_is_told_so(mine, tmp_path):
    embed(tmp_path / "m.parquet", {"image": ["a.png"], "label": ["x"]})
    for toml in (mine(manifest="m.parquet"), mine({"m.csv": "image,label\na.png,x\n"}, manifest="m.csv")):
        with pytest.raises(AuditError, match=r"'image' of .* must hold encoded pictures .* column 'path'"):
            load(toml, None)


# Folders


def folder(**more):
    return {"p/cat/a.png": encoded(), "p/cat/deep/b.JPG": encoded(kind="JPEG"), "p/dog/c.webp": encoded(), **more}


def test_a_folder_by_class(mine):
    files = folder(**{"p/cat/notes.txt": b"", "p/.hidden/x.png": b"", "p/cat/._a.png": b"", "p/top.png": b""})
    data = load(mine(files, folder="p"), None)
    assert data.table["id"].to_pylist() == ["cat/a.png", "cat/deep/b.JPG", "dog/c.webp"]
    assert (data.table["label"].to_pylist(), list(data.classes)) == ([0, 0, 1], ["cat", "dog"])
    assert not any(data.table["boxed"].to_pylist())
    assert data.open(1).size == (60, 40)


def test_a_folder_with_boxes(mine):
    boxes = [{"path": "dog/c.webp", "boxes": [[1, 2, 3, 4]]}, {"path": "cat/a.png", "boxes": []}]
    lines = "".join(json.dumps(row) + "\n" for row in [*boxes, {"path": "cow/z.png", "boxes": [[1, 2, 3, 4]]}])
    data = load(mine(folder(**{"boxes.jsonl": lines}), folder="p", boxes="boxes.jsonl"), None)
    assert data.table["boxed"].to_pylist() == [False, False, True]
    assert data.annotation(2).boxes == ((1, 2, 3, 4),)
    assert len(data.notes) == 1
    assert "boxes for 1 pictures that are not in" in data.notes[0]
    assert "cow/z.png" in data.notes[0]


def test_a_folder_may_be_elsewhere_and_may_be_made_of_links(mine, tmp_path):
    mine(folder(**{"pool/x.png": encoded()}))
    (tmp_path / "q" / "cow").mkdir(parents=True)
    (tmp_path / "q" / "cow" / "l.png").symlink_to(tmp_path / "pool" / "x.png")
    data = load(mine(folder="p"), str(tmp_path / "q"))
    assert list(data.classes) == ["cow"]
    assert data.open(0).getpixel((0, 0)) == RED


def test_names_that_are_no_text_are_left_out_and_told(mine, tmp_path):
    toml = mine(folder(), folder="p")
    try:
        (tmp_path / os.fsdecode(b"p/cat/\xff.png")).write_bytes(encoded())
    except OSError:
        pytest.skip("this file system knows UTF-8 alone")
    data = load(toml, None)
    assert data.table.num_rows == 3
    assert "1 files" in data.notes[0]


@pytest.mark.parametrize(
    ("boxes", "says"),
    [
        ('path,boxes\np/cat/a.png,"[[1,2,3,4]]"\n', "boxes for none of the pictures .* as in 'cat/a.png'"),
        ("path,boxes\ncat/a.png,\ncat/a.png,\n", "two rows for 'cat/a.png'"),
        ("path,box\ncat/a.png,\n", "no column 'boxes'; found: path, box"),
    ],
)
def test_boxes_of_a_folder_that_make_no_sense(mine, boxes, says):
    with pytest.raises(AuditError, match=says):
        load(mine(folder(**{"b.csv": boxes}), folder="p", boxes="b.csv"), None)


def test_a_class_that_cannot_be_read_ends_the_run(mine, monkeypatch):
    from dejavu_audit.data import folders

    def walk(folder, onerror):
        onerror(PermissionError(13, "Permission denied", str(folder)))
        yield from ()

    toml = mine(folder(), folder="p")
    monkeypatch.setattr(folders.os, "walk", walk)
    with pytest.raises(AuditError, match="p/cat cannot be looked into: Permission denied"):
        load(toml, None)


# The description itself


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "x"\nmanifets = "m.csv"', r"unknown key 'manifets': did you mean manifest\? \(in"),
        ('name = "x"\nmanifest = \n', r"cannot be read as TOML: .*line 2"),
        (b'name = "\xff"', "cannot be read as TOML"),
        ('manifest = "m.csv"', "name is missing"),
        ('name = ""\nmanifest = "m.csv"', "name"),
        ('name = " "\nmanifest = "m.csv"', "name is ' '; write a word"),
        ('name = "a\\nb"\nmanifest = "m.csv"', r"name is 'a\\nb'; write a word"),
        ('name = "x"\nmanifest = "m.csv"\nclasses = []', "classes is empty"),
        ('name = "x"\nmanifest = "m.csv"\nclasses = "deep.json"', "class names in .*deep.json cannot be read"),
        ("x = " + "[" * 5_000, "cannot be read as TOML"),
        (f"x = 1{'0' * 5_000}", "cannot be read as TOML"),
        (f'name = "x"\nmanifest = "{"x" * 5_000}.csv"', "there is no file"),
        (f'name = "x"\nfolder = "{"x" * 5_000}"', "File name too long|there is no folder"),
        (f'name = "x"\nmanifest = "m.csv"\nroot = "{"x" * 5_000}"', "is not a folder"),
        ('name = "x"\nmanifest = "a\\u0000.csv"', "there is no file"),
        ('name = "x"', "either a manifest or a folder"),
        ('name = "x"\nmanifest = "m.csv"\nfolder = "p"', "either a manifest or a folder"),
        ('name = "x"\nmanifest = "m.csv"\nboxes = "b.csv"', "goes with a folder"),
        ('name = "x"\nfolder = "p"\nroot = "p"', "goes with a manifest"),
        ('name = "x"\nmanifest = 3', r"manifest - input should be a valid string \(given: 3\)"),
        ('name = "x"\nmanifest = "m.csv"\nboxes_format = "yxyx"', "boxes_format - .*'xyxy'.*given: 'yxyx'"),
        ('name = "x"\nmanifest = "m.csv"\nclasses = [1, 2]', "classes"),
        ('name = "x"\nmanifest = "gone.csv"', "there is no file .*gone.csv"),
        ('name = "x"\nfolder = "gone"', "there is no folder .*gone"),
        ('name = "x"\nfolder = "empty"', "holds no pictures in subfolders"),
        ('name = "x"\nmanifest = "m.csv"\nroot = "gone"', "root .*gone is not a folder; .*--root"),
    ],
)
def test_descriptions_that_make_no_sense(tmp_path, text, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "m.csv").write_text("path,label\na,b\n")
    toml = tmp_path / "x.toml"
    toml.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(AuditError, match=says) as raised:
        load(toml, None)
    assert "\n" not in str(raised.value)


def test_a_manifest_for_a_description_is_told_what_to_write(tmp_path):
    pd.DataFrame({"path": ["a"]}).to_parquet(tmp_path / "images.parquet")
    with pytest.raises(
        AuditError, match=r'images.toml with the two lines name = "images" and manifest = "images.parquet"'
    ):
        load(tmp_path / "images.parquet", None)


def test_a_description_with_byte_order_mark(tmp_path):
    (tmp_path / "m.csv").write_text("path,label\na,b\n")
    (tmp_path / "x.toml").write_text('\ufeffname = "x"\nmanifest = "m.csv"\n', "utf-8")
    assert load(tmp_path / "x.toml", None).name == "x"


def test_what_the_reader_should_know_is_a_note(mine):
    assert load(mine(two(), manifest="images.csv", description="Taken\nin May. "), None).notes == ("Taken in May.",)
    assert load(mine(folder(), folder="p", description="By class."), None).notes == ("By class.",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
SENSIBLE = st.fixed_dictionaries(
    {"path": st.sampled_from(["a.png", "b.png"]) | st.text(max_size=5), "label": st.sampled_from("xy") | st.integers()},
    optional={
        "boxes": st.lists(st.lists(st.floats(), min_size=3, max_size=4), max_size=2) | JSON,
        **dict.fromkeys(["id", "set", "group", "caption", "objects", "image"], JSON),
    },
)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        SENSIBLE | st.dictionaries(st.sampled_from(["path", "label", "boxes", "set", "caption", "objects"]), JSON),
        max_size=3,
    ),
    st.sampled_from(["jsonl", "parquet"]),
    st.sampled_from(["", "boxes_format = 'xywh-normalized'"]),
)
def test_whatever_is_in_a_manifest_ends_in_a_sentence_or_sets_pictures_aside(tmp_path_factory, rows, suffix, more):
    here = tmp_path_factory.mktemp("odd")
    (here / "a.png").write_bytes(encoded())
    if suffix == "jsonl":
        (here / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        try:
            pq.write_table(pa.Table.from_pylist(rows), here / "m.parquet")
        except (pa.ArrowException, UnicodeEncodeError, OverflowError, TypeError):  # no Parquet file can be like this
            return
    (here / "x.toml").write_text(f"name = 'x'\nmanifest = 'm.{suffix}'\n{more}")
    try:
        data = load(here / "x.toml", None)
    except AuditError as error:
        assert "\n" not in str(error)
        return
    for row in range(data.table.num_rows):
        for look in (data.identity, data.open, data.annotation):
            with contextlib.suppress(SetAside):
                look(row)


def test_the_example_of_the_documentation_is_drawn(mine, monkeypatch):
    """The page's script is run as it stands, and the file that it writes goes through the draw."""
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    script = next(block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "write_table" in block)
    names = [f"{name}/{number}" for name in ("robin", "wren") for number in range(10)]
    files = {f"pictures/{name}.jpg": encoded(kind="JPEG") for name in names}
    toml = mine(files, name="birds", manifest="birds.parquet")
    monkeypatch.chdir(toml.parent)
    exec(compile(script, "docs/data.md", "exec"), {})
    asked = config(toml, crop="corner", k=1, preset="full")
    data = load_dataset(asked)
    assert data.open(0).size == (60, 40)
    sets = draw_split(data, asked).sets()
    # Of 20 in one pool: 30 % public, and the 14 left are halved.
    assert {name: len(rows) for name, rows in sets.items()} == {"target": 7, "control": 0, "public": 6, "fit": 7}


def test_the_reasons_of_the_documentation_are_those_of_the_code():
    here = Path(__file__).parents[2]
    table = (here / "docs" / "data.md").read_text("utf-8").split("| set aside because |")[1].split("\n\n")[0]
    told = {reason for row in table.splitlines()[2:] for reason in re.findall("`([^`]+)`", row.split("|")[1])}
    code = "".join(file.read_text("utf-8") for file in (here / "dejavu_audit").rglob("*.py"))
    assert told >= set(re.findall(r'SetAside\("([^"]+)"', code))
    assert {reason for reason in told if f'"{reason}"' not in code} == set()


def test_the_descriptions_of_the_documentation_are_understood():
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    blocks = [block for block in re.findall(r"```toml[^\n]*\n(.*?)```", page, re.S) if block.startswith("name")]
    assert len(blocks) == 3
    for block in blocks:
        assert Description(**tomllib.loads(block)).name == "birds"


def test_the_manifests_of_the_documentation_are_read(mine):
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8")
    table = re.findall(r"```csv[^\n]*\n(path.*?)```", page, re.S)[0]
    data = load(mine({"birds.csv": table}, manifest="birds.csv"), None)
    assert list(data.classes) == ["robin", "wren"]
    assert data.table["boxed"].to_pylist() == [True, False, True, True]
    assert data.table["set"].to_pylist() == [None, None, None, "control"]
    assert data.annotation(2).boxes == ((10, 40, 90, 120), (140, 35, 200, 110))
    captioned, lines = re.findall(r"```json[^\n]*\n(\{.*?)```", page, re.S)
    data = load(mine({"birds.jsonl": captioned}, manifest="birds.jsonl"), None)
    assert data.table["caption"].to_pylist() == [["a robin on a fence"], ["two wrens", "birds at a feeder"]]
    assert data.table["objects"].to_pylist() == [["robin", "fence"], ["wren", "feeder"]]
    data = load(mine({"birds.jsonl": lines}, manifest="birds.jsonl"), None)
    assert data.table["boxed"].to_pylist() == [True, True]


def test_where_the_pictures_come_from(mine):
    assert "source" not in load(mine(two(), manifest="images.csv"), None).table.column_names
    told = load(mine(two(), manifest="images.csv", source="imagenet-1k train"), None)
    assert told.table["source"].to_pylist() == ["imagenet-1k train"] * 2
    assert pickle.loads(pickle.dumps(told)).table.equals(told.table)


def test_a_source_for_each_set(mine):
    rows = csv("a.png,cat,target", "b.png,dog,control", "c.png,dog,", header="path,label,set")
    path = mine({"images.csv": rows}, manifest="images.csv")
    with path.open("a") as file:
        file.write('[source]\ntarget = "imagenet-1k train"\ncontrol = "imagenet-1k val"\n')
    assert load(path, None).table["source"].to_pylist() == ["imagenet-1k train", "imagenet-1k val", None]
    with path.open("a") as file:
        file.write('fit = "imagenet-1k train"\n')
    with pytest.raises(AuditError, match="told for the set 'fit', but no picture of its manifest has set = fit"):
        load(path, None)


def test_a_source_that_is_none(mine):
    with pytest.raises(AuditError, match="the source of mine is '  '; name the data set"):
        load(mine(two(), manifest="images.csv", source="  "), None)
    with pytest.raises(AuditError, match="source"):
        load(mine(two(), manifest="images.csv", source=3), None)
