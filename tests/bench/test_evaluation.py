from __future__ import annotations

import pytest
import timm
import torch
from safetensors.torch import save_file

from dejavu_audit.bench.evaluation import evaluate
from dejavu_audit.bench.recipe import Recipe
from dejavu_audit.data.scenes import SceneOptions
from dejavu_audit.errors import AuditError

RECIPE = Recipe(classes=10, image_size=32)
SMALL = SceneOptions(classes=10, targets=20, public=40, control=30, fit=0)


def test_an_encoder_that_knows_nothing_guesses(tmp_path):
    torch.manual_seed(0)
    save_file(timm.create_model("test_resnet", num_classes=10).state_dict(), tmp_path / "random.safetensors")
    found = evaluate(tmp_path / "random.safetensors", RECIPE, SMALL)
    # One class in ten is right by chance: 20 crops allow for up to 8 with probability above 0.9999.
    assert max(found.targets, found.control) <= 0.4 and found.whole < 0.6


def test_weights_of_another_architecture_are_refused(tmp_path):
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(AuditError, match="do not fill"):
        evaluate(tmp_path / "other.safetensors", RECIPE, SMALL)
