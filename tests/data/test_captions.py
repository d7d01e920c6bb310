"""`--data captions` in all its forms; the tars are written by webdataset."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset
from PIL import Image

from dejavu_audit.data.captions import load
from dejavu_audit.data.loading import load_dataset
from dejavu_audit.data.splits import draw_split
from dejavu_audit.data.terms import NO_CAPTION, Terms
from dejavu_audit.errors import AuditError, SetAside
from tests.captioned_data import OBJECTS, samples, write_caption_table, write_captions_folder, write_tar_shards
from tests.data.conftest import config, encoded

STAMPS = Path("/usr/share/tuxpaint/stamps")


def data(root, **options):
    """Through the front door, so that it is checked too."""
    return load_dataset(config("captions", root=str(root), data_options=options))


def tar(path, *members):
    """A shard of one dictionary a key, as webdataset writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with webdataset.TarWriter(str(path)) as writer:
        for member in members:
            writer.write(member)
    return path


def rows(dataset, *columns):
    return list(zip(*(dataset.table[column].to_pylist() for column in columns), strict=True))


def pixels(dataset, row):
    return dataset.open(row).tobytes()


def refused(root, says, **options):
    with pytest.raises(AuditError, match=says) as raised:
        load(str(root), options, 0)
    assert "\n" not in str(raised.value)


# Tar shards


def test_shards_of_img2dataset(tmp_path):
    shards = write_tar_shards(tmp_path, 9, shards=2, labels=True)
    (tmp_path / "00000.parquet").write_bytes(b"img2dataset writes its own table beside every shard")
    (tmp_path / "00000_stats.json").write_text("{}")
    found, every = data(tmp_path), samples(9)
    in_order = [*every[0::2], *every[1::2]]
    ids = [f"0000{number}/{sample.key}" for number in (0, 1) for sample in every[number::2]]
    assert rows(found, "id", "caption", "objects", "set", "group", "boxed") == [
        (id_, sample.captions[0], sample.objects, sample.set, None, False)
        for id_, sample in zip(ids, in_order, strict=True)
    ]
    assert [found.classes[label] for label in found.table["label"].to_pylist()] == [one.label for one in in_order]
    assert found.notes == ()
    for row, sample in enumerate(in_order):
        assert pixels(found, row) == Image.open(io.BytesIO(sample.jpeg)).convert("RGB").tobytes()
        assert found.identity(row).startswith(str(shards[row >= 5].resolve()))
    assert len({found.identity(row) for row in range(9)}) == 9
    there = pickle.loads(pickle.dumps(found))
    assert (there.identity(7), pixels(there, 7)) == (found.identity(7), pixels(found, 7))


def test_one_shard_by_its_name_without_labels_or_objects(tmp_path):
    mask = {"seg.png": encoded((0, 0, 0))}  # the key ends at the first dot: this is no second picture
    found = data(tar(tmp_path / "s.tar", {"__key__": "a/b", **mask, "png": encoded(), "txt": " red \n"}))
    assert rows(found, "id", "caption", "label") == [("s/a/b", "red", -1)]
    assert found.open(0).getpixel((0, 0)) == (200, 30, 30)
    assert list(found.classes) == [] and "objects" not in found.table.column_names


def test_a_list_of_captions_in_json_counts_more_than_the_text(tmp_path):
    told = {"caption": ["one", "", "two"]}
    keys = [
        {"__key__": "a", "png": encoded(), "txt": "one", "json": json.dumps(told).encode()},
        {"__key__": "b", "png": encoded(), "txt": "text", "json": b'{"caption": "json"}'},
        {"__key__": "c", "png": encoded(), "json": b'{"caption": "json"}'},
    ]
    assert data(tar(tmp_path / "s.tar", *keys)).table["caption"].to_pylist() == [["one", "two"], ["text"], ["json"]]


def test_pictures_without_captions_and_captions_without_pictures(tmp_path):
    whole = [{"__key__": f"k{number}", "png": encoded(), "txt": f"caption {number}"} for number in range(4)]
    tar(tmp_path / "a.tar", *whole, {"__key__": "bare", "png": encoded()}, {"__key__": "lonely", "txt": "of nothing"})
    tar(tmp_path / "b.tar", whole[0], *({"__key__": f"l{number}", "txt": "of nothing"} for number in range(3)))
    found = data(tmp_path)
    captions = ["caption 0", "caption 1", "caption 2", "caption 3", None, "caption 0"]
    assert found.table["caption"].to_pylist() == captions
    assert found.notes == ("4 captions without a picture were left out (in 2 shards, 3 of them in b.tar)",)
    table = found.table.append_column("objects", pa.array([["red"]] * 6))
    found.table = table
    assert Terms.of(found, config("captions", test="objects")).left_out == {NO_CAPTION: 1}


