from __future__ import annotations

import json
import pickle
import shutil

import pytest

from dejavu_audit.data.coco import load
from dejavu_audit.data.loading import load_dataset
from dejavu_audit.data.splits import draw_split
from dejavu_audit.data.terms import Terms
from dejavu_audit.errors import AuditError, SetAside
from tests.captioned_data import OBJECTS, samples, write_coco
from tests.data.conftest import config, encoded


def data(root, **options):
    return load_dataset(config("coco", root=str(root), data_options=options))


def refused(root, says, **options):
    with pytest.raises(AuditError, match=says) as raised:
        load(str(root), options, 0)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("year", "prefix"), [("2017", ""), ("2014", "COCO_{}2014_")])
def test_everything_that_coco_says_of_a_picture(tmp_path, year, prefix):
    found, every = data(write_coco(tmp_path, 8, year=year)), samples(8, captions=5)
    parts = ["val" if sample.control else "train" for sample in every]
    ids = [f"{part}{year}/{prefix.format(part)}{number:012}.jpg" for number, part in enumerate(parts)]
    by_id = {row["id"]: (place, row) for place, row in enumerate(found.table.to_pylist())}
    assert set(by_id) == set(ids) and list(found.classes) == list(OBJECTS) and found.notes == ()
    for id_, sample in zip(ids, every, strict=True):
        place, row = by_id[id_]
        assert row["path"] == id_ and row["boxed"] and row["group"] is None
        assert (row["set"], row["caption"], row["objects"]) == (sample.set, sample.captions, sample.objects)
        assert found.classes[row["label"]] == sample.label
        assert found.annotation(place).boxes == tuple(sample.boxes)  # from [x, y, width, height]
        assert found.open(place).size == (200, 160)
    there = pickle.loads(pickle.dumps(found))
    assert (there.identity(3), there.annotation(3)) == (found.identity(3), found.annotation(3))


def test_both_tests_can_be_drawn(tmp_path):
    found = data(write_coco(tmp_path, 40, captions=1))
    for test in ("label", "objects"):
        asked = config("coco", test=test, preset="full", k=3)
        split = draw_split(found, asked, Terms.of(found, asked, fit=test == "label"))
        assert len(split.targets) and len(split.public) >= 3
        assert {found.table["set"][row].as_py() for row in split.control.tolist()} == {"control"}


def test_one_split_alone_is_free_of_sets(tmp_path):
    write_coco(tmp_path, 8)
    for split, size in (("train", 6), ("val", 2)):
        found = data(tmp_path, split=split)
        assert found.table["set"].to_pylist() == [None] * size
        assert all(id_.startswith(split) for id_ in found.table["id"].to_pylist())
        assert set(found.table["source"].to_pylist()) == {f"coco {split}2017"}


def test_pictures_come_from_their_split(tmp_path):
    found = data(write_coco(tmp_path, 8))
    assert [f"coco {row['id'].partition('/')[0]}" for row in found.table.to_pylist()] == found.table[
        "source"
    ].to_pylist()
    assert len(set(found.table["source"].to_pylist())) == 2


def test_years_and_where_the_pictures_may_be(tmp_path):
    write_coco(tmp_path, 4, year="2014")
    write_coco(tmp_path, 8, year="2017")
    assert data(tmp_path).table.num_rows == 8
    assert data(tmp_path, year="2014").table.num_rows == 4
    (tmp_path / "images").mkdir()
    shutil.move(tmp_path / "val2017", tmp_path / "images" / "val2017")
    shutil.move(tmp_path / "train2017", tmp_path / "nested")
    (tmp_path / "train2017").mkdir()
    shutil.move(tmp_path / "nested", tmp_path / "train2017" / "train2017")
    found = data(tmp_path)
    folders = {id_.rpartition("/")[0] for id_ in found.table["id"].to_pylist()}
    assert folders == {"images/val2017", "train2017/train2017"}
    assert {found.open(row).size for row in range(8)} == {(200, 160)}


def write(root, images, boxes, *, captions=None, categories=(("dog", 7), ("cat", 3)), part="train2017"):
    """instances_train2017.json of images by id, and boxes (image, category, [x, y, w, h])."""
    (root / "annotations").mkdir(exist_ok=True)
    (root / part).mkdir(exist_ok=True)
    content = {
        "images": [{"id": id_, "file_name": name} for id_, name in images],
        "annotations": [{"image_id": i, "category_id": c, "bbox": b, "id": n} for n, (i, c, b) in enumerate(boxes)],
        "categories": [{"id": id_, "name": name} for name, id_ in categories],
    }
    (root / "annotations" / f"instances_{part}.json").write_text(json.dumps(content))
    if captions is not None:
        rows = [{"image_id": id_, "caption": text} for id_, text in captions]
        (root / "annotations" / f"captions_{part}.json").write_text(json.dumps({"annotations": rows}))


