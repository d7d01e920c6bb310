from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError

BASE = {"family": "timm", "model": "test_resnet", "data": "scenes"}


def test_defaults_are_those_of_the_method():
    config = AuditConfig.resolve(**BASE)
    assert (config.k, config.crop, config.min_side, config.corner_fraction) == (100, "largest", 100, 0.3)
    assert (config.level, config.replicates, config.max_set_aside, config.preset) == (0.95, 2000, 0.5, "standard")


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"k": 0}, "--k: must be greater than or equal to 1 (given: 0)"),
        ({"max_set_aside": 1.5}, "--max-set-aside"),
        ({"layer": "projector"}, "--layer"),
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