def test_shards_without_any_pair(tmp_path):
    refused(tar(tmp_path / "a.tar", {"__key__": "a", "txt": "x"}), r"holds a picture \(key.jpg, .*; looked into 1")
    refused(tar(tmp_path / "b.tar", {"__key__": "a", "png": encoded()}), "none of the 1 pictures in .* has a caption")
    blank = {"__key__": "a", "png": encoded(), "txt": " \n"}
    refused(tar(tmp_path / "c.tar", blank), "none of the 1 pictures in .* has a caption")
    odd = {"__key__": "a", "png": encoded(), "txt": b"\xff"}
    refused(tar(tmp_path / "d.tar", odd), "has a caption .1 captions are not UTF-8: they are taken as missing.$")


def test_faults_of_single_captions_are_counted(tmp_path):
    texts = [b"good", b"\xff\xfe", b"x" * 100_000, "ü".encode() * 10_001, "ü".encode() * 10_000, b"{}"]
    keys = [{"__key__": str(number), "png": encoded(), "txt": text} for number, text in enumerate(texts)]
    keys += [
        {"__key__": "half", "png": encoded(), "json": b'{"caption": "\\ud800"}'},
        {"__key__": "broken", "png": encoded(), "json": b'{"caption": '},
        {"__key__": "list", "png": encoded(), "json": b"[1]"},
        {"__key__": "deep", "png": encoded(), "json": b"[" * 100_000},
        {"__key__": "objects", "png": encoded(), "txt": b"o", "json": b'{"objects": {"a": 1}}'},
        {"__key__": "text", "png": encoded(), "txt": b"o", "json": b'{"objects": "[\\"dog\\"]"}'},
    ]
    found = data(tar(tmp_path / "s.tar", *keys))
    assert found.table["caption"].to_pylist() == ["good", None, None, None, "ü" * 10_000, "{}", *[None] * 4, "o", "o"]
    assert found.table["objects"].to_pylist() == [None] * 11 + [["dog"]]
    assert set(found.notes) == {
        "2 captions are not UTF-8: they are taken as missing",
        "2 captions are longer than 10,000 characters: they are taken as missing",
        "3 .json members are no JSON object of up to 16 MiB and were left out (in shard s.tar)",
        "1 lists of objects are no lists of names and were left out (in shard s.tar)",
    }


def test_one_key_in_two_shards_and_twice_in_one(tmp_path):
    one = {"__key__": "a", "png": encoded(), "txt": "x"}
    tar(tmp_path / "0.tar", one)
    tar(tmp_path / "more" / "0.tar", one)
    assert data(tmp_path).table["id"].to_pylist() == ["0/a", "more/0/a"]
    refused(tar(tmp_path / "1.tar", one, one), "1.tar has two pictures of the key 'a', the second is 'a.png'")


def test_of_two_formats_of_one_picture_the_first_known_is_taken(tmp_path):
    for order in (("jpg", "png"), ("png", "jpg")):
        kinds = {"jpg": encoded(size=(8, 8), kind="JPEG"), "png": encoded(size=(9, 9))}
        found = data(tar(tmp_path / "s.tar", {"__key__": "a", **{kind: kinds[kind] for kind in order}, "txt": "x"}))
        assert found.open(0).size == (8, 8)


def test_folders_named_after_sets_prescribe_them(tmp_path):
    one = {"__key__": "a", "png": encoded(), "txt": "x"}
    own = {"__key__": "b", "png": encoded(), "txt": "x", "json": b'{"set": "target", "group": 7}'}
    for folder in ("control", "public", "train"):
        tar(tmp_path / folder / "0.tar", one, own)
    assert rows(data(tmp_path), "id", "set", "group") == [
        *[("control/0/a", "control", None), ("control/0/b", "target", "7")],
        *[("public/0/a", "public", None), ("public/0/b", "target", "7")],
        *[("train/0/a", None, None), ("train/0/b", "target", "7")],
    ]


