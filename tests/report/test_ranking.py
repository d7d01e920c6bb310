from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.errors import AuditError
from dejavu_audit.report.ranking import SORTS, clusters, columns_for, label_votes, measure, rank, right


def label_table(**columns):
    n = len(next(iter(columns.values())))
    made = {
        "set": ["target"] * n,
        "part": ["memorized"] * n,
        "target_confidence": [0.0] * n,
        "reference_confidence": [0.0] * n,
        "reference_probability": [0.5] * n,
    }
    return pa.table({**made, **columns})


def first(table, test="label", **asked):
    return rank(table, test, **{"set_": "target", "part": "memorized", "sort": None, "top": 9, **asked}).rows.tolist()


def test_the_most_memorized_by_hand():
    # H(p) - H(c/k) = target_confidence - reference_confidence: 2.5, 3.0, 1.0; the fourth is not memorized, the fifth
    # not a target.
    table = label_table(
        target_confidence=[-0.5, -1.0, 0.0, 0.0, 0.0],
        reference_confidence=[-3.0, -4.0, -1.0, -9.0, -9.0],
        part=["memorized", "memorized", "memorized", "correlated", "memorized"],
        set=["target"] * 4 + ["control"],
    )
    assert first(table) == [1, 0, 2]
    assert first(table, top=2) == [1, 0]
    assert first(table, set_="control") == [4]
    ranked = rank(table, "label", set_="target", part="memorized", sort=None, top=2)
    assert (ranked.total, ranked.of, ranked.sort) == (3, 4, "memorization")
    np.testing.assert_allclose(ranked.values, [3.0, 2.5])


def test_the_most_correlated_are_those_the_reference_expects_most():
    table = label_table(part=["correlated"] * 3, reference_probability=[0.2, 0.9, 0.5])
    assert first(table, part="correlated") == [1, 2, 0]


def test_the_most_misrepresented_are_those_where_the_reference_is_surer_by_most():
    # Gaps 1, -2, -1.
    table = label_table(
        part=["misrepresented"] * 3, target_confidence=[0.0, -3.0, -2.0], reference_confidence=[-1.0, -1.0, -1.0]
    )
    assert first(table, part="misrepresented") == [1, 2, 0]
    # Confidence is no gap: the surest come first in every part.
    assert first(table, part="misrepresented", sort="confidence") == [0, 2, 1]


def test_ties_keep_the_order_of_the_table_and_what_was_not_measured_comes_last():
    table = label_table(
        target_confidence=[None, -1.0, -1.0 + 1e-13, float("nan"), -1.0], reference_confidence=[-2.0] * 5
    )
    assert first(table) == [1, 2, 4, 0, 3]


def test_an_object_samples_recall_gap_counts_first_and_its_precision_gap_next():
    table = pa.table(
        {
            "set": ["target"] * 4,
            "part": ["memorized"] * 4,
            "target_recall": [1.0, 0.5, 1.0, 0.9],
            "reference_recall": [0.5, 0.0, 0.5, 0.0],  # gaps 0.5, 0.5, 0.5, 0.9
            "target_precision": [0.5, 0.8, 0.9, 0.1],
            "reference_precision": [0.4, 0.2, 0.2, 0.0],  # gaps 0.1, 0.6, 0.7, 0.1
            "target_correct": pa.array([1, 5, 2, 3], pa.int32()),
            "reference_correct": pa.array([1, 1, 1, 1], pa.int32()),
            "min_distance": [0.3, 0.1, None, 0.2],
        }
    )
    assert first(table, "objects") == [3, 2, 1, 0]
    assert first(table, "objects", sort="precision") == [2, 1, 3, 0]
    assert first(table, "objects", sort="correct") == [1, 3, 2, 0]
    assert first(table, "objects", sort="distance") == [1, 3, 0, 2]


VOTES = pa.array(
    [
        [{"class": "cat", "count": 6}, {"class": "dog", "count": 3}, {"class": "eel", "count": 1}],
        [{"class": "dog", "count": 9}, {"class": "eel", "count": 1}],
        [],
        [{"class": "eel", "count": 10}],
    ]
)


def test_votes_of_the_label_by_hand():
    table = label_table(label=["cat", "cat", "cat", "eel"], votes=VOTES)
    own, other, cast = label_votes(table)
    assert own.tolist() == [6, 0, 0, 10]
    assert other.tolist() == [3, 9, 0, 0]
    assert cast.tolist() == [10, 10, 0, 10]
    # (6 - 3) / 10, (0 - 9) / 10, nothing measured, (10 - 0) / 10
    np.testing.assert_allclose(measure(table, "margin"), [0.3, -0.9, np.nan, 1.0])
    assert first(table, sort="margin") == [3, 0, 1, 2]


def test_votes_are_counted_in_a_slice_of_a_table_too():
    table = label_table(label=["cat", "cat", "cat", "eel"], votes=VOTES).slice(1)
    assert label_votes(table)[1].tolist() == [9, 0, 0]


judged = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["memorized", "correlated"]),
    st.floats(-5, 0),
    st.floats(-5, 0),
)


@given(st.lists(judged, min_size=1, max_size=30))
def test_ranking_is_what_sorting_in_python_gives(rows):
    label, said, part, sure, reference = zip(*rows, strict=True)
    table = label_table(
        label=pa.array(label).dictionary_encode(),
        target_top1=pa.array(said, pa.string()).dictionary_encode(),
        part=list(part),
        target_confidence=list(sure),
        reference_confidence=list(reference),
    )
    wanted = sorted(
        (i for i in range(len(rows)) if part[i] == "memorized"), key=lambda i: (-round(sure[i] - reference[i], 10), i)
    )
    assert first(table, top=5) == wanted[:5]
    assert right(table, "target_top1").tolist() == [a == b for a, b in zip(label, said, strict=True)]


def test_groups_are_numbered_and_singles_stand_alone():
    codes = clusters(pa.table({"group": pa.array(["x", None, "y", "x", None])}))
    assert codes[0] == codes[3]
    assert len(set(codes.tolist())) == 4
    assert clusters(pa.table({"group": pa.array([None, None], pa.string())})) is None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"part": "memorised"}, "unknown part 'memorised': did you mean memorized"),
        ({"sort": "recall"}, r"unknown order 'recall'.*\(the run is a test of label\)"),
        ({"set_": "control"}, "unknown set 'control': choose from target"),
    ],
)
def test_what_is_not_there_is_refused(asked, says):
    with pytest.raises(AuditError, match=says):
        first(label_table(target_confidence=[0.0]), **asked)


@pytest.mark.parametrize(
    "wrong", [{"target_confidence": ["a"]}, {"part": [[1]]}, {"set": [{"a": 1}]}, {"votes": [3], "label": ["cat"]}]
)
def test_a_column_of_another_type_is_refused(wrong):
    sort = "margin" if "votes" in wrong else None
    with pytest.raises(AuditError, match="which no audit writes; run the audit again"):
        first(label_table(**wrong), sort=sort)


@pytest.mark.parametrize("test", SORTS)
def test_the_columns_named_are_all_that_ranking_needs(test, tmp_path):
    from dejavu_audit.report.reading import read_run
    from tests.run_folders import write_run

    folder = write_run(tmp_path / "run", test, n=20, control=5)
    for sort in SORTS[test]:
        table = read_run(folder, columns_for(test, sort)).samples
        assert len(first(table, test, sort=sort, part="memorized")) > 0
