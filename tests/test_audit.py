"""The pieces of the story that can be told without pictures; the whole is in test_end_to_end.py."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from dejavu_audit.audit import announce, audit, refuse_if_too_few
from dejavu_audit.config import AuditConfig
from dejavu_audit.errors import AuditError


def test_a_model_without_family_is_refused():
    with pytest.raises(AuditError, match="'ViT-B-32' lacks its family; write it as in 'openclip:ViT-B-32'"):
        audit("ViT-B-32", data="scenes")


def plan_of(sizes, **settings):
    config = AuditConfig.resolve(family="timm", model="x", data="scenes", **settings)
    sets = {name: np.arange(size) for name, size in sizes.items()}
    return SimpleNamespace(config=config, split=SimpleNamespace(sets=lambda: sets), symmetric=False)


@pytest.mark.parametrize(
    ("lost", "settings", "says"),
    [
        ({"target": Counter({"picture is truncated": 6})}, {}, "6 of 10 target pictures had to be set aside"),
        ({"target": Counter({"no usable background": 10})}, {}, "under --min-side 100; choose a smaller one"),
        ({"fit": Counter({"picture is missing": 10})}, {"max_set_aside": 1.0}, "so that none is left"),
        ({}, {"k": 60}, "only 50 public pictures are usable, fewer than --k 60"),
    ],
)
def test_too_few_pictures_end_the_run(lost, settings, says):
    sizes = {"target": 10, "control": 10, "public": 50, "fit": 10}
    with pytest.raises(AuditError) as caught:
        refuse_if_too_few(plan_of(sizes, **{"k": 10, **settings}).config, seen(sizes, lost))
    assert says in str(caught.value)


def seen(sizes, lost):
    """What was seen of sets of these sizes, with the pictures lost that are counted for each."""
    counts = {name: lost.get(name, Counter()) for name in sizes}
    used = {name: size - counts[name].total() for name, size in sizes.items()}
    return SimpleNamespace(used=used, set_aside=counts, public=np.arange(used["public"]))


def test_as_many_as_allowed_may_be_lost():
    sizes = {"target": 10, "control": 0, "public": 50, "fit": 10}
    refuse_if_too_few(plan_of(sizes, k=10).config, seen(sizes, {"target": Counter({"x": 5})}))


def test_the_width_is_told_beforehand():
    """Var = 0.2/500 + 0.2/500 = 0.0008, its root 0.02828, times 1.96 is 5.5; exact, 5.6 points."""
    said = []
    plan = plan_of({"target": 500, "control": 500, "public": 50, "fit": 10}, test="label")
    announce(plan, SimpleNamespace(say=said.append))
    assert "1,060 pictures (500 target, 500 control, 50 public, 10 fit)" in said[0]
    assert "the 95 % interval will be about +-5.6 points" in said[0]
    assert said[0].endswith("points or more can be detected with 80 % power")
