from __future__ import annotations

import pytest

from dejavu_audit.around import models as of
from dejavu_audit.around.models import models
from dejavu_audit.errors import AuditError


@pytest.fixture(autouse=True)
def lists(monkeypatch):
    monkeypatch.setitem(of._LISTS, "timm", lambda: {"resnet18": ("a1",), "resnet50": (), "ViT-B": ("x", "y")})


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (None, ["resnet18", "resnet50", "ViT-B"]),
        ("resnet", ["resnet18", "resnet50"]),
        ("50", ["resnet50"]),
        ("vit-b", ["ViT-B"]),
        ("*18", ["resnet18"]),
        ("resnet[!1]*", ["resnet50"]),
    ],
)
def test_models_by_a_part_of_their_name(pattern, names):
    assert [name for name, _ in models("timm", pattern)] == names
    assert dict(models("timm"))["ViT-B"] == ("x", "y")


@pytest.mark.parametrize(
    ("family", "pattern", "says"),
    [
        ("timm", "convnext", "no model of timm matches 'convnext', of 3"),
        ("tim", None, "did you mean timm"),
        ("hf", None, "has no list of models: MODEL is a name on the Hugging Face hub"),
    ],
)
def test_what_is_not_there_is_one_sentence(family, pattern, says):
    with pytest.raises(AuditError, match=says):
        models(family, pattern)


def test_families_of_this_package_have_a_list_or_are_explained():
    from dejavu_audit.cli.audit import ABOUT, SHORT

    assert set(of._LISTS) | set(of.NAMED) == set(ABOUT) == set(SHORT)
