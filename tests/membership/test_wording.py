"""What the verdict may say, by what is known."""

from __future__ import annotations

import itertools

import pytest

from dejavu_audit.membership.answers import Weights
from dejavu_audit.membership.drawn import Drawn
from dejavu_audit.membership.evidence import Stated, evidence
from dejavu_audit.membership.wording import LEADS, caveats, lead, tail

FINDINGS = ("memorizes", "not shown", "reversed", "uncalibrated")
KNOWN = ("timm", "resnet50.a1_in1k", "resnet50.a1_in1k")
OWN = ("timm", "resnet50", "epoch3.pt")
RANDOM = ("timm", "resnet50", "random")


def found(weights, control="imagenet-1k val", **stated):
    sets = {"target": Drawn(5, {"imagenet-1k train": 5}), "control": Drawn(5, {control: 5})}
    return evidence(Weights(*weights), sets, Stated(**stated))


def test_every_case_has_words():
    assert set(LEADS) == set(itertools.product(FINDINGS, ("known", "stated", "unknown", "contradicted")))


def test_memorization_is_said_only_where_members_are_known_or_stated():
    said = {standing: LEADS["memorizes", standing] for standing in ("known", "stated", "unknown", "contradicted")}
    assert said["known"] == "Memorization" and said["stated"].startswith("Memorization, if")
    assert said["unknown"] == "Consistent with memorization" and "emorization" not in said["contradicted"]


@pytest.mark.parametrize(
    ("weights", "more", "finding", "begins", "ends"),
    [
        (KNOWN, {}, "memorizes", "Memorization", ""),
        (
            OWN, {}, "memorizes", "Consistent with memorization",
            "; that the targets were in its training data and that the control was not is not known",
        ),
        (
            OWN, {"members": "m.txt"}, "memorizes", "Memorization, if the sets are what they are stated to be",
            "; who was in its training data is stated by --members m.txt",
        ),
        (
            RANDOM, {}, "memorizes", "Suspect",
            "; the targets were not in the training data: the weights are random, and were trained on nothing, so "
            "there is nothing to be memorized, and a number above 0 is a false alarm",
        ),
        (
            RANDOM, {}, "not shown", "Nothing found",
            "; the targets were not in the training data: the weights are random, and were trained on nothing, so "
            "there is nothing to be memorized",
        ),
        (
            KNOWN, {"control": "imagenet-1k train"}, "not shown", "Nothing found",
            "; the control pictures were in the training data: it was trained on ImageNet-1k train, so that it is no "
            "control, and memory of it hides memory of the targets",
        ),
        (OWN, {}, "uncalibrated", "Uncalibrated",
            "; that the targets were in its training data and that the control was not is not known"),
    ],
)  # fmt: skip
def test_words(weights, more, finding, begins, ends):
    told = found(weights, **more)
    assert (lead(finding, told), tail(finding, told)) == (begins, ends)


def test_caveats_are_sentences():
    known = caveats(found(KNOWN))
    assert known == []
    for one in (*caveats(found(OWN)), *caveats(found(OWN, members="m.txt")), *caveats(found(RANDOM))):
        assert one.endswith(".") and one[0].isupper() and "\n" not in one
    assert len(caveats(found(OWN))) == 2
    assert caveats(found(OWN, members="m.txt"))[0] == (
        "The targets are of the list of members, which is not checked (--members m.txt)."
    )
