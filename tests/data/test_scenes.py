from __future__ import annotations

import pickle

import numpy as np
import pytest

from dejavu_audit import plugins
from dejavu_audit.data.crops import CropRule
from dejavu_audit.data.scene_drawing import COLOUR_NAMES, SHAPES, lay_out
from dejavu_audit.data.scenes import SceneOptions, caption, load, objects
from dejavu_audit.errors import AuditError

SMALL = {"targets": "20", "public": "30", "control": "10", "fit": "5"}


@pytest.fixture(scope="module")
def scenes():
    return load(None, SMALL, 0)


def test_it_is_found_by_name():
    assert plugins.find(plugins.DATASETS, "scenes", kind="data set") is load


def test_defaults_are_the_demo_s():
    scenes = load(None, {}, 0)
    sets, counts = np.unique(np.asarray(scenes.table["set"]), return_counts=True)
    assert dict(zip(sets, counts, strict=True)) == {"control": 1_500, "fit": 3_000, "public": 6_000, "target": 300}
    assert scenes.options == SceneOptions(seed=0, classes=100, correlation=0.3)
    labels = np.asarray(scenes.table["label"])
    for name, of_each in {"target": 3, "control": 15, "public": 60, "fit": 30}.items():
        assert np.bincount(labels[np.asarray(scenes.table["set"]) == name]).tolist() == [of_each] * 100


def test_the_table(scenes):
    table = scenes.table
    assert table.column_names == ["id", "path", "label", "boxed", "set", "group", "caption", "objects", "source"]
    types = ["string", "string", "int32", "bool", "string", "string", "string", "list<item: string>"]
    types.append("dictionary<values=string, indices=int8, ordered=0>")
    assert [str(kind) for kind in table.schema.types] == types
    ids = table["id"].to_pylist()
    assert len(set(ids)) == 65 and ids[17] == "target-000017" and table["path"].to_pylist() == ids
    assert all(row["id"].startswith(row["set"]) for row in table.to_pylist())
    assert table["boxed"].to_pylist() == [True] * 65 and table["group"].null_count == 65
    assert all(row["source"].endswith(" " + row["set"]) for row in table.to_pylist())


def test_a_row_is_what_its_label_says(scenes):
    for row in (0, 19, 20, 64):
        scene, told = lay_out(scenes.key(row)), scenes.table.slice(row, 1).to_pylist()[0]
        assert told["objects"] == [COLOUR_NAMES[scene.colour], SHAPES[scene.shape]]
        assert scenes.classes[told["label"]] == " ".join(told["objects"])
        assert told["caption"].split(" ", 4)[4] == scenes.classes[told["label"]]
    assert scenes.classes[0] == "white disc" and scenes.classes[99] == "brown pair of bars"


def test_with_ten_classes_the_names_are_the_shapes():
    scenes = load(None, {**SMALL, "classes": "10"}, 0)
    assert list(scenes.classes)[:3] == ["disc", "square", "triangle"] and len(scenes.classes) == 10
    name = scenes.classes[scenes.table["label"][3].as_py()]
    assert scenes.table["objects"][3].as_py() == [name] and scenes.table["caption"][3].as_py().endswith(f" a {name}")


@pytest.mark.parametrize(
    ("name", "says", "shows"),
    [
        ("red disc", "a picture of a red disc", ["red", "disc"]),
        ("orange moon", "a picture of an orange moon", ["orange", "moon"]),
        ("brown pair of bars", "a picture of a brown pair of bars", ["brown", "pair of bars"]),
        ("pair of bars", "a picture of a pair of bars", ["pair of bars"]),
    ],
)
def test_captions_and_objects_of_a_class(name, says, shows):
    assert (caption(name), objects(name)) == (says, shows)


def test_a_picture_does_not_depend_on_the_sizes_nor_on_the_audit_s_seed(scenes):
    grown = load("anywhere", {"targets": "25", "public": "5", "control": "50", "fit": "0"}, 99)
    for row in range(20):
        assert grown.identity(row) == scenes.identity(row)
        assert grown.table["label"][row] == scenes.table["label"][row]
    assert np.array_equal(np.asarray(grown.open(7)), np.asarray(scenes.open(7)))
    assert np.array_equal(np.asarray(grown.open(25)), np.asarray(scenes.open(20)))  # control-000000 of both


def test_the_scenes_seed_and_correlation_are_in_the_identity(scenes):
    others = [load(None, {**SMALL, **option}, 0) for option in ({"seed": "1"}, {"correlation": "0"}, {"classes": "10"})]
    identities = [d.identity(7) for d in (scenes, *others)] + [scenes.identity(8), scenes.identity(27)]
    assert len(set(identities)) == len(identities)
    assert not np.array_equal(np.asarray(others[0].open(7)), np.asarray(scenes.open(7)))


def test_pictures_and_boxes(scenes):
    for row in range(scenes.table.num_rows):
        annotation = scenes.annotation(row)
        picture = scenes.open(row, draft=10)
        assert picture.mode == "RGB" and picture.size == annotation.size == (96, 96)
        crop = CropRule(min_side=24).crop(picture.size, annotation)
        assert min(crop.w, crop.h) > 24


def test_it_travels_to_worker_processes(scenes):
    there = pickle.loads(pickle.dumps(scenes))
    assert there.identity(3) == scenes.identity(3)
    assert np.array_equal(np.asarray(there.open(3)), np.asarray(scenes.open(3)))


def test_no_picture_twice():
    scenes = load(None, {"targets": "100", "public": "100", "control": "100", "fit": "100"}, 0)
    assert len({scenes.open(row).tobytes() for row in range(400)}) == 400


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"corelation": "1"}, "did you mean correlation?"),
        ({"correlation": "1.2"}, "from 0 to 1"),
        ({"correlation": "-0.1"}, "from 0 to 1"),
        ({"correlation": "nan"}, "from 0 to 1"),
        ({"correlation": "much"}, "'much'"),
        ({"classes": "20"}, "10, the shapes, or 100"),
        ({"targets": "0"}, "targets must be a whole number from 1"),
        ({"control": "-1"}, "control must be a whole number from 0"),
        ({"public": "2.5"}, "'2.5'"),
        ({"fit": "1000001"}, "1,000,000"),
        ({"seed": "-1"}, "seed must be"),
    ],
)
def test_options_out_of_range_are_refused_in_one_sentence(options, words):
    with pytest.raises(AuditError) as caught:
        load(None, options, 0)
    assert words in str(caught.value) and "\n" not in str(caught.value)
