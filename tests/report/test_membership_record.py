"""The record of what is known of membership."""

from __future__ import annotations

from dejavu_audit.membership.answers import Weights
from dejavu_audit.membership.drawn import Drawn
from dejavu_audit.membership.evidence import Stated, evidence
from dejavu_audit.report.membership_record import MembershipRecord, membership_record


def recorded(**more):
    weights = Weights("timm", "resnet50.a1_in1k", "resnet50.a1_in1k")
    sets = {"target": Drawn(5, {"imagenet-1k train": 5}), "public": Drawn(5, {"imagenet-1k train": 5}), **more}
    return membership_record(evidence(weights, sets, Stated(), {"image-classifier": None}), symmetric=False)


def test_every_field_comes_from_the_evidence():
    record = recorded(control=Drawn(5, {"imagenet-1k val": 5}))
    assert record.standing == "known" and record.trained_on == "ImageNet-1k"
    assert record.assumption == "the targets were in the encoder's training data, the control was not"
    assert record.evidence.startswith(
        "the encoder is known to be trained on ImageNet-1k (timm, by the words of the tag)"
    )
    assert (record.target.status, record.control.status, record.public.status) == ("member", "non-member", "member")
    assert record.references["image-classifier"].status == "non-member"


def test_it_is_whole_after_json_and_null_without_a_control():
    record = recorded()
    assert record.control is None
    assert MembershipRecord.model_validate_json(record.model_dump_json()) == record


def test_a_record_of_an_older_version_is_read():
    record = MembershipRecord.model_validate({"assumption": "a", "evidence": "none was looked for"})
    assert record.standing is None and record.target is None and record.references == {}


def test_every_field_says_what_it_means():
    fields = MembershipRecord.model_json_schema()["properties"]
    assert all("description" in fields[name] for name in ("evidence", "standing", "trained_on", "target", "control"))