def test_labels_by_number_and_by_name(tmp_path):
    keys = [{"__key__": str(number), "png": encoded(), "txt": "x", "cls": label} for number, label in enumerate([3, 1])]
    found = data(tar(tmp_path / "s.tar", *keys))
    assert (found.table["label"].to_pylist(), list(found.classes)) == ([1, 0], ["1", "3"])
    bare = {"__key__": "c", "png": encoded(), "txt": "x"}
    refused(tar(tmp_path / "s.tar", *keys, bare), "1 of the 3 pictures in .* have no label, 's/c' for one")
    for told in (b'{"label": [1]}', b'{"label": 1.5}', b'{"label": true}', b'{"label": "\\ud800"}'):
        refused(tar(tmp_path / "s.tar", bare | {"json": told}), "s.tar has the label .* write a name or a whole number")
    refused(tar(tmp_path / "s.tar", bare | {"cls": b"\xff"}), "s.tar has the label .* of 'c.cls'")


def test_strange_sets_and_objects(tmp_path):
    one = {"__key__": "a", "png": encoded(), "txt": "x"}
    tar(tmp_path / "s.tar", one | {"json": b'{"set": "controll", "objects": ["dog", "tree "]}'})
    with pytest.raises(AuditError, match=r"unknown set 'controll': did you mean control\?"):
        data(tmp_path)
    refused(tmp_path, r"unknown object 'tree': did you mean trees\?", vocabulary="dog,trees")
    assert load(str(tmp_path), {"vocabulary": "dog,tree"}, 0).table["objects"].to_pylist() == [["dog", "tree "]]


def test_hostile_and_broken_shards_end_in_a_sentence(tmp_path):
    write_tar_shards(tmp_path, 4, shards=2)
    whole = (tmp_path / "00001.tar").read_bytes()
    (tmp_path / "00001.tar").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path, r"the shard .*00001.tar is truncated \(the last member")
    with tarfile.open(tmp_path / "00001.tar", "w") as out:
        out.addfile(tarfile.TarInfo("../../x.jpg"))
    refused(tmp_path, r"00001.tar has the member '../../x.jpg', which is a path that climbs out")
    (tmp_path / "00001.tar").unlink()
    (tmp_path / "00001.tar.gz").write_bytes(b"")
    refused(tmp_path, r"00001.tar.gz is compressed \(.gz\)")
    (tmp_path / "00001.tar.gz").rename(tmp_path / "x.tgz")
    refused(tmp_path / "x.tgz", "x.tgz is compressed")


def test_a_shard_that_changes_after_it_was_indexed_sets_its_pictures_aside(tmp_path):
    path = write_tar_shards(tmp_path, 3, shards=1)[0]
    found = data(tmp_path)
    path.write_bytes(path.read_bytes() + bytes(512))
    with pytest.raises(SetAside, match="picture cannot be read"):
        found.open(0)
    path.unlink()
    with pytest.raises(SetAside, match="picture is missing"):
        found.open(1)
    assert found.identity(2)  # as it was indexed


def test_broken_and_empty_pictures_in_a_shard_are_set_aside(tmp_path):
    keys = [{"__key__": str(n), "jpg": content, "txt": "x"} for n, content in enumerate([b"", b"none", encoded()])]
    found = data(tar(tmp_path / "s.tar", *keys))
    for row, reason in enumerate(["picture is missing", "not a picture"]):
        with pytest.raises(SetAside, match=reason):
            found.open(row)
    assert found.open(2).size == (60, 40)


# A folder with captions.txt


@pytest.mark.parametrize("flickr", [False, True])
def test_a_folder_with_captions(tmp_path, flickr):
    found, every = data(write_captions_folder(tmp_path, 6, captions=3, flickr=flickr)), samples(6, captions=3)
    folders = ["control" if sample.control else "pictures" for sample in every]
    assert rows(found, "id", "caption", "set", "label") == [
        (f"{folder}/{sample.key}.jpg", sample.captions, sample.set, -1)
        for folder, sample in zip(folders, every, strict=True)
    ]
    assert (found.notes, list(found.classes), found.open(5).size) == ((), [], (200, 160))
    assert pickle.loads(pickle.dumps(found)).identity(3) == found.identity(3)


def folder(tmp_path, text, name="captions.txt", pictures=("a.png", "b.png")):
    for picture in pictures:
        (tmp_path / picture).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / picture).write_bytes(encoded())
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("text", "captions"),
    [
        ("b.png\tone\na.png\ttwo\n", {"b.png": "one", "a.png": "two"}),
        ("\ufeffpath\tcaption\r\na.png\tone\r\n\r\n./b.png\ta\ttab\r\n", {"a.png": "one", "b.png": "a\ttab"}),
        ('image,caption\na.png,"one, ""two"""\nb.png,not quoted, so what\n', None),
        ("a.png\t\nb.png\tx\n", {"a.png": None, "b.png": "x"}),
    ],
)
def test_lines_of_captions(tmp_path, text, captions):
    found = data(folder(tmp_path, text))
    captions = captions or {"a.png": 'one, "two"', "b.png": "not quoted, so what"}
    assert dict(rows(found, "id", "caption")) == captions


