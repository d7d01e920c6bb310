from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from dejavu_audit.balance.checking import check
from dejavu_audit.balance.features import Feature
from dejavu_audit.balance.matching import match
from dejavu_audit.report.balance_record import BalanceRecord, balance_record, matching_record
from dejavu_audit.report.balance_words import caveat, told


@cache
def checked(kind="alike", n=200, m=200):
    """The record of a check, and with weights by label."""
    rng, size = np.random.default_rng(0), n + m
    targets = np.arange(size) < n
    labels, quality = rng.integers(0, 4, size), rng.choice([75.0, 85, 92], size)
    if kind == "quality":
        quality = np.where(targets, rng.choice([70.0, 75, 80], size), quality)
    if kind in ("label", "both"):
        labels = np.where(targets, rng.choice(4, size, p=[0.7, 0.1, 0.1, 0.1]), labels)
    if kind == "both":
        quality = np.where(targets, 75.0, 92)
    features = {
        "label": Feature("label", "category", labels, ("cat", "dog", "[bold]\x1b", "fish")),
        "JPEG quality": Feature("JPEG quality", "number", quality),
        "pixel statistics": Feature(
            "pixel statistics", "vector", rng.normal(size=(size, 3)).astype(np.float32), ("mean red", "b", "c")
        ),
        "file size": Feature("file size", "number", np.full(size, np.nan)),
    }
    matching = match(labels, None, targets)
    before = check(features, targets)
    return balance_record(before), matching_record(matching, check(features, targets, matching=matching))


@pytest.mark.parametrize("kind", ["alike", "quality", "label"])
def test_records_survive_json_without_a_number_that_is_none(kind):
    record, _ = checked(kind)
    text = record.model_dump_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert BalanceRecord.model_validate(json.loads(text)) == record


def test_a_check_that_could_not_be_made_is_null_throughout():
    record, matching = checked(n=30, m=0)
    assert (record.failed, record.classifier, record.features) == (None, None, [])
    assert record.reason == "there is no control"
    assert (matching.effective, matching.control, matching.unmatched_targets) == (0, 0, 30)
    assert caveat(record) is None
    assert caveat(None) is None


def test_a_pass_says_what_was_looked_at_and_what_would_have_been_seen():
    record, _ = checked()
    assert caveat(record) == (
        "The control was tested to be drawn like the targets: no difference was found in 3 features; a shift that a "
        f"classifier on them tells with an AUC above {record.classifier.detectable:.2f} would have been seen with 80 % "
        "probability."
    )


def test_a_failure_says_by_how_much_and_by_what():
    record, _ = checked("quality")
    said = caveat(record)
    assert said.startswith(
        "The control is not drawn like the targets: a classifier that never sees the encoder tells them apart "
        f"(AUC {record.classifier.auc:.2f}, p = 0.002), mostly by JPEG quality (median 75 against 85)."
    )
    assert said.endswith("The calibrated number is suspect: it may measure that shift.")
    assert "--match" not in said  # which could not mend it


def test_what_weights_can_mend_is_advised_and_told_when_done():
    record, matching = checked("label")
    assert "label (cat 7" in caveat(record)
    assert caveat(record).endswith("Try --match, which weighs the control; of what differs it can mend label.")
    said = caveat(record, matching)
    assert "suspect" not in said
    assert f"say as much as {matching.effective:,.0f} unweighted ones. It then passes the same test." in said


def test_what_weights_leave_is_still_suspect():
    said = caveat(*checked("both"))
    assert said.count("JPEG quality") == 2
    assert said.endswith("The calibrated number is suspect: it may measure that shift.")


def test_too_few_are_not_a_pass():
    record, _ = checked(n=200, m=7)
    assert record.failed is None
    assert caveat(record) == (
        "Whether the control is drawn like the targets could not be told: there are only 7 control samples, and at "
        "least 20 are needed."
    )


def feature(**changes):
    side = {"mean": 1.0, "median": 1.0, "missing": 0.0}
    record, _ = checked()
    one = next(one for one in record.features if one.kind == "number")
    parts = {"targets": {**side, **changes.pop("mine", {})}, "control": {**side, **changes.pop("theirs", {})}}
    return type(one).model_validate({**one.model_dump(), "distance": 0.2, **parts, **changes})


def test_a_feature_is_told_by_the_figure_that_differs():
    assert told(feature(mine={"median": 75.0}, theirs={"median": 92.0})) == "JPEG quality (median 75 against 92)"
    assert told(feature(mine={"mean": 2.5}, unit="px")) == "JPEG quality (mean 2.5 against 1 px)"
    assert told(feature(mine={"missing": 0.3})) == "JPEG quality (missing of 30 % against 0 %)"
    assert told(feature()) == "JPEG quality (20 % of the samples apart)"
    assert told(feature(mine={"median": 123456.0})) == "JPEG quality (median 123,456 against 1)"


def test_names_from_data_cannot_steer_the_terminal():
    record, _ = checked("label")
    one = record.features[0]
    hostile = one.model_copy(update={"shares": [one.shares[0].model_copy(update={"category": "x\x1b[31m\ny"})]})
    assert "\x1b" not in told(hostile)
    assert "\n" not in told(hostile)
