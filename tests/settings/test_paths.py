from __future__ import annotations

from pathlib import Path

import pytest

from dejavu_audit.settings.paths import files_of, seen_from


@pytest.mark.parametrize(
    ("key", "given", "seen"),
    [
        ("root", "pictures", "{here}/pictures"),
        ("pretrained", "weights.pt", "{here}/weights.pt"),  # a file by its suffix, there or not
        ("pretrained", "sub/w.SAFETENSORS", "{here}/sub/w.SAFETENSORS"),
        ("pretrained", "/elsewhere/w.pt", "/elsewhere/w.pt"),
        ("pretrained", "random", "random"),
        ("pretrained", "hf-hub:laion/a-model", "hf-hub:laion/a-model"),
        ("model", "resnet50.a1_in1k", "resnet50.a1_in1k"),
        ("model", "ViT-B-32", "ViT-B-32"),
        ("model", "facebook/dinov2-small", "facebook/dinov2-small"),
        ("model", "models/mine", "{here}/models/mine"),  # has a separator, and is there
        ("model", "models", "models"),  # is there too, but is a bare name
        ("model", "module:function", "module:function"),
        ("data", "scenes", "scenes"),
        ("data", "mine.toml", "{here}/mine.toml"),
        ("baseline_model", "timm:test_resnet:w.safetensors", "timm:test_resnet:{here}/w.safetensors"),
        ("reference", "openclip:ViT-B-32:laion2b_s34b_b79k", "openclip:ViT-B-32:laion2b_s34b_b79k"),
        ("tagger", "tags.parquet", "{here}/tags.parquet"),
        ("pretrained", "with:colon/w.pt", "{here}/with:colon/w.pt"),  # a file that is there
        ("pretrained", "", ""),
    ],
)
def test_what_is_a_path_is_seen_from_the_folder(tmp_path, key, given, seen):
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "with:colon").mkdir()
    (tmp_path / "with:colon" / "w.pt").touch()
    assert seen_from({key: given}, tmp_path) == {key: seen.format(here=tmp_path.resolve())}


def test_options_are_looked_into_and_numbers_left():
    seen = seen_from({"k": 3, "mean": [0.5, 0.5, 0.5], "baseline_options": {"model": "timm:a:b.pt"}}, Path("/here"))
    assert seen == {"k": 3, "mean": [0.5, 0.5, 0.5], "baseline_options": {"model": "timm:a:/here/b.pt"}}


def test_the_home_folder_is_written_out(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert seen_from({"pretrained": "~/w.pt"}, Path("/here")) == {"pretrained": "/home/me/w.pt"}


def test_files_that_settings_name(tmp_path):
    for name in ("a.pt", "b.pt", "c.csv"):
        (tmp_path / name).touch()
    settings = {
        "pretrained": f"{tmp_path}/a.pt",
        "reference": f"timm:test_resnet:{tmp_path}/b.pt",
        "baseline_options": {"tags": f"{tmp_path}/c.csv", "epochs": "3"},
        "root": str(tmp_path),  # a folder
        "model": f"{tmp_path}/missing.pt",
        "k": 3,
    }
    assert {file.name for file in files_of(settings)} == {"a.pt", "b.pt", "c.csv"}