def test_a_caption_file_by_its_name_and_pictures_in_images(tmp_path):
    folder(tmp_path, "a.png\tone\n", "mine.txt", ["Images/a.png"])
    found = data(tmp_path / "mine.txt")
    assert (rows(found, "id", "caption"), found.open(0).size) == ([("a.png", "one")], (60, 40))
    folder(tmp_path, "Images/a.png\tone\n", "captions.tsv", [])
    assert data(tmp_path).table["id"].to_pylist() == ["Images/a.png"]


def test_pictures_and_captions_that_miss_each_other(tmp_path):
    pictures = ("a.png", "sub/🐈.png", "sub/.hidden.png", "note.pdf")
    found = data(folder(tmp_path, "a.png\tone\ngone.png\ttwo\ngone.png\tthree\n", pictures=pictures))
    assert rows(found, "id", "caption") == [("a.png", "one"), ("sub/🐈.png", None)]
    assert found.notes == (
        "2 captions in captions.txt are of pictures that are not there, 'gone.png' for one",
        f"1 pictures in {tmp_path} have no caption in captions.txt, 'sub/🐈.png' for one",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"a.png\tx\nb.png\t\xff\n", r"captions.txt cannot be read: line 2 is not UTF-8; write"),
        ("a.png\tx\nb.png y\n", r"line 2 of .*captions.txt is not path<TAB>caption"),
        ("a.png\tx\n\tlonely\n", r"line 2 of .*captions.txt is not path<TAB>caption"),
        ("image,caption\na.png,x\nb.png\n", "line 3 of .*captions.txt is not image,caption"),
        ('image,caption\na.png,"' + "x" * 200_000 + '"\n', "line 2 of .*captions.txt cannot be read as CSV"),
        ("", "captions.txt is empty"),
        ("\n\n", "captions.txt is empty"),
        ("image,caption\n", "captions.txt is empty"),
        ("gone.png\tx\n", "none of the 1 pictures that .* names is there, 'gone.png' for one"),
        ("a.png\t \n", "none of the 2 pictures in .* has a caption"),
        ("../a.png\tx\n", "1 paths that leave the root, the first is '../a.png'"),
        ("/etc/passwd\tx\n", "captions.txt has 1 paths that leave the root"),
    ],
)
def test_caption_files_that_make_no_sense(tmp_path, text, says):
    refused(folder(tmp_path, text), says)


def test_endless_captions_are_left_out(tmp_path):
    found = data(folder(tmp_path, f"a.png\t{'x' * 100_000}\nb.png\tfine\n"))
    assert found.table["caption"].to_pylist() == [None, "fine"]
    assert found.notes == ("1 captions are longer than 10,000 characters: they are taken as missing",)


@pytest.mark.skipif(not STAMPS.is_dir(), reason="the package tuxpaint-stamps-default is not installed")
def test_tux_paints_stamps(tmp_path):
    """Real drawings and photographs with transparency; their texts have a first line in English."""
    told = {}
    for picture in sorted((STAMPS / "animals").rglob("*.png")):
        text = picture.with_suffix(".txt")
        if text.is_file() and len(told) < 60:
            told[picture.relative_to(STAMPS).as_posix()] = text.read_text("utf-8").splitlines()[0]
            (tmp_path / picture.relative_to(STAMPS)).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / picture.relative_to(STAMPS)).write_bytes(picture.read_bytes())
    (tmp_path / "captions.txt").write_text("".join(f"{path}\t{text}\n" for path, text in told.items()), "utf-8")
    found = data(tmp_path)
    assert dict(rows(found, "id", "caption")) == {path: text.strip() for path, text in told.items()}
    assert {found.open(row).mode for row in range(0, 60, 7)} == {"RGB"}


# Tables


