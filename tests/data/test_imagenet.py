import pickle
import shutil
from pathlib import Path

import pytest

from dejavu_audit.data.crops import CropRule
from dejavu_audit.data.imagenet import load
from dejavu_audit.errors import AuditError, SetAside
from tests.pictures import write_devkit_tree, write_ground_truth, write_kaggle_tree


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    base = tmp_path_factory.mktemp("trees")
    return {
        "devkit": write_devkit_tree(base / "devkit", 3, 4),
        "flat": write_devkit_tree(base / "flat", 3, 4, flat_val=True, annotation="bbox"),
        "kaggle": write_kaggle_tree(base / "kaggle", 3, 4),
    }


@pytest.fixture
def tree(trees, tmp_path):
    """A devkit tree of one's own, to break."""
    shutil.copytree(trees["flat"].root, tmp_path / "tree")
    return tmp_path / "tree"


def sentence(root, options=None):
    with pytest.raises(AuditError) as caught:
        load(None if root is None else str(root), options or {}, 0)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["devkit", "flat", "kaggle"])
def test_everything_that_was_written_is_read(trees, kind):
    tree = trees[kind]
    data = load(str(tree.root), {}, 0)
    rows = data.table.to_pylist()
    assert {row["id"]: row["label"] for row in rows} == tree.labels
    assert {row["id"] for row in rows if row["boxed"]} == set(tree.boxes)
    assert all((row["set"] == "control") == ("/val/" in "/" + row["id"]) for row in rows)
    assert {row["set"] for row in rows} == {None, "control"}
    assert all(row["path"] == str(tree.root / row["id"]) for row in rows)
    assert list(data.wnids) == tree.wnids
    assert data.classes[0] == "tench, Tinca tinca"
    assert data.notes == []
    for i, row in enumerate(rows):
        if row["boxed"]:
            annotation = data.annotation(i)
            assert [tuple(map(int, box)) for box in annotation.boxes] == tree.boxes[row["id"]]
            assert annotation.size == data.open(i).size == (300, 240)
            assert CropRule().crop(annotation.size, annotation).w > 100


def test_the_table_is_what_the_protocol_says(trees):
    table = load(str(trees["devkit"].root), {}, 0).table
    assert [(name, str(kind)) for name, kind in zip(table.schema.names, table.schema.types, strict=True)] == [
        *(("id", "string"), ("path", "string"), ("label", "int32")),
        *(("boxed", "bool"), ("set", "string"), ("group", "string")),
        ("source", "dictionary<values=string, indices=int8, ordered=0>"),
    ]
    assert table["group"].null_count == len(table)


@pytest.mark.parametrize("kind", ["devkit", "flat", "kaggle"])
def test_pictures_come_from_train_or_val(trees, kind):
    for row in load(str(trees[kind].root), {}, 0).table.to_pylist():
        assert row["source"] == ("imagenet-1k val" if row["set"] == "control" else "imagenet-1k train")


def test_pictures_that_are_not_called_as_ilsvrcs_are_of_no_known_source(tree):
    for file in (*Path(tree, "train").glob("*/*"), *Path(tree, "val").glob("*")):
        if file.name.endswith(("_1.JPEG", "00001.JPEG")):
            file.rename(file.with_name("picture-" + file.name))
    told = {row["id"].rpartition("/")[2]: row["source"] for row in load(str(tree), {}, 0).table.to_pylist()}
    assert {told[name] for name in told if name.startswith("picture-")} == {None}
    assert {told[name] for name in told if name.startswith("n")} == {"imagenet-1k train"}


def test_kaggle_from_within(trees):
    outer = load(str(trees["kaggle"].root), {}, 0)
    inner = load(str(trees["kaggle"].root / "ILSVRC"), {}, 0)
    assert ["ILSVRC/" + name for name in inner.table["id"].to_pylist()] == outer.table["id"].to_pylist()
    for column in ("label", "boxed", "set", "path"):
        assert inner.table[column].to_pylist() == outer.table[column].to_pylist()
    assert inner.classes == outer.classes
    assert inner.annotation(0) == outer.annotation(0)


def test_it_travels_to_worker_processes(trees):
    data = load(str(trees["devkit"].root), {}, 0)
    copy = pickle.loads(pickle.dumps(data))
    assert copy.table.equals(data.table)
    assert copy.annotation(0) == data.annotation(0)
    assert copy.identity(0) == data.identity(0)


def test_draft_reaches_the_decoder(trees):
    assert load(str(trees["devkit"].root), {}, 0).open(0, draft=100).size == (150, 120)


