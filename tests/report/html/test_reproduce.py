from __future__ import annotations

import json
import shlex

import pytest
import typer.main

from dejavu_audit.cli.flags import OTHERS, configuration
from dejavu_audit.cli.main import app
from dejavu_audit.config import AuditConfig
from dejavu_audit.report.html.reproduce import command, settings

ASKED = [
    {"family": "openclip", "model": "ViT-B-32", "data": "imagenet"},
    {
        "family": "timm", "model": "test_resnet", "data": "my data.toml", "root": "/a b/'c", "normalize": False,
        "mean": (0.5, 0.25, 0.125), "std": (0.5, 0.5, 1.0), "image_size": 64,
        "data_options": {"classes": "10", "x": "a=b"},
        "targets": 20, "control": 0, "fit": 5, "match": True, "utility": True, "seed": 7, "precision": "bf16",
        "baseline": ("image-classifier", "naive-bayes"), "baseline_options": {"naive-bayes.alpha": "0.5"},
        "tagger": "timm:x", "tagger_options": {"a": "b"}, "batch_size": 32, "level": 0.9,
        "folds": 2, "jpeg_draft": True,
    },
    {"family": "openclip", "model": "ViT-B-32", "data": "coco", "reference": "timm:y", "test": "objects", "k": 10},
]  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_the_command_asks_for_the_configuration_it_was_made_from(asked):
    config = AuditConfig.resolve(**asked)
    words = shlex.split(command(json.loads(config.model_dump_json())))
    assert words[:2] == ["dejavu-audit", config.family]
    typed = typer.main.get_command(app).commands[config.family].make_context(config.family, words[2:])
    given = {name: value for name, value in typed.params.items() if name not in OTHERS}
    assert configuration(config.family, given) == config


def test_settings_say_which_are_not_the_defaults():
    config = AuditConfig.resolve(**ASKED[1])
    told = {name: (value, changed) for name, value, changed in settings(json.loads(config.model_dump_json()))}
    assert told["normalize"] == ("no", True)
    assert told["mean"] == ("0.5, 0.25, 0.125", True)
    assert told["public"] == ("–", False)
    assert told["crop"] == ("largest", False)
    assert set(told) == set(AuditConfig.model_fields)
    assert {name: changed for name, _, changed in settings({"of_tomorrow": 1})} == {"of_tomorrow": True}