@pytest.mark.parametrize("suffix", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("captions", [1, 2])
def test_tables(tmp_path, suffix, captions):
    file = write_caption_table(tmp_path / f"t.{suffix}", 6, captions=captions, labels=True, boxes=True)
    every = samples(6, captions=captions)
    for root in (tmp_path, file):
        found = data(root, vocabulary=",".join(OBJECTS))
        assert rows(found, "id", "caption", "objects", "set", "boxed") == [
            (one.key, one.captions if captions > 1 else one.captions[0], one.objects, one.set, True) for one in every
        ]
        assert [found.classes[label] for label in found.table["label"].to_pylist()] == [one.label for one in every]
        assert found.annotation(4).boxes == tuple(every[4].boxes)
        assert found.open(5).size == (200, 160)
        assert pickle.loads(pickle.dumps(found)).identity(2) == found.identity(2)


def test_several_parquet_files_are_one_table(tmp_path):
    first = write_caption_table(tmp_path / "a.parquet", 4)
    table = pq.read_table(write_caption_table(tmp_path / "b.parquet", 7)).slice(4)
    pq.write_table(table.drop_columns("set"), tmp_path / "b.parquet")
    found, every = data(tmp_path), samples(7)
    assert found.table["id"].to_pylist() == [sample.key for sample in every]
    assert found.table["set"].to_pylist() == ["control", None, None, None, None, None, None]
    assert f"{first.resolve()}|" in found.identity(3) and "b.parquet|" in found.identity(4)
    for row in (6, 0, 4, 3):
        assert pixels(found, row) == Image.open(io.BytesIO(every[row].jpeg)).convert("RGB").tobytes()


def test_tables_without_labels_have_no_classes(tmp_path):
    found = data(write_caption_table(tmp_path / "t.jsonl", 4))
    assert (found.table["label"].to_pylist(), list(found.classes)) == ([-1] * 4, [])
    assert found.table["label"].type == pa.int32()


def jsonl(path, *lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([{"path": "a.png"}], "has no column 'label'; found: path"),
        ([{"path": "a.png", "label": "x"}], "none of the 1 pictures in .* has a caption"),
        ([{"path": "a.png", "caption": ""}, {"path": "b.png", "caption": [" "]}], "none of the 2 pictures"),
        ([{"path": "a.png", "caption": 3}], "'caption' of .* is of type int64; write a string, or a list of strings"),
        ([{"path": "a.png", "caption": {"en": "x"}}], "'caption' of .* is of type struct"),
        ([{"path": "a.png", "caption": "x", "objects": [1]}], "'objects' of .* is of type list<.*>; write a list"),
        ([{"path": "a.png", "caption": "x", "objects": "dog"}], "'objects' of .* has 'dog' in row 1; write a list"),
        ([{"path": "a.png", "caption": "x", "objects": ["a", None]}], "'objects' of .* lists with empty places"),
        ([{"path": "a.png", "caption": "x", "objects": ["dgo"]}], r"unknown object 'dgo': did you mean dog\?"),
        ([{"caption": "x"}], "has no column 'path'; found: caption"),
        ([{"path": "../a.png", "caption": "x"}], "1 paths that leave the root"),
    ],
)
def test_tables_that_make_no_sense(tmp_path, lines, says):
    refused(jsonl(tmp_path / "t.jsonl", *lines), says, vocabulary="dog,cat")


def test_faults_of_captions_in_a_table(tmp_path):
    lines = [{"path": "a", "caption": "x" * 100_000}, {"path": "b", "caption": "fine"}, {"path": "c"}]
    for name in ("t.jsonl", "t.parquet", "t.csv"):
        if name == "t.jsonl":
            jsonl(tmp_path / name, *lines)
        elif name == "t.parquet":
            pq.write_table(pa.Table.from_pylist(lines), tmp_path / name)
        else:
            (tmp_path / name).write_text("path,caption\na," + "x" * 100_000 + "\nb,fine\nc,\n")
        found = data(tmp_path / name)
        assert found.table["caption"].to_pylist() == [None, "fine", None]
        assert found.notes == ("1 captions are longer than 10,000 characters: they are taken as missing",)


def test_captions_of_a_parquet_file_that_are_not_utf8(tmp_path):
    raw = pa.array([b"good", b"\xff", b"fine"], pa.binary())
    claimed = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    for column in (raw, claimed):
        pq.write_table(pa.table({"path": ["a", "b", "c"], "caption": column}), tmp_path / "t.parquet")
        found = data(tmp_path)
        assert found.table["caption"].to_pylist() == ["good", None, "fine"]
        assert found.notes == ("1 captions are not UTF-8: they are taken as missing",)


