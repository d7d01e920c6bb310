from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError

BASE = {"family": "timm", "model": "test_resnet", "data": "scenes"}


def test_defaults_are_those_of_the_method():
    config = AuditConfig.resolve(**BASE)
    assert (config.crop, config.min_side, config.corner_fraction) == ("largest", 100, 0.3)
    label, objects = config.settled("label"), config.settled("objects")
    assert (label.k, label.baseline) == (100, ("image-classifier",))
    assert (objects.k, objects.baseline, objects.query, objects.top_objects) == (10, ("caption-only",), "t2i", "all")
    assert (config.level, config.replicates, config.max_set_aside, config.preset) == (0.95, 2000, 0.5, "standard")


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"k": 0}, "--k: must be greater than or equal to 1 (given: 0)"),
        ({"max_set_aside": 1.5}, "--max-set-aside"),
        ({"test": "captions"}, "--test: must be 'label' or 'objects'"),
        ({"top_objects": "5"}, "--top-objects"),
        ({"folds": 3}, "--folds"),
        ({"std": (0.2, 0.0, 0.2)}, "--std: every standard deviation must be above 0"),
        ({"tarjets": 3}, "unknown setting 'tarjets': did you mean targets"),
    ],
)
def test_a_bad_setting_is_one_sentence(setting, says):
    with pytest.raises(AuditError) as caught:
        AuditConfig.resolve(**BASE, **setting)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_frozen():
    config = AuditConfig.resolve(**BASE)
    with pytest.raises(ValidationError):
        config.k = 5


def test_the_hash_follows_what_may_change_the_number_and_nothing_else():
    config = AuditConfig.resolve(**BASE)
    assert config.hash() == AuditConfig.resolve(**BASE, workers=3, out="elsewhere", cache_dir="/tmp/c").hash()
    for change in (
        {"seed": 1},
        {"k": 99},
        {"targets": 5},
        {"crop": "strips"},
        {"data_options": {"correlation": "0.5"}},
    ):
        assert config.hash() != AuditConfig.resolve(**BASE, **change).hash()


def test_it_survives_json():
    config = AuditConfig.resolve(**BASE, mean=(0.5, 0.5, 0.5), baseline_options={"epochs": "3"})
    assert AuditConfig(**json.loads(config.model_dump_json())) == config


def test_a_second_encoder_alone_is_the_reference_and_beside_others_one_of_them():
    asked = AuditConfig.resolve(**BASE, reference="b.pt")
    assert asked.settled("label").baseline == ("second-encoder",)
    several = AuditConfig.resolve(**BASE, reference="b.pt", baseline="image-classifier, naive-bayes").settled("label")
    assert several.baseline == ("image-classifier", "naive-bayes", "second-encoder")
    assert several.baseline_request("second-encoder").model == "b.pt"
    assert several.baseline_request("naive-bayes").model is None


def test_options_go_to_the_baseline_they_name():
    config = AuditConfig.resolve(
        **BASE,
        baseline=("encoder-head", "naive-bayes"),
        baseline_options={"naive-bayes.k": "3", "encoder-head.model": "timm:resnet18", "naive-bayes.model": "timm:a"},
    )
    assert dict(config.baseline_request("naive-bayes").options) == {"k": "3"}
    assert config.baseline_request("naive-bayes").model == "timm:a"
    assert config.baseline_request("encoder-head").model == "timm:resnet18"
    assert config.baseline_request("encoder-head").options == {}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"baseline_options": {"k": "3"}}, "must say whose it is .* as in encoder-head.k=3"),
        ({"baseline_options": {"naive-bays.k": "3"}}, "unknown baseline 'naive-bays': did you mean naive-bayes"),
        ({"baseline_model": "timm:a"}, "--baseline-model goes with one baseline"),
    ],
)
def test_options_of_nobody_are_refused(asked, says):
    config = AuditConfig.resolve(**BASE, baseline="encoder-head,naive-bayes", **asked)
    with pytest.raises(AuditError, match=says):
        config.baseline_request("naive-bayes")
