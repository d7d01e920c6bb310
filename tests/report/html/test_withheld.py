from __future__ import annotations

import pytest

from dejavu_audit.report.html.withheld import WITHHELD, Withholder, hidden, looks_like_file
from dejavu_audit.report.reading import read_run
from tests.report.html.runs import change
from tests.run_folders import write_run


@pytest.fixture
def withholder(tmp_path):
    run = write_run(tmp_path / "run")
    change(run, config={"root": "data", "pretrained": "/secret/place/weights v2.pt", "data": "own set/mine.toml"})
    return Withholder(read_run(run))


@pytest.mark.parametrize(
    "text",
    [
        "/secret/place/weights v2.pt", "weights v2.pt was read", "mine.toml lacks a column", "~/pictures/a.jpg",
        "C:\\Users\\me\\a.png", "pictures/n01440764/n01440764_18.JPEG is truncated", "see shard-000012.tar", "../x/y",
        "(/var/lib/thing)", "own set/mine.toml",
    ],
)  # fmt: skip
def test_paths_and_file_names_are_replaced(withholder, text):
    told = withholder.text(text)
    assert WITHHELD in told
    for part in ("secret", "weights", "mine", "pictures", "Users", "n01440764", "shard", "var/lib", "own set", "/y"):
        assert part not in told


@pytest.mark.parametrize(
    "text",
    [
        "the data are procedural", "ViT-B/16 on laion2b_s34b_b79k", "hf-hub:timm/vit_base", "H(p) - H(c / k)",
        "see samples.parquet and audit.json", "12.5 % and/or 3.4", "https://arxiv.org/abs/2304.13850", "e.g. a.b",
    ],
)  # fmt: skip
def test_what_names_no_file_stays(withholder, text):
    assert withholder.text(text) == text


def test_a_hidden_configuration_names_no_file(tmp_path):
    config = {
        "root": "data", "pretrained": "laion2b", "model": "ViT-B/16", "reference": "openclip:/models/b.pt",
        "data_options": {"classes": "10", "index": "/a/b"}, "members": None, "seed": 3, "out": "x",
    }  # fmt: skip
    assert hidden(config) == {
        "root": WITHHELD, "pretrained": "laion2b", "model": "ViT-B/16", "reference": WITHHELD,
        "data_options": {"classes": "10", "index": WITHHELD}, "members": None, "seed": 3, "out": WITHHELD,
    }  # fmt: skip


def test_a_folder_that_is_there_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not looks_like_file("facebook/dinov2")
    (tmp_path / "facebook" / "dinov2").mkdir(parents=True)
    assert looks_like_file("facebook/dinov2")
    assert not looks_like_file("hf-hub:facebook/dinov2")
    assert not looks_like_file("a\x00/b")