@pytest.mark.parametrize(
    ("name", "content"),
    [("t.csv", b"path,caption\na,x\nb,\xff\n"), ("t.jsonl", b'\n{"path": "a"}\n{"caption": "\xff"}\n')],
)
def test_text_files_that_are_not_utf8_are_refused_with_the_line(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path, f"{name} cannot be read as {name[2:]}: line 3 is not UTF-8; write the file anew as UTF-8$")


def test_a_caption_of_a_csv_may_begin_with_a_bracket(tmp_path):
    (tmp_path / "t.csv").write_text('path,caption\na,[sic] a dog\nb,"[""one"", ""two""]"\nc,[]\nd,[1]\n')
    assert data(tmp_path).table["caption"].to_pylist() == [["[sic] a dog"], ["one", "two"], None, ["[1]"]]


def test_objects_of_a_csv_are_json(tmp_path):
    (tmp_path / "t.csv").write_text('path,caption,objects\na,x,"[""dog""]"\nb,y,\nc,z,[]\n')
    assert data(tmp_path).table["objects"].to_pylist() == [["dog"], None, []]


def test_a_vocabulary_from_a_file(tmp_path):
    (tmp_path / "names.txt").write_text("dog\ncat\n\n")
    jsonl(tmp_path / "t.jsonl", {"path": "a", "caption": "x", "objects": [" dog ", ""]})
    assert load(str(tmp_path), {"vocabulary": str(tmp_path / "names.txt")}, 0).table.num_rows == 1
    refused(tmp_path, "objects of the vocabulary in .*gone.txt cannot be read", vocabulary=str(tmp_path / "gone.txt"))
    refused(tmp_path, "the objects of the vocabulary have the name 'dog' twice", vocabulary="dog,cat,dog")


# What is there


def test_what_is_recognised_first_and_what_is_forced(tmp_path):
    folder(tmp_path, "a.png\tof the file\n")
    jsonl(tmp_path / "t.jsonl", {"path": "b.png", "caption": "of the table"})
    tar(tmp_path / "s.tar", {"__key__": "k", "png": encoded(), "txt": "of the shard"})
    said = {layout: data(tmp_path, format=layout).table["caption"][0].as_py() for layout in ("tar", "txt", "table")}
    assert said == {"tar": "of the shard", "txt": "of the file", "table": "of the table"}
    assert data(tmp_path).table["caption"].to_pylist() == ["of the shard"]
    (tmp_path / "s.tar").unlink()
    assert data(tmp_path).table["caption"][0].as_py() == "of the file"


def test_what_is_not_recognised(tmp_path):
    looked = r"looked for \*.tar; captions.txt or captions.tsv; files of one format of .parquet, .csv, .jsonl: name the"
    refused(tmp_path, f"no captions are recognised in .*; {looked}")
    refused(tmp_path, r"looked for \*.tar: name", format="tar")
    (tmp_path / "x.pdf").write_bytes(b"")
    refused(tmp_path / "x.pdf", looked)
    refused(tmp_path / "gone", "there is no file or folder .*gone; say with --root")
    refused(tmp_path, "unknown format of captions 'tars': did you mean tar", format="tars")
    refused(tmp_path, "unknown option of the data set captions 'fromat': did you mean format", fromat="tar")
    jsonl(tmp_path / "t.jsonl", {"path": "a"})
    (tmp_path / "t.csv").write_text("path\na\n")
    refused(tmp_path, "holds .csv and .jsonl files; name the one with the captions as --root")
    with pytest.raises(AuditError, match=r"captions needs --root \(or DEJAVU_AUDIT_CAPTIONS_ROOT\): a folder of tar"):
        load(None, {}, 0)


def test_the_draw_takes_captioned_pictures_with_the_control_held_out(tmp_path):
    write_tar_shards(tmp_path, 40, shards=3)
    found, asked = data(tmp_path), config("captions", test="objects", preset="full", k=5)
    split = draw_split(found, asked, Terms.of(found, asked, fit=False))
    control = [row for row, into in enumerate(found.table["set"].to_pylist()) if into == "control"]
    assert sorted(split.control.tolist()) == control and len(control) == 10
    assert len(split.targets) + len(split.public) == 30 and len(split.targets) and len(split.public) >= 5


def test_where_the_captions_come_from(tmp_path):
    folder = write_captions_folder(tmp_path / "captions", 4)
    assert "source" not in data(folder).table.column_names
    assert data(folder, source=" laion-2b ").table["source"].to_pylist() == ["laion-2b"] * 4
    refused(folder, "the source of captions is ' '; name the data set", source=" ")
