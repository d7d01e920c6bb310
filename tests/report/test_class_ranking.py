from __future__ import annotations

import math

import pyarrow as pa
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.report.class_ranking import LEAST, rank_classes
from dejavu_audit.scores.intervals import mover, tango, wilson


def table(rows):
    """Rows of (set, label, encoder right, reference right, group)."""
    sets, labels, model, reference, groups = zip(*rows, strict=True)

    def said(right):
        return pa.array([label if yes else "other" for label, yes in zip(labels, right, strict=True)])

    return pa.table(
        {
            "set": pa.array(sets),
            "part": pa.array([""] * len(rows)),
            "group": pa.array(groups, pa.string()),
            "label": pa.array(labels).dictionary_encode(),
            "target_top1": said(model),
            "reference_top1": said(reference),
            "reference_probability": pa.array([0.8 if yes else 0.1 for yes in reference]),
        }
    )


def samples(set_, label, *, memorized=0, misrepresented=0, correlated=0, unassociated=0, group=None):
    kinds = (
        (memorized, True, False),
        (misrepresented, False, True),
        (correlated, True, True),
        (unassociated, False, False),
    )
    return [(set_, label, model, reference, group) for count, model, reference in kinds for _ in range(count)]


CATS = samples("target", "cat", memorized=6, misrepresented=1, correlated=2, unassociated=3)
DOGS = samples("target", "dog", memorized=3, correlated=1)
EELS = samples("target", "eel", misrepresented=4, unassociated=8)
HELD_OUT = samples("control", "cat", memorized=2, unassociated=18) + samples("control", "dog", unassociated=50)
DATA = table(CATS + DOGS + EELS + HELD_OUT)


def ranked(data=DATA, **asked):
    return rank_classes(data, **{"set_": "target", "part": "memorized", "sort": None, "top": 9, "level": 0.95, **asked})


def test_the_most_memorized_classes_by_hand():
    # dog: 3 of 4; cat: (6 - 1) of 12; eel: (0 - 4) of 12.
    dog, cat, eel = ranked()
    assert [(row["class"], row["n"], row["memorized"]) for row in (dog, cat, eel)] == [
        ("dog", 4, 3), ("cat", 12, 6), ("eel", 12, 0),
    ]  # fmt: skip
    assert [row["score"] for row in (dog, cat, eel)] == pytest.approx([0.75, 5 / 12, -4 / 12])
    assert (cat["low"], cat["high"]) == pytest.approx(tuple(map(float, tango(6, 1, 12))))
    assert [row["rank"] for row in (dog, cat, eel)] == [1, 2, 3]


def test_a_class_is_calibrated_by_its_own_control_where_both_have_enough():
    dog, cat, eel = ranked()
    assert LEAST == 10
    assert (dog["control_n"], dog["calibrated"], dog["calibrated_low"]) == (50, None, None)  # 4 targets are too few
    assert (cat["control_n"], cat["calibrated"]) == (20, pytest.approx(5 / 12 - 2 / 20))
    bounds = mover(5 / 12, tango(6, 1, 12), 0.1, tango(2, 0, 20))
    assert (cat["calibrated_low"], cat["calibrated_high"]) == pytest.approx(tuple(map(float, bounds)))
    assert (eel["control_n"], eel["calibrated"]) == (0, None)


def test_without_a_control_there_is_nothing_to_calibrate_by():
    cat = ranked(table(CATS))[0]
    assert cat["control_n"] is None
    assert "calibrated" not in cat
    held_out = ranked(set_="control")
    assert [row["class"] for row in held_out] == ["cat", "dog"]
    assert held_out[0]["control_n"] is None


def test_the_order_by_the_low_end_prefers_the_larger_class():
    assert float(tango(3, 0, 4)[0]) < float(tango(60, 10, 120)[0])
    data = table(CATS * 10 + DOGS)
    assert [row["class"] for row in ranked(data)] == ["dog", "cat"]
    assert [row["class"] for row in ranked(data, sort="low")] == ["cat", "dog"]


def test_the_most_correlated_classes_are_those_the_reference_gets_right():
    # eel 4 of 12, cat 3 of 12 and dog 1 of 4 are equal: the larger n first.
    eel, cat, dog = ranked(part="correlated")
    assert [row["class"] for row in (eel, cat, dog)] == ["eel", "cat", "dog"]
    assert (cat["score"], cat["reference_probability"]) == pytest.approx((0.25, (3 * 0.8 + 9 * 0.1) / 12))
    assert (cat["low"], cat["high"]) == pytest.approx(tuple(map(float, wilson(3, 12))))


def test_the_most_misrepresented_classes_come_from_the_other_end():
    assert [row["class"] for row in ranked(part="misrepresented")] == ["eel", "cat", "dog"]
    assert [row["class"] for row in ranked(part="misrepresented", top=1)] == ["eel"]


def test_the_unassociated_share():
    eel = ranked(part="unassociated")[0]
    assert (eel["class"], eel["score"]) == ("eel", pytest.approx(8 / 12))


def test_clusters_count_as_one():
    # 12 samples in clusters of 6, 3 and three singles: 12^2 / (36 + 9 + 3) = 3 effective samples.
    rows = [(*row[:4], "a" if i < 6 else "b" if i < 9 else None) for i, row in enumerate(CATS)]
    cat = ranked(table(rows))[0]
    assert cat["score"] == pytest.approx(5 / 12)
    assert (cat["low"], cat["high"]) == pytest.approx(tuple(map(float, tango(6 / 4, 1 / 4, 3))))
    # The same group name in another class is a cluster of its own.
    assert ranked(table(rows + [(*row[:4], "a") for row in DOGS]))[1]["low"] == pytest.approx(cat["low"])


def test_nothing_is_not_a_number():
    for part in ("memorized", "misrepresented", "correlated", "unassociated"):
        for row in ranked(part=part):
            assert not [name for name, value in row.items() if isinstance(value, float) and math.isnan(value)]


def test_what_is_not_there_is_refused():
    with pytest.raises(AuditError, match="unknown part"):
        ranked(part="x")
    with pytest.raises(AuditError, match=r"unknown order of classes 'margin': choose from low, score"):
        ranked(sort="margin")
    with pytest.raises(AuditError, match="unknown set"):
        ranked(set_="fit")