def test_what_vanished_since_is_set_aside(tree):
    data = load(str(tree), {}, 0)
    (tree / data.table["id"][0].as_py()).unlink()
    (tree / "bbox/n01440764/n01440764_0.xml").unlink()
    for ask, reason in ((data.open, "picture is missing"), (data.identity, "picture is missing")):
        with pytest.raises(SetAside, match=reason):
            ask(0)
    with pytest.raises(SetAside, match="annotation is missing"):
        data.annotation(0)


@pytest.mark.parametrize("place", ["Annotation", "Annotations", "Annotations/CLS-LOC/train", "bbox/train"])
def test_train_boxes_in_all_their_places(tree, place):
    (tree / "bbox").rename(tree / "moved")
    (tree / place).parent.mkdir(parents=True, exist_ok=True)
    (tree / "moved").rename(tree / place)
    data = load(str(tree), {}, 0)
    assert data.train_boxes == place
    assert data.annotation(0).boxes


@pytest.mark.parametrize("place", ["val_annotations", "Annotations/CLS-LOC/val", "ILSVRC2012_bbox_val_v3/val"])
def test_val_boxes_in_all_their_places(tree, place):
    (tree / place).parent.mkdir(parents=True, exist_ok=True)
    (tree / "bbox/val").rename(tree / place)
    data = load(str(tree), {}, 0)
    assert data.val_boxes == place
    last = len(data.table) - 1
    assert data.table["set"][last].as_py() == "control"
    assert data.annotation(last).boxes


def test_annotations_of_train_in_one_heap(tree):
    for path in sorted((tree / "bbox").glob("n*/*.xml")):
        path.rename(tree / "bbox" / path.name)
    for path in (tree / "bbox").glob("n*"):
        if path.is_dir():
            path.rmdir()
    data = load(str(tree), {}, 0)
    assert data.table["boxed"].to_pylist()[:4] == [True, True, True, False]
    assert data.annotation(0).boxes


def test_names(tree):
    (tree / "synset_words.txt").unlink()
    assert list(load(str(tree), {}, 0).classes) == ["n01440764", "n01443537", "n01484850"]
    (tree / "LOC_synset_mapping.txt").write_text("n01440764 crane\nn01443537 crane\n")
    assert list(load(str(tree), {}, 0).classes) == ["crane (n01440764)", "crane (n01443537)", "n01484850"]
    (tree / "LOC_synset_mapping.txt").unlink()
    (tree / "words.txt").write_text("n00001740\tentity\nn01440764\ttench, Tinca tinca\n")
    assert load(str(tree), {}, 0).classes[0] == "tench, Tinca tinca"


def test_no_val(tree):
    shutil.rmtree(tree / "val")
    data = load(str(tree), {}, 0)
    assert data.table["set"].null_count == len(data.table) == 12
    assert data.notes == ["no pictures in val: there is no held-out control"]


def test_no_boxes(tree):
    shutil.rmtree(tree / "bbox")
    data = load(str(tree), {}, 0)
    assert not any(data.table["boxed"].to_pylist())
    assert "no train picture has boxes" in data.notes[0]
    assert "no val picture has boxes" in data.notes[1]
    with pytest.raises(SetAside, match="annotation is missing"):
        data.annotation(0)


def test_classes_of_val_alone_and_empty_classes_are_told(tree):
    for path in (tree / "train/n01484850").iterdir():
        path.unlink()
    data = load(str(tree), {}, 0)
    assert len(data.classes) == 2
    assert data.notes == [
        "1 class folders of train hold no pictures and were left out",
        "2 val pictures are of no class of train, or unlabelled, and were left out",
    ]


def test_other_files_are_left_alone(tree):
    (tree / "train/n01440764/notes.txt").write_text("x")
    (tree / "train/.DS_Store").write_text("x")
    (tree / "train/misc").mkdir()
    assert len(load(str(tree), {}, 0).table) == 18


def test_file_names_that_are_no_text_are_left_out(tree):
    before = len(load(str(tree), {}, 0).table)
    try:
        Path(tree, "train/n01440764/\udcff.JPEG").write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert len(load(str(tree), {}, 0).table) == before


# meta.mat numbers the classes against the order of their WordNet ids: taking the order for the numbers would mislabel
def test_ground_truth_goes_through_the_devkit_numbers(trees):
    tree = trees["flat"]
    truth = (tree.root / "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt").read_text().split()
    data = load(str(tree.root), {}, 0)
    val = [row["label"] for row in data.table.to_pylist() if row["set"]]
    assert val == [3 - int(number) for number in truth]


def test_ground_truth_is_found_by_number_not_by_rank(tree):
    before = load(str(tree), {}, 0).table.to_pylist()
    (tree / "val/ILSVRC2012_val_00000001.JPEG").unlink()
    assert load(str(tree), {}, 0).table.to_pylist() == [r for r in before if "00000001" not in r["id"]]