def test_the_label_is_the_category_of_the_largest_box(tmp_path):
    images = [(5, "a.jpg"), (2, "b.jpg"), (9, "none.jpg"), (4, "c.jpg")]
    boxes = [
        (2, 7, [0, 0, 10, 10]),
        (5, 7, [0, 0, 9, 10]),
        (2, 3, [5, 5, 10.5, 10]),  # 105 beats 100
        (5, 3, [1, 2, 3, 30]),  # 90 is as much as 90: cat, the lower id
        (5, 7, [4, 4, 1, 1]),
        (4, 3, [0, 0, 0, 50]),  # no area
        (4, 7, [1, 1, 2, 2]),
        (77, 3, [1, 1, 2, 2]),  # of no picture
    ]
    write(tmp_path, images, boxes, captions=[(2, " second "), (9, "x"), (5, "first"), (2, "third"), (88, "stray")])
    found = data(tmp_path)
    assert list(found.classes) == ["cat", "dog"]  # by number
    assert found.table.select(["id", "label", "caption", "objects"]).to_pylist() == [
        {"id": "train2017/a.jpg", "label": 0, "caption": ["first"], "objects": ["cat", "dog"]},
        {"id": "train2017/b.jpg", "label": 0, "caption": ["second", "third"], "objects": ["cat", "dog"]},
        {"id": "train2017/c.jpg", "label": 1, "caption": None, "objects": ["dog"]},
    ]
    assert found.annotation(0).boxes == ((0, 0, 9, 10), (1, 2, 4, 32), (4, 4, 5, 5))
    assert found.annotation(2).boxes == ((1, 1, 3, 3),)
    assert set(found.notes) == {
        "1 boxes in instances_train2017.json are of pictures that it does not list: left out",
        "1 boxes in instances_train2017.json have no area and were left out",
        "1 pictures of train2017 were left out: nothing on them is annotated",
        "1 captions in captions_train2017.json are of pictures that are not in the instances: left out",
    }
    with pytest.raises(SetAside, match="picture is missing"):
        found.open(0)
    (tmp_path / "train2017" / "a.jpg").write_bytes(encoded())
    assert found.open(0).size == (60, 40)


def test_without_captions_the_label_test_is_left(tmp_path):
    write(tmp_path, [(1, "a.jpg")], [(1, 3, [0, 0, 5, 5])])
    found = data(tmp_path)
    assert "caption" not in found.table.column_names and found.table["objects"].to_pylist() == [["cat"]]
    assert found.notes == ("there is no captions_train2017.json: its pictures have no captions",)


def test_faults_of_single_captions_are_counted(tmp_path):
    texts = ["fine", "x" * 100_000, "\ud800", " "]
    images = [(number, f"{number}.jpg") for number in range(4)]
    boxes = [(number, 3, [0, 0, 5, 5]) for number in range(4)]
    write(tmp_path, images, boxes, captions=list(enumerate(texts)))
    found = data(tmp_path)
    assert found.table["caption"].to_pylist() == ["fine", None, None, None]
    assert set(found.notes) == {
        "1 captions are not UTF-8: they are taken as missing",
        "1 captions are longer than 10,000 characters: they are taken as missing",
    }


BOX = [0, 0, 5, 5]


@pytest.mark.parametrize(
    ("images", "boxes", "more", "says"),
    [
        ([(1, "../../x.jpg")], [(1, 3, BOX)], {}, "annotations has 1 paths that leave the root"),
        ([(1, "\ud800.jpg")], [(1, 3, BOX)], {}, "holds the name .* which is no text"),
        ([(1, "a"), (1, "b")], [(1, 3, BOX)], {}, "two pictures in .* have one id"),
        ([(1, "a")], [(1, 4, BOX)], {}, "has a box of the category 4, which it does not name"),
        ([(1, "a")], [], {}, "no picture of .*instances_train2017.json has a box"),
        ([(1, "a")], [(1, 3, [0, 0, 5])], {}, "has under 'annotations' an entry that is not COCO's"),
        ([(1, "a")], [(1, 3, "box")], {}, "under 'annotations' an entry that is not COCO's"),
        ([("x", "a")], [(1, 3, BOX)], {}, "under 'images' an entry that is not COCO's: {'id': 'x'"),
        ([(2**70, "a")], [(1, 3, BOX)], {}, "under 'images' an entry"),
        (
            [(1, "a")],
            [(1, 3, BOX)],
            {"captions": [(1, 5)]},
            "under 'annotations' an entry that is not COCO's: .*'caption'",
        ),
        ([(1, "a")], [(1, 3, BOX)], {"categories": [("x", 3), ("x", 4)]}, "two categories in .* have one name"),
    ],
)
def test_annotations_that_make_no_sense(tmp_path, images, boxes, more, says):
    write(tmp_path, images, boxes, **more)
    refused(tmp_path, says)


def test_what_is_not_there(tmp_path):
    refused(tmp_path, "there is no folder .*annotations, where instances_train2017.json should be$")
    (tmp_path / "annotations").mkdir()
    refused(tmp_path, "annotations holds no instances_train2017.json or instances_val2017.json; unpack")
    refused(tmp_path / "annotations", "should be; give the folder above it")
    write_coco(tmp_path, 4, controls=0.0)
    refused(tmp_path, "unknown option of the data set coco 'spilt': did you mean split", spilt="val")
    refused(tmp_path, r"unknown split of coco 'test': choose from train, val", split="test")
    refused(tmp_path, "unknown year of coco '2015': did you mean 2017", year="2015")
    (tmp_path / "annotations" / "instances_val2017.json").unlink()
    refused(tmp_path, "holds no instances_val2017.json; drop split=val", split="val")
    shutil.rmtree(tmp_path / "train2017")
    refused(tmp_path, "no pictures of train2017 in .*; looked for train2017, images/train2017, train2017/train2017")
    with pytest.raises(AuditError, match="coco needs --root FOLDER"):
        load(None, {}, 0)


def test_splits_whose_categories_differ(tmp_path):
    write(tmp_path, [(1, "a")], [(1, 3, BOX)])
    write(tmp_path, [(2, "b")], [(2, 3, BOX)], categories=[("cat", 3)], part="val2017")
    refused(tmp_path, "the categories of val2017 in .* are not those of train2017")
    (tmp_path / "annotations" / "instances_val2017.json").write_text('{"images": [')
    refused(tmp_path, "line 1 of .*instances_val2017.json is not JSON as COCO has it")
