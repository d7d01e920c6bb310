from __future__ import annotations

from pathlib import Path

import pytest

from dejavu_audit.settings.file import SettingsFile
from dejavu_audit.settings.layers import OF_DATA, OF_MODEL, as_flags, layer

FILE = Path("dejavu.toml")
AUDIT = {
    "family": "openclip",
    "model": "ViT-B-32",
    "pretrained": "/w.pt",
    "mean": (0.5, 0.5, 0.5),
    "out": "/runs/mine",
    "data": "imagenet",
    "root": "/pictures",
    "members": "/ids.txt",
    "k": 30,
    "min_side": 40,
}


def test_the_same_model_on_the_same_data_takes_everything():
    taken = layer(SettingsFile(FILE, AUDIT), family="openclip", model="ViT-B-32", data="imagenet")
    assert taken.settings == AUDIT
    assert taken.left_out == {} and taken.sentences(FILE) == []


def test_what_is_not_typed_is_left_to_the_file():
    taken = layer(SettingsFile(FILE, AUDIT), family="openclip", model=None, data=None)
    assert taken.settings == AUDIT


@pytest.mark.parametrize(("family", "model"), [("timm", "resnet50"), ("openclip", "ViT-L-14"), ("timm", "ViT-B-32")])
def test_another_model_leaves_what_is_the_first_ones(family, model):
    taken = layer(SettingsFile(FILE, AUDIT), family=family, model=model, data=None)
    assert set(taken.left_out) == {"pretrained", "mean", "out", "members"}
    assert {"root", "data", "k", "min_side"} <= set(taken.settings)
    assert taken.sentences(FILE) == [
        "dejavu.toml is for openclip ViT-B-32: its pretrained, mean, members, out are not used here."
    ]


def test_the_files_model_is_not_another_familys():
    assert "model" not in layer(SettingsFile(FILE, AUDIT), family="timm", model=None, data=None).settings


def test_other_data_leave_what_is_the_first_ones():
    taken = layer(SettingsFile(FILE, AUDIT), family="openclip", model="ViT-B-32", data="scenes")
    assert set(taken.left_out) == {"root", "members", "out"}
    assert taken.settings["pretrained"] == "/w.pt"
    assert taken.sentences(FILE) == ["dejavu.toml is for the data imagenet: its root, members, out are not used here."]


def test_a_file_that_names_neither_is_meant_for_any():
    told = {"pretrained": "random", "root": "/pictures"}
    assert layer(SettingsFile(FILE, told), family="timm", model="x", data="scenes").settings == told


def test_one_setting_left_out_is_one():
    taken = layer(SettingsFile(FILE, {"data": "imagenet", "root": "/p"}), family="timm", model="x", data="scenes")
    assert taken.sentences(FILE) == ["dejavu.toml is for the data imagenet: its root is not used here."]


def test_a_path_is_the_same_however_it_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = {"family": "torchscript", "model": str(tmp_path / "m.pt"), "mean": (0.5, 0.5, 0.5)}
    assert not layer(SettingsFile(FILE, told), family="torchscript", model="m.pt", data=None).left_out
    assert layer(SettingsFile(FILE, told), family="torchscript", model="n.pt", data=None).left_out


def test_settings_as_they_are_typed():
    typed = as_flags(
        {
            "family": "timm",
            "mean": (0.5, 0.25, 1),
            "data_options": {"a": "1", "b": "x=y"},
            "baseline": ("a", "b"),
            "batch_size": None,
            "normalize": False,
            "k": 3,
        }
    )
    assert typed == {
        "mean": "0.5,0.25,1",
        "data_option": ["a=1", "b=x=y"],
        "baseline": ["a", "b"],
        "batch_size": "auto",
        "normalize": False,
        "k": 3,
    }


def test_own_settings_are_fields():
    from dejavu_audit.config import AuditConfig

    assert set(OF_MODEL) | set(OF_DATA) <= set(AuditConfig.model_fields)