def test_ground_truth_by_map_or_by_wordnet_ids(tree):
    before = load(str(tree), {}, 0).table.to_pylist()
    devkit = tree / "ILSVRC2012_devkit_t12/data"
    truth = devkit / "ILSVRC2012_validation_ground_truth.txt"
    (devkit / "meta.mat").unlink()
    (devkit / "map_clsloc.txt").write_text("n01440764 3 tench\nn01443537 2 goldfish\nn01484850 1 shark\n")
    assert load(str(tree), {}, 0).table.to_pylist() == before
    (devkit / "map_clsloc.txt").unlink()
    wnids = {"3": "n01440764", "2": "n01443537", "1": "n01484850"}
    (tree / "imagenet_2012_validation_synset_labels.txt").write_text(
        "\n".join(wnids[number] for number in truth.read_text().split())
    )
    truth.unlink()
    assert load(str(tree), {}, 0).table.to_pylist() == before


def test_faults_of_the_ground_truth(tree, trees):
    devkit = tree / "ILSVRC2012_devkit_t12/data"
    truth, meta = devkit / "ILSVRC2012_validation_ground_truth.txt", devkit / "meta.mat"
    truth.write_text("1\n2\n")
    assert "has 2 lines, but" in sentence(tree)
    truth.write_text("1\n2\n77\n1\n2\n3\n")
    assert "77, which is no ILSVRC2012_ID" in sentence(tree)
    truth.write_text("1\n2\nx\n1\n2\n3\n")
    assert "which is no ILSVRC2012_ID" in sentence(tree)
    meta.write_bytes(b"MATLAB 5.0 MAT-file" + b"\0" * 200)
    assert "cannot read the synsets in" in sentence(tree)
    meta.unlink()
    assert "put the devkit's meta.mat beside it" in sentence(tree)
    (devkit / "map_clsloc.txt").write_text("tench\n")
    assert "map_clsloc.txt has lines that are not" in sentence(tree)
    truth.write_bytes(b"\xff\xfe")
    assert "cannot read" in sentence(tree)
    truth.unlink()
    message = sentence(tree)
    assert "nothing says the labels" in message and "LOC_val_solution.csv" in message
    write_ground_truth(trees["flat"].__class__(tree, trees["flat"].wnids), [0] * 6)
    assert load(str(tree), {}, 0).table["label"].to_pylist()[-6:] == [0] * 6


def test_faults_of_the_solution(trees, tmp_path):
    root = tmp_path / "tree"
    shutil.copytree(trees["kaggle"].root, root)
    solution = root / "LOC_val_solution.csv"
    lines = solution.read_text().splitlines(keepends=True)
    solution.write_text("".join(lines[:-1]))  # the first picture, as the table is written backwards
    data = load(str(root), {}, 0)
    assert data.notes == ["1 val pictures are of no class of train, or unlabelled, and were left out"]
    solution.write_text("a,b\n")
    assert "lacks the columns ImageId and PredictionString" in sentence(root)
    solution.write_text("".join(lines[:2]) + "ILSVRC2012_val_00000001,../../etc 1 2 3 4\n")
    assert "line 3 of" in sentence(root) and "'../../etc'" in sentence(root)


def test_faults_of_the_root(tmp_path, trees):
    assert "needs --root FOLDER (or DEJAVU_AUDIT_IMAGENET_ROOT)" in sentence(None)
    assert "there is no folder" in sentence(tmp_path / "none")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot look into" in sentence(tmp_path / "loop")
    (tmp_path / "loop").unlink()
    (tmp_path / "ILSVRC.tar").write_text("x")
    assert "is not a folder" in sentence(tmp_path / "ILSVRC.tar")
    message = sentence(tmp_path)
    assert "holds 'ILSVRC.tar'" in message and "train/<WordNet id>/" in message and "--root FOLDER" in message
    (tmp_path / "empty").mkdir()
    assert "it holds nothing" in sentence(tmp_path / "empty")
    assert "give the folder above its train folder" in sentence(trees["devkit"].root / "train")
    (tmp_path / "hollow/train/n01440764").mkdir(parents=True)
    assert "hold no pictures" in sentence(tmp_path / "hollow")
    (tmp_path / "other/train/tench").mkdir(parents=True)
    assert "has no ILSVRC layout" in sentence(tmp_path / "other")


def test_unknown_options_are_refused(trees):
    assert "has no option 'colour'" in sentence(trees["devkit"].root, {"colour": "red"})


def test_class_folders_may_be_links(trees, tmp_path):
    for name in ("train", "bbox"):
        (tmp_path / name).mkdir()
        for wnid in trees["flat"].wnids:
            (tmp_path / name / wnid).symlink_to(trees["flat"].root / name / wnid)
    data = load(str(tmp_path), {}, 0)
    assert len(data.table) == 12 and sum(data.table["boxed"].to_pylist()) == 9
    assert data.open(0).size == (300, 240)
