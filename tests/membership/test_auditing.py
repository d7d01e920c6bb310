"""The evidence on a planned audit: the sample checkpoints on their scenes, and an own file on own data."""

from __future__ import annotations

import pytest

from dejavu_audit.audit import prepare
from dejavu_audit.config import AuditConfig
from dejavu_audit.membership.auditing import evidence_of
from dejavu_audit.progress import Silent
from dejavu_audit.samples import AUDIT, MEMORIZER, TWIN

SIZES = {"targets": 20, "public": 400, "control": 10, "fit": 120}


@pytest.mark.parametrize(
    ("pretrained", "standing"), [(str(MEMORIZER), "known"), (str(TWIN), "contradicted"), ("random", "contradicted")]
)
def test_the_samples(tmp_path, pretrained, standing):
    config = AuditConfig.resolve(
        family="timm", model="test_resnet", pretrained=pretrained, out=str(tmp_path / "run"), workers=0,
        cache_dir=str(tmp_path / "cache"), **AUDIT, **SIZES,
    )  # fmt: skip
    plan = prepare(config, Silent())
    found = evidence_of(plan, plan.split.sets())
    assert found.standing == standing
    assert found.references["image-classifier"].status == "non-member"
    assert found.public.status == "non-member"
