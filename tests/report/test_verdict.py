from __future__ import annotations

import pytest

from dejavu_audit.membership.evidence import Evidence, SetEvidence
from dejavu_audit.report import verdict
from dejavu_audit.report.record import HeadlineRecord, ReferenceRecord
from dejavu_audit.report.score_record import ScoreRecord

KNOWN = Evidence(
    SetEvidence("member", "it was trained on them", "a card", "table"),
    SetEvidence("non-member", "it was not", "a card", "table"),
    None,
)
UNKNOWN = Evidence(
    SetEvidence("unknown", "nothing is known of what these weights were trained on", "", "none"),
    SetEvidence("unknown", "nothing is known of what these weights were trained on", "", "none"),
    None,
)
RANDOM = Evidence(
    SetEvidence("contradicted", "the targets were not in the training data", "the audit", "table"),
    SetEvidence("non-member", "the weights are random", "the audit", "table"),
    None,
)


def headline(estimate, low, high, *, calibrated=True):
    return HeadlineRecord(
        metric="deja_vu_top1",
        estimate=estimate,
        low=low,
        high=high,
        level=0.95,
        calibrated=calibrated,
        p_value=0.5,
        p_value_test="permutation",
    )


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (headline(0.1, 0.05, 0.15), "memorizes"),
        (headline(0.1, -0.01, 0.15), "not shown"),
        (headline(0.0, 0.0, 0.01), "not shown"),
        (headline(-0.1, -0.2, -0.05), "reversed"),
        (headline(0.1, 0.05, 0.15, calibrated=False), "uncalibrated"),
        (headline(None, None, None), "not measured"),
    ],
)
def test_the_interval_decides_never_the_point(number, found):
    assert verdict.finding(number) == found


def test_the_sentence_holds_number_and_interval():
    said = verdict.sentence("timm x", headline(0.123, 0.051, 0.2), KNOWN)
    assert said.startswith("Memorization: timm x")
    assert "+12.3 points (95 % interval +5.1 to +20.0)" in said


def test_nothing_shown_is_not_nothing_there():
    assert "up to +3.0 points cannot be ruled out" in verdict.sentence("m", headline(0.0, -0.02, 0.03), KNOWN)


def score(estimate):
    return ScoreRecord(estimate=estimate, low=estimate, high=estimate, n=9, method="bootstrap")


def reference(*, right=0.2, weaker=False, **description):
    return ReferenceRecord(
        name="naive-bayes",
        description=description,
        memorization=score(0.1),
        right_targets=score(right),
        right_control=score(right),
        encoder_right_control=score(right),
        control_gap=score(0.043),
        weaker=weaker,
    )


def caveats(number=None, references=(), **said):
    known = {"control": 5000, "lost": 0, "judged": 100, "symmetric": False, "known": KNOWN}
    return verdict.caveats(headline=number or headline(0.1, 0.05, 0.2), references=references, **{**known, **said})


def test_without_a_control_the_bias_is_said():
    said = caveats(headline(0.1, 0.05, 0.2, calibrated=False), control=0)
    assert "biased upward where the encoder reads backgrounds better than the baseline" in said[0]


def test_a_reference_that_is_never_right_is_said():
    assert any(
        "naive-bayes is right on no target at all" in line for line in caveats(references=[reference(right=0.0)])
    )
    assert not any("naive-bayes" in line for line in caveats(references=[reference()]))


def test_a_reference_that_does_not_keep_up_is_said():
    said = caveats(references=[reference(weaker=True)])
    assert any("weaker than the encoder on the control" in line and "+4.3 points" in line for line in said)


def test_a_contaminated_reference_that_was_allowed_is_said():
    said = caveats(references=[reference(contaminated="its tagger was trained on ImageNet")])
    assert "its tagger was trained on ImageNet" in said


def test_many_set_aside_are_said():
    assert any("20 of 100" in line for line in caveats(lost=20, judged=80))
    assert not any("of 200" in line for line in caveats(lost=20, judged=180))


def test_the_object_test_speaks_of_captions():
    number = headline(0.1, 0.05, 0.2).model_copy(update={"metric": "ppg"})
    said = verdict.sentence("openclip x", number, KNOWN)
    assert "tells the objects of its targets from their captions" in said and "background" not in said


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [(0.05, 0.2, "Memorization:"), (-0.05, 0.2, "No memorization shown:"), (-0.2, -0.05, "were not exchanged.")],
)
def test_the_symmetric_test_speaks_of_both_models(low, high, says):
    number = headline((low + high) / 2, low, high).model_copy(update={"metric": "deja_vu_top1_symmetric"})
    said = verdict.sentence("timm x", number, KNOWN)
    assert says in said and "timm x and its reference" in said and "both directions" in said


def test_memorization_is_said_only_where_membership_is_known():
    said = verdict.sentence("timm x", headline(0.1, 0.05, 0.2), UNKNOWN)
    assert said.startswith("Consistent with memorization: timm x")
    assert said.endswith("; that the targets were in its training data and that the control was not is not known.")


def test_memory_of_what_was_never_seen_is_a_false_alarm():
    said = verdict.sentence("timm x", headline(0.1, 0.05, 0.2), RANDOM)
    assert said.startswith("Suspect:") and "false alarm" in said


def test_a_control_that_fails_is_called_so_beside_the_headline():
    said = verdict.sentence("timm x", headline(0.1, 0.05, 0.2), KNOWN, suspect=True)
    assert said.startswith("Suspect:") and "the control is not drawn like the targets" in said
    assert not verdict.sentence("timm x", headline(0.1, 0.05, 0.2), KNOWN).startswith("Suspect:")


def test_what_was_checked_is_among_the_caveats():
    said = caveats(control_check="The control passed.", duplicates=["Two pictures are alike."])
    assert "The control passed." in said and "Two pictures are alike." in said
